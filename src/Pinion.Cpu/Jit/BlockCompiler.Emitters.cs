using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <content>Which operation is emitted by what.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static readonly Emitter?[] s_emitters = MakeEmitters();

    /// <summary>Emits an instruction that goes on to the next; false, with nothing emitted, where these operands have no code.</summary>
    private delegate bool Emitter(BlockCompiler c, Op op, Rec* r);

    private static Emitter?[] MakeEmitters()
    {
        var emitters = new Emitter?[(int)Op.Count];
        AddInteger(emitters);
        AddMemory(emitters);
        AddAtomic(emitters);
        AddSystem(emitters);
        return emitters;
    }

    private static void Add(Emitter?[] emitters, Emitter emitter, params ReadOnlySpan<Op> operations)
    {
        foreach (Op op in operations)
        {
            emitters[(int)op] = emitter;
        }
    }
}
