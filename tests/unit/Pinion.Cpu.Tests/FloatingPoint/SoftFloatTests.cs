using System.Numerics;
using System.Runtime.InteropServices;
using Pinion.Cpu.FloatingPoint;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Tests.FloatingPoint;

public sealed unsafe class SoftFloatTests : IDisposable
{
    private static readonly FpRounding[] s_modes = [FpRounding.TieEven, FpRounding.PlusInfinity, FpRounding.MinusInfinity, FpRounding.Zero];

    private readonly Pe* _s = (Pe*)NativeMemory.AllocZeroed((nuint)sizeof(Pe));
    private readonly Random _random = new(1);

    public void Dispose() => NativeMemory.Free(_s);

    private void Use(FpRounding rounding)
    {
        _s->Fpcr = (uint)rounding << Fpcr.RModeShift;
        _s->Fpsr = 0;
    }

    private ushort FiniteHalf()
    {
        ushort bits;
        do
        {
            bits = (ushort)_random.Next(0x10000);
        }
        while (!ExactHalf.IsFinite(bits));
        return bits;
    }

    private void ShouldBeExact(ulong actual, BigInteger numerator, BigInteger denominator, FpRounding mode, string what)
    {
        if (numerator.IsZero)
        {
            // Signs of zeros are checked against QEMU.
            (actual & 0x7FFF).ShouldBe(0ul, what);
            return;
        }

        (ushort bits, uint flags) = ExactHalf.Round(numerator, denominator, mode);
        actual.ShouldBe(bits, what);
        _s->Fpsr.ShouldBe(flags, what);
    }

    [Fact]
    public void HalfArithmeticIsExactArithmeticRoundedOnceInEveryMode()
    {
        BigInteger one = BigInteger.One << 24;
        for (int i = 0; i < 20000; i++)
        {
            ushort a = FiniteHalf(), b = FiniteHalf(), c = FiniteHalf();
            BigInteger x = ExactHalf.Numerator(a), y = ExactHalf.Numerator(b), z = ExactHalf.Numerator(c);
            FpRounding mode = s_modes[i & 3];
            string what = $"{a:x4} {b:x4} {c:x4} {mode}";
            Use(mode);
            ShouldBeExact(SoftFloat.Add<Half16>(_s, a, b), x + y, one, mode, "add " + what);
            Use(mode);
            ShouldBeExact(SoftFloat.Sub<Half16>(_s, a, b), x - y, one, mode, "sub " + what);
            Use(mode);
            ShouldBeExact(SoftFloat.Mul<Half16>(_s, a, b), x * y, one * one, mode, "mul " + what);
            Use(mode);
            ShouldBeExact(SoftFloat.MulAdd<Half16>(_s, c, a, b), (z * one) + (x * y), one * one, mode, "muladd " + what);
            Use(mode);
            ShouldBeExact(SoftFloat.RecipStep<Half16>(_s, a, b), (2 * one * one) - (x * y), one * one, mode, "recps " + what);
            Use(mode);
            ShouldBeExact(SoftFloat.RSqrtStep<Half16>(_s, a, b), (3 * one * one) - (x * y), 2 * one * one, mode, "rsqrts " + what);
            if (!y.IsZero)
            {
                Use(mode);
                ShouldBeExact(SoftFloat.Div<Half16>(_s, a, b), x, y, mode, "div " + what);
            }
        }
    }

    [Fact]
    public void EveryHalfHasTheRightSquareRootAndNeighbours()
    {
        for (int bits = 1; bits < 0x7C00; bits++)
        {
            Use(FpRounding.MinusInfinity);
            ushort low = (ushort)SoftFloat.Sqrt<Half16>(_s, (ulong)bits);
            bool inexact = (_s->Fpsr & Fpsr.Ixc) != 0;
            Use(FpRounding.PlusInfinity);
            ushort high = (ushort)SoftFloat.Sqrt<Half16>(_s, (ulong)bits);
            Use(FpRounding.TieEven);
            ushort nearest = (ushort)SoftFloat.Sqrt<Half16>(_s, (ulong)bits);

            BigInteger radicand = ExactHalf.Numerator((ushort)bits) << 24;
            BigInteger l = ExactHalf.Numerator(low), h = ExactHalf.Numerator(high);
            (l * l <= radicand && radicand <= h * h).ShouldBeTrue($"{bits:x4}");
            (high - low).ShouldBe(inexact ? 1 : 0, $"{bits:x4}");
            inexact.ShouldBe(l * l != radicand);
            bool up = (l + h) * (l + h) < 4 * radicand;
            nearest.ShouldBe(up ? high : low, $"{bits:x4}");
        }
    }

    [Fact]
    public void EveryHalfWidensAndNarrowsToItself()
    {
        Use(FpRounding.TieEven);
        for (int bits = 0; bits < 0x10000; bits++)
        {
            if ((bits & 0x7C00) == 0x7C00 && (bits & 0x3FF) != 0)
            {
                continue;
            }

            ulong single = SoftFloat.Convert<Half16, Single32>(_s, (ulong)bits);
            BitConverter.UInt32BitsToSingle((uint)single).ShouldBe((float)BitConverter.UInt16BitsToHalf((ushort)bits));
            ulong @double = SoftFloat.Convert<Single32, Double64>(_s, single);
            SoftFloat.Convert<Double64, Half16>(_s, @double).ShouldBe((ulong)bits);
            SoftFloat.Convert<Single32, Half16>(_s, single).ShouldBe((ulong)bits);
        }

        _s->Fpsr.ShouldBe(0u);
    }

    [Fact]
    public void DoublesRoundedToNearestAgreeWithTheHost()
    {
        Use(FpRounding.TieEven);
        for (int i = 0; i < 100000; i++)
        {
            double a = RandomDouble(), b = RandomDouble(), c = RandomDouble();
            Same(a + b, SoftFloat.Add<Double64>(_s, Bits(a), Bits(b)), $"{a:R} + {b:R}");
            Same(a - b, SoftFloat.Sub<Double64>(_s, Bits(a), Bits(b)), $"{a:R} - {b:R}");
            Same(a * b, SoftFloat.Mul<Double64>(_s, Bits(a), Bits(b)), $"{a:R} * {b:R}");
            Same(a / b, SoftFloat.Div<Double64>(_s, Bits(a), Bits(b)), $"{a:R} / {b:R}");
            Same(Math.Sqrt(a), SoftFloat.Sqrt<Double64>(_s, Bits(a)), $"sqrt {a:R}");
            Same(Math.FusedMultiplyAdd(a, b, c), SoftFloat.MulAdd<Double64>(_s, Bits(c), Bits(a), Bits(b)), $"{a:R} * {b:R} + {c:R}");
            Same(Math.Floor(a), SoftFloat.RoundToIntegral<Double64>(_s, Bits(a), FpRounding.MinusInfinity, false), $"floor {a:R}");
            Same(Math.Ceiling(a), SoftFloat.RoundToIntegral<Double64>(_s, Bits(a), FpRounding.PlusInfinity, false), $"ceiling {a:R}");
            Same(Math.Round(a), SoftFloat.RoundToIntegral<Double64>(_s, Bits(a), FpRounding.TieEven, false), $"round {a:R}");
            Same(Math.Round(a, MidpointRounding.AwayFromZero), SoftFloat.RoundToIntegral<Double64>(_s, Bits(a), FpRounding.TieAway, false), $"away {a:R}");
            SoftFloat.Convert<Double64, Single32>(_s, Bits(a)).ShouldBe(BitConverter.SingleToUInt32Bits((float)a), $"{a:R}");
            SoftFloat.ToFixed<Double64>(_s, Bits(a), 64, false, 0, FpRounding.Zero).ShouldBe((ulong)(long)a, $"{a:R}");
            SoftFloat.ToFixed<Double64>(_s, Bits(a), 32, true, 0, FpRounding.Zero).ShouldBe((uint)a, $"{a:R}");
            long integer = _random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);
            Same((double)integer, SoftFloat.FromFixed<Double64>(_s, (ulong)integer, false, 0), $"{integer}");
            Same((double)(ulong)integer, SoftFloat.FromFixed<Double64>(_s, (ulong)integer, true, 0), $"{(ulong)integer}");
            SoftFloat.Compare<Double64>(_s, Bits(a), Bits(b), false).ShouldBe(a < b ? FpRelation.Less : a == b ? FpRelation.Equal : FpRelation.Greater);
        }
    }

    [Fact]
    public void SinglesRoundedToNearestAgreeWithTheHost()
    {
        Use(FpRounding.TieEven);
        for (int i = 0; i < 100000; i++)
        {
            float a = RandomSingle(), b = RandomSingle(), c = RandomSingle();
            Same(a + b, SoftFloat.Add<Single32>(_s, Bits(a), Bits(b)), $"{a:R} + {b:R}");
            Same(a * b, SoftFloat.Mul<Single32>(_s, Bits(a), Bits(b)), $"{a:R} * {b:R}");
            Same(a / b, SoftFloat.Div<Single32>(_s, Bits(a), Bits(b)), $"{a:R} / {b:R}");
            Same(MathF.Sqrt(a), SoftFloat.Sqrt<Single32>(_s, Bits(a)), $"sqrt {a:R}");
            Same(MathF.FusedMultiplyAdd(a, b, c), SoftFloat.MulAdd<Single32>(_s, Bits(c), Bits(a), Bits(b)), $"{a:R} * {b:R} + {c:R}");
        }
    }

    [Fact]
    public void SettingIxcOpensTheHostsPath()
    {
        Use(FpRounding.TieEven);
        _s->UpdateFpFast();
        _s->FpFast.ShouldBe((byte)0);
        SoftFloat.Div<Double64>(_s, Bits(1.0), Bits(4.0));
        _s->FpFast.ShouldBe((byte)0);
        SoftFloat.Div<Double64>(_s, Bits(1.0), Bits(3.0));
        _s->FpFast.ShouldBe((byte)1);
    }

    private static ulong Bits(double x) => BitConverter.DoubleToUInt64Bits(x);

    private static ulong Bits(float x) => BitConverter.SingleToUInt32Bits(x);

    private static void Same(double expected, ulong actual, string what)
    {
        // NaN payloads are Arm's own; QEMU is the judge of them.
        if (double.IsNaN(expected))
        {
            double.IsNaN(BitConverter.UInt64BitsToDouble(actual)).ShouldBeTrue(what);
        }
        else
        {
            actual.ShouldBe(Bits(expected), what);
        }
    }

    private static void Same(float expected, ulong actual, string what)
    {
        if (float.IsNaN(expected))
        {
            float.IsNaN(BitConverter.UInt32BitsToSingle((uint)actual)).ShouldBeTrue(what);
        }
        else
        {
            actual.ShouldBe(Bits(expected), what);
        }
    }

    /// <summary>Random bits, or exponents so near one another that sums cancel and products reach both ends of the range. No NaN.</summary>
    private double RandomDouble()
    {
        ulong bits = (ulong)_random.NextInt64(long.MinValue, long.MaxValue);
        int exponent = _random.Next(4) switch
        {
            0 => _random.Next(0, 0x7FF),
            1 => _random.Next(0x3F0, 0x440),
            2 => _random.Next(0, 60) + (_random.Next(2) * 0x1E0),
            _ => _random.Next(0x5D0, 0x7FF),
        };
        bits = (bits & 0x800F_FFFF_FFFF_FFFF) | ((ulong)exponent << 52);

        // Long runs of zeros make exact cases and ties.
        return BitConverter.UInt64BitsToDouble(_random.Next(2) == 0 ? bits : bits & ~0x1_FFFF_FFFFul);
    }

    private float RandomSingle()
    {
        uint bits = (uint)_random.NextInt64(1L << 32);
        int exponent = _random.Next(3) switch
        {
            0 => _random.Next(0, 0xFF),
            1 => _random.Next(0x70, 0x98),
            _ => _random.Next(0, 30) + (_random.Next(2) * 0x30),
        };
        bits = (bits & 0x807F_FFFF) | ((uint)exponent << 23);
        return BitConverter.UInt32BitsToSingle(_random.Next(2) == 0 ? bits : bits & ~0xFFFu);
    }
}
