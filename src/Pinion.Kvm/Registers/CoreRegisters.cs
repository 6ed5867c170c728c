using System.Buffers.Binary;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Registers;

/// <summary>KVM_REG_ARM_CORE: struct kvm_regs, addressed in units of 32 bits.</summary>
internal static unsafe class CoreRegisters
{
    private const int SpOffset = 248;
    private const int PcOffset = 256;
    private const int PstateOffset = 264;
    private const int SpEl1Offset = 272;
    private const int ElrOffset = 280;
    private const int SpsrOffset = 288;
    private const int VOffset = 336;
    private const int FpsrOffset = 848;
    private const int FpcrOffset = 852;
    private const int End = 864;

    private const ulong ModeMask = 0x1F;

    /// <summary>Ids in the order of struct kvm_regs.</summary>
    public static IEnumerable<ulong> Ids { get; } =
    [
        .. Enumerable.Range(0, 31).Select(RegisterId.X),
        RegisterId.Sp,
        RegisterId.Pc,
        RegisterId.Pstate,
        RegisterId.SpEl1,
        RegisterId.ElrEl1,
        .. Enumerable.Range(0, 5).Select(RegisterId.Spsr),
        .. Enumerable.Range(0, 32).Select(RegisterId.V),
        RegisterId.Fpsr,
        RegisterId.Fpcr,
    ];

    /// <summary>Reads or writes one register.</summary>
    /// <returns>0; -ENOENT past the structure; -EINVAL for an address inside a register, or another size than the register's.</returns>
    public static int Access(ProcessingElement pe, ulong id, Span<byte> value, bool set)
    {
        ulong index = id & ~(RegisterId.ArchitectureMask | RegisterId.SizeMask | RegisterId.GroupCore);
        if (index >= End / 4)
        {
            return -Errno.ENOENT;
        }

        int offset = (int)index * 4;
        int size = offset switch
        {
            < VOffset when offset % 8 == 0 && offset < SpsrOffset + (5 * 8) => 8,
            >= VOffset and < FpsrOffset when (offset - VOffset) % 16 == 0 => 16,
            FpsrOffset or FpcrOffset => 4,
            _ => 0,
        };
        if (size == 0 || RegisterId.SizeOf(id) != size || value.Length != size)
        {
            return -Errno.EINVAL;
        }

        if (size == 16)
        {
            // V0 to V31 are the first field of the PE's state, 16 bytes each.
            Span<byte> register = new((byte*)pe.State + (offset - VOffset), 16);
            if (set)
            {
                value.CopyTo(register);
            }
            else
            {
                register.CopyTo(value);
            }

            return 0;
        }

        if (!set)
        {
            ulong read = Read(pe, offset);
            if (size == 8)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(value, read);
            }
            else
            {
                BinaryPrimitives.WriteUInt32LittleEndian(value, (uint)read);
            }

            return 0;
        }

        ulong wanted = size == 8 ? BinaryPrimitives.ReadUInt64LittleEndian(value) : BinaryPrimitives.ReadUInt32LittleEndian(value);
        if (offset == PstateOffset && (wanted & ModeMask) is not (0b00000 or 0b00100 or 0b00101))
        {
            // Only EL0t, EL1t and EL1h: no EL2, no AArch32.
            return -Errno.EINVAL;
        }

        Write(pe, offset, wanted);
        return 0;
    }

    private static ulong Read(ProcessingElement pe, int offset) => offset switch
    {
        < SpOffset => pe.GetX(offset / 8),
        SpOffset => pe.SpEl0,
        PcOffset => pe.Pc,
        PstateOffset => pe.Pstate,
        SpEl1Offset => pe.SpEl1,
        ElrOffset => pe.ReadRegister(SysRegId.ELR_EL1),
        SpsrOffset => pe.ReadRegister(SysRegId.SPSR_EL1),
        FpsrOffset => pe.ReadRegister(SysRegId.FPSR),
        FpcrOffset => pe.ReadRegister(SysRegId.FPCR),

        // SPSR_abt, _und, _irq and _fiq belong to AArch32, which is not here.
        _ => 0,
    };

    private static void Write(ProcessingElement pe, int offset, ulong value)
    {
        switch (offset)
        {
            case < SpOffset:
                pe.SetX(offset / 8, value);
                break;
            case SpOffset:
                pe.SpEl0 = value;
                break;
            case PcOffset:
                pe.Pc = value;
                break;
            case PstateOffset:
                pe.Pstate = value;
                break;
            case SpEl1Offset:
                pe.SpEl1 = value;
                break;
            case ElrOffset:
                pe.WriteRegister(SysRegId.ELR_EL1, value);
                break;
            case SpsrOffset:
                pe.WriteRegister(SysRegId.SPSR_EL1, value);
                break;
            case FpsrOffset:
                pe.WriteRegister(SysRegId.FPSR, value);
                break;
            case FpcrOffset:
                pe.WriteRegister(SysRegId.FPCR, value);
                break;
        }
    }
}
