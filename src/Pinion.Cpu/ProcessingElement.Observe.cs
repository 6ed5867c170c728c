using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Profiling: when to observe instructions one at a time, and what is seen of them.</content>
public sealed unsafe partial class ProcessingElement
{
    private readonly Spu? _spu;
    private readonly TimingModel? _timing;

    // EL or its registers changed: whether sampling is enabled has to be looked at once what was executed before is counted.
    private bool _spuStale;

    // The window before the next sample has begun.
    private bool _windowOpen;

    /// <summary>The profiling unit; null where the PE has none.</summary>
    public Spu? Spu => _spu;

    /// <summary>
    /// Executes towards the next sample: at full speed until the window before it begins, observing from there on.
    /// </summary>
    private void ExecuteProfiled(Spu spu, TimingModel timing, ulong n)
    {
        if (timing.Mode.IsFull)
        {
            Observe(spu, timing, n, feed: true);
            return;
        }

        if (!spu.Enabled)
        {
            RunFast(n);
            return;
        }

        ulong distance = spu.Distance;
        if (!_windowOpen && !timing.Mode.IsOff && distance <= timing.Mode.Window + Threaded.MaxOvershoot + 1UL)
        {
            _windowOpen = true;
            timing.BeginWindow();
        }

        ulong window = timing.Mode.Window;
        if (distance > window + Threaded.MaxOvershoot + 1)
        {
            ulong before = Executed;
            RunFast(Math.Min(n, distance - 1 - window));
            spu.Advance(Executed - before);
            return;
        }

        Observe(spu, timing, Math.Min(n, distance), feed: !timing.Mode.IsOff);
    }

    /// <summary>
    /// Executes up to <paramref name="n"/> instructions one at a time. With <paramref name="feed"/> each goes through the timing model; the one that the unit selected does in any case.
    /// </summary>
    private void Observe(Spu spu, TimingModel timing, ulong n, bool feed)
    {
        Pe* s = State;
        s->Leave = 0;
        Mmu.Observing = true;
        ObservedOperation operation = default;
        for (ulong done = 0; done < n; done++)
        {
            Rec* r = Current();
            if (r == null)
            {
                break;
            }

            bool selected = spu.Enabled && spu.Distance == 1;
            int el = s->El;
            if (!feed && !selected)
            {
                Step(r);
                Account(1, el);
                spu.Advance(1);
            }
            else
            {
                ulong taken = Exceptions.Taken;
                operation.Pc = s->Pc;
                operation.Word = r->Word;
                operation.Id = r->Id;
                operation.El = (byte)el;
                operation.Size = 0;
                operation.Flags = ConditionFails(s, r) ? ObservedFlags.ConditionFailed : ObservedFlags.None;
                operation.ContextId = (uint)s->Sys[(int)SysRegId.CONTEXTIDR_EL1];
                Mmu.AccessCount = 0;
                Step(r);
                Account(1, el);
                operation.NextPc = s->Pc;
                operation.NextEl = s->El;
                if (Exceptions.Taken != taken)
                {
                    operation.Flags |= ObservedFlags.TookException;
                }
                else if (IsTakenBranch((Op)(r->Op & ~Rec.Alternate), operation))
                {
                    operation.Flags |= ObservedFlags.Taken;
                }

                if (Mmu.AccessCount != 0)
                {
                    DescribeAccess(ref operation);
                }

                OperationTiming t = timing.Feed(operation);
                if (selected)
                {
                    spu.Complete(operation, t);
                    _windowOpen = false;
                }
                else if (spu.Enabled)
                {
                    spu.Advance(1);
                }
            }

            if (_spuStale)
            {
                _spuStale = false;
                spu.Reevaluate(s->El);
            }

            if (s->Leave != 0 || spu.IrqPending || (selected && !timing.Mode.IsFull))
            {
                break;
            }
        }

        Mmu.Observing = false;
    }

    private static bool IsTakenBranch(Op op, in ObservedOperation operation) => Threaded.KindOf(op) switch
    {
        OpKind.Indirect => true,
        OpKind.Branch => op is Op.B or Op.Bl || operation.NextPc != operation.Pc + 4,
        _ => op == Op.Eret,
    };

    /// <summary>For conditional selects and compares, integer and FP, the condition is in bits 15:12.</summary>
    private static bool ConditionFails(Pe* s, Rec* r)
    {
        bool select = (A64Id)r->Id is (>= A64Id.CcmnRegister and <= A64Id.Csneg) or A64Id.Fcsel or A64Id.Fccmp or A64Id.Fccmpe;
        return select && !Conditions.Holds(s, Conditions.Mask((r->Word >> 12) & 15));
    }

    private void DescribeAccess(ref ObservedOperation operation)
    {
        ref ObservedAccess first = ref Mmu.Accesses[0];
        ulong end = first.Va + (ulong)first.Size;
        bool write = first.Write;
        for (int i = 1; i < Mmu.AccessCount; i++)
        {
            ref ObservedAccess next = ref Mmu.Accesses[i];
            end = Math.Max(end, next.Va + (ulong)next.Size);
            write |= next.Write;
        }

        operation.Va = first.Va;
        operation.Pa = first.Pa;
        operation.Size = (byte)Math.Min(255, end - first.Va);
        operation.Flags |= ObservedFlags.HasVa | (first.HasPa ? ObservedFlags.HasPa : 0) | (write ? ObservedFlags.Write : 0);
    }

    /// <summary>The profiling unit's view of memory and time.</summary>
    private sealed class SpuPort(ProcessingElement pe) : IProfilingMemory, IProfilingClock
    {
        public ulong PhysicalCount => pe.Timer.PhysicalCount;

        public ulong VirtualCount => pe.Timer.VirtualCount;

        public bool TryTranslate(ulong va, out nint host, out SpuFault fault)
        {
            host = 0;
            Stage1Result t = pe.Mmu.Walk(va, new Stage1Access(MemoryAccess.Write, Privileged: true, Pan: false));
            if (t.Stage2OnWalk)
            {
                fault = new SpuFault(true, (byte)(Pinion.Arm.FaultStatus.Translation | (uint)t.Level));
                return false;
            }

            if (t.Faulted)
            {
                fault = new SpuFault(false, (byte)t.Status);
                return false;
            }

            Stage2Page page = pe.Configuration.Stage2.Translate(t.Ipa, MemoryAccess.Write);
            if (page.Host == 0 || !page.Writable)
            {
                fault = new SpuFault(true, (byte)((page.Host == 0 ? Pinion.Arm.FaultStatus.Translation : Pinion.Arm.FaultStatus.Permission) | 3));
                return false;
            }

            host = page.Host + (nint)(t.Ipa & 0xFFF);
            fault = default;
            return true;
        }
    }
}
