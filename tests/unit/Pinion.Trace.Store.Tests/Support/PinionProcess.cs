using System.Diagnostics;

namespace Pinion.Trace.Store.Tests;

/// <summary>Our program as a process of its own.</summary>
internal static class PinionProcess
{
    /// <summary>The program as it is built for users: compiled ahead, with the libraries that it brings. What lies beside the tests has neither.</summary>
    private static readonly string s_program = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "../../../../../../src/Pinion.Cli/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/pinion.dll"));

    /// <summary>Starts it; what it prints goes nowhere.</summary>
    public static Process Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [s_program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
