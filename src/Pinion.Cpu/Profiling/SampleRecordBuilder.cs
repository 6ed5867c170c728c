using Pinion.Arm.A64;
using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>Makes a sample, and then a record, of an observed operation: what is collected under which control (Arm ARM D17.5, D18).</summary>
internal sealed class SampleRecordBuilder(SpeProfile profile, IProfilingClock clock)
{
    private const int PmsVerWithAlignment = 2;
    private const int PmsVerWithLevel2 = 5;

    private readonly ushort _counterMaximum = (ushort)((1 << profile.Pmsidr.CounterBits) - 1);
    private readonly SpeEvents _unimplemented =
        (profile.PmsVer < PmsVerWithAlignment ? SpeEvents.Alignment : SpeEvents.None)
        | (profile.PmsVer < PmsVerWithLevel2 ? SpeEvents.L2DataAccess | SpeEvents.L2DataMiss : SpeEvents.None);

    /// <summary>Completes the sample: saturates counters, adds the events that follow from the architecture alone.</summary>
    public SpeSample Complete(in ObservedOperation operation, in OperationTiming timing, bool notTakenWithoutBranch)
    {
        OperationInfo info = OperationTable.Lookup(operation);
        SpeEvents events = Events(operation, info, timing.Events, notTakenWithoutBranch);
        var row = (A64Id)operation.Id;
        byte payload = ExtendedOperation.Payload(profile.Pmsidr, info, row);
        ulong types = ExtendedOperation.FilterTypes(profile.Pmsidr, info, row, operation.Word);
        return new SpeSample(info, payload, types, events, Saturate(timing.Total), Saturate(timing.Issue), Saturate(timing.Translation), timing.Source);
    }

    /// <summary>The model's events, and those that follow from the architecture alone.</summary>
    public SpeEvents Events(in ObservedOperation operation, in OperationInfo info, SpeEvents timed, bool notTakenWithoutBranch)
    {
        SpeEvents events = (timed & ~_unimplemented) | SpeEvents.Retired;
        if (operation.Has(ObservedFlags.TookException))
        {
            return events | SpeEvents.Exception;
        }

        bool notTaken = info.IsBranch ? !operation.Has(ObservedFlags.Taken) : notTakenWithoutBranch && operation.Has(ObservedFlags.ConditionFailed);
        return notTaken ? events | SpeEvents.NotTaken : events;
    }

    /// <summary>The largest latency of a record.</summary>
    public ushort CounterMaximum => _counterMaximum;

    /// <summary>A timestamp as <paramref name="el1"/> and <paramref name="el2"/> ask for it.</summary>
    public ulong Timestamp(Pmscr el1, Pmscr el2) => IsPhysicalTime(el1, el2) ? clock.PhysicalCount : clock.VirtualCount;

    /// <summary>The record of a sample that is kept.</summary>
    public SpeRecord Build(in ObservedOperation operation, in SpeSample sample, Pmscr el1, Pmscr el2, uint contextIdEl2)
    {
        OperationInfo info = sample.Info;
        bool exception = operation.Has(ObservedFlags.TookException);
        SpeRecord record = default;
        record.SetPc(operation.Pc, operation.El);
        record.SetOperation(info.Class, sample.Payload);
        record.SetEvents(sample.Events);
        record.SetLatency(sample.TotalLatency, sample.IssueLatency);

        if (info.IsBranch && !exception && operation.Has(ObservedFlags.Taken))
        {
            record.SetBranchTarget(operation.NextPc, operation.NextEl);
        }

        if (profile.Pmsidr.Pbt && operation.PreviousTarget.IsKnown)
        {
            record.SetPreviousBranchTarget(operation.PreviousTarget.Pc, operation.PreviousTarget.El);
        }

        if (info.IsLoadOrStore)
        {
            BuildAccess(operation, sample, el1.Pa && el2.Pa, exception, ref record);
        }

        if (el1.Cx)
        {
            record.SetContextEl1(operation.ContextId);
        }

        if (el2.Cx)
        {
            record.SetContextEl2(contextIdEl2);
        }

        if (el1.Ts)
        {
            record.SetTimestamp(Timestamp(el1, el2));
        }

        return record;
    }

    private void BuildAccess(in ObservedOperation operation, in SpeSample sample, bool physicalAllowed, bool exception, ref SpeRecord record)
    {
        if (!operation.Has(ObservedFlags.HasVa))
        {
            return;
        }

        record.SetDataVirtual(operation.Va);
        if (!exception || (sample.Events & SpeEvents.TlbWalk) != 0)
        {
            record.SetTranslationLatency(sample.TranslationLatency);
        }

        if (exception)
        {
            return;
        }

        if (physicalAllowed && operation.Has(ObservedFlags.HasPa))
        {
            record.SetDataPhysical(operation.Pa);
        }

        if (profile.Pmsidr.Lds && sample.HasSource)
        {
            record.SetDataSource(sample.Source);
        }
    }

    // With EL1 as owner and EL2 enabled (Arm ARM D17.5.4); CNTPOFF_EL2 is zero without FEAT_ECV, so offset physical time is physical time.
    private static bool IsPhysicalTime(Pmscr el1, Pmscr el2) => el1.Pct != 0 && el2.Pct != 0;

    private ushort Saturate(ushort cycles) => Math.Min(cycles, _counterMaximum);
}
