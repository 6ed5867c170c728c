namespace Pinion.Arm.Spe;

/// <summary>What became of an operation that the interval counter selected.</summary>
public enum SampleFate
{
    /// <summary>Its record is in the guest's buffer.</summary>
    Recorded,

    /// <summary>A sample was in flight, so this one was dropped (PMBSR_EL1.COLL).</summary>
    Collided,

    /// <summary>A filter dropped it.</summary>
    Filtered,

    /// <summary>The buffer is in discard mode.</summary>
    Discarded,

    /// <summary>The buffer did not take it: full, or its translation faulted.</summary>
    Lost,

    /// <summary>How many there are.</summary>
    Count,
}

/// <summary>How many selected operations met each fate.</summary>
public sealed class SampleFates
{
    private readonly ulong[] _counts = new ulong[(int)SampleFate.Count];

    /// <summary>Operations that met <paramref name="fate"/>.</summary>
    public ulong this[SampleFate fate]
    {
        get => _counts[(int)fate];
        set => _counts[(int)fate] = value;
    }

    /// <summary>All that were selected.</summary>
    public ulong Selected
    {
        get
        {
            ulong sum = 0;
            foreach (ulong count in _counts)
            {
                sum = SpeSums.Saturate(sum, count);
            }

            return sum;
        }
    }

    /// <summary>Adds those of <paramref name="other"/>. A sum that is too large for 64 bits stays at the largest number.</summary>
    public void Add(SampleFates other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] = SpeSums.Saturate(_counts[i], other._counts[i]);
        }
    }

    /// <summary>Sets all to 0.</summary>
    public void Clear() => Array.Clear(_counts);
}
