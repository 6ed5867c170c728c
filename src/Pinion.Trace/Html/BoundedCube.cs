using System.Runtime.InteropServices;

namespace Pinion.Trace.Html;

/// <summary>Counts by key, of which so many are kept apart.</summary>
internal sealed class BoundedCube<TValue>(int most)
{
    private readonly Dictionary<CubeKey, TValue?> _values = [];

    /// <summary>Something did not find room.</summary>
    public bool Overflowed { get; private set; }

    public int Count => _values.Count;

    /// <summary>There are more than are to be kept apart, whoever counted them.</summary>
    public bool IsTooLarge => Overflowed || _values.Count > most;

    /// <summary>In any order.</summary>
    public IEnumerable<KeyValuePair<CubeKey, TValue>> All => _values!;

    /// <summary>In the order of their keys.</summary>
    public IEnumerable<KeyValuePair<CubeKey, TValue>> Ordered => All.OrderBy(one => one.Key);

    /// <summary>Whether there is a value of <paramref name="key"/>, or room for one.</summary>
    public bool Takes(CubeKey key)
    {
        if (_values.Count < most || _values.ContainsKey(key))
        {
            return true;
        }

        Overflowed = true;
        return false;
    }

    /// <summary>The value of <paramref name="key"/>, or of a coarser key where there is no room; of the coarsest there must be few.</summary>
    public ref TValue? At(CubeKey key, CubeKey coarser, CubeKey coarsest)
    {
        if (!Takes(key))
        {
            key = _values.Count < 2 * most || _values.ContainsKey(coarser) ? coarser : coarsest;
        }

        return ref CollectionsMarshal.GetValueRefOrAddDefault(_values, key, out _);
    }

    /// <summary>The value of <paramref name="key"/>, room or not.</summary>
    public ref TValue? At(CubeKey key) => ref CollectionsMarshal.GetValueRefOrAddDefault(_values, key, out _);
}
