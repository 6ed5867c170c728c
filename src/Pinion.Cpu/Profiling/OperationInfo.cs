using System.Runtime.InteropServices;
using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>What an operation is, to the profiling unit and to the timing model.</summary>
[Flags]
internal enum OperationFlags : ushort
{
    None = 0,

    // The two low bits are the SpeOperationClass.
    ClassMask = 3,

    /// <summary>For the type filter: a branch. This and the next two lie in the order of PMSFCR_EL1.B, LD and ST.</summary>
    Branch = 1 << TypeShift,

    /// <summary>For the type filter: a load, or an atomic that returns a value.</summary>
    Load = 1 << (TypeShift + 1),

    /// <summary>For the type filter: a store, or any atomic.</summary>
    Store = 1 << (TypeShift + 2),

    /// <summary>A conditional branch, select or compare.</summary>
    Conditional = 1 << 5,

    Indirect = 1 << 6,
    Call = 1 << 7,
    Return = 1 << 8,

    /// <summary>The next operation cannot be dispatched before this one is complete: ISB, exception entry and return.</summary>
    Flush = 1 << 9,

    /// <summary>Waits until every older operation is complete: DSB.</summary>
    Drain = 1 << 10,

    /// <summary>PRFM, PRFUM.</summary>
    Prefetch = 1 << 11,

    Atomic = 1 << 12,

    /// <summary>Loads and stores of vector registers.</summary>
    Simd = 1 << 13,

    /// <summary>The word has more to say, see <see cref="OperationTable"/>.</summary>
    Refine = 1 << 14,

    TypeShift = 2,
}

/// <summary>Which row of <see cref="TimingParameters"/> gives an operation's latency from issue to completion. Of loads it is the latency of a hit in L1.</summary>
internal enum LatencyClass : byte
{
    Alu,
    AluShifted,
    Multiply,
    MultiplyHigh,
    Divide,
    Crc,
    Branch,
    Load,
    LoadSimd,
    LoadStructure,
    Store,
    Atomic,
    Barrier,
    System,
    ExceptionEntry,
    ExceptionReturn,
    FpMove,
    FpTransferToGeneral,
    FpTransferFromGeneral,
    FpAdd,
    FpMultiply,
    FpMultiplyAdd,
    FpConvert,
    FpDivide,
    FpSquareRoot,
    SimdAlu,
    SimdMultiply,
    SimdReduce,
    Crypto,
    Count,
}

/// <summary>
/// All that is constant about an operation, 16 bytes. Operand <c>i</c> is register <c>Base_i + ((word >> shift_i) &amp; Mask_i)</c> of the model's register file: general registers from 0,
/// vectors from 32, then NZCV and the places nobody writes or reads.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct OperationInfo
{
    /// <summary>Index of V0 in the model's register file.</summary>
    public const byte VectorBase = 32;

    /// <summary>Index of the condition flags.</summary>
    public const byte Nzcv = 64;

    /// <summary>Always ready.</summary>
    public const byte NoSource = 65;

    /// <summary>Never read.</summary>
    public const byte NoDestination = 66;

    public const int RegisterCount = 67;

    public OperationFlags Flags;
    public byte Payload;
    public LatencyClass Latency;

    // Sources: field n (bits 9:5), field m (20:16), and one at Shift3.
    public byte Base1;
    public byte Mask1;
    public byte Base2;
    public byte Mask2;
    public byte Base3;
    public byte Mask3;
    public byte Shift3;

    // Destinations: the field at bits 4:0, or at Shift4, and one at bits 14:10.
    public byte Base4;
    public byte Mask4;
    public byte Shift4;
    public byte Base5;
    public byte Mask5;

    public readonly SpeOperationClass Class => (SpeOperationClass)(Flags & OperationFlags.ClassMask);

    public readonly bool IsBranch => (Flags & OperationFlags.Branch) != 0;

    public readonly bool IsLoad => (Flags & OperationFlags.Load) != 0;

    public readonly bool IsLoadOrStore => (Flags & (OperationFlags.Load | OperationFlags.Store)) != 0;

    /// <summary>The type in PMSFCR_EL1's bits B, LD and ST.</summary>
    public readonly ulong FilterTypes => ((ulong)(Flags & (OperationFlags.Branch | OperationFlags.Load | OperationFlags.Store)) >> (int)OperationFlags.TypeShift) << 16;

    public readonly bool Has(OperationFlags flags) => (Flags & flags) != 0;
}
