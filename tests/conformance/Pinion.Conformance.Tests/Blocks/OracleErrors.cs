using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>
/// Encodings that are not compared because the oracle (qemu-aarch64 7.2) does not follow the architecture there. Each with what the Arm ARM says.
/// </summary>
internal static class OracleErrors
{
    /// <summary>Why <paramref name="word"/> of row <paramref name="id"/> is left out; null for everything else.</summary>
    public static string? Reason(A64Id id, uint word) => id switch
    {
        // A negative 16-bit result leaves bits [31:16] of the vector register set; writing Hd clears everything above bit 15 (Arm ARM C1.2.5, V[] with 16 bits).
        A64Id.FcvtzsScalarFixed when A64Fields.Find(id, 'h').Of(word) >> 1 == 1 => "fcvtzs hd, hn, #fbits sign-extends its result to 32 bits",
        _ => null,
    };
}
