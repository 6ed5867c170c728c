namespace Pinion.Vmm.Board;

/// <summary>Guest physical addresses and interrupts of the board: those of QEMU's virt machine, so that guests made for it feel at home. Sizes in bytes.</summary>
public static class MemoryMap
{
    public const ulong GicDistributor = 0x0800_0000;
    public const ulong GicDistributorSize = 0x1_0000;

    /// <summary>Redistributors, one after the other.</summary>
    public const ulong GicRedistributor = 0x080A_0000;
    public const ulong GicRedistributorSize = 0x2_0000;

    public const ulong Uart = 0x0900_0000;
    public const uint UartSpi = 1;

    public const ulong Rtc = 0x0901_0000;
    public const uint RtcSpi = 2;

    /// <summary>The first of the virtio-mmio transports.</summary>
    public const ulong Virtio = 0x0A00_0000;
    public const uint VirtioSpi = 16;

    /// <summary>Transports there is room for, as on QEMU's virt.</summary>
    public const int VirtioSlots = 32;

    public const ulong Ram = 0x4000_0000;

    /// <summary>Least RAM: less cannot hold the device tree behind a kernel at 2 MiB.</summary>
    public const ulong SmallestRam = 16UL << 20;

    /// <summary>Most RAM: QEMU's 255 GiB, which ends below 2^40 with room.</summary>
    public const ulong LargestRam = 255UL << 30;

    /// <summary>Interrupts of the GIC, private ones included: a multiple of 32 that holds the last virtio transport's.</summary>
    public const uint InterruptCount = 96;

    /// <summary>INTID of the PMU's overflow interrupt (Arm BSA).</summary>
    public const uint PmuIntid = 23;

    /// <summary>Private interrupts of the generic timer, from INTID 16: secure, non-secure, virtual, hypervisor.</summary>
    internal static ReadOnlySpan<uint> TimerPpis => [13, 14, 11, 10];
}
