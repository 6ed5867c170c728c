using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store.Tests;

/// <summary>Traces that hold everything a record may hold, in every combination, with few enough addresses, threads and names that samples meet in rows.</summary>
internal sealed class RandomTrace : ISourceLines
{
    private static readonly string?[] s_names =
        ["bench", "perf", "a'b; DROP TABLE run; --", "nul\0inside", "", "\U0001F642", "\uE000", "half\uD800", "52", "%s @p1 $1", null, "kworker/0:1-events"];

    private readonly Random _random;
    private readonly List<byte> _bytes = [];
    private readonly ulong[] _codes;
    private readonly ulong[] _data;

    private RandomTrace(int seed)
    {
        _random = new(seed);
        _codes =
        [
            .. Enumerable.Range(0, 8).Select(_ => 0x4020_1800ul + (ulong)_random.Next(0x400)),
            .. Enumerable.Range(0, 5).Select(_ => 0xFFFF_8000_4020_1800ul + (ulong)_random.Next(0x400)),
            .. Enumerable.Range(0, 6).Select(_ => 0xFFFF_8000_8000_0000ul + (ulong)_random.Next(0x300)),
            0xFFFF_8000_4020_1940,
            0x7000_0100, 0x7000_0200, 0x10, 0xFFFF_FFFF_FFFF_FFFC, 0xFF80_0000_0000_0000,
        ];
        _data =
        [
            .. Enumerable.Range(0, 12).Select(_ => 0x5000_0000ul + (ulong)_random.Next(0x3000)),
            .. Enumerable.Range(0, 4).Select(_ => 0xFFFF_0000_0000_0000ul + (ulong)_random.Next(0x100)),
            0, ulong.MaxValue, 0xAB00_0000_5000_0040,
        ];
    }

    /// <summary>A trace of about <paramref name="samples"/> samples, the same for the same seed.</summary>
    public static SampleSource Make(int seed, int samples) => new RandomTrace(seed).Make(samples);

    /// <summary>Lines for some of the addresses.</summary>
    public static ISourceLines Lines { get; } = new RandomTrace(0);

    public SourceLine? Find(ElfImage image, ulong address) =>
        (address >> 4) % 3 == 0 ? null : new((address >> 4) % 3 == 1 ? "/build/one/main.c" : "/build/two/main.c", 1 + (int)(address % 5));

    private SampleSource Make(int samples)
    {
        bool hasTime = _random.Next(4) != 0;
        int streams = _random.Next(1, 5);
        var sizes = new List<int>();
        for (int stream = 0; stream < streams; stream++)
        {
            int start = _bytes.Count;
            for (int i = 0; i < samples / streams; i++)
            {
                Append(hasTime);
            }

            sizes.Add(_bytes.Count - start);
        }

        var trace = new SpeTrace { Format = "random", Source = new TraceBytes(_bytes.ToArray()), Period = (ulong)_random.Next(3), Midr = 0x413F_D0C1, Pmsidr = 0x3607F };
        if (hasTime)
        {
            trace.Time = TimeConversion.FromFrequency((ulong)_random.Next(1, 4) * 500_000_000);
        }

        long offset = 0;
        for (int stream = 0; stream < streams; stream++)
        {
            bool isThread = _random.Next(4) == 0;
            trace.Buffers.Add(new(isThread ? -1 : _random.Next(4), isThread ? 50 + _random.Next(4) : -1, 0, offset, trace.Source, sizes[stream]));
            offset += sizes[stream];
        }

        AddTasks(trace);
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(DemoTrace.Elf, "demo.elf", trace.Diagnoses));

        // The demo runs in the kernel's half; here it is a user's program, too.
        resolver.AddImage(ElfImage.Read(DemoTrace.Elf, "user.elf", trace.Diagnoses), bias: 0x8000_0000_0000);
        resolver.AddKernel(Kallsyms.Read("ffff800080000000 T _text\nffff800080000100 t el1_irq\nffff800080000200 T memcpy'\n"u8, "[kernel]", trace.Diagnoses));
        return new(trace, resolver);
    }

    private void AddTasks(SpeTrace trace)
    {
        for (int i = 0; i < 10; i++)
        {
            uint process = 50 + (uint)_random.Next(3);
            bool isThread = _random.Next(3) == 0;
            trace.Tasks.Add(new(process, isThread ? process + 10 : process, s_names[_random.Next(s_names.Length)], _random.Next(3) == 0 ? 49 + (uint)_random.Next(3) : process)
            {
                Time = (ulong)_random.Next(4) * 200,
                IsExec = _random.Next(3) == 0,
            });
            trace.Switches.Add(new(_random.Next(4), (uint)_random.Next(48, 56), (ulong)_random.Next(1000)));
            trace.Mappings.Add(new(process, 0x7000_0000, 0x1000, 0, _random.Next(2) == 0 ? "/usr/bin/be'nch" : "/lib/libc.so\0.6") { Time = (ulong)_random.Next(1000) });
        }

        trace.Facts.Add(new("host name", "nul\0host"));
        trace.Facts.Add(new("command line", "perf record -e 'arm_spe_0//' -- bench"));
        trace.Losses.Add(new(1, 77, "truncated"));
        trace.Losses.Add(new(-1, 0, "lost"));
    }

    private void Append(bool hasTime)
    {
        SpeRecord record = default;
        var fields = (SpeFields)(_random.Next(3) == 0 ? _random.Next(0x8000) : 0x7FFF);
        record.PcPayload = SpeAddress.Instruction(One(_codes), _random.Next(4));
        record.BranchTargetPayload = SpeAddress.Instruction(One(_codes), 0);
        record.PreviousBranchTargetPayload = SpeAddress.Instruction(One(_codes), 1);
        record.DataVirtual = One(_data);
        record.DataPhysicalPayload = SpeAddress.Physical(One(_data));
        record.ContextEl1 = record.ContextEl2 = _random.Next(10) == 0 ? uint.MaxValue - (uint)_random.Next(2) : 48 + (uint)_random.Next(20);
        record.OperationClass = (SpeOperationClass)_random.Next(3);
        record.Operation = (byte)_random.Next(256);
        record.Events = (SpeEvents)(uint)_random.NextInt64(1L << 32);
        record.DataSource = (ushort)(_random.Next(8) == 0 ? _random.Next(1 << 16) : _random.Next(16));
        record.TotalLatency = Latency();
        record.IssueLatency = Latency();
        record.TranslationLatency = Latency();
        record.AlternateClockIssueLatency = Latency();
        record.Timestamp = hasTime || _random.Next(50) != 0 ? (ulong)_random.Next(2000) : ulong.MaxValue - (ulong)_random.Next(9);
        record.Fields = fields & ~(_random.Next(2) == 0 ? SpeFields.DataPhysical : 0);
        Span<byte> bytes = stackalloc byte[(SpeRecordWriter.PackedMaximum + 7) & ~7];
        _bytes.AddRange(bytes[..SpeRecordWriter.WritePacked(record, 1 << _random.Next(4), bytes)]);
        if (_random.Next(500) == 0)
        {
            _bytes.AddRange(Encoding.UTF8.GetBytes("\u00ff"));
        }
    }

    private ushort Latency() => (ushort)(_random.Next(16) == 0 ? _random.Next(1 << 16) : _random.Next(64));

    private T One<T>(T[] values) => values[_random.Next(values.Length)];
}
