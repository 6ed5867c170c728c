using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Stress;

/// <summary>One seed's sequence of operations, each checked against the model.</summary>
internal sealed class StressRun(int seed, SpeSeries series, bool cached = false)
{
    private const ulong Page = StressMachine.Page;

    /// <summary>Operations after which the VM is destroyed, whatever is enabled, and another one made.</summary>
    private const int Epoch = 500;

    /// <summary>The posting as it was: pages are paid for one by one, so that an exit may ask for one only, and a refused attempt has charged what it got.</summary>
    private readonly bool _posted = series == SpeSeries.V6Rfc;
    private readonly Random _random = new(seed);
    private readonly Queue<string> _trace = new();
    private readonly SortedDictionary<string, int> _seen = [];
    private readonly List<int> _failures = [];
    private StressMachine _machine = null!;
    private PinModel _model = null!;
    private (int Calls, int Error) _failure;
    private bool _squeezed;
    private bool _unsteady;
    private Action? _meanwhile;
    private ulong _pages;
    private ulong _steps;

    public string Summary => $"{series.Name()}{(cached ? " with pin cache" : "")}, seed {seed}: {_steps} operations, {(double)_pages / _steps:F1} pages pinned on average: {string.Join(", ", _seen.Select(entry => $"{entry.Value} {entry.Key}"))}";

    private ulong Limit => _machine.Host.Limit;

    public void Perform(ulong operations)
    {
        ulong done = 0;
        try
        {
            while (done < operations)
            {
                Begin();
                for (int i = 0; i < Epoch && done < operations; i++, done++)
                {
                    Step();
                    Check();
                }

                End();
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}, operation {done}: {e.Message}\nlast operations:\n{string.Join('\n', _trace)}", e);
        }
    }

    /// <summary>A run that never met a limit or never lost a buffer has shown little.</summary>
    public void ShouldHaveSeenEverything()
    {
        string[] always = ["pinned", "refused", "faulted", "lost", "failed by the host", "unpinned", "changed meanwhile", "steps with shared pages"];
        foreach (string what in _posted ? always : [.. always, "refused then raised", "declined"])
        {
            _seen.GetValueOrDefault(what).ShouldBeGreaterThan(0, $"{what}; {Summary}");
        }
    }

    private void Begin()
    {
        ulong most = (ulong[])[0, 2, 24] is var sizes ? sizes[_random.Next(sizes.Length)] * Page : 0;
        _machine = new StressMachine(series, most, cached);
        _model = new PinModel(most, series);
        _squeezed = false;
        _failure = default;
        _meanwhile = null;
        _machine.Vm.Spe.AtStep = step =>
        {
            if (step == PinStep.Walked && _meanwhile is { } act)
            {
                _meanwhile = null;
                Trace("meanwhile:");
                Note("changed meanwhile");
                act();
                NoticeSqueeze();
            }
        };
        _machine.Host.FailReserve = _ => _failure.Calls < 0 && ++_failure.Calls == 0 ? FailReserve() : 0;
        _machine.Host.FailLock = (_, _) =>
        {
            if (_failure.Calls <= 0 || --_failure.Calls != 0)
            {
                return 0;
            }

            _failures.Add(_failure.Error);
            Note("failed by the host");
            return _failure.Error;
        };
        for (int space = 0; space < StressMachine.Spaces; space++)
        {
            int table = StressMachine.LeafTableOf(space);
            if (table >= 0 && _model.Leaves.TryAdd(table, new Leaf[StressMachine.Leaves]))
            {
                for (int i = 0; i < StressMachine.Leaves; i++)
                {
                    EditLeaf(table, i, new Leaf(LeafKind.Page, StressMachine.Data + ((ulong)((space * 8) + i) * Page)));
                }
            }
        }

        Check();
    }

    /// <summary>The VM goes, with buffers enabled or not: nothing stays behind.</summary>
    private void End()
    {
        _machine.Dispose();
        _machine.Host.LeftBehind.ShouldBe(0UL, "locked when the VM was gone");
    }

    /// <summary>What is given up then cannot be charged again: VmLck falls behind, until the next change makes up for it.</summary>
    private int FailReserve()
    {
        Note("failed by the host");
        _squeezed = true;
        _unsteady = true;
        return Errno.ENOMEM;
    }

    private void Step()
    {
        if (_random.Next(20) < 17)
        {
            StepVcpu(_random.Next(StressMachine.VcpuCount));
        }
        else
        {
            StepVmm();
        }
    }

    private void StepVcpu(int index)
    {
        ModelVcpu vcpu = _model.Vcpus[index];
        if (vcpu.Pending is not null && _random.Next(20) != 0)
        {
            Run(index, false);
            return;
        }

        if (vcpu.NeedsPin)
        {
            Write(index, SysRegId.None, 0);
            return;
        }

        if ((vcpu.Status & Pmbsr.SMask) != 0 && _random.Next(2) == 0)
        {
            // What a driver does about an event.
            bool off = (vcpu.Limit & 1) == 0 || _random.Next(8) == 0;
            Write(index, off ? SysRegId.PMBSR_EL1 : SysRegId.PMBLIMITR_EL1, 0);
            return;
        }

        if (vcpu.Enabled && vcpu.Plan.Count == 0 && _random.Next(3) != 0)
        {
            // A buffer stays for a while.
            StepVmm();
            return;
        }

        if (vcpu.Plan.TryDequeue(out (SysRegId Id, ulong Value) planned))
        {
            Write(index, planned.Id, planned.Value);
            return;
        }

        ulong from = StressMachine.BaseOf(_machine.SpaceOf[index]);
        ulong pointer = from + ((ulong)_random.Next(StressMachine.Leaves - 5) * Page) + ((ulong)_random.Next(2) * 64);
        ulong end = (vcpu.Pointer & ~(Page - 1)) + ((ulong)(_random.Next(16) == 0 ? _random.Next(40) : _random.Next(1, 9)) * Page);
        switch (_random.Next(20))
        {
            case < 3:
                // An enabled buffer is resized.
                Write(index, SysRegId.PMBLIMITR_EL1, end | 1);
                break;
            case 3 when vcpu.Enabled:
                Write(index, SysRegId.PMBPTR_EL1, Math.Min(vcpu.Pointer + Page, vcpu.Limit & ~(Page - 1)));
                break;
            case < 10:
                // A buffer elsewhere. What others do between the writes can be anything.
                vcpu.Plan.Enqueue((SysRegId.PMBPTR_EL1, pointer));
                vcpu.Plan.Enqueue((SysRegId.PMBLIMITR_EL1, ((pointer & ~(Page - 1)) + ((ulong)_random.Next(1, 9) * Page)) | 1));
                Write(index, SysRegId.PMBLIMITR_EL1, 0);
                break;
            case < 13:
                Write(index, SysRegId.PMBLIMITR_EL1, vcpu.Limit & ~1UL);
                break;
            case < 16:
                Write(index, SysRegId.PMBSR_EL1, 0);
                break;
            case 16:
                Write(index, SysRegId.PMBSR_EL1, Pmbsr.SMask);
                break;
            case 17:
                int space = _random.Next(StressMachine.Spaces);
                Trace($"vCPU {index} enters space {space}");
                _machine.EnterSpace(index, space);
                break;
            case 18:
                Restore(index);
                break;
            default:
                if (_random.Next(3) == 0)
                {
                    Trace($"vCPU {index} is reset");
                    _machine.Reset(index);
                    _model.Vcpus[index] = new ModelVcpu();
                }
                else
                {
                    Write(index, SysRegId.PMBLIMITR_EL1, (from + Page) | (2 << 1) | 1);
                }

                break;
        }
    }

    /// <summary>KVM_SET_ONE_REG of a buffer register, as a VMM does that restores a guest.</summary>
    private void Restore(int index)
    {
        ModelVcpu vcpu = _model.Vcpus[index];
        ulong from = StressMachine.BaseOf(_machine.SpaceOf[index]);
        ulong value;
        switch (_random.Next(3))
        {
            case 0:
                value = vcpu.Limit = (from + ((ulong)_random.Next(1, StressMachine.Leaves) * Page)) | (uint)_random.Next(2);
                _machine.Set(index, SysRegId.PMBLIMITR_EL1, value);
                break;
            case 1:
                value = vcpu.Pointer = from + ((ulong)_random.Next(StressMachine.Leaves) * Page);
                _machine.Set(index, SysRegId.PMBPTR_EL1, value);
                break;
            default:
                value = vcpu.Status = (ulong)_random.Next(2) * Pmbsr.SMask;
                _machine.Set(index, SysRegId.PMBSR_EL1, value);
                break;
        }

        Trace($"vCPU {index}'s registers are restored: limit {vcpu.Limit:x} pointer {vcpu.Pointer:x} status {vcpu.Status:x}");
        vcpu.Pending = null;
        vcpu.NeedsPin = vcpu.Enabled;
        if (!vcpu.Enabled)
        {
            vcpu.Owned.Clear();
        }
    }

    private void StepVmm()
    {
        NoticeSqueeze();
        switch (_random.Next(20))
        {
            case < 8:
                EditLeaf(_model.Leaves.Keys.ElementAt(_random.Next(_model.Leaves.Count)), _random.Next(StressMachine.Leaves), RandomLeaf());
                break;
            case < 12:
                ulong charged = _machine.Host.OtherLocked + _model.Watermark;
                _machine.Host.Limit = _random.Next(24) switch
                {
                    < 3 => ulong.MaxValue,
                    3 => charged - Math.Min(charged, (ulong)_random.Next(1, 12) * Page),
                    _ => charged + ((ulong)_random.Next(12) * Page),
                };
                Trace($"limit {Limit:x}");
                break;
            case 12 when Limit == ulong.MaxValue || _random.Next(4) == 0:
                _machine.Host.OtherLocked = (ulong)_random.Next(16) * Page;
                Trace($"others have {_machine.Host.OtherLocked:x} locked");
                break;
            case 13 or 14 when _random.Next(2) == 0:
                Invalidate();
                break;
            case < 18 when _model.SlotHome is null || _random.Next(5) == 0:
                ChangeSlot();
                break;
            default:
                if (_random.Next(3) != 0)
                {
                    return;
                }

                if (_random.Next(4) == 0)
                {
                    _failure = (-_random.Next(1, 4), Errno.ENOMEM);
                    Trace($"charge {-_failure.Calls} from now fails");
                    break;
                }

                _failure = (_random.Next(1, 6), (int[])[Errno.ENOMEM, Errno.EAGAIN, Errno.EFAULT] is var errors ? errors[_random.Next(errors.Length)] : 0);
                Trace($"lock {_failure.Calls} from now fails with {_failure.Error}");
                break;
        }

        NoticeSqueeze();
    }

    /// <summary>From where the limit is below what is charged on, what is given up cannot be charged again; VmLck then may lag behind.</summary>
    private void NoticeSqueeze() => _squeezed |= Limit < _machine.Host.OtherLocked + _model.Watermark;

    /// <summary>The host takes memory, or only touches it.</summary>
    private void Invalidate()
    {
        MmuEvent what = _random.Next(3) == 0 ? (MmuEvent)_random.Next(9) : _random.Next(2) == 0 ? MmuEvent.Aging : MmuEvent.Unmap;
        ulong bytes = (ulong)_random.Next(1, 3) * Page;
        ulong gpa = _model.SlotHome is { } home && _random.Next(2) == 0
            ? home + ((ulong)_random.Next(StressMachine.SlotPages - 2) * Page)
            : _random.Next(8) == 0 ? StressMachine.TablesOf(0).First() : StressMachine.Data + ((ulong)_random.Next(StressMachine.DataPages) * Page);
        Trace($"host: {what} of {gpa:x}, {bytes:x} bytes");
        bool[] lost = Overlapping(gpa, bytes);
        _machine.Invalidate(gpa, bytes, what);
        if (what is MmuEvent.Unmap or MmuEvent.Clear or MmuEvent.Release)
        {
            _model.Gone(gpa, gpa + bytes, lost);
        }
    }

    private void ChangeSlot()
    {
        if (_model.SlotHome is { } home && _random.Next(4) == 0)
        {
            Trace("the slot is deleted");
            bool[] hit = Overlapping(home, StressMachine.SlotPages * Page);
            _machine.DeleteSlot().ShouldBe(0);
            _model.Gone(home, home + (StressMachine.SlotPages * Page), hit);
            _model.SlotHome = null;
            return;
        }

        ulong to = _model.SlotHome is { } now && _random.Next(8) != 0 ? now : StressMachine.SlotHomes[_random.Next(2)];
        KvmMemoryFlags flags = (_random.Next(40) == 0 ? KvmMemoryFlags.ReadOnly : 0) | (_random.Next(4) == 0 ? KvmMemoryFlags.LogDirtyPages : 0);
        bool readOnly = (flags & KvmMemoryFlags.ReadOnly) != 0;
        Trace($"the slot is put at {to:x} with {flags}");
        bool[] lose = _model.SlotHome is { } old ? Overlapping(old, StressMachine.SlotPages * Page) : [];
        bool changesAccess = _model.SlotHome is not null && _model.SlotReadOnly != readOnly;
        _machine.PutSlot(to, flags).ShouldBe(changesAccess ? -Errno.EINVAL : 0);
        if (changesAccess)
        {
            return;
        }

        if (_model.SlotHome is { } before && before != to)
        {
            _model.Gone(before, before + (StressMachine.SlotPages * Page), lose);
        }

        _model.SlotHome = to;
        _model.SlotReadOnly = readOnly;
    }

    /// <summary>vCPUs whose enabled buffer reaches into a range because it is part of a larger one that was kept.</summary>
    private bool[] Overlapping(ulong gpa, ulong bytes) => [.. _machine.Vm.Vcpus.Select(vcpu => cached && vcpu.Spe.Buffer is { } buffer && buffer.Overlaps(gpa, bytes))];

    private Leaf RandomLeaf()
    {
        LeafKind kind = _random.Next(240) switch { 0 => LeafKind.Invalid, 1 => LeafKind.ReadOnly, 2 => LeafKind.NotAccessed, _ => LeafKind.Page };
        ulong gpa = _random.Next(16) switch
        {
            < 11 => StressMachine.Data + ((ulong)_random.Next(StressMachine.DataPages) * Page),
            < 14 => (_model.SlotHome is { } home && _random.Next(32) != 0 ? home : StressMachine.SlotHomes[_random.Next(2)]) + ((ulong)_random.Next(StressMachine.SlotPages) * Page),
            14 => StressMachine.TablesOf(_random.Next(3)).ElementAt(_random.Next(3)),
            _ => _random.Next(16) == 0 ? StressMachine.Nowhere : StressMachine.Data,
        };
        return new Leaf(kind, gpa);
    }

    private void EditLeaf(int table, int index, Leaf leaf)
    {
        int flusher = Array.FindIndex(_model.Vcpus, vcpu => vcpu.Pending is null && !vcpu.NeedsPin && !vcpu.Lost);
        if (cached && flusher < 0)
        {
            return;
        }

        Trace($"table {table} entry {index} says {leaf.Kind} {leaf.Gpa:x}");
        _machine.WriteLeaf(table, index, leaf);
        _model.Leaves[table][index] = leaf;
        if (cached)
        {
            // What is kept pinned is used again without a look at the tables, as a TLB would; so the guest does what it does for a TLB.
            _machine.StartFlush(flusher);
            _machine.Run(flusher, out _).ShouldBe(RunEnd.Done);
        }
    }

    private void Write(int index, SysRegId id, ulong value)
    {
        _model.Vcpus[index].Pending = (id, value);
        _machine.Start(index, id, value);
        Run(index, false);
    }

    /// <summary>KVM_RUN, and the model's idea of it.</summary>
    private void Run(int index, bool mustCommit)
    {
        ModelVcpu vcpu = _model.Vcpus[index];
        (SysRegId id, ulong value) = vcpu.Pending!.Value;
        _failures.Clear();
        _unsteady = false;
        bool repins = vcpu.NeedsPin && vcpu.Enabled;
        if (repins && id != SysRegId.None)
        {
            // Two attempts in one KVM_RUN: which of them a failure hit could not be told.
            _failure = default;
        }
        else if (!repins && !vcpu.Lost && _random.Next(32) == 0)
        {
            // Between the walk and the pin. As good as before both: the walk is done again.
            ulong newLimit = id == SysRegId.PMBLIMITR_EL1 ? value : vcpu.Limit;
            ulong newPointer = id == SysRegId.PMBPTR_EL1 ? value : vcpu.Pointer;
            if (_model.Enable(index, _machine.SpaceOf[index], newPointer, newLimit, [], ulong.MaxValue, 0).Verdict == Verdict.Commit)
            {
                _meanwhile = _random.Next(3) == 0 ? ChangeSlot : Invalidate;
            }
        }

        RunEnd end = _machine.Run(index, out ulong excess);
        _meanwhile = null;
        Trace($"vCPU {index} {(id == SysRegId.None ? "runs" : $"writes {id} = {value:x}")}: {end} {(end == RunEnd.Limit ? $"{excess:x}" : "")}");
        if (vcpu.Lost)
        {
            Note("lost");
            vcpu.TakeLoss();
            Settle(vcpu);
        }

        if (vcpu.NeedsPin && vcpu.Enabled)
        {
            if (!Attempt(index, vcpu.Pointer, vcpu.Limit, end, excess, mustCommit, out Expectation pinned, more: id != SysRegId.None))
            {
                return;
            }

            Apply(vcpu, pinned);
            vcpu.NeedsPin = false;
        }

        ulong limit = id == SysRegId.PMBLIMITR_EL1 ? value : vcpu.Limit;
        ulong pointer = id == SysRegId.PMBPTR_EL1 ? value : vcpu.Pointer;
        ulong status = id == SysRegId.PMBSR_EL1 ? value : vcpu.Status;
        bool changed = limit != vcpu.Limit || pointer != vcpu.Pointer;
        Expectation expected = new(Verdict.Commit, vcpu.Owned);
        if ((limit & 1) != 0 && (status & Pmbsr.SMask) == 0 && (!vcpu.Enabled || changed || vcpu.NeedsPin) && !Attempt(index, pointer, limit, end, excess, mustCommit, out expected))
        {
            return;
        }

        if (id != SysRegId.None && (limit & 1) != 0 && (status & Pmbsr.SMask) == 0)
        {
            // The answer was to this write. What KVM pins by itself before a guest runs does not use it up: the write that waits may come after.
            vcpu.NeedsPin = vcpu.Declined = false;
        }

        (vcpu.Limit, vcpu.Pointer, vcpu.Status) = (limit, pointer, status);
        Apply(vcpu, expected);
        end.ShouldBe(RunEnd.Done);
        vcpu.Pending = null;
    }

    /// <summary>Compares an attempt to pin with what it had to be. False: it was refused, rightly.</summary>
    private bool Attempt(int index, ulong pointer, ulong limit, RunEnd end, ulong excess, bool mustCommit, out Expectation expected, bool more = false)
    {
        ModelVcpu vcpu = _model.Vcpus[index];
        expected = _model.Enable(index, _machine.SpaceOf[index], pointer, limit, _failures, Limit, _machine.Host.OtherLocked, _unsteady);
        if (_posted)
        {
            return AttemptAsPosted(end, excess, ref expected);
        }

        if (expected.Verdict == Verdict.Event)
        {
            Note("faulted");
            return true;
        }

        if (expected.Verdict == Verdict.Refuse && _keptBefore.Count != 0)
        {
            // What stayed locked beyond need makes room, and then the host is asked again.
            expected = expected with { Verdict = Verdict.CommitOrRefuse };
        }

        if (cached && end == RunEnd.Limit && expected.Verdict is Verdict.Commit or Verdict.CommitOrRefuse)
        {
            // An enabled buffer may be part of a larger one that was kept, and only whole buffers that are not enabled make room.
            HashSet<ulong> all = PagesOf(_machine.Vm.Vcpus.Select(other => other.Spe.Buffer).OfType<PinnedBuffer>());
            all.UnionWith(expected.Pages.Keys);
            ulong most = Math.Max(_model.Watermark, (ulong)all.Count * Page) - _model.Watermark;
            if (Limit < _machine.Host.OtherLocked + _model.Watermark + most)
            {
                Note("refused for a larger buffer's sake");
                expected = expected with { Verdict = Verdict.CommitOrRefuse, MostExcess = Math.Max(most, expected.MostExcess) };
            }
        }

        if (mustCommit)
        {
            expected.Verdict.ShouldNotBe(Verdict.Refuse);
            end.ShouldBe(RunEnd.Done, "the limit was raised by what was missing");
        }

        if (vcpu.Declined && (expected.Verdict == Verdict.Refuse || ((cached || expected.Verdict == Verdict.CommitOrRefuse) && (_machine.Get(index, SysRegId.PMBSR_EL1) & Pmbsr.SMask) != 0)))
        {
            // Nobody is asked again.
            Note("declined");
            vcpu.Declined = false;
            expected = new Expectation(Verdict.Event, [], 0x1F, 0, DataLost: true);
            return true;
        }

        if (more && end == RunEnd.Limit && (expected.Verdict == Verdict.Commit || (expected.Verdict == Verdict.CommitOrRefuse && IsPinned(index, expected.Pages))))
        {
            // It is the write after this that was refused.
            return true;
        }

        if (expected.Verdict != Verdict.CommitOrRefuse)
        {
            end.ShouldBe(expected.Verdict == Verdict.Commit ? RunEnd.Done : RunEnd.Limit, $"expected {expected.Verdict}, short of {expected.LeastExcess:x} to {expected.MostExcess:x}, watermark {_model.Watermark:x}");
        }

        if (end == RunEnd.Limit)
        {
            Note("refused");
            excess.ShouldBeGreaterThan(0UL);
            (excess % Page).ShouldBe(0UL);
            if (!IsPinned(index, vcpu.Owned))
            {
                // There was no room for the old buffer beside the new one. It may have been pinned again before user space was asked, by the tables of now.
                Note("old buffer given up");
                Expectation again = _model.Enable(index, _machine.SpaceOf[index], vcpu.Pointer, vcpu.Limit, [], ulong.MaxValue, 0);
                vcpu.NeedsPin = again.Verdict == Verdict.Commit && !IsPinned(index, again.Pages);
                vcpu.Owned = [];
                if (!vcpu.NeedsPin)
                {
                    Apply(vcpu, again);
                }
            }

            if (_random.Next(8) == 0)
            {
                Trace("declined");
                _machine.Decline(index);
                vcpu.Declined = true;
                return false;
            }

            if (_failures.Count == 0 && !_squeezed && !_unsteady)
            {
                excess.ShouldBeInRange(expected.LeastExcess, expected.MostExcess);
                _machine.Vm.Spe.Account.Watermark.ShouldBe(_model.Watermark, "a refusal charges nothing");
                if (_random.Next(2) == 0 && !vcpu.NeedsPin)
                {
                    // One answer is enough.
                    _failure = default;
                    Note("refused then raised");
                    _machine.Host.Limit = Math.Max(Limit, _machine.Host.LockedBytes) + excess;
                    Trace($"limit {Limit:x}");
                    Run(index, true);
                    return false;
                }
            }

            return false;
        }

        Note("pinned");
        return true;
    }

    /// <summary>Pages are pinned while the tables are walked, so a refusal may come before a fault; and what the attempt paid for stays paid.</summary>
    private bool AttemptAsPosted(RunEnd end, ulong excess, ref Expectation expected)
    {
        ulong watermark = _machine.Vm.Spe.Account.Watermark;
        watermark.ShouldBeGreaterThanOrEqualTo(_model.Watermark, "W never falls");
        _model.Watermark = watermark;
        if (end == RunEnd.Limit)
        {
            Note("refused");
            excess.ShouldBe(Page, "the posting's excess is a page");
            (Limit != ulong.MaxValue || _failures.Count != 0 || _unsteady).ShouldBeTrue("nothing refuses");
            return false;
        }

        bool walked = expected.Verdict != Verdict.Event || expected.Class != 0;
        if (walked && _failures.Contains(Errno.EFAULT))
        {
            expected = new Expectation(Verdict.Event, [], 0x25, 7);
        }

        Note(expected.Verdict == Verdict.Event ? "faulted" : "pinned");
        return true;
    }

    /// <summary>What is locked is what would be if vCPU <paramref name="index"/>'s buffer were <paramref name="pages"/>.</summary>
    private bool IsPinned(int index, Dictionary<ulong, bool> pages)
    {
        HashSet<ulong> all = _model.Needed(index);
        all.UnionWith(pages.Keys);
        all.UnionWith(Kept());
        return _machine.Universe(_model.SlotHome).TrueForAll(page => _machine.Host.IsLocked(page.Host) == all.Contains(page.Gpa));
    }

    private void Apply(ModelVcpu vcpu, Expectation outcome)
    {
        if (outcome.Verdict == Verdict.Event)
        {
            vcpu.Event(outcome.Class, outcome.Mss, outcome.DataLost);
        }
        else
        {
            // What is charged for it is between what the buffers need now and that with what they needed before; which of the two is the implementation's choice.
            HashSet<ulong> before = _model.Needed();
            vcpu.Owned = outcome.Pages;
            ulong least = (ulong)_model.Needed().Count * Page;
            before.UnionWith(outcome.Pages.Keys);
            before.UnionWith(_keptBefore);
            ulong watermark = _machine.Vm.Spe.Account.Watermark;
            watermark.ShouldBeInRange(Math.Max(_model.Watermark, least), Math.Max(_model.Watermark, (ulong)before.Count * Page));
            _model.Watermark = watermark;
        }

        Settle(vcpu);
    }

    private HashSet<ulong> _keptBefore = [];

    /// <summary>What is pinned beyond need: kept buffers, and with the cache also what an enabled one has beyond what its registers say.</summary>
    private HashSet<ulong> Kept() => PagesOf(_machine.Vm.Vcpus.SelectMany(vcpu => cached && vcpu.Spe.Buffer is { } buffer ? vcpu.Spe.Kept.Append(buffer) : vcpu.Spe.Kept));

    private static HashSet<ulong> PagesOf(IEnumerable<PinnedBuffer> buffers)
    {
        HashSet<ulong> pages = [];
        foreach (PageRun run in buffers.SelectMany(buffer => buffer.Runs))
        {
            for (ulong gpa = run.Gpa; gpa < run.End; gpa += Page)
            {
                pages.Add(gpa);
            }
        }

        return pages;
    }

    private void Settle(ModelVcpu vcpu)
    {
        if (!vcpu.Enabled && vcpu.Owned.Count != 0)
        {
            Note("unpinned");
            vcpu.Owned = [];
        }
    }

    /// <summary>The invariants, all of them, after every operation.</summary>
    private void Check()
    {
        SpeVm spe = _machine.Vm.Spe;
        HashSet<ulong> needed = _model.Needed();

        // While the limit is below what is charged, what nobody needs stays: its charge could not be kept without it.
        _keptBefore = Kept();
        needed.UnionWith(_keptBefore);
        spe.CheckInvariants().ShouldBeNull();
        List<(ulong Gpa, nint Host)> wrong = _machine.Universe(_model.SlotHome).FindAll(page => _machine.Host.IsLocked(page.Host) != needed.Contains(page.Gpa));
        if (wrong.Count != 0)
        {
            throw new InvalidOperationException(string.Join(", ", wrong.Select(page => $"{page.Gpa:x} is {(needed.Contains(page.Gpa) ? "needed and not locked" : "locked and not needed")}")));
        }

        spe.Account.Locked.ShouldBe((ulong)needed.Count * Page, "L = page x distinct pinned pages");
        _machine.Host.PinnedBytes.ShouldBe(spe.Account.Locked, "the host has locked as much");
        spe.Account.Locked.ShouldBeLessThanOrEqualTo(spe.Account.Watermark, "L <= W");
        spe.Account.Watermark.ShouldBe(_model.Watermark, "W changes only when a buffer is pinned");
        ulong charged = _machine.Host.LockedBytes - _machine.Host.OtherLocked;
        if (_squeezed)
        {
            charged.ShouldBeLessThanOrEqualTo(spe.Account.Watermark, "VmLck is not above W");
            _squeezed = charged != spe.Account.Watermark || Limit < _machine.Host.OtherLocked + _model.Watermark;
        }
        else
        {
            charged.ShouldBe(spe.Account.Watermark, "VmLck = W");
        }

        int shared = 0;
        for (int i = 0; i < _model.Vcpus.Length; i++)
        {
            ModelVcpu vcpu = _model.Vcpus[i];
            shared += vcpu.Owned.Count;
            _machine.Get(i, SysRegId.PMBLIMITR_EL1).ShouldBe(vcpu.Limit);
            _machine.Get(i, SysRegId.PMBPTR_EL1).ShouldBe(vcpu.Pointer);
            _machine.Get(i, SysRegId.PMBSR_EL1).ShouldBe(vcpu.Status);
            if (vcpu.Enabled && !vcpu.Lost && !vcpu.NeedsPin)
            {
                foreach ((ulong gpa, bool written) in vcpu.Owned)
                {
                    Stage2Page mapped = _machine.Vm.Stage2.TranslateForProfiling(gpa, written ? MemoryAccess.Write : MemoryAccess.Read, 0xFF);
                    if (mapped.Host == 0 || (written && !mapped.Writable))
                    {
                        throw new InvalidOperationException($"{gpa:x} is in vCPU {i}'s buffer and stage 2 does not {(mapped.Host == 0 ? "map it" : "let writes through")}");
                    }
                }
            }
        }

        _steps++;
        _pages += (ulong)needed.Count;
        if (shared > needed.Count)
        {
            Note("steps with shared pages");
        }
    }

    private void Note(string what) => _seen[what] = _seen.GetValueOrDefault(what) + 1;

    private void Trace(string what)
    {
        _trace.Enqueue(what);
        if (_trace.Count > 40)
        {
            _trace.Dequeue();
        }
    }
}
