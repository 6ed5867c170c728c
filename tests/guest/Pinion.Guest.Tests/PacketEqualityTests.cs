using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>Every packet that the guest's perf recorded, as Pinion and as the host's perf decode it.</summary>
public sealed class PacketEqualityTests(DebianGuest guest, RecordedTraces recorded)
{
    private const string Packet = ".  ";
    private const string Data = ". ... ARM SPE data";

    [Theory]
    [InlineData("honest")]
    [InlineData("n1")]
    [InlineData("v1p4")]
    public void EveryPacketOfThreeRecordingsIsPerfs(string profile)
    {
        HostPerf.Require();
        Recordings recordings = recorded.Of(profile, guest);

        Compare($"{profile}, one process", recordings.Task);
        Compare($"{profile}, all CPUs", recordings.Cpus);
        Compare($"{profile}, memory accesses", recordings.Memory);
    }

    private static void Compare(string what, string file)
    {
        ProgramResult decoded = PinionProgram.Run(PinionProgram.Boot, "decode", file);
        decoded.ExitCode.ShouldBe(0, $"{what}\n{decoded.Error}");
        decoded.Error.ShouldBeEmpty(what);
        string[][] ours = Records(decoded.Output);
        string[][] theirs = Records(HostPerf.Dump(file));

        string[] differences = [.. ours.Zip(theirs).Where(pair => !pair.First.SequenceEqual(pair.Second)).Select(pair => $"\nours\n{string.Join('\n', pair.First)}\nperf\n{string.Join('\n', pair.Second)}").Take(3)];
        int packets = ours.Sum(record => record.Length);
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {ours.Length} records, {packets} packets, {differences.Length} differences");
        differences.ShouldBeEmpty(what);
        ours.Length.ShouldBe(theirs.Length, what);
        packets.ShouldBeGreaterThan(10_000, what);
    }

    /// <summary>Packet lines, record by record: a timestamp or an end ends one, and so does the end of a stretch of data.</summary>
    private static string[][] Records(string dump)
    {
        List<string[]> records = [];
        List<string> record = [];
        bool inside = false;
        foreach (string line in dump.Split('\n'))
        {
            if (inside && line.StartsWith(Packet, StringComparison.Ordinal))
            {
                record.Add(line);
            }
            else
            {
                inside = line.StartsWith(Data, StringComparison.Ordinal);
            }

            if (record.Count > 0 && (!inside || line.Contains("  TS ", StringComparison.Ordinal) || line.EndsWith("  END", StringComparison.Ordinal)))
            {
                records.Add([.. record]);
                record.Clear();
            }
        }

        return [.. records];
    }
}
