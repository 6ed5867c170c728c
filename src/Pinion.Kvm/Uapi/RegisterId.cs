namespace Pinion.Kvm.Uapi;

/// <summary>Ids of KVM_GET_ONE_REG and KVM_SET_ONE_REG on arm64 (asm/kvm.h): architecture, size, group, index.</summary>
public static class RegisterId
{
    public const ulong Arm64 = 0x6000_0000_0000_0000;
    public const ulong ArchitectureMask = 0xFF00_0000_0000_0000;

    public const ulong SizeMask = 0x00F0_0000_0000_0000;
    public const ulong SizeU32 = 0x0020_0000_0000_0000;
    public const ulong SizeU64 = 0x0030_0000_0000_0000;
    public const ulong SizeU128 = 0x0040_0000_0000_0000;

    public const ulong GroupMask = 0x0000_0000_0FFF_0000;
    public const ulong GroupCore = 0x0010_0000;
    public const ulong GroupDemux = 0x0011_0000;
    public const ulong GroupSystem = 0x0013_0000;
    public const ulong GroupFirmware = 0x0014_0000;
    public const ulong GroupFirmwareFeatures = 0x0016_0000;

    /// <summary>Bytes of the register's value.</summary>
    public static int SizeOf(ulong id) => 1 << (int)((id & SizeMask) >> 52);

    /// <summary>A core register at byte <paramref name="offset"/> of struct kvm_regs.</summary>
    public static ulong Core(int offset, ulong size = SizeU64) => Arm64 | size | GroupCore | (uint)(offset / 4);

    /// <summary>X0 to X30.</summary>
    public static ulong X(int i) => Core(i * 8);

    /// <summary>SP_EL0.</summary>
    public static ulong Sp => Core(248);

    public static ulong Pc => Core(256);

    public static ulong Pstate => Core(264);

    public static ulong SpEl1 => Core(272);

    public static ulong ElrEl1 => Core(280);

    /// <summary>SPSR_EL1 (0), ABT (1), UND (2), IRQ (3), FIQ (4).</summary>
    public static ulong Spsr(int i) => Core(288 + (i * 8));

    /// <summary>V0 to V31.</summary>
    public static ulong V(int i) => Core(336 + (i * 16), SizeU128);

    public static ulong Fpsr => Core(848, SizeU32);

    public static ulong Fpcr => Core(852, SizeU32);

    /// <summary>A system register by its packed encoding, see <see cref="Arm.SystemRegisters.SysRegInfo.Encoding"/>.</summary>
    public static ulong System(ushort encoding) => Arm64 | SizeU64 | GroupSystem | encoding;

    /// <summary>CCSIDR_EL1 of the cache that <paramref name="csselr"/> selects.</summary>
    public static ulong Ccsidr(int csselr) => Arm64 | SizeU32 | GroupDemux | (uint)csselr;

    public static ulong Firmware(int i) => Arm64 | SizeU64 | GroupFirmware | (uint)i;

    public static ulong FirmwareFeatures(int i) => Arm64 | SizeU64 | GroupFirmwareFeatures | (uint)i;

    /// <summary>KVM_REG_ARM_PSCI_VERSION.</summary>
    public static ulong PsciVersion => Firmware(0);

    /// <summary>KVM_REG_ARM_TIMER_CTL.</summary>
    public static ulong TimerCtl => System(0xDF19);

    /// <summary>KVM_REG_ARM_TIMER_CNT: carries CNTV_CVAL_EL0's encoding. The swap with CVAL is an old mistake that became ABI.</summary>
    public static ulong TimerCnt => System(0xDF1A);

    /// <summary>KVM_REG_ARM_TIMER_CVAL: carries CNTVCT_EL0's encoding.</summary>
    public static ulong TimerCval => System(0xDF02);

    /// <summary>KVM_REG_ARM_PTIMER_CTL.</summary>
    public static ulong PhysicalTimerCtl => System(0xDF11);

    /// <summary>KVM_REG_ARM_PTIMER_CNT.</summary>
    public static ulong PhysicalTimerCnt => System(0xDF01);

    /// <summary>KVM_REG_ARM_PTIMER_CVAL.</summary>
    public static ulong PhysicalTimerCval => System(0xDF12);
}
