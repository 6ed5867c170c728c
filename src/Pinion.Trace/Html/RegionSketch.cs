using System.Numerics;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Html;

/// <summary>
/// How often cache lines or pages are accessed, by a hash of their address: finds those with most samples among any number of them in bounded memory. What counts is the same in whatever order it is added.
/// </summary>
internal sealed class RegionSketch
{
    private const int SlotBits = 17;
    private const uint Write = 1u << 31;

    private readonly int[] _samples = new int[1 << SlotBits];

    /// <summary>CPUs, by their number modulo 31, and whether anything was written.</summary>
    private readonly uint[] _access = new uint[1 << SlotBits];

    /// <summary>Slot of a region.</summary>
    public static int SlotOf(GroupKey region) => (int)((((region.A >> 6) + (region.B * 0x9E37_79B9)) * 0x9E37_79B9_7F4A_7C15) >> (64 - SlotBits));

    public void Add(GroupKey region, int cpu, in SpeRecord record)
    {
        int slot = SlotOf(region);
        _samples[slot]++;
        _access[slot] |= (1u << (int)((uint)cpu % 31)) | (record.IsStore || record.IsAtomic ? Write : 0);
    }

    public void Add(RegionSketch other)
    {
        for (int slot = 0; slot < _samples.Length; slot++)
        {
            _samples[slot] += other._samples[slot];
            _access[slot] |= other._access[slot];
        }
    }

    /// <summary>The slots with most samples, and those with most that several CPUs access and one writes.</summary>
    public HashSet<int> Choose(int most, int mostShared) =>
    [
        .. Top(most, _ => true),
        .. Top(mostShared, slot => BitOperations.PopCount(_access[slot] & ~Write) > 1 && (_access[slot] & Write) != 0),
    ];

    private IEnumerable<int> Top(int most, Func<int, bool> where) =>
        Enumerable.Range(0, _samples.Length).Where(slot => _samples[slot] != 0 && where(slot)).OrderByDescending(slot => _samples[slot]).ThenBy(slot => slot).Take(most);
}
