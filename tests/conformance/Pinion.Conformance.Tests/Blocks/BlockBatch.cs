using System.Buffers.Binary;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>Blocks laid out in memory: code (from <see cref="BlockLayout.BlocksBase"/>) and records.</summary>
internal sealed class BlockBatch
{
    private readonly uint[] _entries;

    public BlockBatch(IReadOnlyList<Block> blocks)
    {
        Blocks = blocks;
        _entries = new uint[blocks.Count];
        Code = new byte[blocks.Sum(b => (b.Words.Count + 1) * 4)];
        Records = new byte[blocks.Count * BlockLayout.RecordSize];
        int at = 0;
        for (int i = 0; i < blocks.Count; i++)
        {
            Block block = blocks[i];
            _entries[i] = BlockLayout.BlocksBase + (uint)at;
            foreach (uint word in block.Words)
            {
                Put(ref at, word == Return ? BranchToReturn(at) : word);
            }

            Put(ref at, BranchToReturn(at));
            PlaceRecord(i);
        }
    }

    /// <summary>Stands for a branch to the return stub in <see cref="Block.Words"/>: UDF #0xFFFF, which no block contains.</summary>
    public const uint Return = 0x0000_FFFF;

    public IReadOnlyList<Block> Blocks { get; }

    public byte[] Code { get; }

    public byte[] Records { get; }

    /// <summary>Address of a block's first instruction.</summary>
    public uint Entry(int block) => _entries[block];

    /// <summary>Address of a block's record.</summary>
    public static uint RecordAddress(int block) => BlockLayout.RecordsBase + (uint)(block * BlockLayout.RecordSize);

    private void PlaceRecord(int index)
    {
        Block block = Blocks[index];
        Span<byte> record = Records.AsSpan(index * BlockLayout.RecordSize, BlockLayout.RecordSize);
        block.Record.CopyTo(record);
        for (int register = 0; register < 32; register++)
        {
            if ((block.Relative & (1u << register)) != 0)
            {
                int offset = register == 31 ? BlockLayout.Sp : BlockLayout.X + register * 8;
                BinaryPrimitives.WriteUInt64LittleEndian(record[offset..], block[offset] + RecordAddress(index));
            }
        }

        BinaryPrimitives.WriteUInt64LittleEndian(record[(BlockLayout.X + BlockLayout.EntryRegister * 8)..], _entries[index]);
        BinaryPrimitives.WriteUInt64LittleEndian(record[(BlockLayout.X + BlockLayout.RecordRegister * 8)..], RecordAddress(index));
    }

    private void Put(ref int at, uint word)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Code.AsSpan(at), word);
        at += 4;
    }

    private static uint BranchToReturn(int at)
    {
        int words = ((int)BlockLayout.ReturnAddress - (int)(BlockLayout.BlocksBase + at)) / 4;
        return 0x1400_0000 | ((uint)words & 0x03FF_FFFF);
    }
}
