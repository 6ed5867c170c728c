using Pinion.Trace.Capture;
using static Pinion.Trace.Tests.PerfDataBytes;

namespace Pinion.Trace.Tests;

/// <summary>Behind a damaged part of a file, the rest is read.</summary>
public sealed class DamagedFileTests : IDisposable
{
    private const int Stretches = 12;
    private const int RecordsOfAStretch = 8;
    private const int PipeStart = 16;
    private const int FileStart = 104 + 160;
    private const int CaptureStart = 64;

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void AnyOneBitOfWhatPerfPipesMayBeDamaged() => DamageEachBit(Pipe(), PipeStart);

    [Fact]
    public void AnyOneBitOfAPerfDataFileMayBeDamaged() => DamageEachBit(PerfFile(), FileStart);

    [Fact]
    public void AnyOneBitOfACaptureMayBeDamaged() => DamageEachBit(Capture(), CaptureStart);

    [Fact]
    public void WhereReadingGoesOnIsTold()
    {
        byte[] file = Pipe();
        int damaged = Starts(file, PipeStart)[^4];
        file[damaged + 6] = 1;

        SpeTrace trace = TraceFile.Parse(file);

        trace.Diagnoses.List.ShouldBe([new(damaged, $"a record of type 71 and 1 bytes does not fit; reading goes on at 0x{Starts(Pipe(), PipeStart)[^2]:x}")]);
        trace.Buffers.Count.ShouldBe(Stretches - 1);
    }

    [Fact]
    public void DataWhoseSizeIsDamagedEndsWhereOtherRecordsBegin()
    {
        byte[] file = Pipe();
        int damaged = Starts(file, PipeStart)[^4];
        file[damaged + 8 + 5] = 0x7F;

        SpeTrace trace = TraceFile.Parse(file);

        trace.Diagnoses.List.ShouldBe([new(damaged, $"an AUXTRACE record of {0x7F00_0000_0200} bytes has only 512")]);
        trace.Buffers.Select(buffer => buffer.Bytes.Length).ShouldBe(Enumerable.Repeat(512, Stretches));
    }

    [Fact]
    public void ARecordThatTookOthersInIsReadAgainFromItsStart()
    {
        // A name whose record becomes longer by 256 bytes.
        byte[] file = Pipe();
        int damaged = Starts(file, PipeStart)[^5];
        file[damaged + 7] = 1;

        SpeTrace trace = TraceFile.Parse(file);

        trace.Diagnoses.Count.ShouldBe(1);
        trace.Buffers.Count.ShouldBe(Stretches);
    }

    [Fact]
    public void ChunksOfALaterVersionArePassedOver()
    {
        byte[] capture = Capture();
        byte[] chunk = [.. BitConverter.GetBytes(77), .. new byte[4], .. BitConverter.GetBytes(16L), .. new byte[8], .. Enumerable.Repeat((byte)1, 16)];

        SpeTrace trace = TraceFile.Parse((byte[])[.. capture[..64], .. chunk, .. capture[64..], .. chunk]);

        trace.Diagnoses.List.ShouldBe([new(64 + 24, "chunk kind 77 is unknown"), new(chunk.Length + capture.Length + 24, "chunk kind 77 is unknown")]);
        trace.Buffers.Count.ShouldBe(Stretches);
    }

    /// <summary>Of a file without anything in it that is whole, every byte is looked at a few times at most: this ends.</summary>
    [Theory]
    [InlineData(77)]
    [InlineData(3)]
    public void AFileOfNothingButDamagedChunksIsReadInOneGo(byte kind)
    {
        var file = new byte[4 << 20];
        Capture().AsSpan(0, 64).CopyTo(file);
        for (int at = 64; at < file.Length; at += 24)
        {
            file[at] = kind;
        }

        TraceFile.Parse(file).Diagnoses.Count.ShouldBeGreaterThan(100_000);
    }

    private static void DamageEachBit(byte[] file, int start)
    {
        Count(file).ShouldBe((Stretches * RecordsOfAStretch, 0));
        int[] starts = Starts(file, start);
        for (int bit = 0; bit < file.Length * 8; bit++)
        {
            byte[] damaged = [.. file];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            if (IsValid(damaged, starts, bit / 8))
            {
                continue;
            }

            (int records, long diagnoses) = Count(damaged);

            // Mostly a stretch is lost. Data that takes others in is read as records, and headers between cost some of these.
            records.ShouldBeGreaterThanOrEqualTo(Stretches * RecordsOfAStretch / 2, $"bit {bit % 8} of byte 0x{bit / 8:x}");
            (records >= Stretches * RecordsOfAStretch || diagnoses > 0).ShouldBeTrue($"bit {bit % 8} of byte 0x{bit / 8:x}: records are lost and nobody says so");
        }
    }

    /// <summary>Nobody can tell that this is damage: a part that ends where another begins, AUX data of another kind, a capture of another version.</summary>
    private static bool IsValid(byte[] damaged, int[] starts, int at)
    {
        int part = starts.LastOrDefault(start => start <= at);
        return starts[0] == CaptureStart
            ? at is >= 8 and < 12 || (at >= part + 8 && at < part + 16 && Begins(part + SizeOf(damaged, part, true)))
            : (damaged[part] == 70 && at >= part + 8 && at < part + 12) || (at >= part + 6 && at < part + 8 && Begins(part + SizeOf(damaged, part, false)));

        bool Begins(int place) => starts.Contains(place) || place == damaged.Length;
    }

    /// <summary>Where the records (and the data between them) or the chunks of a file begin.</summary>
    private static int[] Starts(byte[] file, int start)
    {
        List<int> starts = [];
        for (int at = start; at + 8 <= file.Length && SizeOf(file, at, start == CaptureStart) != 0;)
        {
            starts.Add(at);
            at += SizeOf(file, at, start == CaptureStart);
            if (start != CaptureStart && file[starts[^1]] == 71)
            {
                starts.Add(at);
                at += RecordsOfAStretch * 64;
            }
        }

        return [.. starts];
    }

    private static int SizeOf(byte[] file, int at, bool isChunk) => isChunk ? 24 + ((BitConverter.ToInt32(file, at + 8) + 7) & ~7) : BitConverter.ToUInt16(file, at + 6);

    private static (int Records, long Diagnoses) Count(byte[] file)
    {
        SpeTrace trace = TraceFile.Parse(file);
        int records = RecordScan.Run(trace, () => new Counter(), threads: 1).Sum(counter => counter.Records);
        return (records, trace.Diagnoses.Count);
    }

    private static byte[] Stretch(int number) => TraceTestData.Fixed(
        [.. Enumerable.Range(0, RecordsOfAStretch).Select(i => TraceTestData.Sample(0x1000 + ((ulong)number * 0x100) + ((ulong)i * 4), context: i % 2 == 0 ? 7 : null, timestamp: (ulong)number))]);

    /// <summary>Event, metadata, conversion of time; then a name and a stretch of records, again and again.</summary>
    private static List<byte[]> Records()
    {
        List<byte[]> records =
        [
            Record(70, Words(4, SpePmu, 1)),
            Record(79, Words(24, 671_088_640, 0)),
            Record(1, [.. Words(Pair(uint.MaxValue, 0), 0xFFFF_8000_8000_0000, 0x1000, 0), .. Padded("[kernel.kallsyms]", 24)], misc: 1),
        ];
        for (int i = 0; i < Stretches; i++)
        {
            // Of different lengths, so that a wrong size leads to the start of another record only rarely.
            records.Add(Record(3, [.. Words(Pair(40, 40)), .. Padded("bench", 8 * (1 + (i * i % 5)))]));
            byte[] bytes = Stretch(i);
            records.Add(Record(71, Words((ulong)bytes.Length, (ulong)(i * bytes.Length), 0, Pair(0, uint.MaxValue), 0)));
            records.Add(bytes);
        }

        return records;
    }

    private static byte[] Pipe() => Piped([Event(SpePmu, TidTimeCpuIdentifier, 0, 1024), .. Records(), Record(68, []), Record(68, [])]);

    private static byte[] PerfFile()
    {
        byte[] attr = Event(SpePmu, TidTimeCpuIdentifier, 0, 1024)[8..152];
        byte[] data = [.. Records().SelectMany(record => record), .. Record(68, []), .. Record(68, [])];
        byte[] host = FeatureText("host");
        ulong start = 104 + 160;
        ulong end = start + (ulong)data.Length;
        return
        [
            .. "PERFILE2"u8, .. Words(104, 160, 104, 160, start, (ulong)data.Length, 0, 0, 1ul << 3, 0, 0, 0), .. attr, .. Words(0, 0), .. data, .. Words(end + 16, (ulong)host.Length), .. host,
        ];
    }

    private byte[] Capture()
    {
        CaptureWriter.TryCreate(_path, new(0x413F_D0C1, 0x3607F, 25_000_000, 3, 2), out CaptureWriter? writer, out _).ShouldBeTrue();
        using (writer)
        {
            for (int i = 0; i < Stretches; i++)
            {
                writer!.Append(i % 2, Stretch(i));
                if (i % 4 == 1)
                {
                    writer.AppendTask(40, 40, "bench");
                    writer.AppendMapping(new(40, 0x1000, 0x1000, 0, "/bin/bench"));
                }
            }
        }

        return File.ReadAllBytes(_path);
    }

    private sealed class Counter : IRecordVisitor
    {
        public int Records { get; private set; }

        public void Visit(in SpeBuffer buffer, in Pinion.Arm.Spe.SpeRecord record) => Records++;
    }
}
