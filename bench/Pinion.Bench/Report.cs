using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pinion.Bench;

/// <summary>What a benchmark prints: the host, tables, figures beside their targets; and the same as JSON.</summary>
internal sealed class Report(string name, BenchmarkOptions options)
{
    private readonly JsonObject _json = new() { ["benchmark"] = name, ["rounds"] = options.Rounds };

    /// <summary>The processor, the versions, and a warning if others use the machine.</summary>
    public void WriteHost()
    {
        string model = Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        string qemu = options.Against is null ? FirstLine(Qemu.Program, "--version") : $"not used (against {options.Against})";
        var host = new (string Key, string Value)[]
        {
            ("processor", $"{model}, {Environment.ProcessorCount} CPUs"),
            ("memory", Field("/proc/meminfo", "MemTotal") ?? "unknown"),
            ("system", RuntimeInformation.OSDescription),
            ("dotnet", RuntimeInformation.FrameworkDescription),
            ("pinion", FirstLine("dotnet", options.Pinion, "version")),
            ("qemu", qemu),
            ("load", load),
            ("date", DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
        };
        var json = new JsonObject();
        foreach ((string key, string value) in host)
        {
            Console.WriteLine($"{key,-10} {value}");
            json[key] = value;
        }

        _json["host"] = json;
        if (double.Parse(load, CultureInfo.InvariantCulture) > 0.5)
        {
            Console.WriteLine($"WARNING    others use this machine (load average {load}): times are too long, and only ratios of pairs mean something");
        }

        Console.WriteLine();
    }

    /// <summary>The kernel that was booted, once it is known.</summary>
    public void Kernel(IEnumerable<ConsoleLine> lines)
    {
        if (!_json.ContainsKey("kernel") && lines.FirstOrDefault(l => l.Text.Contains("Linux version ", StringComparison.Ordinal)) is ConsoleLine line)
        {
            _json["kernel"] = line.Text[line.Text.IndexOf("Linux version ", StringComparison.Ordinal)..];
        }
    }

    /// <summary>Shows that something is happening.</summary>
    public static void Progress(string text)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r\e[K{text}");
        }
    }

    /// <summary>A title, and a table with right-aligned columns but for the first.</summary>
    public static void Table(string title, string[] header, IEnumerable<string[]> rows)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r\e[K");
        }

        List<string[]> all = [header, .. rows];
        int[] widths = [.. Enumerable.Range(0, header.Length).Select(c => all.Max(r => r[c].Length))];
        Console.WriteLine(title);
        foreach (string[] row in all)
        {
            Console.WriteLine("  " + string.Join("  ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))));
        }

        Console.WriteLine();
    }

    /// <summary>A figure beside its target.</summary>
    public void Result(string what, double value, string unit, double? atLeast = null, double? atMost = null)
    {
        string target = atLeast is double least ? $"target: at least {Number(least)}{unit}, {(value >= least ? "met" : "NOT met")}"
            : atMost is double most ? $"target: at most {Number(most)}{unit}, {(value <= most ? "met" : "NOT met")}" : "for information";
        Console.WriteLine($"{what}: {Number(value)}{unit} ({target})");
        Json("results", what, new JsonObject { ["value"] = value, ["unit"] = unit.Trim(), ["target"] = atLeast ?? atMost });
    }

    /// <summary>A remark.</summary>
    public static void Note(string text) => Console.WriteLine(text);

    /// <summary>Keeps the figures of all rounds for the JSON file.</summary>
    public void Keep(string group, string what, Sample sample) => Json(group, what, new JsonArray([.. sample.Values.Select(v => JsonValue.Create(v))]));

    /// <summary>The end: the JSON file, if there is to be one.</summary>
    public void WriteEnd()
    {
        Console.WriteLine();
        Console.WriteLine($"load average at the end: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        if (_json["kernel"] is JsonNode kernel)
        {
            Console.WriteLine($"kernel: {kernel}");
        }

        if (options.Json is null)
        {
            return;
        }

        try
        {
            File.WriteAllText(options.Json, _json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Stop.Because($"cannot write {options.Json}: {e.Message}");
        }
    }

    public static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "F0" : Math.Abs(value) >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);

    /// <summary>Least, median and greatest.</summary>
    public static string Spread(Sample s) => $"{Number(s.Min)}/{Number(s.Median)}/{Number(s.Max)}";

    private void Json(string group, string what, JsonNode value)
    {
        if (_json[group] is not JsonObject o)
        {
            _json[group] = o = [];
        }

        o[what] = value;
    }

    private static string? Field(string file, string key)
    {
        foreach (string line in File.ReadLines(file))
        {
            if (line.StartsWith(key, StringComparison.Ordinal))
            {
                return line[(line.IndexOf(':') + 1)..].Trim();
            }
        }

        return null;
    }

    private static string FirstLine(string program, params string[] arguments)
    {
        try
        {
            using Process? process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true });
            string text = process!.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return text.Split('\n')[0].Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Stop.Because($"{program} is missing; apt-get install qemu-system-arm");
            return "";
        }
    }
}
