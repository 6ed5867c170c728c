using Pinion.Arm;

namespace Pinion.Cpu.Mmu;

/// <summary>The registers that decide an EL1&amp;0 translation.</summary>
public readonly record struct TranslationRegime(ulong Sctlr, ulong Tcr, ulong Ttbr0, ulong Ttbr1, ulong Mair);

/// <summary>Who accesses and how, as far as stage 1 cares.</summary>
/// <param name="Access">Read, write or instruction fetch.</param>
/// <param name="Privileged">EL1; false also for LDTR and STTR.</param>
/// <param name="Pan">PSTATE.PAN applies to the access.</param>
public readonly record struct Stage1Access(MemoryAccess Access, bool Privileged, bool Pan);

/// <summary>What a stage 1 walk found.</summary>
public struct Stage1Result
{
    /// <summary>Output address of the access (full, not page-aligned).</summary>
    public ulong Ipa;

    /// <summary>Fault status (see <see cref="FaultStatus"/>) with its level; meaningful where <see cref="Faulted"/>.</summary>
    public uint Status;

    /// <summary>The walk ended in a stage 1 fault.</summary>
    public bool Faulted;

    /// <summary>Reading a descriptor at <see cref="Ipa"/> failed at stage 2.</summary>
    public bool Stage2OnWalk;

    /// <summary>Reads, writes and fetches that the leaf permits to the accessor.</summary>
    public bool Readable;
    public bool Writable;
    public bool Executable;

    /// <summary>The translation belongs to the current ASID.</summary>
    public bool NotGlobal;

    /// <summary>The MAIR byte.</summary>
    public byte Attributes;

    /// <summary>The leaf descriptor was at this level: 3 is a page, lower is a block.</summary>
    public int Level;

    /// <summary>Shareability as PAR_EL1.SH gives it.</summary>
    public byte Shareability;

    /// <summary>Device memory: alignment is checked, and nothing is cached in a soft TLB.</summary>
    public readonly bool IsDevice => (Attributes & 0xF0) == 0;
}

/// <summary>Reads one translation table descriptor; false where stage 2 has nothing there.</summary>
public delegate bool DescriptorReader(ulong ipa, out ulong descriptor);

/// <summary>
/// The stage 1 walk (VMSAv8-64, 4 KiB granule, 48-bit addresses, both halves; Arm ARM D8). Hardware management of the access flag is not implemented and not advertised
/// (ID_AA64MMFR1_EL1.HAFDBS is 0), so a clear AF faults.
/// </summary>
public static class Stage1Walker
{
    private const ulong AddressMask = 0x0000_FFFF_FFFF_F000;

    /// <summary>Translates <paramref name="va"/>. <paramref name="read"/> is called for each descriptor on the way, root first.</summary>
    public static Stage1Result Walk(in TranslationRegime regime, ulong va, Stage1Access access, DescriptorReader read)
    {
        Stage1Result result = default;
        if ((regime.Sctlr & 1) == 0)
        {
            return Flat(regime, va, access);
        }

        bool upper = ((va >> 55) & 1) != 0;
        ulong tcr = regime.Tcr;
        int shift = upper ? 16 : 0;
        bool topByteIgnored = ((tcr >> (upper ? 38 : 37)) & 1) != 0;
        int size = 64 - (int)((tcr >> shift) & 0x3F);
        size = Math.Clamp(size, 25, 48);
        ulong checkedBits = va;
        if (topByteIgnored)
        {
            checkedBits = upper ? va | 0xFF00_0000_0000_0000 : va & 0x00FF_FFFF_FFFF_FFFF;
        }

        ulong inside = (1UL << size) - 1;
        bool inRange = upper ? (checkedBits | inside) == ~0UL : (checkedBits & ~inside) == 0;
        bool disabled = ((tcr >> (upper ? 23 : 7)) & 1) != 0;
        bool e0Denied = !access.Privileged && ((tcr >> (upper ? 56 : 55)) & 1) != 0;
        ulong granule = upper ? (tcr >> 30) & 3 : (tcr >> 14) & 3;
        if (!inRange || disabled || e0Denied || granule != (upper ? 2UL : 0UL))
        {
            return Fault(FaultStatus.Translation, 0, va);
        }

        int level = 4 - ((size - 12 + 8) / 9);
        ulong table = (upper ? regime.Ttbr1 : regime.Ttbr0) & 0x0000_FFFF_FFFF_FFFE;
        int firstBits = size - (12 + (9 * (3 - level)));
        table &= ~((1UL << (firstBits + 3)) - 1);

        // Addresses beyond what TCR_EL1.IPS promises.
        ulong outside = AddressMask & ~((1UL << OutputBits(tcr)) - 1);
        if ((table & outside) != 0)
        {
            return Fault(FaultStatus.AddressSize, 0, va);
        }

        bool tableUnprivilegedDenied = false, tableReadOnly = false, tablePxn = false, tableUxn = false;
        ulong descriptor;
        int bits = firstBits;
        while (true)
        {
            int low = 12 + (9 * (3 - level));
            ulong index = (va >> low) & ((1UL << bits) - 1);
            ulong address = table + (index * 8);
            if (!read(address, out descriptor))
            {
                result.Ipa = address;
                result.Level = level;
                result.Stage2OnWalk = true;
                return result;
            }

            if ((descriptor & 1) == 0 || (level == 3 && (descriptor & 2) == 0) || (level == 0 && (descriptor & 2) == 0))
            {
                return Fault(FaultStatus.Translation, level, va);
            }

            if ((descriptor & outside) != 0)
            {
                return Fault(FaultStatus.AddressSize, level, va);
            }

            if (level == 3 || (descriptor & 2) == 0)
            {
                break;
            }

            tableUnprivilegedDenied |= (descriptor & (1UL << 61)) != 0;
            tableReadOnly |= (descriptor & (1UL << 62)) != 0;
            tablePxn |= (descriptor & (1UL << 59)) != 0;
            tableUxn |= (descriptor & (1UL << 60)) != 0;
            table = descriptor & AddressMask;
            level++;
            bits = 9;
        }

        int leafLow = 12 + (9 * (3 - level));
        ulong offset = va & ((1UL << leafLow) - 1);
        result.Ipa = (descriptor & AddressMask & ~((1UL << leafLow) - 1)) | offset;
        result.Level = level;
        result.NotGlobal = (descriptor & (1UL << 11)) != 0;
        result.Attributes = (byte)(regime.Mair >> (int)(((descriptor >> 2) & 7) * 8));
        result.Shareability = (byte)((descriptor >> 8) & 3);
        if ((descriptor & (1UL << 10)) == 0)
        {
            return Fault(FaultStatus.AccessFlag, level, va);
        }

        bool user = (descriptor & (1UL << 6)) != 0 && !tableUnprivilegedDenied;
        bool readOnly = (descriptor & (1UL << 7)) != 0 || tableReadOnly;
        bool pxn = (descriptor & (1UL << 53)) != 0 || tablePxn;
        bool uxn = (descriptor & (1UL << 54)) != 0 || tableUxn;
        if (access.Privileged)
        {
            bool denied = access.Pan && user;
            result.Readable = !denied;
            result.Writable = !denied && !readOnly;

            // Memory that EL0 can write is never executable at EL1.
            bool writableAnywhere = !readOnly;
            result.Executable = !pxn && !(user && !readOnly) && !(writableAnywhere && (regime.Sctlr & (1UL << 19)) != 0);
        }
        else
        {
            result.Readable = user;
            result.Writable = user && !readOnly;

            // Execute-only memory (UXN clear, no EL0 access) can be fetched from.
            result.Executable = !uxn && !(user && !readOnly && (regime.Sctlr & (1UL << 19)) != 0);
        }

        bool allowed = access.Access switch
        {
            MemoryAccess.Read => result.Readable,
            MemoryAccess.Write => result.Writable,
            _ => result.Executable,
        };
        if (!allowed)
        {
            result.Faulted = true;
            result.Status = FaultStatus.Permission | (uint)level;
            return result;
        }

        return result;
    }

    /// <summary>Bits of output addresses: TCR_EL1.IPS, at most the 48 of ID_AA64MMFR0_EL1.PARange.</summary>
    private static int OutputBits(ulong tcr) => ((tcr >> 32) & 7) switch
    {
        0 => 32,
        1 => 36,
        2 => 40,
        3 => 42,
        4 => 44,
        _ => 48,
    };

    /// <summary>MMU off: addresses are physical; data is Device-nGnRnE, instructions are Normal (cacheable when SCTLR_EL1.I is set).</summary>
    private static Stage1Result Flat(in TranslationRegime regime, ulong va, Stage1Access access)
    {
        // The tag is ignored as it is with the MMU on.
        bool topByteIgnored = ((regime.Tcr >> ((va & (1UL << 55)) != 0 ? 38 : 37)) & 1) != 0;
        ulong pa = topByteIgnored ? va & 0x00FF_FFFF_FFFF_FFFF : va;
        if ((pa >> 48) != 0)
        {
            return Fault(FaultStatus.AddressSize, 0, va);
        }

        return new Stage1Result
        {
            Ipa = pa,
            Readable = true,
            Writable = true,
            Executable = true,
            Level = 3,
            Shareability = 2,
            Attributes = access.Access == MemoryAccess.Execute ? ((regime.Sctlr & (1UL << 12)) != 0 ? (byte)0xAA : (byte)0x44) : (byte)0,
        };
    }

    private static Stage1Result Fault(uint status, int level, ulong address) => new() { Faulted = true, Status = status | (uint)level, Level = level, Ipa = address };
}
