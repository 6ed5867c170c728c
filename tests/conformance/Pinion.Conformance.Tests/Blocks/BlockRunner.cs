using System.Buffers.Binary;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>
/// The program that runs a batch under qemu-aarch64: for every record it loads the state, jumps to the block and stores what the block leaves; at the end it writes all records
/// to standard output. Freestanding; the machine code and the ELF file are written here, so no cross compiler is needed.
/// </summary>
internal static class BlockRunner
{
    private const int Record = BlockLayout.RecordRegister;

    /// <summary>Makes the executable.</summary>
    public static byte[] Elf(BlockBatch batch)
    {
        uint recordsEnd = BlockLayout.RecordsBase + (uint)batch.Records.Length;
        uint[] stub = ReturnStub(recordsEnd, out uint entry);
        byte[] code = new byte[BlockLayout.BlocksBase - BlockLayout.CodeBase + batch.Code.Length];
        for (int i = 0; i < stub.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(i * 4), stub[i]);
        }

        batch.Code.CopyTo(code, (int)(BlockLayout.BlocksBase - BlockLayout.CodeBase));
        return Write(entry, code, batch.Records);
    }

    private static uint[] ReturnStub(uint recordsEnd, out uint entry)
    {
        List<uint> code = [];

        // The block came back: X28 is the record.
        for (int i = 0; i < 30; i += 2)
        {
            code.Add(0xA900_0000 | Pair(i, BlockLayout.X + i * 8, 8)); // stp xi, xi+1
        }

        code.Add(Store(30, BlockLayout.X + 240));
        code.Add(0x9100_03E0); // mov x0, sp
        code.Add(Store(0, BlockLayout.Sp));
        for (int i = 0; i < 32; i += 2)
        {
            code.Add(0xAD00_0000 | Pair(i, BlockLayout.V + i * 16, 16)); // stp qi, qi+1
        }

        code.Add(0xD53B_4200); // mrs x0, nzcv
        code.Add(Store(0, BlockLayout.Nzcv));
        code.Add(0xD53B_4400); // mrs x0, fpcr
        code.Add(Store(0, BlockLayout.Fpcr));
        code.Add(0xD53B_4420); // mrs x0, fpsr
        code.Add(Store(0, BlockLayout.Fpsr));
        code.Add(0x9100_0000 | (BlockLayout.RecordSize << 10) | (Record << 5) | Record); // add x28, x28, #size
        MoveImmediate(code, 1, recordsEnd);
        code.Add(0xEB01_001F | (Record << 5)); // cmp x28, x1
        int toLoad = code.Count;
        code.Add(0); // b.ne load

        // All done: write(1, records, length) until everything is out, then exit_group(0).
        MoveImmediate(code, 1, BlockLayout.RecordsBase);
        MoveImmediate(code, 2, recordsEnd - BlockLayout.RecordsBase);
        int again = code.Count;
        MoveImmediate(code, 0, 1);
        MoveImmediate(code, 8, 64);
        code.Add(0xD400_0001); // svc #0
        code.Add(0x8B00_0021); // add x1, x1, x0
        code.Add(0xEB00_0042); // subs x2, x2, x0
        code.Add(0x5400_0001 | (((uint)(again - code.Count) & 0x7FFFF) << 5)); // b.ne again
        MoveImmediate(code, 0, 0);
        MoveImmediate(code, 8, 94);
        code.Add(0xD400_0001); // svc #0

        entry = BlockLayout.CodeBase + (uint)code.Count * 4;
        MoveImmediate(code, Record, BlockLayout.RecordsBase);
        code[toLoad] = 0x5400_0001 | (((uint)(code.Count - toLoad) & 0x7FFFF) << 5);

        code.Add(Load(0, BlockLayout.Fpcr));
        code.Add(0xD51B_4400); // msr fpcr, x0
        code.Add(Load(0, BlockLayout.Fpsr));
        code.Add(0xD51B_4420); // msr fpsr, x0
        code.Add(Load(0, BlockLayout.Nzcv));
        code.Add(0xD51B_4200); // msr nzcv, x0
        code.Add(Load(0, BlockLayout.Sp));
        code.Add(0x9100_001F); // mov sp, x0
        for (int i = 0; i < 32; i += 2)
        {
            code.Add(0xAD40_0000 | Pair(i, BlockLayout.V + i * 16, 16)); // ldp qi, qi+1
        }

        for (int i = 0; i < 28; i += 2)
        {
            code.Add(0xA940_0000 | Pair(i, BlockLayout.X + i * 8, 8)); // ldp xi, xi+1
        }

        code.Add(Load(29, BlockLayout.X + 232));
        code.Add(Load(30, BlockLayout.X + 240));
        code.Add(0xD503_3F5F); // clrex
        code.Add(0xD61F_0000 | (BlockLayout.EntryRegister << 5)); // br x27
        return [.. code];
    }

    private static uint Pair(int register, int offset, int size)
        => (((uint)(offset / size) & 0x7F) << 15) | ((uint)(register + 1) << 10) | (Record << 5) | (uint)register;

    private static uint Load(int register, int offset) => 0xF940_0000 | ((uint)(offset / 8) << 10) | (Record << 5) | (uint)register;

    private static uint Store(int register, int offset) => 0xF900_0000 | ((uint)(offset / 8) << 10) | (Record << 5) | (uint)register;

    private static void MoveImmediate(List<uint> code, int register, uint value)
    {
        code.Add(0xD280_0000 | ((value & 0xFFFF) << 5) | (uint)register); // movz
        code.Add(0xF2A0_0000 | ((value >> 16) << 5) | (uint)register); // movk, lsl 16
    }

    private static byte[] Write(uint entry, byte[] code, byte[] data)
    {
        const int Header = 64 + 2 * 56;
        const int Page = 0x10000;
        int codeAt = Page;
        int dataAt = (codeAt + code.Length + Page - 1) / Page * Page;
        byte[] file = new byte[dataAt + data.Length];
        Span<byte> elf = file;
        ReadOnlySpan<byte> ident = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        ident.CopyTo(elf);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(elf[18..], 183); // EM_AARCH64
        BinaryPrimitives.WriteUInt32LittleEndian(elf[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(elf[24..], entry);
        BinaryPrimitives.WriteUInt64LittleEndian(elf[32..], 64); // program headers
        BinaryPrimitives.WriteUInt16LittleEndian(elf[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf[56..], 2);
        Segment(elf[64..], 5, codeAt, BlockLayout.CodeBase, code.Length); // R X
        Segment(elf[(64 + 56)..Header], 6, dataAt, BlockLayout.RecordsBase, data.Length); // RW
        code.CopyTo(file, codeAt);
        data.CopyTo(file, dataAt);
        return file;

        static void Segment(Span<byte> header, uint flags, int offset, uint address, int size)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header, 1); // PT_LOAD
            BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags);
            BinaryPrimitives.WriteUInt64LittleEndian(header[8..], (ulong)offset);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address);
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address);
            BinaryPrimitives.WriteUInt64LittleEndian(header[32..], (ulong)size);
            BinaryPrimitives.WriteUInt64LittleEndian(header[40..], (ulong)size);
            BinaryPrimitives.WriteUInt64LittleEndian(header[48..], Page);
        }
    }
}
