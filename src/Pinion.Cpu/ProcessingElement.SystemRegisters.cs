using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Pmu;
using Pinion.Cpu.State;
using static Pinion.Arm.SystemRegisters.SysRegId;

namespace Pinion.Cpu;

/// <content>System registers with effects, and reset values.</content>
public sealed unsafe partial class ProcessingElement
{
    /// <summary>An MSR or MRS by EL1 (or EL0, where that was allowed) of a register that is not plain storage.</summary>
    internal ulong ReadSystemRegister(SysRegId id)
    {
        Pe* s = State;
        switch (id)
        {
            case CCSIDR_EL1:
                return CacheSize(s->Sys[(int)CSSELR_EL1]);
            case DCZID_EL0:
                // DZP: DC ZVA prohibited at EL0 by SCTLR_EL1.DZE.
                return s->Sys[(int)DCZID_EL0] | (s->El == 0 && (s->Sys[(int)SCTLR_EL1] & (1 << 14)) == 0 ? 1UL << 4 : 0);
            case SP_EL0:
                return SpEl0;
            case SP_EL1:
                return SpEl1;
            case SPSel:
                return s->SpSel;
            case CurrentEL:
                return (ulong)s->El << 2;
            case PAN:
                return (ulong)s->Pan << 22;
            case NZCV:
                return s->Nzcv;
            case DAIF:
                return (ulong)s->Daif << 6;
            case FPCR:
                return s->Fpcr;
            case FPSR:
                return s->Fpsr;
            case ISR_EL1:
                int lines = Volatile.Read(ref s->InterruptLines);
                return ((ulong)lines & 1) << 7 | ((ulong)lines & 2) << 5;
            case OSLAR_EL1:
                return 0;
            case DBGCLAIMSET_EL1:
                return 0xFF;
            case DBGCLAIMCLR_EL1:
                return s->Sys[(int)DBGCLAIMCLR_EL1];
            case >= CNTFRQ_EL0 and <= CNTV_CVAL_EL0 when id != CNTKCTL_EL1:
                return Timer.Read(id);
            case >= PMCR_EL0 and <= PMCCFILTR_EL0 when SysRegTable.Get(id).Behaviour == SysRegBehaviour.Special:
                return Pmu.Read(id);
            case >= PMSCR_EL1 and <= PMBIDR_EL1:
                return _spu?.Read(id) ?? 0;
            default:
                return s->Sys[(int)id];
        }
    }

    /// <summary>Counterpart of <see cref="ReadSystemRegister"/>.</summary>
    internal void WriteSystemRegister(SysRegId id, ulong value)
    {
        Pe* s = State;
        switch (id)
        {
            case SCTLR_EL1:
                s->Sys[(int)id] = (value & SctlrWritable) | SctlrOnes;
                Mmu.FlushAll();
                ContextChanged();
                break;
            case TCR_EL1:
                s->Sys[(int)id] = value;
                Mmu.FlushAll();
                break;
            case TTBR0_EL1:
            case TTBR1_EL1:
                // Entries of one ASID at a time are kept: a change of table or ASID drops those that are not global.
                if (s->Sys[(int)id] != value)
                {
                    s->Sys[(int)id] = value;
                    Mmu.FlushNotGlobal();
                }

                break;
            case CPACR_EL1:
                s->Sys[(int)id] = value & 0x1030_0000;
                ContextChanged();
                break;
            case SP_EL0:
                SpEl0 = value;
                break;
            case SP_EL1:
                SpEl1 = value;
                break;
            case SPSel:
                SwitchStack(s->El, (byte)(value & 1));
                s->SpSel = (byte)(value & 1);
                break;
            case PAN:
                s->Pan = (byte)((value >> 22) & 1);
                ContextChanged();
                break;
            case NZCV:
                s->Nzcv = (uint)value;
                break;
            case DAIF:
                s->Daif = (byte)((value >> 6) & 15);
                break;
            case FPCR:
                s->Fpcr = (uint)value & 0x07F8_0000;
                s->UpdateFpFast();
                break;
            case FPSR:
                s->Fpsr = (uint)value & 0x0800_009F;
                s->UpdateFpFast();
                break;
            case MDSCR_EL1:
                s->Sys[(int)id] = value & 0xFBC8_F001;
                ContextChanged();
                break;
            case OSLAR_EL1:
                s->Sys[(int)OSLSR_EL1] = (s->Sys[(int)OSLSR_EL1] & ~2UL) | ((value & 1) << 1);
                ContextChanged();
                break;
            case DBGCLAIMSET_EL1:
                s->Sys[(int)DBGCLAIMCLR_EL1] |= value & 0xFF;
                break;
            case DBGCLAIMCLR_EL1:
                s->Sys[(int)DBGCLAIMCLR_EL1] &= ~value;
                break;
            case >= CNTFRQ_EL0 and <= CNTV_CVAL_EL0 when id != CNTKCTL_EL1:
                Timer.Write(id, value);
                break;
            case >= PMCR_EL0 and <= PMCCFILTR_EL0 when SysRegTable.Get(id).Behaviour == SysRegBehaviour.Special:
                Pmu.Write(id, value);
                break;
            case >= PMSCR_EL1 and <= PMBIDR_EL1:
                _spu?.Write(id, value);
                break;
            default:
                s->Sys[(int)id] = (s->Sys[(int)id] & ~SysRegTable.Get(id).WriteMask) | (value & SysRegTable.Get(id).WriteMask);
                break;
        }
    }

    // Bits of SCTLR_EL1 for features that are not here are RES0 or RES1 (Arm ARM D24.2.118).
    // RES1: LSMAOE, nTLSMD, EIS, TSCXT, EOS, SED, ITD. Writable: UCI, SPAN, WXN, nTWE, nTWI, UCT, DZE, I, UMA, SA0, SA, C, A, M. Data is
    // little-endian (ID_AA64MMFR0_EL1.BigEnd is 0), so EE and E0E are RES0.
    private const ulong SctlrOnes = 0x3050_0980;
    private const ulong SctlrWritable = 0x048D_D21F;

    /// <summary>CCSIDR_EL1 for a CSSELR_EL1: the geometry of Neoverse N1.</summary>
    private static ulong CacheSize(ulong select) => select switch
    {
        0 => 0x701F_E01A,
        1 => 0x201F_E01A,
        2 => 0x70FF_E03A,
        _ => 0,
    };

    /// <summary>
    /// Puts the register file in its reset state: identification of a Neoverse N1 with what this PE implements; what the architecture leaves UNKNOWN is 0.
    /// </summary>
    internal void ResetRegisters()
    {
        Pe* s = State;
        void Set(SysRegId id, ulong value) => s->Sys[(int)id] = value;
        Set(MIDR_EL1, 0x413F_D0C1);
        Set(MPIDR_EL1, 0x8000_0000UL | (uint)(Configuration.Index & 0xFF));

        // EL0 and EL1 in AArch64, FP and AdvSIMD with half precision, GIC system registers, CSV2, CSV3.
        Set(ID_AA64PFR0_EL1, 0x1100_0000_0011_0011UL | (Configuration.Gic is null ? 0 : 1UL << 24));

        // Debug v8, PMUv3 for v8.1, 6 breakpoints, 4 watchpoints, 2 context-aware.
        Set(ID_AA64DFR0_EL1, 0x1030_5408 | ((ulong)(_spu?.Profile.PmsVer ?? 0) << 32));

        // AES+PMULL, SHA1, SHA256, CRC32, LSE, RDM, DotProd.
        Set(ID_AA64ISAR0_EL1, 0x0000_1000_1021_1120);

        // DC CVAP, LRCPC.
        Set(ID_AA64ISAR1_EL1, 0x0010_0001);

        // 48-bit PA, 16-bit ASID, 4 KiB granule only.
        Set(ID_AA64MMFR0_EL1, 0x0F00_0025);

        // PAN2.
        Set(ID_AA64MMFR1_EL1, 0x0020_0000);

        // E0PD.
        Set(ID_AA64MMFR2_EL1, 1UL << 60);
        Set(CTR_EL0, 0x9444_C004);
        Set(DCZID_EL0, 4);
        Set(CLIDR_EL1, 0x8200_0023);
        Set(CSSELR_EL1, 0);
        Set(SCTLR_EL1, SctlrOnes);
        Set(OSLSR_EL1, 0x0A);
        Set(PMCEID0_EL0, PerformanceMonitors.CommonEvents0);
        s->Fpcr = 0;
        s->Fpsr = 0;
        s->UpdateFpFast();
        ContextChanged();
    }
}
