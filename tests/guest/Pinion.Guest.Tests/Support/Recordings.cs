using System.Collections.Concurrent;

namespace Pinion.Guest.Tests.Support;

/// <summary>What perf recorded in a Debian guest, once for each profile of the profiling unit: one process, all CPUs, memory accesses; and what the host captured meanwhile.</summary>
internal sealed class Recordings : IDisposable
{
    private readonly TemporaryDirectory _directory;

    public Recordings(TemporaryDirectory directory) => _directory = directory;

    /// <summary>perf record of one program, with 2,047 operations between samples.</summary>
    public string Task => _directory.File("task.data");

    /// <summary>perf record -a, on two CPUs.</summary>
    public string Cpus => _directory.File("cpus.data");

    /// <summary>perf mem record, with the filters that it sets.</summary>
    public string Memory => _directory.File("memory.data");

    /// <summary>All records of all three, from outside.</summary>
    public string Capture => _directory.File("capture.spe");

    public void Dispose() => _directory.Dispose();
}

/// <summary>Boots for <see cref="Recordings"/>. Made by xUnit, one for the assembly.</summary>
public sealed class RecordedTraces : IDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Recordings>> _recordings = [];

    /// <summary>The recordings under a profile of the profiling unit; skips the test where there is no guest.</summary>
    internal Recordings Of(string profile, DebianGuest guest)
    {
        guest.RequireWorkloads();
        return _recordings.GetOrAdd(profile, one => new(() => Record(one))).Value;
    }

    public void Dispose()
    {
        foreach (Lazy<Recordings> recorded in _recordings.Values.Where(lazy => lazy.IsValueCreated))
        {
            recorded.Value.Dispose();
        }
    }

    private static Recordings Record(string profile)
    {
        var shared = new TemporaryDirectory();
        shared.Write(
            "record.sh",
            """
            perf record -q -e arm_spe_0/ts_enable=1,pa_enable=1/ -c 2048 -o /tmp/task.data -- bench -s 0.01 core
            perf record -q -a -e arm_spe_0/ts_enable=1,pa_enable=1/ -c 4096 -o /tmp/cpus.data -- bench -s 0.01 core
            perf mem record -c 512 -o /tmp/memory.data -- bench -s 0.1 chase_mem
            cp /tmp/*.data /out/
            """);
        var recordings = new Recordings(shared);
        ProgramResult run = PinionProgram.Run(
            PinionProgram.Session,
            DebianGuest.Arguments(
                DebianGuest.Full, "share=out:/out run=sh:sh@/out/record.sh", "--share", $"{shared.Path}:out", "-c", "2", "--deterministic", "--spe-profile", profile, "--spe-capture", recordings.Capture));

        run.ExitCode.ShouldBe(0, run.Report);
        foreach (string file in new[] { recordings.Task, recordings.Cpus, recordings.Memory })
        {
            File.Exists(file).ShouldBeTrue(run.Report);
        }

        return recordings;
    }
}
