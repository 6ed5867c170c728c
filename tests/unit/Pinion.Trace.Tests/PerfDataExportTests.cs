using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.PerfData;

namespace Pinion.Trace.Tests;

/// <summary>Any trace as a perf.data file, read back. Whether perf understands it is tested in the conformance tests.</summary>
public sealed class PerfDataExportTests
{
    private static readonly TimeConversion s_time = new(21, 33_554_432, 1000);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatIsKnownSurvives(bool isPipe)
    {
        SpeTrace trace = Trace([TraceTestData.Sample(0x40_0100, context: 60)]);
        trace.Period = 4096;
        trace.Tasks.AddRange([new(60, 60, null, 51) { Time = 5000 }, new(60, 61, "bench", 60) { Time = 6000, IsExec = true }]);
        trace.Mappings.AddRange(
        [
            new(uint.MaxValue, 0xFFFF_8000_8000_0000, 0x100_0000, 0xFFFF_8000_8000_0000, "[kernel.kallsyms]_text") { BuildId = "00112233445566778899aabbccddeeff00112233" },
            new(60, 0x40_0000, 0x2000, 0x1000, "/bin/bench") { Time = 7000, BuildId = "0102030405060708" },
        ]);
        trace.Switches.Add(new(3, 61, 8000));
        trace.Losses.AddRange([new(2, 9000, "truncated"), new(2, 9001, "lost")]);
        trace.Facts.AddRange([new(TraceFacts.HostName, "guest"), new(TraceFacts.KernelRelease, "6.1.0"), new(TraceFacts.RecorderVersion, "6.1.192"), new(TraceFacts.CommandLine, "perf record")]);

        SpeTrace read = RoundTrip(trace, isPipe);

        read.Diagnoses.List.ShouldBeEmpty();
        read.Midr.ShouldBe(trace.Midr);
        read.Period.ShouldBe(4096ul);
        read.Time.ShouldBe(s_time);
        read.Tasks.ShouldBe(trace.Tasks);
        read.Mappings.ShouldBe(trace.Mappings);
        read.Switches.ShouldBe(trace.Switches);
        read.Losses.ShouldBe(trace.Losses);
        read.Facts.ShouldBeSubsetOf(
        [
            .. trace.Facts, new("architecture", "aarch64"), new("CPUs", "1 online of 1"), new("CPU identifier", "0x00000000413fd0c1"), new("event", "arm_spe_0/ts_enable=1/"), new("event", "dummy:u"),
            new("settings", "ts_enable=1"),
        ]);
        trace.Facts.ShouldBeSubsetOf(read.Facts);
        Records(read).ShouldBe(Records(trace));
    }

    [Fact]
    public void AnOutputThatCannotSeekGetsWhatPerfPipes()
    {
        byte[] file = Export(Trace([TraceTestData.Sample(0x40_0100, context: 60)]), isPipe: true);

        file[..16].ShouldBe([.. "PERFILE2"u8, 16, 0, 0, 0, 0, 0, 0, 0]);
    }

    [Fact]
    public void MetadataOfVersionTwoDescribesEachCpu()
    {
        SpeTrace read = TraceFile.Parse(Export(Trace([TraceTestData.Sample(0x40_0100, context: 60)], cpu: 1), metadataVersion: 2));

        read.Diagnoses.List.ShouldBeEmpty();
        TraceFacts.Find(read, TraceFacts.ProfilingUnit).ShouldBe("CPU 0, 1: MIDR_EL1 0x413fd0c1, interval from 0, event filter 0x0");
    }

    [Fact]
    public void EachStreamGoesOnWhereItStopped()
    {
        byte[] one = TraceTestData.Fixed(TraceTestData.Sample(0x40_0100, context: 60));
        SpeTrace trace = Of([.. one, .. one, .. one, 0]);
        trace.AddBuffer(1, -1, 0, 0, 64);
        trace.AddBuffer(0, -1, 0, 64, 64);
        trace.AddBuffer(1, -1, 64, 128, 65);

        RoundTrip(trace).Buffers.Select(b => (b.Cpu, b.StreamOffset, b.Bytes.Length)).ShouldBe([(1, 0ul, 64), (0, 0ul, 64), (1, 64ul, 72)]);
    }

    [Fact]
    public void RecordsThatDoNotTellTheirThreadGetOneBeforeTheFirst()
    {
        SpeTrace read = RoundTrip(Trace([TraceTestData.Sample(0x40_0100), TraceTestData.Sample(0x40_0104)]));

        read.Tasks.ShouldBe([new(0, 0, "[unknown]", 0)]);
        read.Buffers[0].Bytes.Span[..8].ToArray().ShouldBe([0x64, 0, 0, 0, 0, 0, 0, 0]);
        Records(read).Select(r => (r.Pc, r.Has(SpeFields.ContextEl1))).ShouldBe([(0x40_0100ul, true), (0x40_0104ul, false)]);
    }

    [Fact]
    public void TheThreadOfAStreamThatDoesNotTellIsTheRecordedOne()
    {
        SpeTrace trace = Of(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100)));
        trace.AddBuffer(2, 77, 0, 0, 64);
        trace.Tasks.Add(new(77, 77, "bench", 77));

        SpeTrace read = RoundTrip(trace);

        Records(read).Select(r => r.ContextEl1).ShouldBe([77u]);
        read.Tasks.ShouldBe(trace.Tasks);
    }

    [Fact]
    public void WithoutTimestampsEachThreadsRecordsAreAStreamOfItsOwn()
    {
        SpeTrace read = RoundTrip(Trace([Untimed(0x1000, 60), Untimed(0x1004, 60), Untimed(0x2000, 61), Untimed(0x1008, 60)]));

        read.Time.Multiplier.ShouldBe(0u);
        read.Buffers.Select(b => (b.Cpu, b.ThreadId, b.StreamOffset, b.Bytes.Length)).ShouldBe([(-1, 60, 0ul, 128), (-1, 61, 0ul, 64), (-1, 60, 128ul, 64)]);
        Records(read).Select(r => r.Pc).ShouldBe([0x1000ul, 0x1004ul, 0x2000ul, 0x1008ul]);
    }

    [Fact]
    public void StreamsOfThreadsHaveNoTimesBecausePerfGivesUpOnThem()
    {
        SpeTrace trace = Of(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100, context: 77)));
        trace.AddBuffer(-1, 77, 0, 0, 64);
        trace.Tasks.Add(new(77, 77, "bench", 77) { Time = 5000 });

        SpeTrace read = RoundTrip(trace);

        read.Time.Multiplier.ShouldBe(0u);
        read.Tasks.ShouldBe([new(77, 77, "bench", 77)]);
        read.Buffers.Select(b => (b.Cpu, b.ThreadId)).ShouldBe([(-1, 77)]);
    }

    [Fact]
    public void TheKernelAndItsModulesLieWhereTheirSymbolsDo()
    {
        SpeTrace trace = Trace([TraceTestData.Sample(0x40_0100, context: 60)]);
        trace.KernelSymbols.Add(Encoding.UTF8.GetBytes(
            """
            ffff800008000000 T _head
            ffff800008010000 T _stext
            ffff800008fff123 t last
            ffff800009000000 D data
            ffff800000d00010 t arm_spe_probe	[arm_spe_pmu]
            ffff800000d04f00 t arm_spe_remove	[arm_spe_pmu]
            nonsense
            """));

        RoundTrip(trace).Mappings.Select(m => (m.ProcessId, m.Start, m.Length, m.FileOffset, m.Path)).ShouldBe(
        [
            (uint.MaxValue, 0xFFFF_8000_0801_0000, 0xFF_0000ul, 0xFFFF_8000_0801_0000, "[kernel.kallsyms]_stext"),
            (uint.MaxValue, 0xFFFF_8000_00D0_0000, 0x5000ul, 0ul, "[arm_spe_pmu]"),
        ]);
    }

    [Fact]
    public void AnotherKernelsFirstFunctionStandsForIt()
    {
        SpeTrace trace = Trace([TraceTestData.Sample(0x40_0100, context: 60)]);
        trace.KernelSymbols.Add("ffff800040201000 T main\nffff800040200000 T _start\n"u8.ToArray());

        RoundTrip(trace).Mappings.Select(m => (m.Start, m.Length, m.FileOffset, m.Path)).ShouldBe(
            [(0xFFFF_8000_4020_0000, 0x2000ul, 0xFFFF_8000_4020_0000, "[kernel.kallsyms]_start")]);
    }

    [Fact]
    public void AKernelHasABuildIdSoThatPerfDoesNotTakeItForItsOwn()
    {
        SpeTrace trace = Trace([TraceTestData.Sample(0x40_0100, context: 60)]);
        string? ofNone = RoundTrip(trace).Mappings.ShouldHaveSingleItem().BuildId;
        trace.KernelSymbols.Add("ffff800040200000 T _text\n"u8.ToArray());
        string? ofSymbols = RoundTrip(trace).Mappings.ShouldHaveSingleItem().BuildId;

        ofNone.ShouldNotBeNull().Length.ShouldBe(40);
        ofSymbols.ShouldNotBeNull().ShouldNotBe(ofNone);
        RoundTrip(trace).Mappings[0].BuildId.ShouldBe(ofSymbols);
    }

    [Fact]
    public void AVdsoWithoutABuildIdIsLeftOutBecausePerfWouldTakeItsOwn()
    {
        SpeTrace trace = Trace([TraceTestData.Sample(0x40_0100, context: 60)]);
        trace.Mappings.AddRange([new(60, 0x7000, 0x1000, 0, "[vdso]"), new(61, 0x8000, 0x1000, 0, "[vdso]") { BuildId = "0102" }]);

        RoundTrip(trace).Mappings.Where(m => m.ProcessId != uint.MaxValue).Select(m => m.ProcessId).ShouldBe([61u]);
    }

    [Fact]
    public void ACpuNumberThatNoMachineHasMakesNoLargeFile()
    {
        SpeTrace trace = Of(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100, context: 60)));
        trace.AddBuffer(int.MaxValue - 1, -1, 0, 0, 64);

        Export(trace, metadataVersion: 2).Length.ShouldBeLessThan(1 << 17);
        TraceFacts.Find(RoundTrip(trace), TraceFacts.Cpus).ShouldBe("1024 online of 1024");
    }

    [Fact]
    public void TicksCountAsNanosecondsWhereTheFrequencyIsUnknown() => RoundTrip(TraceTestData.TraceOf(TraceTestData.Sample(0x40_0100, context: 60))).Time.ShouldBe(new(0, 1, 0));

    private static SpeTrace Trace(SpeRecord[] records, int cpu = 0)
    {
        byte[] bytes = TraceTestData.Fixed(records);
        SpeTrace trace = Of(bytes);
        trace.AddBuffer(cpu, -1, 0, 0, (ulong)bytes.Length);
        return trace;
    }

    private static SpeTrace Of(byte[] bytes) => new() { Format = "test", Source = new TraceBytes(bytes), Midr = 0x413F_D0C1, Time = s_time };

    private static SpeRecord Untimed(ulong pc, uint context)
    {
        SpeRecord record = TraceTestData.Sample(pc, context: context);
        record.Fields &= ~SpeFields.Timestamp;
        return record;
    }

    private static SpeTrace RoundTrip(SpeTrace trace, bool isPipe = false) => TraceFile.Parse(Export(trace, isPipe));

    private static byte[] Export(SpeTrace trace, bool isPipe = false, int metadataVersion = 1)
    {
        using MemoryStream file = isPipe ? new Pipe() : new MemoryStream();
        PerfDataExport.Write(trace, metadataVersion, file);
        return file.ToArray();
    }

    private static List<SpeRecord> Records(SpeTrace trace)
    {
        List<SpeRecord> records = [];
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            var reader = new SpeRecordReader(buffer.Bytes.Span);
            while (reader.TryRead(out SpeRecord record))
            {
                records.Add(record);
            }
        }

        return records;
    }

    /// <summary>Cannot seek.</summary>
    private sealed class Pipe : MemoryStream
    {
        public override bool CanSeek => false;
    }
}
