using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Pinion.Cli.Guests;

/// <summary>Runs programs of the host and keeps what they say.</summary>
internal static class HostTool
{
    /// <summary>What a run gave. <see cref="ExitCode"/> is 127 when the program could not be started, as in a shell.</summary>
    internal readonly record struct Outcome(int ExitCode, string Output, string Error)
    {
        internal bool Ok => ExitCode == 0;

        /// <summary>The last line that tells something, for a one-line diagnosis.</summary>
        internal string LastErrorLine =>
            Error.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .LastOrDefault(line => line.StartsWith("E:", StringComparison.Ordinal) || line.Contains("error", StringComparison.OrdinalIgnoreCase))
            ?? Error.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
    }

    /// <summary>Whether a program of this name is on the PATH.</summary>
    internal static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Any(directory => File.Exists(Path.Combine(directory, program)));

    /// <summary>Runs a program to its end in the C locale.</summary>
    internal static Outcome Run(string program, IEnumerable<string> arguments, string? workingDirectory = null)
    {
        var error = new StringBuilder();
        Outcome outcome = RunReading(program, arguments, workingDirectory, stream =>
        {
            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            return reader.ReadToEnd();
        }, error, out string? output);
        return outcome with { Output = output ?? "" };
    }

    /// <summary>Runs a program and hands its standard output to <paramref name="read"/>, which leaves the stream open, while it runs.</summary>
    internal static Outcome RunReading<T>(string program, IEnumerable<string> arguments, string? workingDirectory, Func<Stream, T> read, StringBuilder error, out T? result)
    {
        result = default;
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = workingDirectory ?? "",
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        try
        {
            using Process? process = Process.Start(start);
            if (process is null)
            {
                return new Outcome(127, "", $"{program}: cannot start");
            }

            process.StandardInput.Close();
            process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data is not null)
                {
                    error.Append(line.Data).Append('\n');
                }
            };
            process.BeginErrorReadLine();
            result = read(process.StandardOutput.BaseStream);
            // A reader that has seen enough must not leave the program blocked on a full pipe.
            process.StandardOutput.BaseStream.CopyTo(Stream.Null);
            process.WaitForExit();
            return new Outcome(process.ExitCode, "", error.ToString());
        }
        catch (Win32Exception notFound)
        {
            return new Outcome(127, "", $"{program}: {notFound.Message}");
        }
    }
}
