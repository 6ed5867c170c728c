using System.CommandLine;
using Pinion.Cli.Compare;
using Pinion.Cli.Guests;
using Pinion.Kvm.Spe;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli;

/// <summary><c>pinion compare</c>: one workload under each series.</summary>
public static class CompareCommand
{
    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var guest = new Option<string>("--guest")
        {
            Description = "What toggles the buffer: toggle, a program that does nothing else; or debian, two processes that take turns under perf record.",
            HelpName = "toggle|debian",
            DefaultValueFactory = _ => "toggle",
        };
        var series = new Option<string?>("--series") { Description = "Compare these only, separated by commas. [default: all]", HelpName = string.Join(',', SpeSeriesNames.All) };
        var buffers = new Option<string>("--buffers")
        {
            Description = "Sizes of the profiling buffers, powers of two from 16K to 64M.",
            HelpName = "SIZE,...",
            DefaultValueFactory = _ => "4M,64M",
        };
        var cycles = new Option<int?>("--cycles", "-n") { Description = "Times that each buffer is enabled and disabled in a round. [default: toggle 50, debian 400]", HelpName = "N" };
        var rounds = new Option<int?>("--rounds", "-r") { Description = "Runs of each series; they take turns. [default: toggle 3, debian 1]", HelpName = "N" };
        var limit = new Option<string?>("--memlock-limit")
        {
            Description = "Begin each run with this limit of locked memory, in bytes or with K, M, G. It means nothing to a process with CAP_IPC_LOCK, as root is.",
            HelpName = "SIZE",
        };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(
            "compare",
            """
            Run one workload under each posting of the kernel's SPE series, and print what keeping the profiling buffer mapped costs in each: toggles a second, memory pinned and charged,
            exits, stage 2 faults of the profiling unit, samples lost. docs/compare.md reads the table.

            Exit codes: 0 every series was measured; 1 an option is wrong, or the guest has not been built; 3 the guest failed under a series; 4 the host refused memory or another resource.
            """)
        {
            guest, series, buffers, cycles, rounds, limit, json,
        };
        command.SetAction(parsed =>
            CompareOptions
                .Read(parsed.GetRequiredValue(guest), parsed.GetValue(series), parsed.GetRequiredValue(buffers), parsed.GetValue(cycles), parsed.GetValue(rounds), parsed.GetValue(limit))
                .TryGet(out CompareOptions options, out Problem? problem)
                ? Run(options, parsed.GetValue(json), parsed.InvocationConfiguration.Output)
                : Fail(problem));
        return command;
    }

    private static int Run(CompareOptions options, bool json, TextWriter output)
    {
        if (options.MemlockLimit > LockedMemoryLimit.Hard)
        {
            return Fail(new Problem(ProblemKind.Usage, $"--memlock-limit is above the hard limit of {LockedMemoryLimit.Hard >> 10} KiB", "give less, or raise the hard limit first (ulimit -H -l, in KiB)"));
        }

        DirectoryInfo temporary = Directory.CreateTempSubdirectory("pinion-compare-");
        try
        {
            if (!Workload(options, temporary.FullName).TryGet(out GuestWorkload workload, out Problem? problem))
            {
                return Fail(problem);
            }

            SeriesRunner runner = new(workload, options.Cycles, options.MemlockLimit);
            List<SeriesResult> results = CompareProgress.Run(progress => Measure(options, runner, progress));
            CompareHeading heading = new(options.Guest, options.Buffers, options.Cycles, options.Rounds, options.MemlockLimit ?? LockedMemoryLimit.Soft, LockedMemoryLimit.IsIgnored);
            if (json)
            {
                CompareTable.WriteJson(heading, results, output);
            }
            else if (results.Any(result => result.Problem is null))
            {
                CompareTable.Write(heading, results, output);
            }

            int code = ExitCodes.Success;
            foreach (SeriesResult failed in results.Where(result => result.Problem is not null))
            {
                Console.Error.WriteLine($"pinion: {failed.Series.Label}: {failed.Problem}");
                code = code == ExitCodes.Success ? ExitCodes.For(failed.Problem!) : code;
            }

            return code;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Fail(new Problem(ProblemKind.Host, refused.Message, "the guest needs room for a file in the temporary directory"));
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    private static Result<GuestWorkload> Workload(CompareOptions options, string directory)
    {
        if (options.Guest == CompareOptions.Toggle)
        {
            return ToggleWorkload.Unpack(directory, options.Buffers);
        }

        return GuestCache.Locate(CompareOptions.Debian).TryGet(out LocatedGuest guest, out Problem? problem) ? new DebianWorkload(guest, options.Buffers) : problem;
    }

    /// <summary>Series take turns, so that none has the quieter host; the first run of all is thrown away, because the runtime compiles this program in it.</summary>
    private static List<SeriesResult> Measure(CompareOptions options, SeriesRunner runner, CompareProgress progress)
    {
        Dictionary<ComparedSeries, (List<RunFigures> Rounds, Problem? Problem)> results = options.Series.ToDictionary(series => series, _ => (new List<RunFigures>(), (Problem?)null));
        if (options.Guest == CompareOptions.Toggle)
        {
            progress.Begin("warming up");
            runner.Run(options.Series[^1]);
        }

        for (int round = 1; round <= options.Rounds; round++)
        {
            foreach (ComparedSeries series in options.Series.Where(series => results[series].Problem is null))
            {
                progress.Begin($"round {round} of {options.Rounds}: {series.Label}");
                if (runner.Run(series).TryGet(out RunFigures figures, out Problem? problem))
                {
                    results[series].Rounds.Add(figures);
                }
                else
                {
                    results[series] = (results[series].Rounds, problem);
                }
            }
        }

        return [.. options.Series.Select(series => new SeriesResult(series, results[series].Rounds, results[series].Problem))];
    }

    private static int Fail(Problem problem)
    {
        Console.Error.WriteLine($"pinion: {problem}");
        return ExitCodes.For(problem);
    }
}
