using System.Runtime.InteropServices;

namespace Pinion.Cpu.Interpreter;

/// <summary>
/// One instruction at a time, telling what it did: what the profiling unit looks at is executed here. A function for each operation, called through <see cref="Operations"/>;
/// accesses to memory are noted by <c>ObservedMemory</c>.
/// </summary>
internal static unsafe partial class ObservedCore
{
    /// <summary>The instruction left: <c>Pc</c> and <c>Leave</c> tell how.</summary>
    public const int Left = 0;

    /// <summary>Goes on behind the instruction. <c>Pc</c> was not touched.</summary>
    public const int Next = 1;

    /// <summary>A branch was taken: <c>Pc</c> is its target.</summary>
    public const int Jump = 2;

    /// <summary>Functions <c>int (Pe*, Rec*)</c> by operation; they answer <see cref="Left"/>, <see cref="Next"/> or <see cref="Jump"/>. Allocated once, never freed.</summary>
    public static readonly nint* Operations = MakeTable();

    private static nint* MakeTable()
    {
        nint* t = (nint*)NativeMemory.AllocZeroed((nuint)(int)Op.Count, (nuint)sizeof(nint));
        FillOperations(t);
        return t;
    }
}
