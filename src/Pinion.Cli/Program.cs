using System.CommandLine;
using Pinion.Cli;

var root = new RootCommand("Boot arm64 guests with the Statistical Profiling Extension on any machine, and read what they record.")
{
    GuestCommand.Create(),
    ReportCommand.Create(),
    DecodeCommand.Create(),
};
return root.Parse(args).Invoke();
