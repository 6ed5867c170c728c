using System.Numerics;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;
using static Pinion.Cpu.Jit.X64Vector;

namespace Pinion.Cpu.Jit;

/// <content>LD1 to LD4 and ST1 to ST4. The layout of the records is that of <see cref="StructureOps"/>.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static void AddVectorMemory(Emitter?[] emitters)
    {
        Add(emitters, Always(static (c, r) => c.LoadStructures(r)), Op.LoadMultiple);
        Add(emitters, Always(static (c, r) => c.StoreStructures(r)), Op.StoreMultiple);
        Add(emitters, Always(static (c, r) => c.LoadLanes(r)), Op.LoadSingle);
        Add(emitters, Always(static (c, r) => c.LoadReplicated(r)), Op.LoadReplicate);
        Add(emitters, Always(static (c, r) => c.StoreLanes(r)), Op.StoreSingle);
    }

    /// <summary>The host address of <paramref name="bytes"/> bytes at Rn in RAX.</summary>
    private void StructureAddress(Rec* r, bool write, int bytes)
    {
        LoseFlags();
        Load(Rax, r->Rn);
        CheckStack(r);
        Translate(write, (int)BitOperations.RoundUpToPowerOf2((uint)bytes));
    }

    private void StructureWriteBack(Rec* r)
    {
        if (r->Ra == 0)
        {
            return;
        }

        bool constant = r->Rm == Pe.Zero;
        if (NativeState.IsPinned(r->Rn, out X64Register host))
        {
            _x.Lea(host, constant ? new X64Memory(host, (int)r->Imm) : new X64Memory(host, Read(r->Rm, Rcx), 0, 0));
        }
        else if (constant)
        {
            _x.Alu(X64Alu.Add, NativeState.Slot(r->Rn), (int)r->Imm, true);
        }
        else
        {
            _x.Alu(X64Alu.Add, NativeState.Slot(r->Rn), Read(r->Rm, Rcx), true);
        }
    }

    // ---- multiple structures ----

    private void LoadStructures(Rec* r)
    {
        int registers = StructureOps.Registers(r), interleave = StructureOps.Interleave(r), size = StructureOps.SizeLog2(r);
        bool whole = StructureOps.RegisterBytes(r) == 16;
        int bytes = registers * (whole ? 16 : 8);
        StructureAddress(r, write: false, bytes);
        if (interleave == 1)
        {
            for (int i = 0; i < registers; i++)
            {
                LoadHost(i, whole ? 16 * i : 8 * i, whole);
            }
        }
        else
        {
            for (int at = 0; at < bytes; at += 16)
            {
                LoadHost(at / 16, at, bytes - at >= 16);
            }
        }

        int[] vectors = [0, 1, 2, 3];
        switch (interleave)
        {
            case 2 when whole:
                Unzip(0, 1, 2, size);
                vectors = [0, 2];
                break;
            case 2:
                UnzipWithin(0, 1, size);
                break;
            case 3:
                vectors = Rearrange(whole ? 3 : 2, 3, (register, i) => whole || i < 8 ? ((((i >> size) * 3) + register) << size) + (i & ((1 << size) - 1)) : -1);
                break;
            case 4 when whole:
                int odd = Scratch(), other = Scratch();
                Unzip(0, 1, odd, size);
                Unzip(2, 3, other, size);
                Unzip(0, 2, 1, size);
                Unzip(odd, other, 2, size);
                vectors = [0, odd, 1, 2];
                break;
            case 4:
                Unzip(0, 1, 2, size);
                UnzipWithin(0, 1, size);
                UnzipWithin(2, 3, size);
                vectors = [0, 2, 1, 3];
                break;
        }

        for (int i = 0; i < registers; i++)
        {
            PutWhole((r->Rd + i) & 31, vectors[i]);
        }

        StructureWriteBack(r);
    }

    private void StoreStructures(Rec* r)
    {
        int registers = StructureOps.Registers(r), interleave = StructureOps.Interleave(r), size = StructureOps.SizeLog2(r);
        bool whole = StructureOps.RegisterBytes(r) == 16;
        int bytes = registers * (whole ? 16 : 8);
        StructureAddress(r, write: true, bytes);
        for (int i = 0; i < registers; i++)
        {
            LoadOperand(i, (r->Rd + i) & 31);
        }

        int[] from = [0, 1, 2, 3];
        switch (interleave)
        {
            case 2:
                Zip(0, 1, 2, size);
                from = [0, 2];
                break;
            case 3:
                from = Rearrange(3, whole ? 3 : 2, (part, i) => (16 * part) + i < bytes ? Source((16 * part) + i) : -1);
                break;
            case 4:
                int high = Scratch(), other = Scratch();
                Zip(0, 2, high, size);
                Zip(1, 3, other, size);
                Zip(0, 1, 2, size);
                Zip(high, other, 3, size);
                from = [0, 2, high, 3];
                break;
        }

        int step = interleave == 1 && !whole ? 8 : 16;
        for (int at = 0; at < bytes; at += step)
        {
            // movups or movq
            bool all = step == 16 && bytes - at >= 16;
            _x.Vector((byte)(all ? 0 : 0x66), (byte)(all ? 0x11 : 0xD6), from[at / step], new X64Memory(Rax, at));
        }

        StructureWriteBack(r);

        // A byte of memory is that of an element of a register.
        int Source(int at)
        {
            int element = at >> size;
            return (16 * (element % 3)) + ((element / 3) << size) + (at & ((1 << size) - 1));
        }
    }

    /// <summary>movups or movq from the host address in RAX.</summary>
    private void LoadHost(int vector, int at, bool whole)
    {
        if (whole)
        {
            _x.Vector(0, 0x10, vector, new X64Memory(Rax, at));
        }
        else
        {
            LoadLow(vector, new X64Memory(Rax, at));
        }
    }

    /// <summary>The even elements in the lower half, the odd ones in that of <paramref name="odd"/>; the rest becomes zero.</summary>
    private void UnzipWithin(int vector, int odd, int size)
    {
        _x.Packed(Pshufb, vector, Apart(size));
        CopyVector(odd, vector);
        _x.PackedShift(X64VectorShift.BytesRight, 3, odd, 8);
        KeepLow(vector);
    }

    /// <summary>
    /// Makes <paramref name="results"/> vectors, and answers where they are, out of the bytes of XMM0 to XMM2: byte i of result j is the byte from(j, i) of these, or zero where that is negative.
    /// </summary>
    private int[] Rearrange(int sources, int results, Func<int, int, int> from)
    {
        int part = Scratch();
        int[] vectors = [3, Scratch(), Scratch()];
        for (int result = 0; result < results; result++)
        {
            for (int source = 0; source < sources; source++)
            {
                int to = source == 0 ? vectors[result] : part;
                CopyVector(to, source);
                _x.Packed(Pshufb, to, Bytes(i => from(result, i) is int at && at >> 4 == source ? at & 15 : 0x80));
                if (source != 0)
                {
                    _x.Packed(Por, vectors[result], part);
                }
            }
        }

        return vectors;
    }

    // ---- single structures ----

    private void LoadLanes(Rec* r)
    {
        int size = StructureOps.SizeLog2(r), count = StructureOps.Interleave(r);
        StructureAddress(r, write: false, count << size);
        for (int i = 0; i < count; i++)
        {
            int register = (r->Rd + i) & 31;
            LoadOperand(0, register);
            _x.Packed(InsertOf(size), 0, new X64Memory(Rax, i << size), (byte)StructureOps.Lane(r), size == 3);
            PutWhole(register, 0);
        }

        StructureWriteBack(r);
    }

    private void LoadReplicated(Rec* r)
    {
        int size = StructureOps.SizeLog2(r), count = StructureOps.Interleave(r);
        StructureAddress(r, write: false, count << size);
        for (int i = 0; i < count; i++)
        {
            LoadElement(0, new X64Memory(Rax, i << size), size);
            Broadcast(0, size);
            Put((r->Rd + i) & 31, 0, StructureOps.RegisterBytes(r) == 16);
        }

        StructureWriteBack(r);
    }

    private void StoreLanes(Rec* r)
    {
        int size = StructureOps.SizeLog2(r), count = StructureOps.Interleave(r);
        StructureAddress(r, write: true, count << size);
        for (int i = 0; i < count; i++)
        {
            X64Memory from = NativeState.Vector((r->Rd + i) & 31, StructureOps.Lane(r) << size);
            var to = new X64Memory(Rax, i << size);
            if (size < 2)
            {
                _x.LoadNarrow(Rcx, from, 1 << size, signed: false, wide: false);
                _x.StoreNarrow(to, Rcx, 1 << size);
            }
            else
            {
                _x.Load(Rcx, from, size == 3);
                _x.Store(to, Rcx, size == 3);
            }
        }

        StructureWriteBack(r);
    }
}
