using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Devices;

/// <summary>How a device tree names an interrupt of the GIC (three cells).</summary>
internal static class Interrupts
{
    public const uint LevelHigh = 4;

    private const uint SharedPeripheral = 0;
    private const uint PrivatePeripheral = 1;

    /// <summary>INTID of the first shared peripheral interrupt.</summary>
    public const uint FirstSpi = 32;

    /// <summary>INTID of the first private peripheral interrupt.</summary>
    public const uint FirstPpi = 16;

    /// <summary>Writes an <c>interrupts</c> property with one level-high SPI, counted from INTID 32.</summary>
    public static void Spi(FdtWriter fdt, uint spi) => fdt.Cells("interrupts", SharedPeripheral, spi, LevelHigh);

    /// <summary>Writes an <c>interrupts</c> property with level-high PPIs, counted from INTID 16.</summary>
    public static void Ppi(FdtWriter fdt, params ReadOnlySpan<uint> ppis)
    {
        Span<uint> cells = stackalloc uint[ppis.Length * 3];
        for (int i = 0; i < ppis.Length; i++)
        {
            cells[i * 3] = PrivatePeripheral;
            cells[i * 3 + 1] = ppis[i];
            cells[i * 3 + 2] = LevelHigh;
        }

        fdt.Cells("interrupts", cells);
    }
}
