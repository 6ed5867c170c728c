using Pinion.Cpu.State;

namespace Pinion.Cpu.FloatingPoint;

// Comparisons, minimum and maximum.
internal static unsafe partial class SoftFloat
{
    /// <summary>FPCompare; also FPCompareEQ (quiet) and FPCompareGE/GT (signalling).</summary>
    public static FpRelation Compare<F>(Pe* s, ulong aBits, ulong bBits, bool signalQuietNaNs)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        if (a.IsNaN || b.IsNaN)
        {
            if (signalQuietNaNs || a.Kind == Kind.SignallingNaN || b.Kind == Kind.SignallingNaN)
            {
                Raise(s, Fpsr.Ioc);
            }

            return FpRelation.Unordered;
        }

        long x = Order<F>(a, aBits);
        long y = Order<F>(b, bBits);
        return x < y ? FpRelation.Less : x == y ? FpRelation.Equal : FpRelation.Greater;
    }

    /// <summary>An integer that is ordered as the values are; both zeros (and what was flushed to them) are 0.</summary>
    private static long Order<F>(in Parts value, ulong bits)
        where F : struct, IFloatFormat
    {
        long magnitude = value.IsZero ? 0 : (long)(bits & (SignBit<F>() - 1));
        return value.Sign ? -magnitude : magnitude;
    }

    /// <summary>FPMax.</summary>
    public static ulong Max<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => MinMax<F>(s, a, b, false);

    /// <summary>FPMin.</summary>
    public static ulong Min<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => MinMax<F>(s, a, b, true);

    /// <summary>FPMaxNum: a quiet NaN beside a number counts as -infinity.</summary>
    public static ulong MaxNum<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => MinMaxNum<F>(s, a, b, false);

    /// <summary>FPMinNum: a quiet NaN beside a number counts as +infinity.</summary>
    public static ulong MinNum<F>(Pe* s, ulong a, ulong b)
        where F : struct, IFloatFormat => MinMaxNum<F>(s, a, b, true);

    private static ulong MinMaxNum<F>(Pe* s, ulong a, ulong b, bool minimum)
        where F : struct, IFloatFormat
    {
        bool aQuiet = IsQuietNaN<F>(a);
        bool bQuiet = IsQuietNaN<F>(b);
        ulong neutral = Signed<F>(!minimum, Infinity<F>());
        return aQuiet == bQuiet ? MinMax<F>(s, a, b, minimum) : aQuiet ? MinMax<F>(s, neutral, b, minimum) : MinMax<F>(s, a, neutral, minimum);
    }

    private static bool IsQuietNaN<F>(ulong bits)
        where F : struct, IFloatFormat => (bits & DefaultNaN<F>()) == DefaultNaN<F>();

    private static ulong MinMax<F>(Pe* s, ulong aBits, ulong bBits, bool minimum)
        where F : struct, IFloatFormat
    {
        uint fpcr = Control(s);
        Parts a = Unpack<F>(s, aBits, fpcr);
        Parts b = Unpack<F>(s, bBits, fpcr);
        if (a.IsNaN || b.IsNaN)
        {
            return ProcessNaNs<F>(s, a, b, aBits, bBits, fpcr);
        }

        if (a.IsZero && b.IsZero)
        {
            return Signed<F>(minimum ? a.Sign | b.Sign : a.Sign & b.Sign, 0);
        }

        long x = Order<F>(a, aBits);
        long y = Order<F>(b, bBits);
        bool first = minimum ? x < y : x > y;
        return first ? (a.IsZero ? Signed<F>(a.Sign, 0) : aBits) : b.IsZero ? Signed<F>(b.Sign, 0) : bBits;
    }
}
