using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>What the guest's perf records is what the guest executes, as the host's perf reads it.</summary>
public sealed class RecordingTests(DebianGuest guest, RecordedWorkloads recorded)
{
    private const int Period = 4096;

    /// <summary>
    /// The truth counts every operation that could have been sampled; the records must show the same hottest function, one sample in every <see cref="Period"/> + 1 operations, and the host's perf must read
    /// them without complaint.
    /// </summary>
    [Fact]
    public void TheHostsPerfSeesTheHotFunctionsThatTheEngineCounts()
    {
        HostPerf.Require();
        string bench = guest.RequireWorkloads();
        using TemporaryDirectory symbolFiles = new();
        Directory.CreateDirectory(symbolFiles.File("bin"));
        File.Copy(bench, symbolFiles.File("bin/bench"));
        _ = recorded.Run;
        Truth truth = new(recorded.TruthFile);
        foreach (Recording recording in RecordedWorkloads.All.Where(recording => recording.Period == Period))
        {
            Check(recording.Workload, recorded.FileOf(recording), truth, recorded.ProcessOf(recording), bench, symbolFiles.Path);
        }
    }

    private static void Check(string workload, string file, Truth truth, int process, string bench, string symbolFiles)
    {
        Dictionary<string, int> packets = HostPerf.DumpedPackets(file);
        List<(string Symbol, int Count)> sampled = HostPerf.Samples(file, symbolFiles, process);
        List<(string Symbol, ulong Count)> executed = truth.ByFunction(process, bench);
        ulong total = truth.Total(process);
        int samples = sampled.Sum(s => s.Count);
        string what = $"{workload}: {total} operations, hottest {executed[0]}, {executed[1]}; {samples} samples, hottest {sampled[0]}; packets {string.Join(' ', packets)}";
        TestContext.Current.TestOutputHelper?.WriteLine(what);

        // Every record has one of each, whatever else it has.
        foreach (string packet in new[] { "PC", "TS", "LAT" })
        {
            packets.ShouldContainKey(packet, what);
        }

        packets["TS"].ShouldBe(packets["PC"], what);
        total.ShouldBeGreaterThan(1_000_000UL, what);
        double expected = total / (Period + 1.0);
        samples.ShouldBeInRange((int)(expected * 0.98), (int)Math.Ceiling(expected * 1.02), what);
        sampled[0].Symbol.ShouldBe(executed[0].Symbol, what);
        (sampled[0].Count / (double)samples).ShouldBe(executed[0].Count / (double)total, tolerance: 0.05, what);
    }
}
