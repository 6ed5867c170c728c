using System.CommandLine;
using System.Globalization;
using Pinion.Trace;
using Pinion.Trace.Profiles;
using Pinion.Trace.Symbols;
using Spectre.Console;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>pinion report: where the samples of a trace fall.</summary>
public static class ReportCommand
{
    private static readonly string[] s_leastTellingFirst = ["fp/simd", "other", "atomic", "store", "load", "branch", "issue", "data sources", "EL", "mispred", "image", "total"];

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var elf = new Option<string[]>("--elf")
        {
            HelpName = "PATH[@ADDRESS]",
            Description = "Program, library or vmlinux with symbols, found by its file name through mappings; or loaded at ADDRESS (hexadecimal). May be repeated.",
            DefaultValueFactory = _ => [],
        };
        var kallsyms = new Option<string?>("--kallsyms") { HelpName = "PATH", Description = "Copy of the guest's /proc/kallsyms, or System.map." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("report", "Print a profile of a trace: samples, latencies, data sources and operations by function.") { file, elf, kallsyms, json };
        command.SetAction(result => Run(
            result.GetRequiredValue(file),
            result.GetValue(elf) ?? [],
            result.GetValue(kallsyms),
            result.GetValue(json),
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints the profile of <paramref name="file"/>; returns an exit code.</summary>
    public static int Run(string file, IReadOnlyList<string> elf, string? kallsyms, bool json, TextWriter output, TextWriter error)
    {
        if (!TraceFile.TryRead(file, out SpeTrace trace, out string message))
        {
            error.Write($"pinion: {message}\n");
            return ExitCodes.Usage;
        }

        var resolver = new SymbolResolver(trace);
        int worst = ExitCodes.Success;
        foreach (string option in elf)
        {
            worst = Worse(worst, AddElf(resolver, option, error));
        }

        if (kallsyms is not null)
        {
            worst = Worse(worst, AddKallsyms(resolver, kallsyms, error));
        }

        if (worst == ExitCodes.Usage)
        {
            return worst;
        }

        foreach (ReadOnlyMemory<byte> symbols in trace.KernelSymbols)
        {
            resolver.AddKernel(Kallsyms.Read(symbols.Span, "[kernel]", trace.Diagnoses));
        }

        Profile profile = Profile.Build(trace, resolver);
        Print(profile, trace.Time, json, output);
        return Worse(worst, CommandOutput.Report(file, trace.Diagnoses, error));
    }

    private static int Worse(int left, int right) => left == ExitCodes.Usage || right == ExitCodes.Usage ? ExitCodes.Usage : Math.Max(left, right);

    private static int AddElf(SymbolResolver resolver, string option, TextWriter error)
    {
        string path = option;
        ulong bias = 0;
        int at = option.LastIndexOf('@');
        if (at > 0 && !File.Exists(option))
        {
            string digits = option[(at + 1)..];
            digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
            if (!ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bias))
            {
                error.Write($"pinion: --elf {option}: {digits} is no hexadecimal address\n");
                return ExitCodes.Usage;
            }

            path = option[..at];
        }

        if (!TryRead(path, out byte[] bytes, error))
        {
            return ExitCodes.Usage;
        }

        var diagnoses = new Diagnoses();
        resolver.AddImage(ElfImage.Read(bytes, Path.GetFileName(path), diagnoses), bias);
        return CommandOutput.Report(path, diagnoses, error);
    }

    private static int AddKallsyms(SymbolResolver resolver, string path, TextWriter error)
    {
        if (!TryRead(path, out byte[] bytes, error))
        {
            return ExitCodes.Usage;
        }

        var diagnoses = new Diagnoses();
        resolver.AddKernel(Kallsyms.Read(bytes, "[kernel]", diagnoses));
        return CommandOutput.Report(path, diagnoses, error);
    }

    private static bool TryRead(string path, out byte[] bytes, TextWriter error)
    {
        try
        {
            bytes = File.ReadAllBytes(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error.Write($"pinion: cannot read {path}: {e.Message}\n");
            bytes = [];
            return false;
        }
    }

    private static void Print(Profile profile, TimeConversion time, bool json, TextWriter output)
    {
        if (!json && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected)
        {
            PrintTable(profile, time);
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (json)
        {
            using var bytes = new MemoryStream();
            ProfileJson.Write(profile, time, bytes);
            writer.Write(System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
            writer.Write("\n");
        }
        else
        {
            ProfileTable.WriteText(profile, time, writer);
        }

        writer.Flush();
    }

    private static void PrintTable(Profile profile, TimeConversion time)
    {
        IAnsiConsole console = TerminalTable.Console();
        string[][] rows = [.. profile.Rows.Select(row => ProfileTable.Cells(row, profile.Total))];
        int[] columns = TerminalTable.ColumnsThatFit(ProfileTable.Columns, rows, console.Profile.Width, s_leastTellingFirst);
        var table = new Table().Border(TableBorder.Rounded);
        foreach (int column in columns)
        {
            var heading = new TableColumn(ProfileTable.Columns[column]).NoWrap();
            table.AddColumn(column < ProfileTable.FirstTextColumn ? heading.RightAligned() : heading);
        }

        foreach (string[] row in rows)
        {
            table.AddRow([.. columns.Select(column => Markup.Escape(row[column]))]);
        }

        console.WriteLine(ProfileTable.Summary(profile, time));
        console.Write(table);
        if (columns.Length < ProfileTable.Columns.Count)
        {
            console.WriteLine($"{ProfileTable.Columns.Count - columns.Length} columns do not fit; pipe the output to see them");
        }
    }
}
