using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Tests.Engine;
using static Pinion.Cpu.Tests.Engine.A64Asm;

namespace Pinion.Cpu.Tests.SystemRegisters;

/// <summary>Who may read and write each register of the table.</summary>
public sealed class AccessRuleTests
{
    private const ulong Undefined = 0x0200_0000;

    private sealed class Gic : IGicCpuInterface
    {
        public Dictionary<SysRegId, ulong> Written { get; } = [];

        public ulong Read(SysRegId register) => 0x1000UL + (uint)register;

        public void Write(SysRegId register, ulong value) => Written[register] = value;
    }

    public static TheoryData<EngineKind, SysRegId> Registers => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from register in SysRegTable.All
        select (engine, register.Id));

    private static bool IsSpe(SysRegId id) => id is >= SysRegId.PMSCR_EL1 and <= SysRegId.PMBIDR_EL1;

    [Theory]
    [MemberData(nameof(Registers))]
    public void El1ReadsAndWritesWhatTheTableSays(EngineKind engine, SysRegId id)
    {
        SysRegInfo info = SysRegTable.Get(id);
        using var m = new TestMachine(engine, gic: new Gic());
        ulong value = m.Pe.ReadRegister(id);
        m.Pe.SetX(1, value);
        TakenException read = m.Fault(Mrs(2, id), Svc(1));
        bool readable = (info.El1 & SysRegAccess.Read) != 0 && !IsSpe(id);
        read.Class.ShouldBe(readable ? 0x15 : 0);
        if (!readable)
        {
            read.Esr.ShouldBe(Undefined);
        }

        // With the value it has, so that the machine stays as it is.
        m.Pe.Pstate = 5;
        bool writable = (info.El1 & SysRegAccess.Write) != 0 && !IsSpe(id);
        TakenException write = m.Fault(Msr(id, 1), Svc(1));
        write.Class.ShouldBe(writable ? 0x15 : 0);
        if (!writable)
        {
            write.Esr.ShouldBe(Undefined);
        }
    }

    [Theory]
    [MemberData(nameof(Registers))]
    public void El0ReadsAndWritesWhatTheTableAndItsControlsSay(EngineKind engine, SysRegId id)
    {
        SysRegInfo info = SysRegTable.Get(id);
        using var m = new TestMachine(engine, gic: new Gic());
        foreach (bool allowed in (bool[])[false, true])
        {
            foreach (bool isRead in (bool[])[true, false])
            {
                // What controls EL0: all denied, then all allowed (MDSCR_EL1.TDCC denies when set).
                m.Pe.WriteRegister(SysRegId.SCTLR_EL1, allowed ? (1UL << 15) | (1 << 9) : 0);
                m.Pe.WriteRegister(SysRegId.CNTKCTL_EL1, allowed ? 0x303UL : 0);
                m.Pe.WriteRegister(SysRegId.PMUSERENR_EL0, allowed ? 0xFUL : 0);
                m.Pe.WriteRegister(SysRegId.MDSCR_EL1, allowed ? 0 : 1UL << 12);
                m.Pe.Pstate = 0;
                m.Pe.SetX(1, m.Pe.ReadRegister(id));
                uint word = isRead ? Mrs(2, id) : Msr(id, 1);
                TakenException e = m.Fault(word, Svc(1));
                SysRegAccess direction = isRead ? SysRegAccess.Read : SysRegAccess.Write;
                bool controlled = info.El0 == SysRegAccess.Controlled && (info.El1 & direction) != 0;
                bool plain = info.El0 != SysRegAccess.Controlled && (info.El0 & direction) != 0;

                // PMCCNTR and the event counters give EL0 reads by a bit of their own; CNTFRQ is never written.
                ulong expected = plain || (controlled && allowed) ? 0x5600_0001 : controlled ? 0x6200_0000 | Iss(word) : Undefined;
                e.Esr.ShouldBe(expected, $"{(isRead ? "MRS" : "MSR")} {info.Name}, {(allowed ? "allowed" : "denied")}");
            }
        }
    }

    private static ulong Iss(uint word) =>
        (((word >> 19) & 3) << 20) | (((word >> 5) & 7) << 17) | (((word >> 16) & 7) << 14) | (((word >> 12) & 15) << 10) | ((word & 31) << 5) | (((word >> 8) & 15) << 1) | ((word >> 21) & 1);

    /// <summary>Register, PMUSERENR_EL0, whether EL0 reads, whether EL0 writes.</summary>
    public static TheoryData<EngineKind, SysRegId, uint, bool, bool> UserEnables => new(
        from engine in new[] { EngineKind.Threaded, EngineKind.Switch }
        from row in new (SysRegId Id, uint User, bool Reads, bool Writes)[]
        {
            (SysRegId.PMCCNTR_EL0, 1, true, true), (SysRegId.PMCCNTR_EL0, 2, false, false), (SysRegId.PMCCNTR_EL0, 4, true, false), (SysRegId.PMCCNTR_EL0, 8, false, false),
            (SysRegId.PMEVCNTR0_EL0, 1, true, true), (SysRegId.PMEVCNTR0_EL0, 2, false, false), (SysRegId.PMEVCNTR0_EL0, 4, false, false), (SysRegId.PMEVCNTR0_EL0, 8, true, false),
            (SysRegId.PMXEVCNTR_EL0, 8, true, false), (SysRegId.PMSELR_EL0, 8, true, true), (SysRegId.PMSELR_EL0, 4, false, false),
            (SysRegId.PMXEVTYPER_EL0, 14, false, false), (SysRegId.PMCR_EL0, 14, false, false), (SysRegId.PMCR_EL0, 1, true, true), (SysRegId.PMOVSSET_EL0, 1, true, true),
        }
        select (engine, row.Id, row.User, row.Reads, row.Writes));

    [Theory]
    [MemberData(nameof(UserEnables))]
    public void PmuserenrGivesEl0EachCounterApart(EngineKind engine, SysRegId id, uint user, bool reads, bool writes)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.PMUSERENR_EL0, user);
        m.Pe.Pstate = 0;
        m.Fault(Mrs(2, id), Svc(1)).Class.ShouldBe(reads ? 0x15 : 0x18);
        m.Pe.Pstate = 0;
        m.Fault(Msr(id, 31), Svc(1)).Class.ShouldBe(writes ? 0x15 : 0x18);
    }

    [Theory]
    [InlineData(EngineKind.Threaded, 1, true)]
    [InlineData(EngineKind.Threaded, 2, true)]
    [InlineData(EngineKind.Threaded, 12, false)]
    [InlineData(EngineKind.Switch, 2, true)]
    [InlineData(EngineKind.Switch, 12, false)]
    public void El0IncrementsByEnOrSw(EngineKind engine, uint user, bool allowed)
    {
        using var m = new TestMachine(engine);
        m.Pe.WriteRegister(SysRegId.PMUSERENR_EL0, user);
        m.Pe.Pstate = 0;
        m.Fault(Msr(SysRegId.PMSWINC_EL0, 31), Svc(1)).Class.ShouldBe(allowed ? 0x15 : 0x18);
    }

    /// <summary>Counter access by CNTKCTL_EL1.</summary>
    [Theory]
    [InlineData(SysRegId.CNTPCT_EL0, 0)]
    [InlineData(SysRegId.CNTVCT_EL0, 1)]
    [InlineData(SysRegId.CNTV_CTL_EL0, 8)]
    [InlineData(SysRegId.CNTP_CVAL_EL0, 9)]
    public void CntkctlGivesEl0EachCounterAndTimerApart(SysRegId id, int bit)
    {
        foreach (EngineKind engine in (EngineKind[])[EngineKind.Threaded, EngineKind.Switch])
        {
            using var m = new TestMachine(engine);
            m.Pe.WriteRegister(SysRegId.CNTKCTL_EL1, 1UL << bit);
            m.Pe.Pstate = 0;
            m.Fault(Mrs(2, id), Svc(1)).Class.ShouldBe(0x15);
            m.Pe.WriteRegister(SysRegId.CNTKCTL_EL1, 0x3FFUL & ~(1UL << bit));
            m.Pe.Pstate = 0;
            m.Fault(Mrs(2, id), Svc(1)).Class.ShouldBe(0x18);

            // The frequency comes with either counter.
            m.Pe.WriteRegister(SysRegId.CNTKCTL_EL1, 1UL << bit);
            m.Pe.Pstate = 0;
            m.Fault(Mrs(2, SysRegId.CNTFRQ_EL0), Svc(1)).Class.ShouldBe(bit < 2 ? 0x15 : 0x18);
        }
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void MaskBitsAreEl0sWhereUmaSaysSo(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        m.Pe.Pstate = 0;
        TakenException e = m.Fault(MsrDaifSet(2));
        e.Esr.ShouldBe(0x6200_0000 | Iss(MsrDaifSet(2)));
        m.Pe.Pstate = 0;
        m.Fault(MsrDaifClr(2)).Class.ShouldBe(0x18);
        m.Pe.WriteRegister(SysRegId.SCTLR_EL1, 1 << 9);
        m.Pe.Pstate = 0;
        e = m.Fault(MsrDaifSet(2), Mrs(0, SysRegId.DAIF), MsrDaifClr(2), MsrDaifSet(1), Svc(1));
        e.Class.ShouldBe(0x15);
        e.Spsr.ShouldBe(0x40UL);
        m.Pe.GetX(0).ShouldBe(0x80UL);
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void ReservedIdentificationSpaceReadsAsZero(EngineKind engine)
    {
        using var m = new TestMachine(engine);
        for (uint crm = 0; crm < 8; crm++)
        {
            for (uint op2 = 0; op2 < 8; op2++)
            {
                if (SysRegTable.Find(SysRegInfo.Pack(3, 0, 0, (int)crm, (int)op2)) is not null)
                {
                    continue;
                }

                uint mrs = 0xD5380000 | (crm << 8) | (op2 << 5);
                m.Pe.SetX(0, 0x1234);
                m.Pe.Pstate = 5;
                TakenException e = m.Fault(mrs, Svc(1));
                e.Class.ShouldBe(crm == 0 ? 0 : 0x15, $"CRm {crm} op2 {op2}");
                m.Pe.GetX(0).ShouldBe(crm == 0 ? 0x1234UL : 0);
                m.Pe.Pstate = 5;
                m.Fault(mrs & ~(1u << 21)).Esr.ShouldBe(Undefined);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Registers))]
    public void EveryRegisterCanBeTrapped(EngineKind engine, SysRegId id)
    {
        SysRegInfo info = SysRegTable.Get(id);
        if (IsSpe(id) || id is SysRegId.SP_EL0 or SysRegId.NZCV or SysRegId.DAIF or SysRegId.FPCR or SysRegId.FPSR)
        {
            // Nothing at EL2 traps these (SPE's are UNDEFINED here).
            return;
        }

        using var m = new TestMachine(engine, gic: new Gic());

        // Decoded before it is trapped, and after.
        uint[] words = [.. new[] { ((info.El1 & SysRegAccess.Read) != 0, Mrs(7, id)), ((info.El1 & SysRegAccess.Write) != 0, Msr(id, 7)) }.Where(w => w.Item1).Select(w => w.Item2)];
        foreach (uint word in words)
        {
            bool read = (word & (1 << 21)) != 0;
            m.Pe.SetTrap(id, false, false);
            m.Pe.SetX(7, m.Pe.ReadRegister(id));
            m.Load(Nop, word);
            m.RunToEnd();
            m.Pe.SetTrap(id, read, !read);
            m.Pe.Pc = TestMachine.CodeAt;
            m.Pe.Run().ShouldBe(ExitReason.SystemRegister);
            m.Pe.Trapped.ShouldBe(new TrappedRegister(id, read, 7));
            m.Pe.Pc.ShouldBe(TestMachine.CodeAt + 4);

            // The other direction is not.
            m.Pe.SetTrap(id, !read, read);
            m.Pe.Pc = TestMachine.CodeAt;
            m.Pe.SetX(7, m.Pe.ReadRegister(id));
            m.RunToEnd();
        }
    }

    [Theory]
    [MemberData(nameof(TestMachine.Engines), MemberType = typeof(TestMachine))]
    public void IccRegistersGoToTheGic(EngineKind engine)
    {
        var gic = new Gic();
        using var m = new TestMachine(engine, gic: gic);
        m.Pe.SetX(1, 0xF0);
        m.Execute(Mrs(0, SysRegId.ICC_IAR1_EL1), Msr(SysRegId.ICC_PMR_EL1, 1), Msr(SysRegId.ICC_SGI1R_EL1, 1));
        m.Pe.GetX(0).ShouldBe(0x1000UL + (uint)SysRegId.ICC_IAR1_EL1);
        gic.Written[SysRegId.ICC_PMR_EL1].ShouldBe(0xF0UL);
        gic.Written[SysRegId.ICC_SGI1R_EL1].ShouldBe(0xF0UL);
        ((m.Pe.ReadRegister(SysRegId.ID_AA64PFR0_EL1) >> 24) & 15).ShouldBe(1UL);
    }
}
