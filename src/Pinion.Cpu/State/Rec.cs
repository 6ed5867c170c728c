using System.Runtime.InteropServices;

namespace Pinion.Cpu.State;

/// <summary>
/// One pre-decoded instruction. A page of guest code is an array of 1024 of these and a guard, so the record of an
/// address is found by a shift, and a relative branch within a page becomes a fixed distance between records.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
public unsafe struct Rec
{
    public const int Size = 32;

    /// <summary>In <see cref="Op"/>: the operation uses its alternate handler.</summary>
    public const ushort Alternate = 0x8000;

    /// <summary>Instructions in a page, and records before its guard.</summary>
    public const int PerPage = 1024;

    /// <summary>Address of the threaded handler.</summary>
    public nint Handler;

    /// <summary>Immediate, as the operation wants it; for direct branches the byte distance to the target's address.</summary>
    public long Imm;

    // Register numbers, 0 to 33 for general registers (31 is SP; see Pe.Zero and Pe.Discard), 0 to 31 for vectors.
    public byte Rd;
    public byte Rn;
    public byte Rm;
    public byte Ra;

    /// <summary>A second, smaller operand: shift amount, condition, mask, lane, ...</summary>
    public uint Aux;

    /// <summary>The operation, an <c>Op</c>; with <see cref="Alternate"/> its other handler (SP as base, target outside the page).</summary>
    public ushort Op;

    /// <summary>What the instruction is, a <c>Pinion.Arm.A64.A64Id</c>.</summary>
    public ushort Id;

    /// <summary>The instruction word itself.</summary>
    public uint Word;
}

/// <summary>One entry of a soft TLB for data: both tags hold the page's virtual address, or <see cref="InvalidTag"/>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
public unsafe struct TlbEntry
{
    public const int CountLog2 = 10;
    public const int Count = 1 << CountLog2;

    /// <summary>Page that may be read through this entry.</summary>
    public ulong ReadPage;

    /// <summary>Page that may be written through this entry.</summary>
    public ulong WritePage;

    /// <summary>Host address = virtual address + addend.</summary>
    public nint Addend;

    /// <summary>Physical page address | attribute bits (<see cref="NotGlobal"/>).</summary>
    public ulong Physical;

    /// <summary>In <see cref="Physical"/>: the translation carries the current ASID.</summary>
    public const ulong NotGlobal = 1;

    /// <summary>In <see cref="Physical"/>: emitted code has remembered this translation, in the generation whose lowest bits are at <see cref="StampShift"/>. What it remembered in another one it has forgotten.</summary>
    public const ulong Remembered = 2;

    public const int StampShift = 2;

    /// <summary><see cref="Remembered"/> and the generation.</summary>
    public const ulong StampMask = 0x7FE;

    /// <summary>Offset of <see cref="Physical"/>.</summary>
    public const int PhysicalOffset = 24;

    /// <summary>A tag that no address whose entry is <paramref name="index"/> can match: it belongs to the neighbour.</summary>
    public static ulong InvalidTag(int index) => (ulong)((index + 1) & (Count - 1)) << 12;
}

/// <summary>One entry of the instruction TLB.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
public unsafe struct CodeTlbEntry
{
    public const int Count = 512;

    /// <summary>Virtual address of the page, or ~0.</summary>
    public ulong Page;

    /// <summary>First record of the page.</summary>
    public Rec* Base;

    /// <summary>Physical page address | <see cref="TlbEntry.NotGlobal"/>.</summary>
    public ulong Physical;
}
