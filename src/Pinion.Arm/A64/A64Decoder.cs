namespace Pinion.Arm.A64;

/// <summary>Finds the row of <see cref="A64Table"/> that a word belongs to.</summary>
/// <remarks>
/// Two levels: bits 31:21 choose a list of rows, and where that list is long bits 15:10 choose a shorter one. Lists are made the first time a word asks for
/// them, so that a run pays only for the corners of the instruction set that it visits. They are published by one reference store; two threads
/// that race make equal lists. Raw pointers here are to the stack, as many elements as there are candidates: Span&lt;ushort&gt; would be compiled first.
/// </remarks>
public static unsafe class A64Decoder
{
    private const int FirstShift = 21;
    private const int SecondShift = 10;
    private const uint SecondMask = 0x3F;

    /// <summary>A list longer than this is split by the second level.</summary>
    private const int LongList = 3;

    private static readonly Bucket?[] s_buckets = new Bucket?[1 << (32 - FirstShift)];

    /// <summary>The row of <paramref name="word"/> on a PE with <paramref name="features"/>; <see cref="A64Id.Undefined"/> when it has none.</summary>
    public static A64Id Decode(uint word, A64Feature features = A64Feature.All)
    {
        Bucket bucket = s_buckets[word >> FirstShift] ?? MakeBucket(word);
        ushort[] list = bucket.Rows;
        if (bucket.Split is { } split)
        {
            uint second = (word >> SecondShift) & SecondMask;
            list = split[second] ?? MakeList(bucket, second);
        }

        A64Encoding[] rows = A64Table.Rows;
        foreach (ushort id in list)
        {
            ref readonly A64Encoding row = ref rows[id];
            if ((word & row.Mask) == row.Value
                && (row.Feature & features) != 0
                && (row.ExclusionCount == 0 || !A64Table.IsExcluded(row, word, features)))
            {
                return (A64Id)id;
            }
        }

        return A64Id.Undefined;
    }

    private static Bucket MakeBucket(uint word)
    {
        uint key = word >> FirstShift;
        A64Encoding[] rows = A64Table.Rows;
        ushort* found = stackalloc ushort[A64Table.Count];
        int count = 0;
        for (int i = 1; i < A64Table.Count; i++)
        {
            if (((key ^ (rows[i].Value >> FirstShift)) & (rows[i].Mask >> FirstShift)) == 0)
            {
                found[count++] = (ushort)i;
            }
        }

        var bucket = new Bucket(Copy(found, count));
        s_buckets[key] = bucket;
        return bucket;
    }

    private static ushort[] MakeList(Bucket bucket, uint second)
    {
        A64Encoding[] rows = A64Table.Rows;
        ushort* found = stackalloc ushort[bucket.Rows.Length];
        int count = 0;
        foreach (ushort id in bucket.Rows)
        {
            if ((((second << SecondShift) ^ rows[id].Value) & rows[id].Mask & (SecondMask << SecondShift)) == 0)
            {
                found[count++] = id;
            }
        }

        ushort[] list = Copy(found, count);
        bucket.Split![second] = list;
        return list;
    }

    private static ushort[] Copy(ushort* list, int count)
    {
        var copy = new ushort[count];
        for (int i = 0; i < count; i++)
        {
            copy[i] = list[i];
        }

        return copy;
    }

    private sealed class Bucket
    {
        internal readonly ushort[] Rows;
        internal readonly ushort[]?[]? Split;

        internal Bucket(ushort[] rows)
        {
            Rows = rows;
            Split = rows.Length > LongList ? new ushort[]?[SecondMask + 1] : null;
        }
    }
}
