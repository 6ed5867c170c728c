using Pinion.Arm.A64;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Decode;

/// <summary>
/// Lowers an encoding to an operation and its operands. Each group has a part of its own; a part answers <see cref="Op.Decode"/> when the encoding is not its business, and
/// <see cref="Op.Undefined"/> when it is UNALLOCATED.
/// </summary>
internal static unsafe partial class Lowering
{
    public static Op Lower(A64Id id, uint word, Rec* r)
    {
        Op op = id switch
        {
            <= A64Id.Mrs => LowerSystem(id, word, r),
            <= A64Id.Cls => LowerInteger(id, word, r),
            <= A64Id.Ld4ReplicatePostIndex => LowerMemory(id, word, r),
            _ => Op.Decode,
        };
        if (op == Op.Decode)
        {
            LowerFloatingPoint(id, word, r, ref op);
        }

        // Something decodes that nobody executes: the guest sees UNDEFINED, and a test finds it.
        return op == Op.Decode ? Op.Undefined : op;
    }

    static partial void LowerFloatingPoint(A64Id id, uint word, Rec* r, ref Op op);

    // ---- register fields ----

    /// <summary>Register number read, 31 being XZR.</summary>
    private static byte Source(uint n) => n == 31 ? (byte)Pe.Zero : (byte)n;

    /// <summary>Register number written, 31 being XZR.</summary>
    private static byte Target(uint n) => n == 31 ? (byte)Pe.Discard : (byte)n;

    private static uint Field(uint word, int low) => (word >> low) & 31;

    private static Op Width(uint word, Op w, Op x) => (word >> 31) != 0 ? x : w;
}
