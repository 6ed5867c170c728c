using Pinion.Arm.Spe;
using Pinion.Trace.Capture;

namespace Pinion.Trace.Tests;

public sealed class CaptureTests : IDisposable
{
    private static readonly CaptureHeader s_header = new(0x413F_D0C1, SpeProfile.Honest.Pmsidr.Value, 25_000_000, 3, 2);
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void WhatIsAppendedIsReadBack()
    {
        byte[] first = TraceTestData.Fixed(TraceTestData.Sample(0x1000));
        byte[] second = TraceTestData.Fixed(TraceTestData.Sample(0x2000), TraceTestData.Sample(0x3000));
        Write(writer =>
        {
            writer.Append(0, first).ShouldBeTrue();
            writer.Append(1, second).ShouldBeTrue();
            writer.Append(0, second).ShouldBeTrue();
            writer.AppendTask(40, 41, "bénch").ShouldBeTrue();
            writer.AppendMapping(new(40, 0x40_0000, 0x1000, 0x200, "/usr/bin/bench")).ShouldBeTrue();
            writer.AppendKernelSymbols("ffff800080000000 T _text\n"u8).ShouldBeTrue();
        });

        SpeTrace trace = TraceFile.Parse(File.ReadAllBytes(_path));

        trace.Format.ShouldBe("Pinion capture");
        trace.Diagnoses.List.ShouldBeEmpty();
        (trace.Midr, trace.Pmsidr).ShouldBe((s_header.Midr, s_header.Pmsidr));
        trace.Time.ToNanoseconds(25_000_000).ShouldBe(1_000_000_000ul);
        trace.Buffers.Select(b => (b.Cpu, b.StreamOffset)).ShouldBe([(0, 0ul), (1, 0ul), (0, 64ul)]);
        trace.Buffers.Select(b => b.Bytes.ToArray()).ShouldBe([first, second, second]);
        trace.Tasks.ShouldBe([new(40, 41, "bénch", 40)]);
        trace.Mappings.ShouldBe([new(40, 0x40_0000, 0x1000, 0x200, "/usr/bin/bench")]);
        trace.KernelSymbols[0].Length.ShouldBe("ffff800080000000 T _text\n".Length);
    }

    [Fact]
    public void TheSameAppendsGiveTheSameBytes()
    {
        Write(writer => writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x1000))));
        byte[] first = File.ReadAllBytes(_path);
        Write(writer => writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x1000))));

        File.ReadAllBytes(_path).ShouldBe(first);
    }

    [Fact]
    public void AnAppendIsInTheFileBeforeTheWriterIsClosed()
    {
        CaptureWriter.TryCreate(_path, s_header, out CaptureWriter? writer, out _).ShouldBeTrue();
        using (writer)
        {
            writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x1000)));
            using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            file.Length.ShouldBe(writer.Length);
            file.Length.ShouldBe(64 + 24 + 64);
        }
    }

    [Fact]
    public void AFileCutAnywhereGivesWhatIsThereAndSaysThatItIsCut()
    {
        Write(writer =>
        {
            writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x1000)));
            writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x2000)));
        });
        byte[] whole = File.ReadAllBytes(_path);
        const int FirstChunkEnd = 64 + 24 + 64;
        for (int length = 8; length < whole.Length; length++)
        {
            SpeTrace trace = TraceFile.Parse(whole.AsMemory(0, length));

            bool atBoundary = length is 64 or FirstChunkEnd;
            trace.Diagnoses.Count.ShouldBe(atBoundary ? 0 : 1, $"cut at {length}");
            trace.Buffers.Count(b => b.Bytes.Length == 64).ShouldBe(length >= FirstChunkEnd ? 1 : 0);
        }
    }

    [Fact]
    public void AGapInAStreamIsDiagnosed()
    {
        Write(writer =>
        {
            writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x1000)));
            writer.Append(0, TraceTestData.Fixed(TraceTestData.Sample(0x2000)));
        });
        byte[] whole = File.ReadAllBytes(_path);
        const int Chunk = 24 + 64;

        SpeTrace trace = TraceFile.Parse((byte[])[.. whole[..64], .. whole[(64 + Chunk)..]]);

        trace.Diagnoses.List[0].ShouldBe(new(64 + 24, "the records of vCPU 0 go on at 0x40, not at 0x0"));
        trace.Buffers.Count.ShouldBe(1);
    }

    [Fact]
    public void AnotherVersionIsRefusedWithItsOffset()
    {
        Write(_ => { });
        byte[] bytes = File.ReadAllBytes(_path);
        bytes[8] = 9;

        TraceFile.Parse(bytes).Diagnoses.List.ShouldBe([new(8, "capture version 9 is not 1")]);
    }

    [Fact]
    public void ThreadsAppendWithoutMixingTheirRecords()
    {
        const int Appends = 200;
        Write(writer => Parallel.For(0, 4, cpu =>
        {
            for (int i = 0; i < Appends; i++)
            {
                writer.Append(cpu, TraceTestData.Fixed(TraceTestData.Sample((ulong)(cpu * 0x1000) + (ulong)i)));
            }
        }));

        SpeTrace trace = TraceFile.Parse(File.ReadAllBytes(_path));

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Buffers.Count.ShouldBe(4 * Appends);
        foreach (IGrouping<int, SpeBuffer> stream in trace.Buffers.GroupBy(b => b.Cpu))
        {
            stream.Select(b => b.StreamOffset / 64).ShouldBe(Enumerable.Range(0, Appends).Select(i => (ulong)i));
        }
    }

    [Fact]
    public void ARefusedFileIsAMessageAndNoException()
    {
        CaptureWriter.TryCreate(Path.Combine(_path, "below-a-file"), s_header, out CaptureWriter? writer, out string error).ShouldBeFalse();
        writer.ShouldBeNull();
        error.ShouldContain("below-a-file");
    }

    [Fact]
    public void AFullDiskIsReportedAndStopsTheCapture()
    {
        if (!File.Exists("/dev/full"))
        {
            Assert.Skip("needs /dev/full");
        }

        CaptureWriter.TryCreate("/dev/full", s_header, out _, out string error).ShouldBeFalse();
        error.ShouldContain("cannot write the capture");
    }

    private void Write(Action<CaptureWriter> write)
    {
        CaptureWriter.TryCreate(_path, s_header, out CaptureWriter? writer, out string error).ShouldBeTrue(error);
        using (writer)
        {
            write(writer!);
        }
    }
}
