using System.Numerics;
using Pinion.Kvm.Spe;
using Pinion.Vmm;

namespace Pinion.Cli.Compare;

/// <summary>What <c>pinion compare</c> was asked for.</summary>
internal sealed record CompareOptions
{
    private const int MostCycles = 1_000_000;
    private const int MostRounds = 100;
    private const ulong LeastBuffer = 16UL << 10;
    private const ulong MostBuffer = 64UL << 20;
    private const int MostBuffers = 4;

    public const string Toggle = "toggle";

    public const string Debian = "debian";

    /// <summary><see cref="Toggle"/> or <see cref="Debian"/>.</summary>
    public required string Guest { get; init; }

    public required IReadOnlyList<ComparedSeries> Series { get; init; }

    /// <summary>Sizes of the profiling buffers, in bytes.</summary>
    public required IReadOnlyList<ulong> Buffers { get; init; }

    public required int Cycles { get; init; }

    public required int Rounds { get; init; }

    /// <summary>RLIMIT_MEMLOCK at the start of each run, in bytes; null: what it is.</summary>
    public required ulong? MemlockLimit { get; init; }

    /// <summary>Checks the options as they were typed; null stands for what was not given.</summary>
    public static Result<CompareOptions> Read(string guest, string? series, string buffers, int? cycles, int? rounds, string? limit)
    {
        if (guest is not (Toggle or Debian))
        {
            return new Problem(ProblemKind.Usage, $"--guest has no choice '{guest}'", $"there are: {Toggle}, {Debian}");
        }

        List<ComparedSeries> rows = [];
        foreach (string name in series?.Split(',', StringSplitOptions.TrimEntries) ?? SpeSeriesNames.All)
        {
            if (!SpeSeriesNames.TryParse(name, out SpeSeries known))
            {
                return new Problem(ProblemKind.Usage, $"no series is called '{name}'", $"there are: {string.Join(", ", SpeSeriesNames.All)}");
            }

            if (rows.Any(row => row.Series == known))
            {
                return new Problem(ProblemKind.Usage, $"--series names {name} twice", "give each series once");
            }

            rows.AddRange(ComparedSeries.Of(known));
        }

        List<ulong> sizes = [];
        foreach (string text in buffers.Split(','))
        {
            if (!SizeText.Parse(text, "--buffers").TryGet(out ulong size, out Problem? problem))
            {
                return problem;
            }

            // perf takes powers of two only, and the toggling guest has 64 MiB.
            if (!BitOperations.IsPow2(size) || size is < LeastBuffer or > MostBuffer || sizes.Contains(size))
            {
                return new Problem(ProblemKind.Usage, $"--buffers has no use for '{text}'", "give powers of two from 16K to 64M, each once, separated by commas");
            }

            sizes.Add(size);
        }

        if (sizes.Count > MostBuffers)
        {
            return new Problem(ProblemKind.Usage, $"--buffers names {sizes.Count} sizes", $"give {MostBuffers} at most");
        }

        int wantedCycles = cycles ?? (guest == Toggle ? 50 : 400);
        if (wantedCycles is < 2 or > MostCycles)
        {
            return new Problem(ProblemKind.Usage, $"--cycles {wantedCycles} is out of range", $"give 2 to {MostCycles}");
        }

        int wantedRounds = rounds ?? (guest == Toggle ? 3 : 1);
        if (wantedRounds is < 1 or > MostRounds)
        {
            return new Problem(ProblemKind.Usage, $"--rounds {wantedRounds} is out of range", $"give 1 to {MostRounds}");
        }

        ulong? bytes = null;
        if (limit is not null)
        {
            if (!SizeText.Parse(limit, "--memlock-limit").TryGet(out ulong size, out Problem? problem))
            {
                return problem;
            }

            bytes = size;
        }

        return new CompareOptions { Guest = guest, Series = rows, Buffers = sizes, Cycles = wantedCycles, Rounds = wantedRounds, MemlockLimit = bytes };
    }
}
