using Pinion.Trace.PerfData;

namespace Pinion.Trace.Tests;

public sealed class PerfDataTests
{
    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        byte[] records = TraceTestData.Fixed(TraceTestData.Sample(0x40_0100));
        SpeTrace trace = TraceFile.Parse(Make(records));

        trace.Format.ShouldBe("perf.data");
        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Midr.ShouldBe(0x413F_D0C1ul);
        trace.Time.ToNanoseconds(25).ShouldBe(1000ul);
        trace.Buffers.Select(b => (b.Cpu, b.ThreadId, b.StreamOffset)).ShouldBe([(0, -1, 0ul), (3, -1, 64ul)]);
        trace.Buffers[0].Bytes.ToArray().ShouldBe(records);
        trace.Buffers[1].Bytes.ToArray().ShouldBe([.. records[..9], .. new byte[7]]);
        trace.Mappings.ShouldBe(
        [
            new(uint.MaxValue, 0xFFFF_8000_8000_0000, 0x100_0000, 0xFFFF_8000_8000_0000, "[kernel.kallsyms]_text"),
            new(1234, 0x40_0000, 0x2000, 0x1000, "/usr/bin/bench"),
        ]);
        trace.Tasks.ShouldBe([new(1234, 1235, "bench", 1234)]);
    }

    [Fact]
    public void TheBytesOfABufferLieAtItsFileOffset()
    {
        byte[] file = Make(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100)));
        foreach (SpeBuffer buffer in TraceFile.Parse(file).Buffers)
        {
            file.AsSpan((int)buffer.FileOffset, buffer.Bytes.Length).SequenceEqual(buffer.Bytes.Span).ShouldBeTrue();
        }
    }

    [Fact]
    public void AFileCutAnywhereStillGivesADiagnosis()
    {
        byte[] file = Make(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100)));
        for (int length = 8; length < file.Length; length++)
        {
            SpeTrace trace = TraceFile.Parse(file.AsMemory(0, length));

            // The last feature, the index of AUX data, is not read, but its place in the file is checked.
            trace.Diagnoses.Count.ShouldBeGreaterThan(0, $"cut at {length}");
        }
    }

    [Fact]
    public void AKilledRecordingIsReadToTheEndOfTheFile()
    {
        byte[] file = Make(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100)));
        int data = BitConverter.ToInt32(file, 40);
        int size = BitConverter.ToInt32(file, 48);
        file.AsSpan(48, 8).Clear();

        SpeTrace trace = TraceFile.Parse(file.AsMemory(0, data + size));

        trace.Buffers.Count.ShouldBe(2);
        trace.Diagnoses.List.Select(d => d.Offset).ShouldBe([48L]);
    }

    [Fact]
    public void APipedRecordingIsRead()
    {
        byte[] file = Make(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100)));
        int data = BitConverter.ToInt32(file, 40);
        int size = BitConverter.ToInt32(file, 48);

        SpeTrace trace = TraceFile.Parse(PerfDataBytes.Piped(file[data..(data + size)]));

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Buffers.Count.ShouldBe(2);
    }

    [Fact]
    public void AuxDataOfAnotherKindIsDiagnosed()
    {
        byte[] file = Make(TraceTestData.Fixed(TraceTestData.Sample(0x40_0100)));
        int info = BitConverter.ToInt32(file, 40) + 56;
        file[info].ShouldBe((byte)70);
        file[info + 8] = 1;

        TraceFile.Parse(file).Diagnoses.List.ShouldBe([new(info, "the AUX data is of type 1, not of Arm SPE (4)")]);
    }

    [Theory]
    [InlineData(25_000_000)]
    [InlineData(62_500_000)]
    [InlineData(24_000_000)]
    [InlineData(19_200_000)]
    [InlineData(1_000_000_000)]
    [InlineData(1)]
    public void ASecondIsASecondAtAnyFrequency(ulong frequency)
    {
        var time = TimeConversion.FromFrequency(frequency);

        ((double)time.ToNanoseconds(frequency * 1000)).ShouldBe(1e12, 1e3);
        time.Shift.ShouldBeLessThanOrEqualTo((ushort)31);
    }

    [Fact]
    public void AFrequencyOfMegahertzNeedsNoShift() => TimeConversion.FromFrequency(25_000_000).ShouldBe(new(0, 40, 0));

    internal static byte[] Make(byte[] records)
    {
        using var file = new MemoryStream();
        var writer = new PerfDataWriter(file, new() { Midr = 0x413F_D0C1, Time = TimeConversion.FromFrequency(25_000_000), CpuCount = 4, Period = 1024 });
        writer.Add(new TraceMapping(uint.MaxValue, 0xFFFF_8000_8000_0000, 0x100_0000, 0xFFFF_8000_8000_0000, "[kernel.kallsyms]_text"));
        writer.Add(new TraceTask(1234, 1235, "bench", 1234));
        writer.Add(new TraceMapping(1234, 0x40_0000, 0x2000, 0x1000, "/usr/bin/bench"));
        writer.AddRecords(0, 0, -1, 0, records);
        writer.AddRecords(1, 3, -1, 64, records.AsSpan(0, Math.Min(9, records.Length)));
        writer.Finish();
        return file.ToArray();
    }
}
