using System.Diagnostics;

namespace Pinion.Trace.Tests.Exports;

/// <summary>Runs other people's programs as oracles; the test skips where one is missing.</summary>
internal static class ExternalTool
{
    /// <summary>What the program prints; it has to succeed.</summary>
    public static string Run(string program, string package, params string[] arguments)
    {
        (int exitCode, string output, string error) = TryRun(program, package, arguments);
        exitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{output}\n{error}");
        return output;
    }

    public static (int ExitCode, string Output, string Error) TryRun(string program, string package, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
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
            Task<string> error = process!.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
    }
}

/// <summary>A folder that is gone after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pinion-exports-").FullName;

    public string Write(string name, ReadOnlySpan<byte> content)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
