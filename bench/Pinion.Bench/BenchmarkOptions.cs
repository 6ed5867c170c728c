using System.CommandLine;

namespace Pinion.Bench;

/// <summary>What the user asked for.</summary>
internal sealed record BenchmarkOptions
{
    /// <summary>Rounds; each runs every machine once.</summary>
    public required int Rounds { get; init; }

    /// <summary>Work of a workload, as a part of its full size; null: the benchmark's own choice.</summary>
    public required double? Scale { get; init; }

    /// <summary>Workloads to run; empty: all that the benchmark has.</summary>
    public required string[] Workloads { get; init; }

    /// <summary>spe: timing modes to record with, beside the default.</summary>
    public required string[] Timings { get; init; }

    /// <summary>Where the raw figures go too; null: nowhere.</summary>
    public required string? Json { get; init; }

    /// <summary>pinion.dll that is measured.</summary>
    public required string Pinion { get; init; }

    /// <summary>pinion.dll of another build to compare with in QEMU's place; null: QEMU.</summary>
    public required string? Against { get; init; }

    /// <summary>More options for <c>pinion run</c>.</summary>
    public required string[] PinionOptions { get; init; }

    /// <summary>More options for QEMU.</summary>
    public required string[] QemuOptions { get; init; }

    /// <summary>Where the Debian guest is; null: in its cache.</summary>
    public required string? GuestDirectory { get; init; }

    /// <summary>The Debian guest.</summary>
    public Guest Guest => field ??= Guest.Find(GuestDirectory);

    /// <summary>The machine to compare with.</summary>
    public IEmulator Reference => Against is null ? new Qemu(QemuOptions) : new PinionEmulator(Against, "other", PinionOptions);

    /// <summary>The machine that is measured.</summary>
    public IEmulator Subject => new PinionEmulator(Pinion, "pinion", PinionOptions);
}

/// <summary>The options of every benchmark.</summary>
internal sealed class OptionSet
{
    private readonly Option<int> _rounds = new("--rounds", "-n") { Description = "Rounds; each runs every machine once.", DefaultValueFactory = _ => 5 };
    private readonly Option<double?> _scale = new("--scale", "-s") { Description = "Work of each workload, as a part of its full size (1: some 0.3 to 1.2 s in QEMU)." };
    private readonly Option<string?> _workloads = new("--workloads", "-w") { Description = "Run these workloads only (comma-separated)." };
    private readonly Option<string> _timings = new("--timings") { Description = "spe: record with these timing modes too (comma-separated; full takes 15 times as long).", DefaultValueFactory = _ => "" };
    private readonly Option<string?> _json = new("--json") { Description = "Write all figures of all rounds to FILE too.", HelpName = "FILE" };
    private readonly Option<string?> _pinion = new("--pinion") { Description = "Measure this pinion.dll.", HelpName = "FILE" };
    private readonly Option<string?> _against = new("--against") { Description = "Compare with this pinion.dll of another build instead of QEMU.", HelpName = "FILE" };
    private readonly Option<string?> _pinionOptions = new("--pinion-options") { Description = "More options for 'pinion run'.", HelpName = "OPTIONS" };
    private readonly Option<string?> _qemuOptions = new("--qemu-options") { Description = "More options for qemu-system-aarch64.", HelpName = "OPTIONS" };
    private readonly Option<string?> _guest = new("--guest") { Description = "Directory that 'pinion guest debian --output' wrote; without it, its cache.", HelpName = "DIR" };

    public IEnumerable<Option> All => [_rounds, _scale, _workloads, _timings, _json, _pinion, _against, _pinionOptions, _qemuOptions, _guest];

    public BenchmarkOptions Read(ParseResult parsed)
    {
        string pinion = parsed.GetValue(_pinion) ?? Path.Combine(AppContext.BaseDirectory, "../../../../../src/Pinion.Cli/bin/Release/net10.0/pinion.dll");
        string? against = parsed.GetValue(_against);
        foreach (string? file in new[] { pinion, against })
        {
            if (file is not null && !File.Exists(file))
            {
                Stop.Because($"there is no {file}; build src/Pinion.Cli in Release first");
            }
        }

        return new BenchmarkOptions
        {
            Rounds = Math.Max(1, parsed.GetValue(_rounds)),
            Scale = parsed.GetValue(_scale),
            Workloads = Words(parsed.GetValue(_workloads), ','),
            Timings = Words(parsed.GetValue(_timings), ','),
            Json = parsed.GetValue(_json),
            Pinion = Path.GetFullPath(pinion),
            Against = against is null ? null : Path.GetFullPath(against),
            PinionOptions = Words(parsed.GetValue(_pinionOptions), ' '),
            QemuOptions = Words(parsed.GetValue(_qemuOptions), ' '),
            GuestDirectory = parsed.GetValue(_guest),
        };
    }

    private static string[] Words(string? text, char separator) => text?.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
