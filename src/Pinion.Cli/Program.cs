using System.CommandLine;
using System.CommandLine.Parsing;
using Pinion.Cli;

var root = new RootCommand("Boot arm64 guests with the Statistical Profiling Extension on any machine, and read what they record.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    GuestCommand.Create(),
    CompareCommand.Create(),
    ReportCommand.Create(),
    StoreCommand.Create(),
    QueryCommand.Create(),
    CompareTruthCommand.Create(),
    DecodeCommand.Create(),
    ExportCommand.Create(),
    VersionCommand.Create(),
};
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (ParseError error in parsed.Errors)
    {
        Console.Error.WriteLine($"pinion: {error.Message}");
    }

    Console.Error.WriteLine($"pinion: see pinion {(parsed.CommandResult.Command == root ? "" : parsed.CommandResult.Command.Name + " ")}--help");
    return ExitCodes.Usage;
}

return parsed.Invoke();
