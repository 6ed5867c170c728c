namespace Pinion.Vmm.Devices;

/// <summary>The identification registers at the end of an Arm PrimeCell's 4 KiB: four of the peripheral, four of the cell, a byte each.</summary>
internal static class PrimeCellId
{
    public const ulong First = 0xfe0;

    private static ReadOnlySpan<byte> CellId => [0x0d, 0xf0, 0x05, 0xb1];

    /// <summary>The register at <paramref name="offset"/>, with the peripheral's own <paramref name="peripheralId"/> (byte 0 first).</summary>
    public static ulong Read(ulong offset, uint peripheralId)
    {
        int index = (int)((offset - First) >> 2);
        return index < 4 ? (byte)(peripheralId >> (index * 8)) : index < 8 ? CellId[index - 4] : (ulong)0;
    }
}
