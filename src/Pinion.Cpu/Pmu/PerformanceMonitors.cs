using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Pmu;

/// <summary>
/// PMUv3 (Arm ARM D13) with six event counters and the cycle counter. One instruction counts as one cycle: the engine has no other clock that would be the
/// same for every reader.
/// </summary>
internal sealed class PerformanceMonitors(ProcessingElement pe)
{
    /// <summary>Event counters, as on Neoverse N1 (PMCR_EL0.N).</summary>
    public const int Counters = 6;

    private const int CycleBit = 31;
    private const uint Implemented = (1u << CycleBit) | ((1u << Counters) - 1);

    private const ulong Pmcr = 0x410C_3000;
    private const uint SwIncr = 0x00, InstRetired = 0x08, CpuCycles = 0x11, Chain = 0x1E, SamplePop = 0x4000, SampleFeed = 0x4001, SampleFiltrate = 0x4002, SampleCollision = 0x4003;

    /// <summary>PMCEID0_EL0: the events above.</summary>
    public const ulong CommonEvents0 = (1UL << (int)SwIncr) | (1UL << (int)InstRetired) | (1UL << (int)CpuCycles) | (1UL << (int)Chain) | (0xFUL << 32);

    private readonly uint[] _type = new uint[Counters];
    private readonly ulong[] _count = new ulong[Counters];
    private readonly ulong[] _sampleSeen = new ulong[4];
    private ulong _cycles;
    private uint _cycleFilter;
    private uint _enabled;
    private uint _overflow;
    private uint _interrupts;
    private uint _control;
    private uint _select;
    private uint _user;
    private ulong _notRetiredSeen;
    private bool _line;

    /// <summary>Something counts.</summary>
    public bool Active { get; private set; }

    /// <summary>PMUSERENR_EL0.</summary>
    public uint UserEnable => _user;

    /// <summary>Cumulative sample events of the profiling unit: population, feed, filtrate, collision. Null where there is none.</summary>
    public Func<int, ulong>? SampleEvents { get; set; }

    /// <summary>Instructions that can be executed before an enabled counter wraps.</summary>
    public ulong InstructionsUntilOverflow
    {
        get
        {
            if (!Active || _interrupts == 0)
            {
                return ulong.MaxValue;
            }

            ulong least = ulong.MaxValue;
            if ((_enabled & _interrupts & (1u << CycleBit)) != 0)
            {
                least = LongCycle ? ulong.MaxValue - _cycles : 0x1_0000_0000UL - (uint)_cycles;
            }

            for (int i = 0; i < Counters; i++)
            {
                if ((_enabled & _interrupts & (1u << i)) != 0)
                {
                    least = Math.Min(least, UntilWrap(i));
                }
            }

            return Math.Max(1, least);
        }
    }

    /// <summary>Instructions until event counter <paramref name="i"/> can wrap; one that chains wraps with the counter below it.</summary>
    private ulong UntilWrap(int i)
    {
        ulong left = 0x1_0000_0000 - _count[i];
        bool chains = (i & 1) != 0 && (_type[i] & 0xFFFF) == Chain;
        return !chains ? left : left == 1 ? 0x1_0000_0000 - _count[i - 1] : ulong.MaxValue;
    }

    private bool LongCycle => (_control & 0x40) != 0;

    /// <summary>Counts <paramref name="n"/> instructions executed at <paramref name="el"/>.</summary>
    public unsafe void Count(int el, ulong n)
    {
        ulong notRetired = pe.State->NotRetired - _notRetiredSeen;
        _notRetiredSeen += notRetired;
        if ((_enabled & (1u << CycleBit)) != 0 && Counts(_cycleFilter, el))
        {
            ulong before = _cycles;
            _cycles += n;
            if (LongCycle ? _cycles < before : (before >> 32) != (_cycles >> 32))
            {
                _overflow |= 1u << CycleBit;
            }
        }

        for (int i = 0; i < Counters; i++)
        {
            if ((_enabled & (1u << i)) != 0 && Counts(_type[i], el))
            {
                ulong amount = (_type[i] & 0xFFFF) switch
                {
                    InstRetired => n - Math.Min(n, notRetired),
                    CpuCycles => n,
                    _ => 0,
                };
                Add(i, amount);
            }
        }

        if (SampleEvents is not null)
        {
            CountSamples(el);
        }

        Drive();
    }

    private void CountSamples(int el)
    {
        for (int e = 0; e < 4; e++)
        {
            ulong now = SampleEvents!(e);
            ulong delta = now - _sampleSeen[e];
            _sampleSeen[e] = now;
            if (delta == 0)
            {
                continue;
            }

            for (int i = 0; i < Counters; i++)
            {
                if ((_enabled & (1u << i)) != 0 && (_type[i] & 0xFFFF) == SamplePop + (uint)e && Counts(_type[i], el))
                {
                    Add(i, delta);
                }
            }
        }
    }

    private void Add(int counter, ulong amount)
    {
        ulong sum = _count[counter] + amount;
        _count[counter] = (uint)sum;
        if (sum >> 32 != 0)
        {
            _overflow |= 1u << counter;

            // An even counter's overflow feeds the odd one that chains to it.
            if ((counter & 1) == 0 && (_type[counter + 1] & 0xFFFF) == Chain && (_enabled & (2u << counter)) != 0)
            {
                Add(counter + 1, sum >> 32);
            }
        }
    }

    // P (bit 31) and U (bit 30) exclude EL1 and EL0.
    private static bool Counts(uint filter, int el) => (filter & (el == 0 ? 1u << 30 : 1u << 31)) == 0;

    private void Drive()
    {
        bool line = (_overflow & _interrupts) != 0 && (_control & 1) != 0;
        if (line != _line)
        {
            _line = line;
            pe.Configuration.Outputs.PmuLine(line);
        }
    }

    public ulong Read(SysRegId register)
    {
        switch (register)
        {
            case SysRegId.PMCR_EL0:
                return Pmcr | _control;
            case SysRegId.PMCNTENSET_EL0 or SysRegId.PMCNTENCLR_EL0:
                return _enabled;
            case SysRegId.PMOVSCLR_EL0 or SysRegId.PMOVSSET_EL0:
                return _overflow;
            case SysRegId.PMINTENSET_EL1 or SysRegId.PMINTENCLR_EL1:
                return _interrupts;
            case SysRegId.PMSELR_EL0:
                return _select;
            case SysRegId.PMUSERENR_EL0:
                return _user;
            case SysRegId.PMCCNTR_EL0:
                return _cycles;
            case SysRegId.PMCCFILTR_EL0:
                return _cycleFilter;
            case SysRegId.PMXEVTYPER_EL0:
                return _select == CycleBit ? _cycleFilter : _select < Counters ? _type[_select] : 0;
            case SysRegId.PMXEVCNTR_EL0:
                return _select < Counters ? _count[_select] : 0;
            case >= SysRegId.PMEVCNTR0_EL0 and <= SysRegId.PMEVCNTR30_EL0:
                return register - SysRegId.PMEVCNTR0_EL0 < Counters ? _count[register - SysRegId.PMEVCNTR0_EL0] : 0;
            case >= SysRegId.PMEVTYPER0_EL0 and <= SysRegId.PMEVTYPER30_EL0:
                return register - SysRegId.PMEVTYPER0_EL0 < Counters ? _type[register - SysRegId.PMEVTYPER0_EL0] : 0;
            default:
                return 0;
        }
    }

    public unsafe void Write(SysRegId register, ulong value)
    {
        uint v = (uint)value;
        const uint TypeMask = 0xFC00_FFFF;
        switch (register)
        {
            case SysRegId.PMCR_EL0:
                _control = v & 0x79;
                if ((v & 2) != 0)
                {
                    Array.Clear(_count);
                }

                if ((v & 4) != 0)
                {
                    _cycles = 0;
                }

                break;
            case SysRegId.PMCNTENSET_EL0:
                _enabled |= v & Implemented;
                break;
            case SysRegId.PMCNTENCLR_EL0:
                _enabled &= ~v;
                break;
            case SysRegId.PMOVSCLR_EL0:
                _overflow &= ~v;
                break;
            case SysRegId.PMOVSSET_EL0:
                _overflow |= v & Implemented;
                break;
            case SysRegId.PMINTENSET_EL1:
                _interrupts |= v & Implemented;
                break;
            case SysRegId.PMINTENCLR_EL1:
                _interrupts &= ~v;
                break;
            case SysRegId.PMSWINC_EL0:
                for (int i = 0; i < Counters; i++)
                {
                    if ((v & _enabled & (1u << i)) != 0 && (_type[i] & 0xFFFF) == SwIncr && (_control & 1) != 0 && Counts(_type[i], pe.State->El))
                    {
                        Add(i, 1);
                    }
                }

                break;
            case SysRegId.PMSELR_EL0:
                _select = v & 31;
                break;
            case SysRegId.PMUSERENR_EL0:
                _user = v & 15;
                break;
            case SysRegId.PMCCNTR_EL0:
                _cycles = value;
                break;
            case SysRegId.PMCCFILTR_EL0:
                _cycleFilter = v & 0xFC00_0000;
                break;
            case SysRegId.PMXEVTYPER_EL0 when _select == CycleBit:
                _cycleFilter = v & 0xFC00_0000;
                break;
            case SysRegId.PMXEVTYPER_EL0 when _select < Counters:
                _type[_select] = v & TypeMask;
                break;
            case SysRegId.PMXEVCNTR_EL0 when _select < Counters:
                _count[_select] = v;
                break;
            case >= SysRegId.PMEVCNTR0_EL0 and <= SysRegId.PMEVCNTR30_EL0:
                if (register - SysRegId.PMEVCNTR0_EL0 < Counters)
                {
                    _count[register - SysRegId.PMEVCNTR0_EL0] = v;
                }

                break;
            case >= SysRegId.PMEVTYPER0_EL0 and <= SysRegId.PMEVTYPER30_EL0:
                if (register - SysRegId.PMEVTYPER0_EL0 < Counters)
                {
                    _type[register - SysRegId.PMEVTYPER0_EL0] = v & TypeMask;
                }

                break;
        }

        SettleSources();
        Active = (_control & 1) != 0 && _enabled != 0;
        Drive();
    }

    // What happened while nothing counted must not be counted later.
    private unsafe void SettleSources()
    {
        if (!Active)
        {
            _notRetiredSeen = pe.State->NotRetired;
            for (int e = 0; e < 4 && SampleEvents is not null; e++)
            {
                _sampleSeen[e] = SampleEvents(e);
            }
        }
    }
}
