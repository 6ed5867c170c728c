namespace Pinion.Cpu.Interpreter;

/// <summary>
/// 128-bit atomics. The class library offers none, so a stub of the host's CMPXCHG16B is used; on hosts without it one lock serialises them, which holds between PEs.
/// </summary>
internal static unsafe class WideAtomics
{
    private static readonly Lock s_lock = new();

    /// <summary>Reads 16 aligned bytes as one.</summary>
    public static (ulong Low, ulong High) Read(UInt128* at)
    {
        ulong low = 0, high = 0;
        if (HostStubs.CompareExchange16 != null)
        {
            // Exchanging zero for zero writes nothing new, but tells what is there.
            CompareExchange(at, ref low, ref high, 0, 0);
            return (low, high);
        }

        lock (s_lock)
        {
            return (((ulong*)at)[0], ((ulong*)at)[1]);
        }
    }

    /// <summary>Stores the new value if memory equals the expected one; the expected one becomes what memory held.</summary>
    public static bool CompareExchange(UInt128* at, ref ulong expectedLow, ref ulong expectedHigh, ulong low, ulong high)
    {
        if (HostStubs.CompareExchange16 != null)
        {
            ulong* values = stackalloc ulong[4];
            values[0] = expectedLow;
            values[1] = expectedHigh;
            values[2] = low;
            values[3] = high;
            int stored = HostStubs.CompareExchange16(at, values);
            expectedLow = values[0];
            expectedHigh = values[1];
            return stored != 0;
        }

        lock (s_lock)
        {
            ulong* p = (ulong*)at;
            bool equal = p[0] == expectedLow && p[1] == expectedHigh;
            (expectedLow, expectedHigh) = (p[0], p[1]);
            if (equal)
            {
                p[0] = low;
                p[1] = high;
            }

            return equal;
        }
    }
}
