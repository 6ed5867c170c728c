using System.Diagnostics;

namespace Pinion.Conformance.Tests.Trace;

/// <summary>Runs somebody else's program.</summary>
internal static class Oracle
{
    /// <summary>Standard output of <paramref name="program"/>; skips the test where the program is missing.</summary>
    public static string Run(string program, string package, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process? process = null;
        try
        {
            process = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"needs {program}: apt-get install {package}");
        }

        using (process)
        {
            process!.ShouldNotBeNull();
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            process.ExitCode.ShouldBe(0, error.Result);
            return output;
        }
    }
}
