using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pinion.Cpu.Profiling;

/// <summary>What the front end made of a branch.</summary>
internal enum BranchOutcome
{
    Predicted,

    /// <summary>Predicted, but decode had to supply the target of a direct branch.</summary>
    TargetMiss,

    Mispredicted,
}

/// <summary>
/// Direction: a table of 2-bit counters by address, one by address and global history, and one that chooses between them. Targets: a buffer of branches seen taken, a return
/// stack, and a table of indirect targets by address and path, with the branch's last target to fall back on.
/// </summary>
internal sealed unsafe class BranchPredictor
{
    private const int InstructionShift = 2;
    private const byte WeaklyNotTaken = 1;
    private const int PathShift = 3;

    private readonly PinnedArray<byte> _counterStorage;
    private readonly PinnedArray<uint> _tagStorage;
    private readonly PinnedArray<Target> _targetStorage;
    private readonly PinnedArray<ulong> _returnStorage;
    private readonly byte* _bimodal;
    private readonly byte* _chooser;
    private readonly byte* _global;
    private readonly uint* _targetTags;
    private readonly Target* _indirect;
    private readonly Target* _lastTarget;
    private readonly ulong* _returns;
    private readonly uint _bimodalMask;
    private readonly uint _globalMask;
    private readonly uint _targetMask;
    private readonly uint _indirectMask;
    private readonly uint _returnMask;
    private readonly uint _historyMask;
    private uint _history;
    private uint _path;
    private uint _top;

    /// <summary>Calls seen since the window began and not returned from; <see cref="uint.MaxValue"/> when nothing was missed.</summary>
    private uint _callsInWindow = uint.MaxValue;

    public BranchPredictor(TimingParameters parameters)
    {
        _bimodalMask = Mask(parameters.BimodalEntries);
        _globalMask = Mask(parameters.HistoryEntries);
        _targetMask = Mask(parameters.TargetBufferEntries);
        _indirectMask = Mask(parameters.IndirectEntries);
        _returnMask = Mask(parameters.ReturnStackEntries);
        _historyMask = (1u << parameters.HistoryLength) - 1;
        _counterStorage = new PinnedArray<byte>((2 * parameters.BimodalEntries) + parameters.HistoryEntries);
        _counterStorage.Span.Fill(WeaklyNotTaken);
        _bimodal = _counterStorage.Pointer;
        _chooser = _bimodal + parameters.BimodalEntries;
        _global = _chooser + parameters.BimodalEntries;
        _tagStorage = new PinnedArray<uint>(parameters.TargetBufferEntries);
        _targetTags = _tagStorage.Pointer;
        _targetStorage = new PinnedArray<Target>(2 * parameters.IndirectEntries);
        _indirect = _targetStorage.Pointer;
        _lastTarget = _indirect + parameters.IndirectEntries;
        _returnStorage = new PinnedArray<ulong>(parameters.ReturnStackEntries);
        _returns = _returnStorage.Pointer;
    }

    /// <summary>Branches have passed unobserved: returns to calls among them count as predicted, for the real stack would have known them.</summary>
    public void BeginWindow() => _callsInWindow = 0;

    /// <summary>Predicts the branch and learns from what it did.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BranchOutcome Resolve(ulong pc, ulong target, bool taken, OperationFlags flags)
    {
        bool wrong;
        if ((flags & OperationFlags.Conditional) != 0)
        {
            wrong = Direction((uint)(pc >> InstructionShift), taken) != taken;
            if (!taken)
            {
                return wrong ? BranchOutcome.Mispredicted : BranchOutcome.Predicted;
            }
        }
        else
        {
            if ((flags & OperationFlags.Call) != 0)
            {
                _returns[++_top & _returnMask] = pc + 4;
                _callsInWindow += _callsInWindow <= _returnMask ? 1u : 0;
            }

            if ((flags & OperationFlags.Return) != 0)
            {
                return Return(target);
            }

            wrong = (flags & OperationFlags.Indirect) != 0 && !PredictIndirect(pc, target);
        }

        bool known = Remember(pc);
        return wrong ? BranchOutcome.Mispredicted : known ? BranchOutcome.Predicted : BranchOutcome.TargetMiss;
    }

    private static uint Mask(int entries)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(entries), true, nameof(entries));
        return (uint)entries - 1;
    }

    /// <summary>Moves a 2-bit counter up or down, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte Train(byte counter, bool up) => (byte)(up ? counter + ((counter ^ 3) != 0 ? 1 : 0) : counter - (counter != 0 ? 1 : 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Direction(uint address, bool taken)
    {
        byte* local = _bimodal + (address & _bimodalMask);
        byte* global = _global + ((address ^ _history) & _globalMask);
        bool localSays = *local >= 2;
        bool globalSays = *global >= 2;
        byte* chooser = _chooser + (address & _bimodalMask);
        bool says = *chooser >= 2 ? globalSays : localSays;
        if (localSays != globalSays)
        {
            *chooser = Train(*chooser, globalSays == taken);
        }

        *local = Train(*local, taken);
        *global = Train(*global, taken);
        _history = ((_history << 1) | (taken ? 1u : 0u)) & _historyMask;
        return says;
    }

    /// <summary>True when the target buffer knew the branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Remember(ulong pc)
    {
        var tag = (uint)(pc >> InstructionShift);
        uint* entry = _targetTags + (tag & _targetMask);
        bool known = *entry == tag;
        *entry = tag;
        return known;
    }

    private BranchOutcome Return(ulong target)
    {
        bool right = _returns[_top-- & _returnMask] == target;
        if (_callsInWindow == 0)
        {
            return BranchOutcome.Predicted;
        }

        _callsInWindow -= _callsInWindow <= _returnMask + 1 ? 1u : 0;
        return right ? BranchOutcome.Predicted : BranchOutcome.Mispredicted;
    }

    private bool PredictIndirect(ulong pc, ulong target)
    {
        var address = (uint)(pc >> InstructionShift);
        Target* byPath = _indirect + ((address ^ _path) & _indirectMask);
        Target* last = _lastTarget + (address & _indirectMask);
        ulong says = byPath->Pc == pc ? byPath->Address : last->Pc == pc ? last->Address : 0;
        *byPath = new Target { Pc = pc, Address = target };
        *last = new Target { Pc = pc, Address = target };
        _path = (_path << PathShift) ^ (uint)(target >> InstructionShift);
        return says == target;
    }

    private struct Target
    {
        public ulong Pc;
        public ulong Address;
    }
}
