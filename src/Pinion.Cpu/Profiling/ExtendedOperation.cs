using Pinion.Arm.A64;
using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// What optional features tell of an operation beyond its <see cref="OperationInfo"/>: calls and returns (FEAT_SPE_CRR), floating-point and SIMD in the Operation type packet (FEAT_SPE_FPF) and in the
/// type filter (FEAT_SPE_EFT). Only asked of samples.
/// </summary>
internal static class ExtendedOperation
{
    private const uint LoadStoreQuadOpc = 1u << 23;

    /// <summary>Payload of the Operation type packet.</summary>
    public static byte Payload(Pmsidr id, in OperationInfo info, A64Id row)
    {
        if (info.IsBranch)
        {
            return !id.Crr ? info.Payload
                : info.Has(OperationFlags.Call) ? (byte)(info.Payload | SpeOperation.BranchCall)
                : info.Has(OperationFlags.Return) ? (byte)(info.Payload | SpeOperation.BranchReturn)
                : (byte)(info.Payload | SpeOperation.BranchNeitherCallNorReturn);
        }

        return id.Fpf && info.Class == SpeOperationClass.Other
            ? (byte)(info.Payload | (IsFpData(row) ? SpeOperation.OtherFloatingPoint : 0) | (IsSimdData(row) ? SpeOperation.OtherAdvancedSimd : 0))
            : info.Payload;
    }

    /// <summary>Types for the filter, in the bits of PMSFCR_EL1 (Arm ARM D17.6.3).</summary>
    public static ulong FilterTypes(Pmsidr id, in OperationInfo info, A64Id row, uint word)
    {
        ulong types = info.FilterTypes;
        if (!id.Eft)
        {
            return types;
        }

        if (info.Has(OperationFlags.Simd))
        {
            return types | (IsScalarAccess(row, word) ? Pmsfcr.FpMask : Pmsfcr.SimdMask);
        }

        return types | (IsFpData(row) ? Pmsfcr.FpMask : 0) | (IsSimdData(row) ? Pmsfcr.SimdMask : 0);
    }

    /// <summary>A load or store of scalar FP registers, up to D: not of Q registers, and no structure.</summary>
    private static bool IsScalarAccess(A64Id row, uint word)
    {
        if (row >= A64Id.St4Multiple)
        {
            return false;
        }

        // Pairs and literals have the size in opc (31:30); the others have Q as size 00 with the upper bit of opc.
        bool pairOrLiteral = (word & 0x3A00_0000) == 0x2800_0000 || (word & 0x3B00_0000) == 0x1800_0000;
        return pairOrLiteral ? word >> 30 != 2 : word >> 30 != 0 || (word & LoadStoreQuadOpc) == 0;
    }

    /// <summary>Data processing on floating-point values, of scalars or vectors.</summary>
    private static bool IsFpData(A64Id row) =>
        row >= A64Id.ScvtfFixed && (row <= A64Id.Fnmsub || (row < A64Id.Aese && A64Table.Mnemonic(row) is ['f', ..] or "scvtf" or "ucvtf"));

    /// <summary>Data processing in Advanced SIMD encodings, cryptography included.</summary>
    private static bool IsSimdData(A64Id row) => row > A64Id.Fnmsub;
}
