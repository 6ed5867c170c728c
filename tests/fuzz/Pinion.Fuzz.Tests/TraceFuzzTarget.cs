using System.Buffers;
using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.Packets;
using Pinion.Trace.Symbols;
using Pinion.Trace.Truth;

namespace Pinion.Fuzz.Tests;

/// <summary>
/// Something that must take any input, and what must hold of it whatever the input. One object is used by one thread.
/// </summary>
internal abstract class TraceFuzzTarget
{
    private readonly List<(int End, ulong Hash)> _marks = [];

    /// <summary>What was read, in order: a hash of each item, and where the bytes end that it depends on, from the start of the input.</summary>
    public IReadOnlyList<(int End, ulong Hash)> Marks => _marks;

    /// <summary>Where the first damage is that was found; from there on, what is read depends on what comes behind it.</summary>
    public long FirstDamage { get; private set; }

    /// <summary>Hash of what came out, without the numbers in it: inputs with the same one are alike.</summary>
    public ulong Signature { get; private set; }

    /// <summary>Reads an input.</summary>
    /// <param name="input">Any bytes.</param>
    /// <param name="turn">Chooses among things that could be done with it.</param>
    public void Run(ReadOnlyMemory<byte> input, int turn)
    {
        _marks.Clear();
        FirstDamage = long.MaxValue;
        Signature = 0xCBF2_9CE4_8422_2325;
        Read(input, turn);
    }

    /// <summary>Bytes that reading an input may allocate.</summary>
    public abstract long MostAllocated(int length);

    protected abstract void Read(ReadOnlyMemory<byte> input, int turn);

    /// <summary>Bytes of the longest packet: that a byte begins none may be because of the end so far behind it.</summary>
    protected const int LongestPacket = 10;

    protected void Damaged(Diagnoses diagnoses) => FirstDamage = diagnoses.List.Select(diagnosis => diagnosis.Offset).DefaultIfEmpty(long.MaxValue).Min();

    protected void Mark(long end, ulong hash) => _marks.Add(((int)end, hash));

    /// <summary>Adds to the signature.</summary>
    protected void Sign(ulong value) => Signature = Mix(Signature, value);

    /// <summary>Adds how many there are of something, roughly.</summary>
    protected void SignCount(long count) => Sign((ulong)(64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)count)));

    /// <summary>Adds what was said, without the numbers in it.</summary>
    protected void Sign(Diagnoses diagnoses)
    {
        const int Most = 4;
        SignCount(diagnoses.Count);
        foreach (Diagnosis diagnosis in diagnoses.List.Take(Most))
        {
            bool number = false;
            foreach (char c in diagnosis.Message)
            {
                number = char.IsAsciiDigit(c) || (number && char.IsAsciiHexDigitLower(c)) || c == 'x';
                if (!number)
                {
                    Sign(c);
                }
            }
        }
    }

    protected static ulong Mix(ulong hash, ulong value) => (hash ^ value) * 0x100_0000_01B3 ^ (hash >> 29);
}

/// <summary>Packets: every byte is part of one; and their text.</summary>
internal sealed class PacketTarget : TraceFuzzTarget
{
    private readonly ArrayBufferWriter<byte> _text = new(1 << 20);

    public override long MostAllocated(int length) => 20_000 + (100L * length);

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        var reader = new SpePacketReader(input.Span);
        int next = 0;
        int lines = 0;
        int runs = 0;
        int bad = -LongestPacket;
        SpePacketKind before = SpePacketKind.End;
        while (reader.TryRead(out SpePacket packet))
        {
            Property.Holds(packet.Offset == next, "packets follow each other");
            next += packet.Size;
            runs += packet.Kind == SpePacketKind.Bad && before != SpePacketKind.Bad ? 1 : 0;
            lines += packet.Kind == SpePacketKind.Padding ? 0 : 1;
            before = packet.Kind;
            bad = packet.Kind == SpePacketKind.Bad ? packet.Offset : bad;
            Mark(Math.Max(next, bad + LongestPacket), Mix(Mix((ulong)packet.Kind, packet.Index), packet.Payload));
        }

        Property.Holds(next == input.Length, "every byte is part of a packet");
        _text.ResetWrittenCount();
        var damage = new Diagnoses();
        new PacketDump(_text).Write(input.Span, 0, 0, damage);
        Property.Holds(damage.Count == runs, "each run of bad bytes is diagnosed");
        Property.Holds(_text.WrittenSpan.Count((byte)'\n') >= lines, "each packet has a line");
        SignCount(runs);
        SignCount(lines);
    }
}

/// <summary>Records: both ways of reading them answer the same, damage and records do not overlap.</summary>
internal sealed class RecordTarget : TraceFuzzTarget
{
    /// <summary>Nothing for each record; the runtime itself may allocate for the thread, once in a while.</summary>
    public override long MostAllocated(int length) => 64 << 10;

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        var fast = new SpeRecordReader(input.Span);
        var slow = new SpeRecordReader(input.Span);
        int end = 0;
        int damaged = 0;
        int lastDamage = -LongestPacket;
        uint kinds = 0;
        SpeFields fields = SpeFields.None;
        bool more = true;
        while (more)
        {
            more = fast.TryRead(out SpeRecord record);
            Property.Holds(slow.TryReadPackets(out SpeRecord same) == more, "both ways find as many records");
            Property.Holds(slow.Damage == fast.Damage, "both ways find the same damage");
            SpeDamage damage = fast.Damage;
            if (damage.Size != 0)
            {
                Property.Holds(damage.Offset >= end && damage.Offset + damage.Size <= fast.Offset, "damage lies between records");
                Property.Holds(damage.BadBytes <= damage.Size, "bad bytes are part of the damage");
                damaged++;
                lastDamage = damage.Offset + damage.Size;
                kinds |= damage.BadBytes == 0 ? 1u : damage.BadBytes == damage.Size ? 2u : 4u;
            }

            if (more)
            {
                Property.Holds(HashOf(record) == HashOf(same), "both ways read the same record");
                Mark(Math.Max(fast.Offset, lastDamage + LongestPacket), HashOf(record));
                fields |= record.Fields;
            }

            end = fast.Offset;
        }

        Property.Holds(fast.Offset == input.Length, "reading goes to the end");
        Property.Holds(slow.BadBytes == fast.BadBytes, "both ways find as many bad bytes");
        SignCount(damaged);
        SignCount(Marks.Count);
        Sign(kinds);
        Sign((ulong)fields);
    }

    private static ulong HashOf(in SpeRecord record)
    {
        ulong hash = Mix((ulong)record.Fields, ((ulong)record.OperationClass << 8) | record.Operation);
        hash = Mix(hash, ((ulong)record.TotalLatency << 48) | ((ulong)record.IssueLatency << 32) | ((ulong)record.TranslationLatency << 16) | record.AlternateClockIssueLatency);
        hash = Mix(hash, ((ulong)record.ContextEl2 << 32) | record.ContextEl1);
        hash = Mix(Mix(hash, (ulong)record.Events), record.DataSource);
        hash = Mix(Mix(hash, record.PcPayload), record.BranchTargetPayload);
        hash = Mix(Mix(hash, record.DataVirtual), record.DataPhysicalPayload);
        return Mix(Mix(hash, record.PreviousBranchTargetPayload), record.Timestamp);
    }
}

/// <summary>ELF files: symbols, segments, build id.</summary>
internal sealed class ElfTarget : TraceFuzzTarget
{
    private readonly SpeTrace _mapped = new() { Format = "test", Source = new TraceBytes(default), Mappings = { new(1, 0x10_0000, 0x400, 0, "/x") } };

    public override long MostAllocated(int length) => 50_000 + (600L * length);

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        var diagnoses = new Diagnoses();
        ElfImage image = ElfImage.Read(input.Span, "x", diagnoses);
        var resolver = new SymbolResolver(_mapped);
        resolver.AddImage(image);
        foreach (ulong address in (ReadOnlySpan<ulong>)[0, 0x100, 0x104, 0x110, 0x300, 0x1000, 0x7FFF_FFFF, ulong.MaxValue])
        {
            Sign(image.Symbols.TryFind(address, out Symbol _) ? 1u : 0);
            Sign(image.TryAddressAt(address, out _) ? 1u : 0);
            Sign((ulong)resolver.FindData(address, SymbolResolver.NoSpace).Label().Length);
            Sign((ulong)resolver.Find(0x10_0000 + address, resolver.SpaceAt(1, 0)).Label().Length);
        }

        SignCount(image.Symbols.Count);
        SignCount(image.DataSymbols.Count);
        Sign(image.BuildId is null ? 0u : 1);
        Sign(diagnoses);
    }
}

/// <summary>Kernel symbols.</summary>
internal sealed class KallsymsTarget : TraceFuzzTarget
{
    public override long MostAllocated(int length) => 50_000 + (300L * length);

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        var diagnoses = new Diagnoses();
        SymbolTable table = Kallsyms.Read(input.Span, "[kernel]", diagnoses, out SymbolTable data);
        Sign(table.TryFind(0xFFFF_8000_8000_0210, out Symbol _) ? 1u : 0);
        Sign(table.TryFind(ulong.MaxValue, out Symbol _) ? 1u : 0);
        SignCount(table.Count);
        SignCount(data.Count);
        Sign(diagnoses);
    }
}

/// <summary>A copy of /proc/PID/maps.</summary>
internal sealed class MapsTarget : TraceFuzzTarget
{
    public override long MostAllocated(int length) => 50_000 + (300L * length);

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        var trace = new SpeTrace { Format = "none", Source = new TraceBytes(default) };
        var diagnoses = new Diagnoses();
        TraceMetadata.AddProcMaps(trace, 40, input.Span, diagnoses);
        foreach (TraceMapping mapping in trace.Mappings)
        {
            (mapping.Start + mapping.Length).ShouldBeGreaterThan(mapping.Start);
        }

        SignCount(trace.Mappings.Count);
        SignCount(trace.Tasks.Count);
        Sign(diagnoses);
    }
}

/// <summary>Counts of executed operations, and what is said of the run.</summary>
internal sealed class TruthTarget : TraceFuzzTarget
{
    public override long MostAllocated(int length) => 150_000 + (300L * length);

    protected override void Read(ReadOnlyMemory<byte> input, int turn)
    {
        var diagnoses = new Diagnoses();
        using var stream = new MemoryStream(input.ToArray());
        var reader = new TruthReader(stream, diagnoses);
        var row = new TruthRow();
        int rows = 0;
        while (reader.TryRead(row))
        {
            rows++;
        }

        SignCount(rows);
        SignCount(reader.Summary.Units.Count);
        SignCount(reader.Summary.Settings.Count);
        Sign((reader.Summary.Run is null ? 0u : 1) | (reader.Summary.HasClasses ? 2u : 0) | (reader.Summary.HasOutcomes ? 4u : 0));
        Sign(diagnoses);
        Property.Holds(rows <= input.Length, "a row has a line");
    }
}

/// <summary>What must hold whatever the input.</summary>
internal static class Property
{
    public static void Holds(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"it does not hold that {what}");
        }
    }
}
