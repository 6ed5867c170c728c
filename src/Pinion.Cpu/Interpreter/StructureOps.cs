using System.Runtime.Intrinsics;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// LD1 to LD4 and ST1 to ST4: multiple structures, single structures, replicated. The layout is in Aux: element size log2 (bits 1:0), registers (7:4), elements of a structure (11:8), Q (12), lane (23:16).
/// Imm is the post-index increment where Rm is <see cref="Pe.Zero"/>; Ra tells whether there is writeback.
/// </summary>
internal static unsafe partial class StructureOps
{
    internal static int SizeLog2(Rec* r) => (int)(r->Aux & 3);

    internal static int Registers(Rec* r) => (int)((r->Aux >> 4) & 15);

    internal static int Interleave(Rec* r) => (int)((r->Aux >> 8) & 15);

    internal static int RegisterBytes(Rec* r) => (r->Aux & (1 << 12)) != 0 ? 16 : 8;

    internal static int Lane(Rec* r) => (int)((r->Aux >> 16) & 15);

    private static void WriteBack(Pe* s, Rec* r)
    {
        if (r->Ra != 0)
        {
            Pe.R(s)[r->Rn] += r->Rm == Pe.Zero ? (ulong)r->Imm : Pe.R(s)[r->Rm];
        }
    }

    /// <summary>Reads <paramref name="count"/> bytes, 16 or 8 at a time: each is one access.</summary>
    private static bool ReadAll<TMem>(Pe* s, Rec* r, ulong va, byte* to, int count)
        where TMem : struct, IMemory
    {
        int done = 0;
        for (; count - done >= 16; done += 16)
        {
            if (!TMem.Read(s, r, va + (ulong)done, out Vector128<byte>* p))
            {
                return false;
            }

            *(Vector128<byte>*)(to + done) = *p;
        }

        if (count > done)
        {
            if (!TMem.Read(s, r, va + (ulong)done, out ulong* p))
            {
                return false;
            }

            *(ulong*)(to + done) = *p;
        }

        return true;
    }

    [Op]
    public static bool LoadMultiple<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        byte* buffer = stackalloc byte[64];
        int bytes = RegisterBytes(r), registers = Registers(r), step = Interleave(r), size = 1 << SizeLog2(r);
        if (!ReadAll<TMem>(s, r, Pe.R(s)[r->Rn], buffer, bytes * registers))
        {
            return false;
        }

        if (step == 1)
        {
            for (int i = 0; i < registers; i++)
            {
                Vector128<byte>* v = Pe.Vec(s, (r->Rd + i) & 31);
                *v = bytes == 16 ? *(Vector128<byte>*)(buffer + (16 * i)) : Vector128.CreateScalar(*(ulong*)(buffer + (8 * i))).AsByte();
            }
        }
        else
        {
            for (int i = 0; i < registers; i++)
            {
                *Pe.Vec(s, (r->Rd + i) & 31) = default;
            }

            for (int e = 0; e < bytes / size; e++)
            {
                for (int i = 0; i < step; i++)
                {
                    Move((byte*)Pe.Vec(s, (r->Rd + i) & 31) + (e * size), buffer + (((e * step) + i) * size), size);
                }
            }
        }

        WriteBack(s, r);
        return true;
    }

    [Op]
    public static bool StoreMultiple<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        byte* buffer = stackalloc byte[64];
        int bytes = RegisterBytes(r), registers = Registers(r), step = Interleave(r), size = 1 << SizeLog2(r);
        for (int e = 0; e < (step == 1 ? 0 : bytes / size); e++)
        {
            for (int i = 0; i < step; i++)
            {
                Move(buffer + (((e * step) + i) * size), (byte*)Pe.Vec(s, (r->Rd + i) & 31) + (e * size), size);
            }
        }

        for (int i = 0; i < (step == 1 ? registers : 0); i++)
        {
            Vector128<byte> v = *Pe.Vec(s, (r->Rd + i) & 31);
            if (bytes == 16)
            {
                *(Vector128<byte>*)(buffer + (16 * i)) = v;
            }
            else
            {
                *(ulong*)(buffer + (8 * i)) = v.AsUInt64().ToScalar();
            }
        }

        ulong va = Pe.R(s)[r->Rn];
        int count = bytes * registers;
        if (!TMem.ProbeWrite(s, r, va, count))
        {
            return false;
        }

        int done = 0;
        for (; count - done >= 16; done += 16)
        {
            if (!TMem.Write(s, r, va + (ulong)done, *(Vector128<byte>*)(buffer + done)))
            {
                return false;
            }
        }

        if (count > done && !TMem.Write(s, r, va + (ulong)done, *(ulong*)(buffer + done)))
        {
            return false;
        }

        WriteBack(s, r);
        return true;
    }

    private static bool ReadElement<TMem>(Pe* s, Rec* r, ulong va, byte* to, int size)
        where TMem : struct, IMemory
    {
        switch (size)
        {
            case 1:
                if (!TMem.Read(s, r, va, out byte* p1))
                {
                    return false;
                }

                *to = *p1;
                return true;
            case 2:
                if (!TMem.Read(s, r, va, out ushort* p2))
                {
                    return false;
                }

                *(ushort*)to = *p2;
                return true;
            case 4:
                if (!TMem.Read(s, r, va, out uint* p4))
                {
                    return false;
                }

                *(uint*)to = *p4;
                return true;
            default:
                if (!TMem.Read(s, r, va, out ulong* p8))
                {
                    return false;
                }

                *(ulong*)to = *p8;
                return true;
        }
    }

    [Op]
    public static bool LoadSingle<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        byte* buffer = stackalloc byte[32];
        int size = 1 << SizeLog2(r), count = Interleave(r);
        for (int i = 0; i < count; i++)
        {
            if (!ReadElement<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)(i * size), buffer + (i * size), size))
            {
                return false;
            }
        }

        for (int i = 0; i < count; i++)
        {
            Move((byte*)Pe.Vec(s, (r->Rd + i) & 31) + (Lane(r) * size), buffer + (i * size), size);
        }

        WriteBack(s, r);
        return true;
    }

    [Op]
    public static bool LoadReplicate<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        byte* buffer = stackalloc byte[32];
        int size = 1 << SizeLog2(r), count = Interleave(r), bytes = RegisterBytes(r);
        for (int i = 0; i < count; i++)
        {
            if (!ReadElement<TMem>(s, r, Pe.R(s)[r->Rn] + (ulong)(i * size), buffer + (i * size), size))
            {
                return false;
            }
        }

        for (int i = 0; i < count; i++)
        {
            byte* v = (byte*)Pe.Vec(s, (r->Rd + i) & 31);
            *(Vector128<byte>*)v = default;
            for (int e = 0; e < bytes; e += size)
            {
                Move(v + e, buffer + (i * size), size);
            }
        }

        WriteBack(s, r);
        return true;
    }

    [Op]
    public static bool StoreSingle<TMem>(Pe* s, Rec* r)
        where TMem : struct, IMemory
    {
        int size = 1 << SizeLog2(r), count = Interleave(r);
        ulong va = Pe.R(s)[r->Rn];
        if (!TMem.ProbeWrite(s, r, va, size * count))
        {
            return false;
        }

        for (int i = 0; i < count; i++)
        {
            byte* from = (byte*)Pe.Vec(s, (r->Rd + i) & 31) + (Lane(r) * size);
            ulong at = va + (ulong)(i * size);
            bool ok = size switch
            {
                1 => TMem.Write(s, r, at, *from),
                2 => TMem.Write(s, r, at, *(ushort*)from),
                4 => TMem.Write(s, r, at, *(uint*)from),
                _ => TMem.Write(s, r, at, *(ulong*)from),
            };
            if (!ok)
            {
                return false;
            }
        }

        WriteBack(s, r);
        return true;
    }

    private static void Move(byte* to, byte* from, int size)
    {
        switch (size)
        {
            case 1:
                *to = *from;
                break;
            case 2:
                *(ushort*)to = *(ushort*)from;
                break;
            case 4:
                *(uint*)to = *(uint*)from;
                break;
            default:
                *(ulong*)to = *(ulong*)from;
                break;
        }
    }
}
