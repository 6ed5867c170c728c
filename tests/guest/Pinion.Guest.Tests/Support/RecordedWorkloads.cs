using System.Globalization;
using System.Text.RegularExpressions;

namespace Pinion.Guest.Tests.Support;

/// <summary>One perf record of one workload.</summary>
/// <param name="Workload">Its name.</param>
/// <param name="Period">perf's -c.</param>
/// <param name="Jitter">perf's jitter.</param>
public sealed record Recording(string Workload, int Period, bool Jitter = false)
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Workload}.{Period}{(Jitter ? ".jitter" : "")}");
}

/// <summary>The guest's perf.data of all workloads that tests look at, and the truth behind them: recorded in one deterministic run, at the first test that wants them.</summary>
public sealed class RecordedWorkloads : IDisposable
{
    private readonly TemporaryDirectory _shared = new();
    private readonly Lazy<ProgramResult> _run;

    public RecordedWorkloads()
    {
        _run = new(Record);
    }

    /// <summary>Workloads of which each is recorded with each of <see cref="Periods"/>.</summary>
    public static IReadOnlyList<string> Workloads { get; } = ["core", "memcpy", "chase_l1", "branchy", "fib"];

    public static IReadOnlyList<int> Periods { get; } = [1024, 4096];

    /// <summary>A workload one of whose loops has five instructions, a divisor of 1025.</summary>
    public const string InStep = "chase_mem";

    /// <summary>Everything that is recorded.</summary>
    public static IReadOnlyList<Recording> All { get; } =
    [
        .. Periods.SelectMany(period => Workloads.Select(workload => new Recording(workload, period))),
        new(InStep, 1024),
        new(InStep, 1024, Jitter: true),
    ];

    /// <summary>The file of --truth.</summary>
    public string TruthFile => _shared.File("truth.csv");

    /// <summary>What the run printed, for messages.</summary>
    internal ProgramResult Run => _run.Value;

    /// <summary>The guest's perf.data.</summary>
    public string FileOf(Recording recording) => _shared.File($"{recording.Name}.data");

    /// <summary>The process that was recorded.</summary>
    public int ProcessOf(Recording recording)
    {
        Match process = Regex.Match(Run.Output, $"PROCESS {Regex.Escape(recording.Name)} ([0-9]+)");
        process.Success.ShouldBeTrue(Run.Report);
        return int.Parse(process.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    public void Dispose() => _shared.Dispose();

    private ProgramResult Record()
    {
        _shared.Write(
            "record.sh",
            string.Concat(All.Select(recording =>
                $"""
                perf record -q -e arm_spe_0/ts_enable=1,pa_enable=1,jitter={(recording.Jitter ? 1 : 0)}/u -c {recording.Period} -o /tmp/{recording.Name}.data -- sh -c "echo PROCESS {recording.Name} \$\$; exec bench -s 0.02 {recording.Workload}"
                cp /tmp/{recording.Name}.data /out/

                """)));
        ProgramResult run = PinionProgram.Run(
            PinionProgram.Session,
            DebianGuest.Arguments(DebianGuest.Full, "share=out:/out run=sh:sh@/out/record.sh", "--share", $"{_shared.Path}:out", "--deterministic", "--truth", TruthFile));
        run.ExitCode.ShouldBe(0, run.Report);
        return run;
    }
}
