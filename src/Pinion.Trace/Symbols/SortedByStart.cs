namespace Pinion.Trace.Symbols;

/// <summary>What begins at an address.</summary>
internal interface IAtAddress
{
    ulong Start { get; }
}

/// <summary>Looks things up that are sorted by the address they begin at.</summary>
internal static class SortedByStart
{
    /// <summary>How many of them begin at <paramref name="address"/> or before it; the last of these is the one before the answer.</summary>
    public static int CountUpTo<T>(ReadOnlySpan<T> items, ulong address)
        where T : struct, IAtAddress
    {
        int low = 0;
        int high = items.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (items[middle].Start <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
