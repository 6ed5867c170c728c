using System.Buffers.Binary;
using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.Capture;
using Pinion.Trace.Packets;
using Pinion.Trace.PerfData;
using Pinion.Trace.Profiles;
using Pinion.Trace.Symbols;

namespace Pinion.Fuzz.Tests;

/// <summary>
/// Mutated files for every reader of the trace room: none may throw or run on. PINION_FUZZ_INPUTS sets the number of inputs for each reader, PINION_FUZZ_SEED
/// the seed; a failure names both the seed and the input's number.
/// </summary>
public sealed class TraceFuzz
{
    private static readonly int s_inputs = Setting("PINION_FUZZ_INPUTS", 50_000);
    private static readonly int s_seed = Setting("PINION_FUZZ_SEED", 1);

    [Fact]
    public void PacketsNeverThrow() => Run([Records(8)], input =>
    {
        var packets = new SpePacketReader(input);
        int bytes = 0;
        while (packets.TryRead(out SpePacket packet))
        {
            bytes += packet.Size;
        }

        bytes.ShouldBe(input.Length);
        var records = new SpeRecordReader(input);
        while (records.TryRead(out _))
        {
        }

        records.Offset.ShouldBe(input.Length);
        PacketDump.Text(input).ShouldNotBeNull();
    });

    [Fact]
    public void CapturesNeverThrow() => Run([Capture()], input => Report(TraceFile.Parse(input)));

    [Fact]
    public void PerfDataNeverThrows() => Run([PerfData(25_000_000), PerfData(0)], input => Report(TraceFile.Parse(input)));

    [Fact]
    public void ElfFilesNeverThrow() => Run([Elf()], input =>
    {
        ElfImage image = ElfImage.Read(input, "x", new Diagnoses());
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Mappings.Add(new(1, 0x10_0000, 0x100, 0, "/x"));
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(image);
        int space = resolver.SpaceAt(1, 0);
        for (ulong address = 0; address < 0x200; address += 0x10)
        {
            image.Symbols.TryFind(address, out string? _);
            image.TryAddressAt(address, out _);
            resolver.FindData(address, SymbolResolver.NoSpace).Label().ShouldNotBeNull();
            resolver.FindData(0x10_0000 + address, space).Label().ShouldNotBeNull();
        }
    });

    [Fact]
    public void KernelSymbolsNeverThrow() => Run(
        ["ffff800080000000 T _text\nffff800080000100 t $x\nffff800080000200 t do_one\t[ext4]\nffff800080000300 D jiffies\n"u8.ToArray()],
        input =>
        {
            Kallsyms.Read(input, "[kernel]", new Diagnoses(), out SymbolTable data).TryFind(0xFFFF_8000_8000_0210, out string? _);
            data.TryFind(0xFFFF_8000_8000_0310, out string? _);
        });

    private static void Report(SpeTrace trace)
    {
        long inside = trace.Buffers.Sum(buffer => (long)buffer.Bytes.Length);
        inside.ShouldBeGreaterThanOrEqualTo(0);
        Profile profile = Profile.Build(trace, new SymbolResolver(trace));
        ProfileTable.WriteText(profile, trace.Time, TextWriter.Null);
        ProfileJson.Write(profile, trace.Time, Stream.Null);
    }

    private static void Run(byte[][] corpus, Action<byte[]> read)
    {
        var random = new Random(s_seed);
        int current = 0;
        int seen = -1;

        // A reader that runs on would hang the whole run and name nothing, so the run is ended with the input's number.
        using var watch = new Timer(_ =>
        {
            int now = Volatile.Read(ref current);
            if (Interlocked.Exchange(ref seen, now) == now)
            {
                Environment.FailFast($"input {now} of seed {s_seed} takes longer than a minute");
            }
        });
        watch.Change(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        for (int i = 0; i < s_inputs; i++)
        {
            Volatile.Write(ref current, i);
            byte[] input = Mutate(random, corpus[random.Next(corpus.Length)]);
            try
            {
                read(input);
            }
            catch (Exception e)
            {
                Assert.Fail($"input {i} of seed {s_seed} threw {e}");
            }
        }
    }

    private static byte[] Mutate(Random random, byte[] seed)
    {
        var bytes = new List<byte>(seed);
        int changes = 1 + random.Next(8);
        for (int change = 0; change < changes && bytes.Count > 0; change++)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + random.Next(16)));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(0, Math.Min(bytes.Count, 1 + random.Next(64))));
                    break;
                default:
                    Overwrite(random, bytes, at & ~7);
                    break;
            }
        }

        return [.. bytes];
    }

    private static void Overwrite(Random random, List<byte> bytes, int at)
    {
        ReadOnlySpan<ulong> limits =
            [0, 1, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, long.MaxValue, 1ul << 63, ulong.MaxValue - 7, ulong.MaxValue, (ulong)bytes.Count];
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(word, limits[random.Next(limits.Length)]);
        int size = 1 << random.Next(4);
        for (int i = 0; i < size && at + i < bytes.Count; i++)
        {
            bytes[at + i] = word[i];
        }
    }

    private static byte[] Records(int count)
    {
        var bytes = new byte[count * SpeRecordWriter.FixedSize];
        for (int i = 0; i < count; i++)
        {
            SpeRecord record = default;
            record.SetPc(0x1000 + (ulong)i, i & 1);
            record.SetContextEl1(40);
            record.SetOperation(SpeOperationClass.LoadStore, (byte)i);
            record.SetEvents((SpeEvents)i | SpeEvents.Retired);
            record.SetLatency(10, 4);
            record.SetDataVirtual(0x5000);
            record.SetDataSource(SpeDataSource.L2);
            record.SetTimestamp((ulong)i);
            SpeRecordWriter.WriteFixed64(record, bytes.AsSpan(i * SpeRecordWriter.FixedSize));
        }

        return bytes;
    }

    private static byte[] Capture()
    {
        string path = Path.GetTempFileName();
        CaptureWriter.TryCreate(path, new(0x413F_D0C1, 0x3607F, 25_000_000, 3, 2), out CaptureWriter? writer, out _).ShouldBeTrue();
        using (writer)
        {
            writer!.Append(0, Records(2));
            writer.AppendTask(40, 40, "bench");
            writer.AppendMapping(new(40, 0x1000, 0x1000, 0, "/bin/bench"));
            writer.AppendKernelSymbols("ffff800080000000 T _text\n"u8);
            writer.Append(1, Records(1));
        }

        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }

    private static byte[] PerfData(ulong frequency)
    {
        var writer = new PerfDataWriter(new(0x413F_D0C1, frequency, 2, 1024));
        writer.AddKernelMapping(0xFFFF_8000_8000_0000, 0x1000);
        writer.AddTask(40, 40, "bench");
        writer.AddMapping(new(40, 0x1000, 0x1000, 0, "/bin/bench"));
        writer.AddRecords(0, 0, Records(2));
        writer.AddRecords(1, 0, Records(1));
        using var file = new MemoryStream();
        writer.Save(file);
        return file.ToArray();
    }

    /// <summary>One executable segment, one symbol table of a function and a variable, its strings.</summary>
    private static byte[] Elf()
    {
        var file = new byte[0x240];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        Put(16, 0x00B7_0003);
        Put(32, 64);
        Put(40, 0x100);
        Put(54, 56);
        Put(56, 1);
        Put(58, 64);
        Put(60, 3);
        Put(64, 0x5_0000_0001);
        Put(64 + 32, 0x240);
        Put(64 + 40, 0x400);
        Put(0x140 + 4, 2);
        Put(0x140 + 24, 0x1C0);
        Put(0x140 + 32, 72);
        Put(0x140 + 40, 2);
        Put(0x140 + 56, 24);
        Put(0x180 + 4, 3);
        Put(0x180 + 24, 0x220);
        Put(0x180 + 32, 16);
        Put(0x1C0 + 24, 0x0001_0012_0000_0001);
        Put(0x1C0 + 32, 0x100);
        Put(0x1C0 + 40, 0x10);
        Put(0x1C0 + 48, 0x0001_0011_0000_0006);
        Put(0x1C0 + 56, 0x110);
        "\0main\0data\0"u8.CopyTo(file.AsSpan(0x220));
        var diagnoses = new Diagnoses();
        ElfImage image = ElfImage.Read(file, "x", diagnoses);
        image.Symbols.Count.ShouldBe(1);
        image.DataSymbols.Count.ShouldBe(1);
        diagnoses.List.ShouldBeEmpty();
        return file;

        void Put(int at, long value)
        {
            Span<byte> word = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(word, value);
            for (int i = 0; i < 8; i++)
            {
                file[at + i] |= word[i];
            }
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
