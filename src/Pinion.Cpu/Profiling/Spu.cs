using System.Diagnostics;
using System.Runtime.CompilerServices;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// The Statistical Profiling Unit of one PE whose EL2 belongs to somebody else (Arm ARM D17): EL1 owns the buffer, only EL0 and EL1 are sampled. Not
/// thread-safe: the PE's thread calls it while the PE runs, the owner of EL2 between runs.
/// </summary>
/// <remarks>
/// The dispatcher runs <see cref="Distance"/> - 1 members of the population at full speed and tells <see cref="Advance"/>, executes the next one in observing mode and
/// gives it to <see cref="Complete"/>. It counts the members before an access to a register up to that access, so that the access finds PMSICR_EL1 exact.
/// A record is in memory before Complete returns. Others are owed for a while, and PSB CSYNC waits for them (<see cref="Recorder"/>).
/// </remarks>
public sealed class Spu
{
    private readonly ISpeRecordSink? _sink;
    private readonly int _pe;
    private readonly SpuOptions _options;
    private readonly SampleRecordBuilder _builder;
    private readonly ProfilingBuffer _buffer;
    private readonly byte[] _record;

    // Nothing that the profile adds has to be found out about an operation.
    private readonly bool _isOrdinary;
    private readonly ulong _filterMask;
    private readonly ulong _eventMask;
    private readonly ulong _inverseEventMask;
    private readonly ulong _latencyMask;
    private readonly ulong _intervalMask;

    private SampleInterval _interval;
    private SampleFilter _filter;
    private Pmscr _control;
    private ulong _distance = ulong.MaxValue;
    private ulong _population;
    private ulong _inFlightUntil;
    private int _el;
    private bool _stopped;

    /// <summary>Makes the unit in its reset state.</summary>
    /// <param name="profile">What it implements.</param>
    /// <param name="memory">Translation of the buffer's addresses.</param>
    /// <param name="clock">Source of timestamps.</param>
    /// <param name="sink">Gets a copy of every record, or null.</param>
    /// <param name="pe">Index of the PE: seeds its random numbers and goes to the sink.</param>
    /// <param name="options">Choices left open, or null for the defaults.</param>
    /// <exception cref="ArgumentException">Records of the profile's layout can be larger than it says.</exception>
    public Spu(SpeProfile profile, IProfilingMemory memory, IProfilingClock clock, ISpeRecordSink? sink = null, int pe = 0, SpuOptions? options = null)
    {
        int largest = profile.Layout == SpeRecordLayout.FixedSlots ? SpeRecordWriter.FixedSize : SpeRecordWriter.PackedMaximum;
        if (largest > profile.Pmsidr.MaxRecordSize)
        {
            throw new ArgumentException($"profile {profile.Name}: records can have {largest} bytes, PMSIDR_EL1.MaxSize says {profile.Pmsidr.MaxRecordSize}", nameof(profile));
        }

        _isOrdinary = profile.Layout == SpeRecordLayout.FixedSlots && !profile.Pmsidr.Pbt && !profile.Pmsidr.Crr && !profile.Pmsidr.Fpf && profile.Pmsidr.Lds;
        _record = new byte[profile.Pmsidr.MaxRecordSize];

        Profile = profile;
        _sink = sink;
        _pe = pe;
        _options = options ?? SpuOptions.Default;
        _buffer = new ProfilingBuffer(profile, memory);
        _builder = new SampleRecordBuilder(profile, clock);
        _interval = new SampleInterval(profile.Pmsidr.ERnd, pe);
        _filterMask = Pmsfcr.ImplementedMask(profile.Pmsidr);
        _eventMask = profile.EventMask;
        _inverseEventMask = profile.Pmsidr.FnE ? profile.EventMask : 0;
        _latencyMask = Pinion.Arm.Spe.Pmslatfr.ImplementedMask(profile.Pmsidr.CounterBits);
        _intervalMask = Pmsicr.ImplementedMask(profile.Pmsidr.ERnd);
        Reset();
    }

    /// <summary>What this unit implements.</summary>
    public SpeProfile Profile { get; }

    /// <summary>Hardware copy of PMBLIMITR_EL1. RES0 bits ignore writes; writes are taken while the buffer is enabled.</summary>
    public ulong Pmblimitr
    {
        get => _buffer.Limit.Value;
        set
        {
            _buffer.Limit = new Pmblimitr(value & Pinion.Arm.Spe.Pmblimitr.ImplementedMask(Profile.PmsVer));
            Reevaluate(_el);
        }
    }

    /// <summary>Hardware copy of PMBPTR_EL1: address of the next byte to write.</summary>
    public ulong Pmbptr
    {
        get => _buffer.Pointer;
        set => _buffer.Pointer = value;
    }

    /// <summary>Hardware copy of PMBSR_EL1. Clearing S lets an armed unit sample again at once.</summary>
    public ulong Pmbsr
    {
        get => _buffer.Status.Value;
        set
        {
            _buffer.Status = new Pmbsr(value & Pinion.Arm.Spe.Pmbsr.ImplementedMask);
            Reevaluate(_el);
        }
    }

    /// <summary>
    /// PMSCR_EL2 of the owner of EL2: PA and PCT limit what EL1 may have recorded, CX adds <see cref="ContextIdEl2"/>. After reset 0x50: physical addresses and physical time
    /// are permitted, as an operating system's boot code at EL2 leaves it.
    /// </summary>
    public ulong PmscrEl2 { get; set; } = Pmscr.PaMask | Pmscr.PctWithoutEcvMask;

    /// <summary>CONTEXTIDR_EL2.</summary>
    public uint ContextIdEl2 { get; set; }

    /// <summary>The level of PMBIRQ: PMBSR_EL1.S.</summary>
    public bool IrqPending => _buffer.Status.S;

    /// <summary>The PMU's counters freeze where PMCR_EL0.FZS asks for it: PMBLIMITR_EL1.{E,PMFZ} is {1,1} and PMBSR_EL1.S is 1 (SPEv1p2).</summary>
    public bool PmuFreeze => _buffer.Status.S && _buffer.Limit.E && _buffer.Limit.Pmfz;

    /// <summary>Sampling happens at the present Exception level (ProfilingEnabled in the Arm ARM).</summary>
    public bool Enabled { get; private set; }

    /// <summary>Members of the population until the selected one: 1 when the next operation is selected, <see cref="ulong.MaxValue"/> while not <see cref="Enabled"/>.</summary>
    public ulong Distance => _distance;

    /// <summary>What <see cref="Distance"/> will be behind the next sample, while nothing is written to a register; 0 where that is not known.</summary>
    public ulong DistanceOfNext => _interval.Period;

    /// <summary>Samples that can be taken before the first of them is completed, because nothing that these would do keeps the others from being taken: their records have room in the buffer, and in its page. At least 1.</summary>
    public int SamplesWithRoom => _buffer.Records;

    /// <summary>
    /// Whether a sample now would be an ordinary one: the interval is not random, nothing filters, and the record has the fixed layout. Then all that taking it changes for the next ones is known before (<see cref="Owe"/>),
    /// and the record can be written later (<see cref="Record"/>).
    /// </summary>
    internal bool IsPlain => _isOrdinary && Enabled && _interval.Period != 0 && _filter.Control.Value == 0 && !_buffer.Limit.Discard && !new Pmscr(PmscrEl2).Cx;

    /// <summary>SAMPLE_POP (0x4000): members of the population.</summary>
    public ulong SamplePop => _population;

    /// <summary>SAMPLE_FEED (0x4001): samples taken, before filtering.</summary>
    public ulong SampleFeed { get; private set; }

    /// <summary>SAMPLE_FILTRATE (0x4002): samples that passed the filters; also in discard mode.</summary>
    public ulong SampleFiltrate { get; private set; }

    /// <summary>SAMPLE_COLLISION (0x4003): selections dropped because a sample was in flight.</summary>
    public ulong SampleCollision { get; private set; }

    /// <summary>
    /// Operations at Exception levels that PMSCR_EL1 samples which are no members of the population, because a buffer event has stopped the unit (PMBSR_EL1.S) or its buffer is disabled. The owner of EL2
    /// disables it, too, while it serves an event.
    /// </summary>
    public ulong SampleStopped { get; private set; }

    /// <summary>Warm reset. Only PMBLIMITR_EL1.E has a defined value; see <see cref="SpuOptions.PoisonReset"/> for the others. The event counts go on.</summary>
    public void Reset()
    {
        _interval.Reset();
        ulong unknown = _options.PoisonReset ? 0xDEAD_BEEF_5A5A_A5A5 : 0;
        Write(SysRegId.PMSIRR_EL1, unknown);
        Write(SysRegId.PMSICR_EL1, unknown);
        Write(SysRegId.PMSFCR_EL1, unknown);
        Write(SysRegId.PMSEVFR_EL1, unknown);
        Write(SysRegId.PMSNEVFR_EL1, unknown);
        Write(SysRegId.PMSLATFR_EL1, unknown);
        Write(SysRegId.PMSDSFR_EL1, unknown);
        Write(SysRegId.PMSCR_EL1, unknown);
        Pmbptr = unknown;
        Pmbsr = unknown;
        Pmblimitr = unknown & ~Pinion.Arm.Spe.Pmblimitr.EMask;
        _inFlightUntil = 0;
    }

    /// <summary>
    /// Reads a PMS*_EL1 or PMB*_EL1 register as EL1 does when nothing traps. Anything else, and what the profile does not implement, reads as zero: whether an
    /// encoding is UNDEFINED is the dispatcher's to know.
    /// </summary>
    public ulong Read(SysRegId id) => id switch
    {
        SysRegId.PMSCR_EL1 => _control.Value,
        SysRegId.PMSNEVFR_EL1 => _filter.InverseEvents.Value,
        SysRegId.PMSICR_EL1 => _interval.Value.Value,
        SysRegId.PMSIRR_EL1 => _interval.Reload.Value,
        SysRegId.PMSFCR_EL1 => _filter.Control.Value,
        SysRegId.PMSEVFR_EL1 => _filter.Events.Value,
        SysRegId.PMSLATFR_EL1 => _filter.Latency.Value,
        SysRegId.PMSDSFR_EL1 => _filter.Sources,
        SysRegId.PMSIDR_EL1 => Profile.Pmsidr.Value,
        SysRegId.PMBLIMITR_EL1 => Pmblimitr,
        SysRegId.PMBPTR_EL1 => Pmbptr,
        SysRegId.PMBSR_EL1 => Pmbsr,
        SysRegId.PMBIDR_EL1 => Profile.Pmbidr.WithP(false).Value,
        _ => 0,
    };

    /// <summary>Writes a register as EL1 does when nothing traps. RES0 bits, read-only registers and registers of other units ignore it.</summary>
    public void Write(SysRegId id, ulong value)
    {
        switch (id)
        {
            case SysRegId.PMSCR_EL1:
                _control = new Pmscr(value & Pmscr.ImplementedMask);
                break;
            case SysRegId.PMSNEVFR_EL1:
                _filter.InverseEvents = new Pmsevfr(value & _inverseEventMask);
                return;
            case SysRegId.PMSICR_EL1:
                _interval.Value = new Pmsicr(value & _intervalMask);
                break;
            case SysRegId.PMSIRR_EL1:
                _interval.Reload = new Pmsirr(value & Pmsirr.ImplementedMask);
                break;
            case SysRegId.PMSFCR_EL1:
                _filter.Control = new Pmsfcr(value & _filterMask);
                return;
            case SysRegId.PMSEVFR_EL1:
                _filter.Events = new Pmsevfr(value & _eventMask);
                return;
            case SysRegId.PMSLATFR_EL1:
                _filter.Latency = new Pmslatfr(value & _latencyMask);
                return;
            case SysRegId.PMSDSFR_EL1:
                _filter.Sources = Profile.Pmsidr.Fds ? value : 0;
                return;
            case SysRegId.PMBLIMITR_EL1:
                Pmblimitr = value;
                return;
            case SysRegId.PMBPTR_EL1:
                Pmbptr = value;
                return;
            case SysRegId.PMBSR_EL1:
                Pmbsr = value;
                return;
            default:
                return;
        }

        Reevaluate(_el);
    }

    /// <summary>Looks again whether sampling is enabled, at Exception level <paramref name="el"/> (Arm ARM D17.3). Every register write does it for the last level given.</summary>
    public void Reevaluate(int el)
    {
        _el = el;
        bool asked = el switch
        {
            0 => _control.E0Spe,
            1 => _control.E1Spe,
            _ => false,
        };
        bool enabled = asked && _buffer.Limit.E && !_buffer.Status.S;
        _stopped = asked && !enabled;
        if (enabled && !Enabled)
        {
            _interval.Enable();
        }

        Enabled = enabled;
        _distance = enabled ? _interval.Distance : ulong.MaxValue;
    }

    /// <summary>Counts <paramref name="n"/> members of the population, none of them selected: <paramref name="n"/> is less than <see cref="Distance"/>. Nothing while not <see cref="Enabled"/>.</summary>
    public void Advance(ulong n)
    {
        if (Enabled)
        {
            Debug.Assert(n < _distance, "would pass over a selected member");
            _interval.Advance(n);
            _distance -= n;
            _population += n;
        }
        else if (_stopped)
        {
            SampleStopped += n;
        }
    }

    /// <summary>
    /// The selected operation has executed: counts it, filters it, writes its record. <see cref="Distance"/> was 1 before it. <see cref="Enabled"/> must still be the
    /// state in which it executed: the dispatcher calls this before <see cref="Reevaluate"/> with the Exception level the operation led to.
    /// </summary>
    /// <returns>What became of the sample; null where nothing was selected.</returns>
    internal SampleFate? Complete(in ObservedOperation operation, in OperationTiming timing)
    {
        if (!Enabled)
        {
            return null;
        }

        bool selected = _interval.Step();
        _population++;
        SampleFate? fate = selected ? Sample(_population, operation, timing) : null;
        Debug.Assert(selected, "not the selected member");
        Reevaluate(_el);
        return fate;
    }

    /// <summary>Records have physical addresses.</summary>
    internal bool RecordsPhysical => _control.Pa && new Pmscr(PmscrEl2).Pa;

    /// <summary>How many records, up to <paramref name="most"/>, have room behind those that are owed, in pages that can be written; 0 where it takes <see cref="Complete"/> to find out.</summary>
    internal int Reserve(int most) => _buffer.Reserve(most);

    /// <summary>
    /// Counts the members of <paramref name="batch"/>, whose records will be written later, where <see cref="Reserve"/> found room. False where that is not so since <see cref="Settled"/>, and nothing is counted.
    /// </summary>
    internal bool Owe(SampleBatch batch)
    {
        if (!_buffer.Owe(batch.Samples))
        {
            return false;
        }

        Debug.Assert(batch.ToFirst == _distance && batch.ToNext == _interval.Period, "not the selected members");
        batch.Population = _population;
        _interval.Select();
        _distance = _interval.Period;
        _population += batch.Members;
        return true;
    }

    /// <summary>Completes a sample that is owed, at <paramref name="population"/> members: filters nothing, writes its record. Any thread, one at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal unsafe void Record(ulong population, in ObservedOperation operation, in OperationTiming timing)
    {
        ref readonly OperationInfo info = ref OperationTable.Row(operation.Id);
        if (info.Has(OperationFlags.Refine) || population < _inFlightUntil || Math.Max(timing.Total, timing.Translation) > _builder.CounterMaximum)
        {
            Sample(population, operation, timing);
            return;
        }

        _inFlightUntil = population + ((ulong)timing.Total * (uint)_options.OperationsPerCycleInFlight);
        SampleFeed++;
        SampleFiltrate++;
        var el2 = new Pmscr(PmscrEl2);
        SpeEvents events = _builder.Events(operation, info, timing.Events, _options.NotTakenWithoutBranch);
        byte* to = _buffer.Place(SpeRecordWriter.FixedSize);
        FixedRecord.Write(to, operation, info, events, timing, _control.Pa && el2.Pa, _control.Cx);
        if (_control.Ts)
        {
            FixedRecord.Stamp(to, _builder.Timestamp(_control, el2));
        }

        _sink?.Append(_pe, new ReadOnlySpan<byte>(to, SpeRecordWriter.FixedSize));
    }

    /// <summary>Nothing is owed any more.</summary>
    internal void Settled() => _buffer.Settled();

    /// <summary>What a record of the operation would say, sampled or not, without context, timestamp and physical address.</summary>
    internal SpeRecord Describe(in ObservedOperation operation, in OperationTiming timing) =>
        _builder.Build(operation, _builder.Complete(operation, timing, _options.NotTakenWithoutBranch), default, default, 0);

    private SampleFate Sample(ulong population, in ObservedOperation operation, in OperationTiming timing)
    {
        if (population < _inFlightUntil)
        {
            SampleCollision++;
            _buffer.Status = _buffer.Status.WithCollision();
            return SampleFate.Collided;
        }

        SpeSample sample = _builder.Complete(operation, timing, _options.NotTakenWithoutBranch);
        _inFlightUntil = population + ((ulong)sample.TotalLatency * (uint)_options.OperationsPerCycleInFlight);
        SampleFeed++;
        if (!_filter.Keeps(sample))
        {
            return SampleFate.Filtered;
        }

        SampleFiltrate++;
        if (_buffer.Limit.Discard)
        {
            return SampleFate.Discarded;
        }

        SpeRecord record = _builder.Build(operation, sample, _control, new Pmscr(PmscrEl2), ContextIdEl2);
        int size = SpeRecordWriter.FixedSize;
        if (Profile.Layout == SpeRecordLayout.FixedSlots)
        {
            SpeRecordWriter.WriteFixed64(record, _record);
        }
        else
        {
            size = SpeRecordWriter.WritePacked(record, Profile.Pmbidr.Alignment, _record);
        }

        ReadOnlySpan<byte> bytes = _record.AsSpan(0, size);
        if (!_buffer.Append(bytes))
        {
            return SampleFate.Lost;
        }

        _sink?.Append(_pe, bytes);
        return SampleFate.Recorded;
    }
}
