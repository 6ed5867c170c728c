using System.Buffers.Binary;
using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.Capture;
using Pinion.Trace.PerfData;
using Pinion.Trace.Profiles;
using Pinion.Trace.Truth;
using static Pinion.Trace.Tests.PerfDataBytes;

namespace Pinion.Fuzz.Tests;

/// <summary>Small valid inputs, each with some features of its format. They are kept as files (tests/fuzz/corpus), which this class writes.</summary>
internal static class TraceFuzzSeeds
{
    private const int RecordCount = 24;

    /// <summary>Types of ELF symbols.</summary>
    private const uint Variable = 1;
    private const uint Function = 2;

    /// <summary>Names and content of all seeds, by corpus.</summary>
    public static IEnumerable<(string Corpus, string Name, byte[] Content)> All =>
    [
        ("packets", "fixed", Fixed(RecordCount)),
        ("packets", "packed-aligned", Packed(64)),
        ("packets", "packed-anywhere", Packed(1)),
        ("packets", "every-packet", EveryPacket),
        ("packets", "empty", []),
        ("capture", "all-chunks", Capture()),
        ("capture", "header", Capture()[..64]),
        ("perfdata", "pipe-cpus", Piped([SpeEvent, .. Machine(2), .. Tasks, .. Aux(cpus: true)])),
        ("perfdata", "pipe-thread", Piped([SpeEvent, .. Machine(1), .. Tasks, .. Aux(cpus: false)])),
        ("perfdata", "pipe-rarities", Piped([SpeEvent, Event(1, 0x1_0006, SampleIdAll, ids: 18), .. Machine(1), .. Rarities, .. Aux(cpus: true)])),
        ("perfdata", "file-cpus", PerfFile(version: 2, [.. Tasks, .. Aux(cpus: true)])),
        ("perfdata", "file-thread", PerfFile(version: 1, [.. Tasks, .. Aux(cpus: false)])),
        ("perfdata", "ours", Ours()),
        ("elf", "symbols", Elf()),
        ("elf", "dynamic-with-build-id", DynamicElf()),
        ("maps", "code-and-data", Maps()),
        ("kallsyms", "kernel-and-module", Kallsyms()),
        ("truth", "counts", "el,contextid,pc,count\n0,40,0x400000,7\n1,0,0xffff800080000000,18446744073709551615\n0,4294967295,0x0,1\n"u8.ToArray()),
        ("truth", "outcomes", Truth()),
    ];

    private static byte[] SpeEvent => Event(SpePmu, TidTimeCpuIdentifier, SampleIdAll, 1024, [0x1_0001, 0xFFFF], ids: [17, 18]);

    /// <summary>Every kind of packet, also those that no record has a field for.</summary>
    private static byte[] EveryPacket => Convert.FromHexString(
        "B00001400000000080" + "B10001400000000080" + "B234120080FFFF0000" + "B33412008800000080" + "B4F002400000000080" + "B70000000000000000" + "21B00100000000000000" + "64D2040000" + "65D2040080"
        + "4900" + "52021E" + "98F501" + "995101" + "9A0100" + "9C0200" + "209B0500" + "430E" + "000000" + "7128460F0000000000"
        + "4802" + "4202" + "01" + "4A03" + "620200B800" + "530A01" + "7110270F0000000000" + "4B00" + "7202000000000001FF" + "6602000000" + "01");

    /// <summary>Every column, and every line about the run.</summary>
    public static byte[] Truth()
    {
        using var text = new StringWriter();
        var writer = new TruthWriter(text, outcomes: true);
        var row = new TruthRow { El = 1, ContextId = 40, Pc = 0xFFFF_8000_8000_0000, Class = ProfileClass.Load };
        row.Sums.Add(SpeQuantity.Operations, 7);
        row.Fates[SampleFate.Recorded] = 1;
        writer.Write(row);
        var summary = new TruthSummary { Run = new("window:32", "honest", 4, 1) };
        summary.Units.Add(new(0, 7, 2, row.Fates));
        summary.Settings.Add(new(40, 1024, true, 1152.5, 0x20002, 1));
        writer.Finish(summary);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>What the kernel's symbols look like.</summary>
    public static byte[] Kallsyms() =>
        "ffff800080000000 T _text\nffff800080000100 t $x\nffff800080000100 t do_one\nffff800080000200 W weak\nffff800079000000 t in_module\t[ext4]\nffff800080000300 D jiffies\n"u8.ToArray();

    /// <summary>One executable segment, one symbol table of two functions and a variable, its strings.</summary>
    public static byte[] Elf()
    {
        var file = new byte[0x240];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        Put(file, 16, 0x00B7_0003);
        Put(file, 32, 64);
        Put(file, 40, 0x100);
        Put(file, 54, 56);
        Put(file, 56, 1);
        Put(file, 58, 64);
        Put(file, 60, 3);
        Put(file, 64, Pair(1, 5));
        Put(file, 64 + 32, 0x240);
        Put(file, 64 + 40, 0x400);
        SectionHeader(file, 0x140, type: 2, offset: 0x1C0, size: 96, link: 2, entry: 24);
        SectionHeader(file, 0x180, type: 3, offset: 0x220, size: 16, link: 0, entry: 0);
        Symbol(file, 0x1C0 + 24, Function, name: 1, address: 0x100, size: 0x10);
        Symbol(file, 0x1C0 + 48, Function, name: 6, address: 0x110, size: 0);
        Symbol(file, 0x1C0 + 72, Variable, name: 11, address: 0x300, size: 0x20);
        "\0main\0leaf\0data\0"u8.CopyTo(file.AsSpan(0x220));
        return file;
    }

    /// <summary>As <see cref="Elf"/>, but of dynamic symbols, one in the other, and with a build id.</summary>
    private static byte[] DynamicElf()
    {
        byte[] file = [.. Elf(), .. new byte[0x40]];
        Put(file, 56, 2);
        Put(file, 120, 4);
        Put(file, 120 + 8, 0x240);
        Put(file, 120 + 32, 36);
        Put(file, 0x140 + 4, 2 ^ 11);
        Put(file, 0x1C0 + 24 + 16, 0x100);
        Words(4 | (20ul << 32), 3).CopyTo(file, 0x240);
        "GNU\0"u8.CopyTo(file.AsSpan(0x24C));
        file.AsSpan(0x250, 20).Fill(0xAB);
        return file;
    }

    /// <summary>Combines, so that neighbours may be put as one number.</summary>
    private static void Put(byte[] file, int at, ulong value)
    {
        Span<byte> place = file.AsSpan(at, 8);
        BinaryPrimitives.WriteUInt64LittleEndian(place, BinaryPrimitives.ReadUInt64LittleEndian(place) ^ value);
    }

    private static void SectionHeader(byte[] file, int at, uint type, ulong offset, ulong size, uint link, ulong entry)
    {
        Put(file, at + 4, type);
        Put(file, at + 24, offset);
        Put(file, at + 32, size);
        Put(file, at + 40, link);
        Put(file, at + 56, entry);
    }

    /// <summary>A global symbol in section 1.</summary>
    private static void Symbol(byte[] file, int at, uint type, uint name, ulong address, ulong size)
    {
        Put(file, at, Pair(name, 0x0001_0010 | type));
        Put(file, at + 8, address);
        Put(file, at + 16, size);
    }

    private static SpeRecord Sample(int number)
    {
        SpeRecord record = default;
        bool kernel = number % 3 == 2;
        record.SetPc(kernel ? 0xFFFF_8000_8000_0000 + ((ulong)number * 4) : 0x40_0100 + ((ulong)number * 4), kernel ? 1 : 0);
        record.SetContextEl1(number % 2 == 0 ? 40u : 41);
        record.SetOperation((SpeOperationClass)(number % 3), (byte)(number % 2));
        record.SetEvents(SpeEvents.Retired | (SpeEvents)(1 << (number % 12)));
        record.SetLatency((ushort)(10 * number), (ushort)number);
        record.SetTimestamp(0x1000 + (ulong)number);
        if (number % 3 == 1)
        {
            record.SetTranslationLatency((ushort)number);
            record.SetDataVirtual(0xFFFF_0000_1234_0000 + ((ulong)number * 8));
            record.SetDataPhysical(0x8000_1000 + ((ulong)(number % 4) * 8));
            record.SetDataSource((SpeDataSource)(number % 16));
        }
        else if (number % 3 == 2)
        {
            record.SetBranchTarget(0x40_0100, 0);
        }

        return record;
    }

    private static byte[] Fixed(int count, int first = 0)
    {
        var bytes = new byte[count * SpeRecordWriter.FixedSize];
        for (int i = 0; i < count; i++)
        {
            SpeRecordWriter.WriteFixed64(Sample(first + i), bytes.AsSpan(i * SpeRecordWriter.FixedSize));
        }

        return bytes;
    }

    private static byte[] Packed(int alignment)
    {
        var bytes = new byte[RecordCount * 256];
        int end = 0;
        for (int i = 0; i < RecordCount; i++)
        {
            end += SpeRecordWriter.WritePacked(Sample(i), alignment, bytes.AsSpan(end));
        }

        return bytes[..end];
    }

    private static byte[] Capture()
    {
        string path = Path.GetTempFileName();
        CaptureWriter.TryCreate(path, new(0x413F_D0C1, 0x3607F, 25_000_000, 3, 2), out CaptureWriter? writer, out _).ShouldBeTrue();
        using (writer)
        {
            writer!.Append(0, Fixed(2));
            writer.AppendTask(40, 40, "bench");
            writer.AppendTask(40, 41, "b\u00e9nch");
            writer.AppendMapping(new(40, 0x40_0000, 0x1000, 0, "/bin/bench"));
            writer.AppendKernelSymbols("ffff800080000000 T _text\n"u8);
            writer.Append(1, Fixed(1, 2));
            writer.Append(0, Fixed(3, 3));
        }

        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        return bytes;
    }

    /// <summary>What the recorder says of the machine: metadata of the profiling unit, conversion of time, features.</summary>
    private static byte[][] Machine(int version) =>
    [
        version == 1 ? Record(70, Words(4, SpePmu, 1)) : Record(70, Words(4, 2, 4, SpePmu, 2, 0x1010_1010_1010_1010, 0, 4, 0x413F_D0C1, SpePmu, 1024, 0, 0x1010_1010_1010_1010, 1, 4, 0x413F_D0C1, SpePmu, 1024, 0)),
        Record(79, Words(24, 671_088_640, 0, 0, 0, 0)),
        Feature(9, FeatureText("0x00000000413fd0c1")),
        Feature(7, [2, 0, 0, 0, 2, 0, 0, 0]),
        Feature(11, [2, 0, 0, 0, .. FeatureText("perf"), .. FeatureText("a 'b'")]),
    ];

    /// <summary>Names, relations, mappings, switches.</summary>
    private static byte[][] Tasks =>
    [
        Record(1, [.. Words(Pair(uint.MaxValue, 0), 0xFFFF_8000_8000_0000, 0x10_0000, 0xFFFF_8000_8000_0000), .. Padded("[kernel.kallsyms]_text", 24), .. End(0, 0, 0, 17)], misc: 1),
        Record(3, [.. Words(Pair(40, 40)), .. Padded("sh", 8), .. End(40, 900, 0, 17)]),
        Record(3, [.. Words(Pair(40, 40)), .. Padded("bench", 8), .. End(40, 1000, 0, 17)], misc: 1 << 13),
        Record(10, [.. Words(Pair(40, 40), 0x40_0000, 0x1000, 0, 0, 7, 0, Pair(5, 2)), .. Padded("/bin/bench", 16), .. End(40, 1001, 0, 17)]),
        Record(7, [.. Words(Pair(41, 40), Pair(41, 40), 2000), .. End(41, 2000, 1, 17)]),
        Record(15, [.. Words(Pair(41, 41)), .. End(40, 3000, 0, 17)], misc: 1 << 13),
        Record(14, End(40, 4000, 1, 17)),
        Record(4, [.. Words(Pair(41, 40), Pair(41, 40), 9000), .. End(41, 9000, 1, 17)]),
    ];

    private static byte[][] Aux(bool cpus) =>
    [
        Record(12, [.. Words(Pair(40, 40)), .. End(40, 3500, 1, 17)]),
        Record(11, [.. Words(0, 0x80, 5), .. End(40, 5000, 0, 17)]),
        .. Auxtrace(cpus ? 0 : uint.MaxValue, cpus ? uint.MaxValue : 40, 0, Fixed(2)),
        .. Auxtrace(cpus ? 1 : uint.MaxValue, cpus ? uint.MaxValue : 41, 0, Fixed(2, 2)),
        .. Auxtrace(cpus ? 0 : uint.MaxValue, cpus ? uint.MaxValue : 40, 0x80, Fixed(1, 4)),
        Record(68, []),
    ];

    /// <summary>Records that few files have.</summary>
    private static byte[][] Rarities =>
    [
        Record(66, Words(16)),
        new byte[16],
        Record(67, [.. Words(Pair(40, 0xABAB_ABAB)), .. Enumerable.Repeat((byte)0xAB, 16), 20, 0, 0, 0, .. Padded("/bin/bench", 16)], misc: 1 << 15),
        Record(69, Words(2, 17, 0, 0, 40, 18, 1, 1, 40)),
        Record(10, [.. Words(Pair(40, 40), 0x50_0000, 0x1000, 0, 20, 0xABAB_ABAB_ABAB_ABAB, 0xABAB_ABAB_ABAB_ABAB, Pair(5, 2)), .. Padded("/lib/c", 8), .. End(40, 1, 0, 17)], misc: 1 << 14),
        Record(2, [.. Words(17, 3), .. End(40, 2, 0, 17)]),
        Record(13, [.. Words(3), .. End(40, 2, 0, 17)]),
        Record(9, Words(17, 2, 3)),
        Record(72, Words(1, 2, 3, 4, 5, 6)),
        Record(81, Words(1, 2)),
        Feature(2, [.. Record(0, [.. Words(Pair(uint.MaxValue, 1)), .. new byte[20], .. Padded("[kernel.kallsyms]", 24)])]),
        Feature(12, [1, 0, 0, 0, 64, 0, 0, 0, .. new byte[64], 1, 0, 0, 0, .. FeatureText("arm_spe_0//"), .. Words(17)]),
        Feature(21, Words(1000, 9000)),
        Feature(23, Words(1)),
    ];

    private static byte[][] Auxtrace(uint cpu, uint thread, ulong offset, byte[] records) =>
        [Record(71, Words((ulong)records.Length, offset, 0, Pair(0, thread), Pair(cpu, 0))), records];

    /// <summary>A file with attributes in front of the records and features behind them.</summary>
    private static byte[] PerfFile(int version, byte[][] more)
    {
        byte[] attr = [.. SpeEvent[8..152]];
        byte[] ids = Words(17, 18);
        byte[] data = [.. new[] { Machine(version)[0], Machine(version)[1] }.Concat(more).SelectMany(record => record)];
        ulong attrs = 104 + 16;
        ulong start = attrs + 160;
        ulong end = start + (ulong)data.Length + 32;
        byte[] host = FeatureText("host");
        byte[] cpu = FeatureText("0x00000000413fd0c1");
        return
        [
            .. "PERFILE2"u8, .. Words(104, 160, attrs, 160, start, (ulong)data.Length, 0, 0, (1ul << 3) | (1ul << 9), 0, 0, 0),
            .. ids, .. attr, .. Words(104, 16), .. data,
            .. Words(end, (ulong)host.Length, end + (ulong)host.Length, (ulong)cpu.Length), .. host, .. cpu,
        ];
    }

    private static byte[] Maps() =>
        """
        00400000-00485000 r-xp 00000000 00:02 6                                  /bin/bench
        00494000-00499000 r--p 00084000 00:02 6                                  /bin/bench
        ffff8e200000-ffff8e300000 r-xp 00010000 fe:01 1234                       /lib/a name (deleted)
        ffff8e501000-ffff8e502000 r-xp 00000000 00:00 0                          [vdso]

        """u8.ToArray();

    /// <summary>What our own writer makes.</summary>
    private static byte[] Ours()
    {
        using var file = new MemoryStream();
        var writer = new PerfDataWriter(file, new() { Midr = 0x413F_D0C1, Time = TimeConversion.FromFrequency(25_000_000), CpuCount = 2, Period = 1024, HostName = "guest" });
        writer.Add(new TraceMapping(uint.MaxValue, 0xFFFF_8000_8000_0000, 0x1000, 0xFFFF_8000_8000_0000, "[kernel.kallsyms]_text"));
        writer.Add(new TraceTask(40, 40, null, 1) { Time = 10 });
        writer.Add(new TraceTask(40, 40, "bench", 40) { Time = 20, IsExec = true });
        writer.Add(new TraceMapping(40, 0x40_0000, 0x1000, 0, "/bin/bench") { Time = 30, BuildId = "0102030405" });
        writer.Add(new TraceSwitch(1, 40, 35), 40);
        writer.Add(new TraceLoss(1, 36, "truncated"));
        writer.AddRecords(0, 0, -1, 0, Fixed(2));
        writer.AddRecords(1, 1, -1, 0, Fixed(1, 2), firstContext: 40);
        writer.Finish();
        return file.ToArray();
    }
}
