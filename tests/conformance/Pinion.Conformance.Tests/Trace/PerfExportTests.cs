using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.PerfData;
using Pinion.Trace.Samples;

namespace Pinion.Conformance.Tests.Trace;

/// <summary>Traces that no recording of the Debian guest is like, written as perf.data and read by perf.</summary>
public sealed class PerfExportTests : IDisposable
{
    private const string Package = "linux-perf";
    private const int Count = 2000;
    private static readonly TimeConversion s_time = new(0, 40, 0);
    private readonly string _path = Path.GetTempFileName();
    private readonly Random _random = new(5);

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void PerfReadsWhatIsPiped()
    {
        SpeTrace trace = Trace(i => Sample(i, context: 1000 + (uint)_random.Next(3)));
        using (FileStream file = File.Create(_path))
        {
            using var pipe = new Pipe(file);
            PerfDataExport.Write(trace, 1, pipe);
        }

        ShouldBeTheSame(Threads(Oracle.Run("sh", Package, "-c", "cat \"$0\" | perf script -i - --itrace=i1i -F tid,ip", _path)), Own(trace));
    }

    /// <summary>perf begins each thread's stream with a sample of nothing: one at address 0, where there is no record.</summary>
    [Fact]
    public void PerfSeesTheThreadsOfRecordsWithoutTimestamps()
    {
        SpeTrace trace = Trace(i =>
        {
            SpeRecord record = Sample(i, context: 1000 + (uint)_random.Next(3));
            record.Fields &= ~SpeFields.Timestamp;
            return record;
        });
        Write(trace);

        ShouldBeTheSame(Threads(Oracle.Run("perf", Package, "script", "-i", _path, "--itrace=i1i", "-F", "tid,ip")), Own(trace));
    }

    [Fact]
    public void PerfFollowsTheSwitchesOfRecordsWithoutContextPackets()
    {
        SpeTrace trace = Trace(i => Sample(i, context: null));
        ulong last = s_time.ToNanoseconds(Timestamp(Count));

        // At whole ticks: perf rounds times to those.
        const ulong Tick = 40;
        for (ulong time = s_time.ToNanoseconds(Timestamp(0)) - Tick; time < last; time += Tick * (1 + (ulong)_random.NextInt64(500)))
        {
            trace.Switches.Add(new(0, 1000 + (uint)_random.Next(3), time));
        }

        Write(trace);

        ShouldBeTheSame(Threads(Oracle.Run("perf", Package, "script", "-i", _path, "--itrace=i1i", "-F", "tid,ip")), Own(trace));
    }

    [Fact]
    public void PerfShowsWhatTheHeaderSays()
    {
        SpeTrace trace = Trace(i => Sample(i, context: 1000));
        trace.Period = 4096;
        trace.Facts.AddRange([new(TraceFacts.HostName, "a-guest"), new(TraceFacts.KernelRelease, "6.1.0-arm64"), new(TraceFacts.RecorderVersion, "6.1.192"), new(TraceFacts.CommandLine, "perf record true")]);
        Write(trace);

        string header = Oracle.Run("perf", Package, "report", "--header-only", "-i", _path);

        foreach (string line in new[]
        {
            "# hostname : a-guest", "# os release : 6.1.0-arm64", "# perf version : 6.1.192", "# arch : aarch64", "# nrcpus online : 1", "# cpuid : 0x00000000413fd0c1", "# cmdline : perf record true",
            "# event : name = arm_spe_0/ts_enable=1/", "{ sample_period, sample_freq } = 4096",
        })
        {
            header.ShouldContain(line);
        }
    }

    [Fact]
    public void PerfSeesWhatWasLost()
    {
        SpeTrace trace = Trace(i => Sample(i, context: 1000));
        trace.Losses.AddRange([new(0, 5, "truncated"), new(0, 6, "partial"), new(0, 7, "collision"), new(0, 8, "lost")]);
        Write(trace);

        string dump = Oracle.Run("perf", Package, "report", "-D", "-i", _path);

        dump.Split("PERF_RECORD_AUX offset: 0 size: 0 flags: 0x1 [T]").Length.ShouldBe(2);
        dump.Split("PERF_RECORD_AUX offset: 0 size: 0 flags: 0x4 [P]").Length.ShouldBe(2);
        dump.Split("PERF_RECORD_AUX offset: 0 size: 0 flags: 0x8").Length.ShouldBe(2);
        dump.Split("PERF_RECORD_LOST: id:100: lost:1").Length.ShouldBe(2);
    }

    private static ulong Timestamp(int index) => 1_000_000 + ((ulong)index * 100);

    private static SpeRecord Sample(int index, uint? context)
    {
        SpeRecord record = default;
        record.SetPc(0x40_0000 + ((ulong)index * 4), 0);
        record.SetOperation(SpeOperationClass.Other, 0);
        record.SetEvents(SpeEvents.Retired);
        record.SetLatency(10, 4);
        record.SetTimestamp(Timestamp(index));
        if (context is uint id)
        {
            record.SetContextEl1(id);
        }

        return record;
    }

    private static SpeTrace Trace(Func<int, SpeRecord> make)
    {
        var bytes = new byte[Count * SpeRecordWriter.FixedSize];
        for (int i = 0; i < Count; i++)
        {
            SpeRecordWriter.WriteFixed64(make(i), bytes.AsSpan(i * SpeRecordWriter.FixedSize));
        }

        SpeTrace trace = TraceFile.Parse(bytes);
        trace.Time = s_time;
        trace.Midr = 0x413F_D0C1;
        trace.Tasks.AddRange([new(1000, 1000, "a", 1000), new(1001, 1001, "b", 1001), new(1002, 1002, "c", 1002)]);
        return trace;
    }

    /// <summary>Address and thread of each sample, by address, as perf prints them.</summary>
    private static string[] Threads(string output) =>
    [
        .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(cells => $"{cells[1]} {cells[0]}").Where(sample => !sample.StartsWith("0 ", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];

    private static string[] Own(SpeTrace trace)
    {
        var tasks = new TaskTable(trace);
        List<string> samples = [];
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            var reader = new SpeRecordReader(buffer.Bytes.Span);
            while (reader.TryRead(out SpeRecord record))
            {
                uint? thread = tasks.ThreadOf(buffer, record, record.Has(SpeFields.Timestamp) ? trace.Time.ToNanoseconds(record.Timestamp) : 0);
                samples.Add(string.Create(CultureInfo.InvariantCulture, $"{record.Pc:x} {thread}"));
            }
        }

        samples.Count.ShouldBe(Count);
        return [.. samples.Order(StringComparer.Ordinal)];
    }

    private static void ShouldBeTheSame(string[] theirs, string[] ours)
    {
        theirs.Except(ours).Take(10).ShouldBeEmpty();
        ours.Except(theirs).Take(10).ShouldBeEmpty();
        theirs.Length.ShouldBe(ours.Length);
    }

    private void Write(SpeTrace trace)
    {
        using FileStream file = File.Create(_path);
        PerfDataExport.Write(trace, 1, file);
    }

    /// <summary>A file that cannot seek.</summary>
    private sealed class Pipe(FileStream file) : FileStream(file.SafeFileHandle, FileAccess.Write)
    {
        public override bool CanSeek => false;
    }
}
