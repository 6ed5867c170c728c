using System.Buffers.Binary;
using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>One block: instructions that run straight through or forward, and the state they start from.</summary>
internal sealed class Block
{
    /// <summary>The instructions, without the branch that ends the block.</summary>
    public List<uint> Words { get; init; } = [];

    /// <summary>Initial state in the layout of a record; registers in <see cref="Relative"/> as offsets from it.</summary>
    public byte[] Record { get; init; } = new byte[BlockLayout.RecordSize];

    /// <summary>Bit n: Xn is an offset from the record; bit 31: SP is.</summary>
    public uint Relative { get; set; }

    /// <summary>Rows of the table the block was made from.</summary>
    public IEnumerable<A64Id> Ids => Words.Select(w => A64Decoder.Decode(w));

    public ulong this[int offset]
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(Record.AsSpan(offset));
        set => BinaryPrimitives.WriteUInt64LittleEndian(Record.AsSpan(offset), value);
    }

    public void SetX(int register, ulong value) => this[BlockLayout.X + register * 8] = value;

    public void SetRelative(int register, int offset)
    {
        this[register == 31 ? BlockLayout.Sp : BlockLayout.X + register * 8] = (ulong)(long)offset;
        Relative |= 1u << register;
    }

    /// <summary>The same start, only the first <paramref name="length"/> instructions.</summary>
    public Block Prefix(int length, uint filler) => new()
    {
        Words = [.. Words.Take(length), .. Enumerable.Repeat(filler, Words.Count - length)],
        Record = Record,
        Relative = Relative,
    };
}
