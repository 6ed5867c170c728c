using System.CommandLine;
using Pinion.Cli.Guests;
using Pinion.Cpu.Profiling;
using Pinion.Trace;
using Pinion.Trace.Profiles;
using Pinion.Trace.Symbols;
using Pinion.Vmm;
using Pinion.Vmm.Run;
using Spectre.Console;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary><c>pinion demo</c>: runs the demo guest under SPE and shows its profile.</summary>
public static class DemoCommand
{
    private const string ElfName = "pinion-demo.elf";
    private const ulong Memory = 128UL << 20;

    // Of ProfileTable's columns those in which the workloads differ; they fit 100 characters.
    private static readonly string[] s_columns = ["function", "samples", "share", "total", "load", "store", "atomic", "branch", "mispred", "data sources"];

    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var output = new Option<string?>("--output", "-o") { Description = "Keep the capture of the profiling records in FILE.", HelpName = "FILE" };
        var timing = new Option<string>("--timing")
        {
            Description = "Which operations feed the model behind latencies and cache events: all of them, the N before each sample, or none.",
            HelpName = "full|window:N|off",
            DefaultValueFactory = _ => "full",
        };
        var command = new Command(
            "demo",
            """
            Run a small guest under SPE and print its profile: five workloads, each with a character of its own. Needs no kernel and no network.

            The run is deterministic: the same build gives the same records every time.
            """)
        {
            output,
            timing,
        };
        command.SetAction(parsed =>
        {
            string text = parsed.GetRequiredValue(timing);
            if (!TimingMode.TryParse(text, out TimingMode mode))
            {
                return Fail(new Problem(ProblemKind.Usage, $"--timing {text} is none of full, window:N, off"));
            }

            return Run(mode, parsed.GetValue(output), parsed.InvocationConfiguration.Output);
        });
        return command;
    }

    private static int Run(TimingMode timing, string? kept, TextWriter output)
    {
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("pinion-demo-");
        try
        {
            string elf = Path.Combine(temporary.FullName, ElfName);
            string capture = kept ?? Path.Combine(temporary.FullName, "capture");
            File.WriteAllBytes(elf, GuestSources.Demo);
            int code = RunCommand.Run(new MachineOptions { Kernel = elf, Memory = Memory, Deterministic = true, Timing = timing }, capture, statistics: false);
            if (code != ExitCodes.Success)
            {
                return code;
            }

            if (!TraceFile.TryRead(capture, out SpeTrace trace, out string error))
            {
                return Fail(new Problem(ProblemKind.Host, error));
            }

            Print(ProfileOf(trace), trace.Time, output);
            if (kept is not null)
            {
                output.Write($"records: {kept}; read them with pinion report {kept} --elf guests/demo/{ElfName}, or pinion decode {kept}\n");
            }

            return CommandOutput.Report(capture, trace.Diagnoses, Console.Error);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Fail(new Problem(ProblemKind.Host, refused.Message, "the demo needs room for a few megabytes in the temporary directory"));
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    /// <summary>The demo's profile by function.</summary>
    internal static Profile ProfileOf(SpeTrace trace)
    {
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(GuestSources.Demo, ElfName, trace.Diagnoses));
        return Profile.Build(trace, resolver);
    }

    private static void Print(Profile profile, TimeConversion time, TextWriter output)
    {
        int[] columns = [.. s_columns.Select(name => ProfileTable.Columns.ToList().IndexOf(name))];
        string[][] rows = [.. profile.Rows.Select(row => ProfileTable.Cells(row, profile.Total)).Select(cells => columns.Select(column => cells[column]).ToArray())];
        const string legend = "total: mean latency in cycles; mispred: of branches; data sources: of loads and atomics";
        if (CommandOutput.IsTerminal(output))
        {
            var table = new Table().Border(TableBorder.Rounded).Caption(legend);
            foreach (int column in columns)
            {
                var heading = new TableColumn(ProfileTable.Columns[column]);
                table.AddColumn(column < ProfileTable.FirstTextColumn ? heading.RightAligned().NoWrap() : heading);
            }

            foreach (string[] row in rows)
            {
                table.AddRow([.. row.Select(Markup.Escape)]);
            }

            AnsiConsole.WriteLine();
            AnsiConsole.WriteLine(ProfileTable.Summary(profile, time));
            AnsiConsole.Write(table);
            return;
        }

        output.Write($"\n# {ProfileTable.Summary(profile, time)}\n# {legend}\n");
        PlainTable.Write(output, [s_columns, .. rows], i => columns[i] >= ProfileTable.FirstTextColumn);
    }

    private static int Fail(Problem problem)
    {
        Console.Error.WriteLine($"pinion: {problem}");
        return ExitCodes.For(problem);
    }
}
