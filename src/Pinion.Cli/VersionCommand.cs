using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Pinion.Cli;

/// <summary><c>pinion version</c>: what this is and what it runs on.</summary>
public static class VersionCommand
{
    /// <summary>The version of the product.</summary>
    public static string Version => typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var command = new Command("version", "Print the version, and what it runs on.");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine(
                $"pinion {Version}\n{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}, {RuntimeInformation.OSDescription}");
            return ExitCodes.Success;
        });
        return command;
    }
}
