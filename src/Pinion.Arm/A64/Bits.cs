using System.Runtime.CompilerServices;

namespace Pinion.Arm.A64;

/// <summary>Bit extraction from instruction words.</summary>
public static class Bits
{
    /// <summary>Bits <paramref name="low"/> + <paramref name="width"/> - 1 down to <paramref name="low"/>, zero-extended. Width is 1 to 31.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Extract(uint word, int low, int width) => (word >> low) & ((1u << width) - 1);

    /// <summary>The same bits, sign-extended to 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ExtractSigned(uint word, int low, int width) => (int)(word << (32 - low - width)) >> (32 - width);

    /// <summary>Whether bit <paramref name="index"/> is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsSet(uint word, int index) => ((word >> index) & 1) != 0;

    /// <summary>The low <paramref name="width"/> bits of <paramref name="value"/>, sign-extended to 64 bits. Width is 1 to 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long SignExtend(ulong value, int width) => (long)(value << (64 - width)) >> (64 - width);
}
