using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.SystemRegisters;

/// <summary>What registers keep, and what they say of the PE.</summary>
public sealed class ValueTests
{
    public static TheoryData<EngineKind> Engines => TestMachine.Engines;

    /// <summary>Registers whose fields are checked here one by one.</summary>
    public static TheoryData<EngineKind, SysRegId, ulong, ulong> Masks => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from row in new (SysRegId Id, ulong Ones, ulong Zeros)[]
        {
            // What all ones and all zeros read back as.
            (SysRegId.CPACR_EL1, 0x1030_0000, 0),
            (SysRegId.VBAR_EL1, 0xFFFF_FFFF_FFFF_F800, 0),
            (SysRegId.CONTEXTIDR_EL1, 0xFFFF_FFFF, 0),
            (SysRegId.CSSELR_EL1, 0xF, 0),
            (SysRegId.MDCCINT_EL1, 0x6000_0000, 0),
            (SysRegId.OSDLR_EL1, 1, 0),
            (SysRegId.DBGBCR0_EL1, 0xFFFF_FFFF, 0),
            (SysRegId.PMSELR_EL0, 31, 0),
            (SysRegId.PMUSERENR_EL0, 15, 0),
            (SysRegId.PMCCFILTR_EL0, 0xFC00_0000, 0),
            (SysRegId.PMEVTYPER0_EL0, 0xFC00_FFFF, 0),
            (SysRegId.PMEVCNTR0_EL0, 0xFFFF_FFFF, 0),
            (SysRegId.TPIDR_EL0, ulong.MaxValue, 0),
            (SysRegId.TPIDRRO_EL0, ulong.MaxValue, 0),
            (SysRegId.TPIDR_EL1, ulong.MaxValue, 0),
            (SysRegId.ELR_EL1, ulong.MaxValue, 0),
            (SysRegId.FAR_EL1, ulong.MaxValue, 0),
            (SysRegId.MAIR_EL1, ulong.MaxValue, 0),
            (SysRegId.NZCV, 0xF000_0000, 0),
            (SysRegId.DAIF, 0x3C0, 0),
            (SysRegId.FPCR, 0x07F8_0000, 0),
            (SysRegId.FPSR, 0x0800_009F, 0),
        }
        select (engine, row.Id, row.Ones, row.Zeros));

    [Theory]
    [MemberData(nameof(Masks))]
    public void ARegisterKeepsItsFieldsAndNoOthers(EngineKind engine, SysRegId id, ulong ones, ulong zeros)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetX(1, ulong.MaxValue);
        m.Pe.SetX(2, 0);
        m.Load(Msr(id, 1), Mrs(3, id), Msr(id, 2), Mrs(4, id));

        // Zero in CPACR_EL1 is no obstacle to what follows.
        m.RunToEnd();
        m.Pe.GetX(3).ShouldBe(ones);
        m.Pe.GetX(4).ShouldBe(zeros);

        // EL2's own access keeps to the same fields, where they are the guest's to write.
        m.Pe.WriteRegister(id, ulong.MaxValue);
        m.Pe.ReadRegister(id).ShouldBe(ones);
        m.Pe.WriteRegister(id, 0);
        m.Pe.ReadRegister(id).ShouldBe(zeros);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void SctlrHasItsRes1BitsAndOnlyWhatIsImplemented(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.ReadRegister(SysRegId.SCTLR_EL1).ShouldBe(0x3050_0980UL);
        m.Pe.SetX(1, ulong.MaxValue & ~3UL);
        m.Execute(Msr(SysRegId.SCTLR_EL1, 1), Mrs(2, SysRegId.SCTLR_EL1));
        m.Pe.GetX(2).ShouldBe(0x34DD_DB9CUL);
    }

    [Fact]
    public void EveryIdentificationRegisterCanBeSetByEl2()
    {
        using var m = new TestMachine(EngineKind.Auto);
        for (SysRegId id = SysRegId.MIDR_EL1; id <= SysRegId.ID_AA64MMFR3_EL1; id++)
        {
            m.Pe.WriteRegister(id, 0x1234_5678_9ABC_DEF0 + (ulong)id);
            m.Pe.ReadRegister(id).ShouldBe(0x1234_5678_9ABC_DEF0 + (ulong)id);
        }

        m.Execute(Mrs(0, SysRegId.ID_AA64ISAR0_EL1));
        m.Pe.GetX(0).ShouldBe(0x1234_5678_9ABC_DEF0 + (ulong)SysRegId.ID_AA64ISAR0_EL1);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheIdentificationTellsTheTruth(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        ulong Field(SysRegId id, int low) => (m.Pe.ReadRegister(id) >> low) & 15;
        bool Executes(params uint[] words)
        {
            m.Pe.Pstate = 5;
            m.Pe.SetX(1, TestMachine.DataAt);
            return m.Fault([.. words, Svc(1)]).Class == 0x15;
        }

        // AArch64 only, little-endian, 4 KiB granule, 48 bits, 16-bit ASIDs.
        m.Pe.ReadRegister(SysRegId.ID_AA64MMFR0_EL1).ShouldBe(0x0F00_0025UL);
        (m.Pe.ReadRegister(SysRegId.ID_AA64PFR0_EL1) & 0xFF).ShouldBe(0x11UL);
        Executes(Ldadd(3, 0, 2, 1)).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 20) == 2);
        Executes(Ldapr(3, 0, 1)).ShouldBe(Field(SysRegId.ID_AA64ISAR1_EL1, 20) == 1);
        Executes(0x9AC14C00 /* CRC32X W0, W0, X1 */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 16) == 1);
        Executes(0x4E284820 /* AESE */, 0x0EE0E000 /* PMULL 1Q */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 4) == 2);
        Executes(0x5E280820 /* SHA1H */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 8) == 1);
        Executes(0x5E282820 /* SHA256SU0 */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 12) == 1);
        Executes(0x6E818400 /* SQRDMLAH */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 28) == 1);
        Executes(0x4E829420 /* SDOT */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 44) == 1);
        Executes(0x1EE02820 /* FADD H */).ShouldBe(Field(SysRegId.ID_AA64PFR0_EL1, 16) == 1);
        Executes(MsrPan(0)).ShouldBe(Field(SysRegId.ID_AA64MMFR1_EL1, 20) != 0);
        Executes(AtPan(0, 1)).ShouldBe(Field(SysRegId.ID_AA64MMFR1_EL1, 20) >= 2);
        Executes(0xD500_407F /* MSR UAO */).ShouldBe(Field(SysRegId.ID_AA64MMFR2_EL1, 4) == 1);
        Executes(0xD508_8100 /* TLBI VMALLE1OS */).ShouldBe(Field(SysRegId.ID_AA64ISAR0_EL1, 56) != 0);
        Executes(0xD50B_7D20 /* DC CVADP, X0 */).ShouldBe(Field(SysRegId.ID_AA64ISAR1_EL1, 0) >= 2);
        Executes(0xD50330FF /* SB */).ShouldBe(Field(SysRegId.ID_AA64ISAR1_EL1, 36) != 0);
        Executes(DcZva(1)).ShouldBeFalse("Device memory, with the MMU off");

        // Counters as PMCR_EL0.N counts them, events as PMCEID0_EL0 lists them.
        ((m.Pe.ReadRegister(SysRegId.PMCR_EL0) >> 11) & 31).ShouldBe(6UL);
        (m.Pe.ReadRegister(SysRegId.PMCEID0_EL0) & 0x4002_0101).ShouldBe(0x4002_0101UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void DczidTellsEl0WhetherZvaIsProhibited(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Execute(Mrs(0, SysRegId.DCZID_EL0));
        m.Pe.GetX(0).ShouldBe(4UL);
        m.Pe.Pstate = 0;
        m.Fault(Mrs(0, SysRegId.DCZID_EL0), Svc(1));
        m.Pe.GetX(0).ShouldBe(0x14UL);
        m.Pe.WriteRegister(SysRegId.SCTLR_EL1, 1 << 14);
        m.Pe.Pstate = 0;
        m.Fault(Mrs(0, SysRegId.DCZID_EL0), Svc(1));
        m.Pe.GetX(0).ShouldBe(4UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void CcsidrFollowsCsselr(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        var seen = new HashSet<ulong>();
        for (ulong select = 0; select < 3; select++)
        {
            m.Pe.SetX(1, select);
            m.Execute(Msr(SysRegId.CSSELR_EL1, 1), Mrs(2, SysRegId.CCSIDR_EL1));
            ulong value = m.Pe.GetX(2);

            // 64-byte lines.
            (value & 7).ShouldBe(2UL);
            seen.Add(value);
        }

        seen.Count.ShouldBe(3);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheClaimTagIsSetAndCleared(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetX(1, 0x5A);
        m.Pe.SetX(2, 0x12);
        m.Execute(Mrs(3, SysRegId.DBGCLAIMSET_EL1), Msr(SysRegId.DBGCLAIMSET_EL1, 1), Mrs(4, SysRegId.DBGCLAIMCLR_EL1), Msr(SysRegId.DBGCLAIMCLR_EL1, 2), Mrs(5, SysRegId.DBGCLAIMCLR_EL1));
        m.Pe.GetX(3).ShouldBe(0xFFUL);
        m.Pe.GetX(4).ShouldBe(0x5AUL);
        m.Pe.GetX(5).ShouldBe(0x48UL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void TheOsLockIsSeenInOslsr(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.SetX(1, 1);
        m.Execute(Msr(SysRegId.OSLAR_EL1, 31), Mrs(2, SysRegId.OSLSR_EL1), Msr(SysRegId.OSLAR_EL1, 1), Mrs(3, SysRegId.OSLSR_EL1));
        m.Pe.GetX(2).ShouldBe(8UL);
        m.Pe.GetX(3).ShouldBe(0xAUL);
    }

    [Theory]
    [MemberData(nameof(Engines))]
    public void CurrentElPanAndFlagsAreThoseOfPstate(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.Pstate = 0xA040_0005;
        m.Pe.SetX(1, 0x6000_0000);
        m.Execute(Mrs(0, SysRegId.CurrentEL), Mrs(2, SysRegId.PAN), Mrs(3, SysRegId.NZCV), Msr(SysRegId.NZCV, 1), Msr(SysRegId.PAN, 31), Mrs(4, SysRegId.PAN), MsrPan(1), Mrs(5, SysRegId.PAN));
        m.Pe.GetX(0).ShouldBe(4UL);
        m.Pe.GetX(2).ShouldBe(1UL << 22);
        m.Pe.GetX(3).ShouldBe(0xA000_0000UL);
        m.Pe.GetX(4).ShouldBe(0UL);
        m.Pe.GetX(5).ShouldBe(1UL << 22);
        m.Pe.Pstate.ShouldBe(0x6040_0005UL);
    }
}
