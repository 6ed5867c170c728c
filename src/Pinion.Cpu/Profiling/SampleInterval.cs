using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// The sample interval counter: PMSICR_EL1 fed by the population (Arm ARM D17.4 and the pseudocode of J1.1). Members are counted in bulk; the
/// two counters are brought up to date only when somebody looks.
/// </summary>
/// <remarks>
/// One member does this: COUNT 0 is reloaded from PMSIRR_EL1 and selects nothing; any other COUNT goes down, and when it gets to 0 the member is selected,
/// or, with RND and a second counter, a random ECOUNT is drawn. A drawn or pending ECOUNT then goes down too, and selects when it gets to 0.
/// The next random number is drawn ahead, so the distance to the next selection is always known.
/// </remarks>
internal struct SampleInterval
{
    private readonly bool _hasSecondCounter;
    private readonly ulong _seed;
    private ulong _random;
    private byte _nextRandom;
    private uint _count;
    private byte _ecount;
    private ulong _pending;

    public SampleInterval(bool hasSecondCounter, int pe)
    {
        _hasSecondCounter = hasSecondCounter;
        _seed = (ulong)(pe + 1) * 0x9E37_79B9_7F4A_7C15;
        Reset();
    }

    /// <summary>PMSIRR_EL1. A write takes effect at the next reload.</summary>
    public Pmsirr Reload;

    /// <summary>PMSICR_EL1.</summary>
    public Pmsicr Value
    {
        get
        {
            Materialise();
            return Pmsicr.From(_count, _ecount);
        }

        set
        {
            _pending = 0;
            _count = value.Count;
            _ecount = _hasSecondCounter ? value.ECount : (byte)0;
        }
    }

    /// <summary>Members until the selected one: 1 when the next member is selected.</summary>
    public ulong Distance
    {
        get
        {
            Materialise();
            ulong untilZero = _count == 0 ? LoadValue + 1ul : _count;
            if (!TwoCounters)
            {
                return untilZero;
            }

            if (_ecount != 0 && _ecount < untilZero)
            {
                return _ecount;
            }

            // The member that brings COUNT to 0 draws, and counts ECOUNT down once itself.
            return untilZero + (_nextRandom == 0 ? 0u : _nextRandom - 1u);
        }
    }

    /// <summary>Members from one selected to the next, the latter included; 0 where that is random.</summary>
    public readonly ulong Period => Reload.Rnd ? 0 : Reload.Interval + 1ul;

    private readonly bool TwoCounters => _hasSecondCounter && Reload.Rnd;

    private readonly uint LoadValue => Reload.Interval + (Reload.Rnd && !_hasSecondCounter ? _nextRandom : 0u);

    /// <summary>State after reset: counters zero, the random sequence from its start.</summary>
    public void Reset()
    {
        Reload = default;
        _count = 0;
        _ecount = 0;
        _pending = 0;
        _random = _seed;
        Draw();
    }

    /// <summary>Profiling has become enabled: a register of zero is loaded, any other value goes on.</summary>
    public void Enable()
    {
        Materialise();
        if (_count == 0 && _ecount == 0)
        {
            Load();
        }
    }

    /// <summary>Counts <paramref name="members"/> of which none is selected.</summary>
    public void Advance(ulong members) => _pending += members;

    /// <summary>Counts up to and with the selected member, where the interval is not random.</summary>
    public void Select()
    {
        _pending = 0;
        _count = 0;
    }

    /// <summary>Counts one member; true when it is selected.</summary>
    public bool Step()
    {
        Materialise();
        return StepOne();
    }

    private bool StepOne()
    {
        if (_count == 0)
        {
            Load();
        }
        else if (--_count == 0)
        {
            if (!TwoCounters)
            {
                return true;
            }

            _ecount = Draw();
            if (_ecount == 0)
            {
                return true;
            }
        }

        return TwoCounters && _ecount != 0 && --_ecount == 0;
    }

    private void Materialise()
    {
        while (_pending != 0)
        {
            // What happens at a zero of either counter is left to StepOne; between zeros both just go down.
            ulong run = Math.Min(_pending, _count == 0 ? 0 : _count - 1u);
            if (TwoCounters && _ecount != 0)
            {
                run = Math.Min(run, _ecount - 1u);
            }

            if (run == 0)
            {
                StepOne();
                _pending--;
                continue;
            }

            _count -= (uint)run;
            if (TwoCounters && _ecount != 0)
            {
                _ecount -= (byte)run;
            }

            _pending -= run;
        }
    }

    private void Load()
    {
        _count = LoadValue;
        if (Reload.Rnd && !_hasSecondCounter)
        {
            Draw();
        }
    }

    /// <summary>Gives the number drawn ahead and draws the next (xorshift64*).</summary>
    private byte Draw()
    {
        byte drawn = _nextRandom;
        _random ^= _random >> 12;
        _random ^= _random << 25;
        _random ^= _random >> 27;
        _nextRandom = (byte)((_random * 0x2545_F491_4F6C_DD1D) >> 56);
        return drawn;
    }
}
