using System.Diagnostics;
using System.Globalization;

namespace Pinion.Bench;

/// <summary>A program from start to end, its output to nowhere.</summary>
internal static class WholeProcess
{
    /// <summary>Wall-clock time, and the largest resident memory. Ends the benchmark where the program fails.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables that it gets beside ours.</param>
    public static (double Seconds, double Megabytes) Time(string[] command, params (string Name, string Value)[] environment) => Time(command, [0], environment);

    /// <summary>As <see cref="Time(string[], ValueTuple{string, string}[])"/>, where any of <paramref name="expected"/> is an exit code to expect.</summary>
    public static (double Seconds, double Megabytes) Time(string[] command, int[] expected, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" > /dev/null 2>&1", "sh", .. command]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        double largest = 0;
        while (!process.WaitForExit(10))
        {
            largest = Math.Max(largest, HighWater(process.Id));
        }

        if (!expected.Contains(process.ExitCode))
        {
            Stop.Because($"'{string.Join(' ', command)}' ended with exit code {process.ExitCode}; is it installed?");
        }

        return (watch.Elapsed.TotalSeconds, largest);
    }

    private static double HighWater(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line.AsSpan(6).Trim().TrimEnd("kB "), CultureInfo.InvariantCulture) / 1e3;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
