using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <content>Which operation is emitted by what.</content>
internal sealed unsafe partial class BlockCompiler
{
    /// <summary>Operations whose code changes no vector register of the host from <see cref="FirstHeld"/> on, and none of the guest but by <see cref="StoreWhole"/>.</summary>
    private static readonly bool[] s_keepsVectors = new bool[(int)Op.Count];

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
        AddFloat(emitters);
        AddFloatVector(emitters);
        AddVector(emitters);
        KeepVectors(emitters);
        return emitters;
    }

    /// <summary>What has been added so far keeps to the rule of <see cref="s_keepsVectors"/>.</summary>
    private static void KeepVectors(Emitter?[] emitters)
    {
        for (int op = 0; op < emitters.Length; op++)
        {
            s_keepsVectors[op] |= emitters[op] is not null;
        }
    }

    private static void Add(Emitter?[] emitters, Emitter emitter, params ReadOnlySpan<Op> operations)
    {
        foreach (Op op in operations)
        {
            emitters[(int)op] = emitter;
        }
    }
}
