using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class RunTests
{
    [Theory]
    [InlineData(0xFF, 0xFFUL, "ldrb")]
    [InlineData(0xFF, 0xFFFF_FFFFUL, "ldrsb w")]
    [InlineData(0x8000, 0xFFFF_FFFF_FFFF_8000UL, "ldrsh x")]
    [InlineData(0x1234_5678_9ABC_DEF0, 0x9ABC_DEF0UL, "ldr w")]
    [InlineData(0x1234_5678_9ABC_DEF0, 0x1234_5678_9ABC_DEF0UL, "ldr x")]
    public void AReadFromADeviceIsCompletedByTheNextRun(ulong answer, ulong expected, string how)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        (uint load, uint size) = how switch
        {
            "ldrb" => (Code.Ldrb(2, 1), 1u),
            "ldrsb w" => (Code.LdrsbW(2, 1), 1u),
            "ldrsh x" => (Code.Ldrsh(2, 1), 2u),
            "ldr w" => (Code.LdrW(2, 1), 4u),
            _ => (Code.Ldr(2, 1), 8u),
        };
        test.Load(vcpu, load, Code.Str(2, 1));
        TestVm.SetX(vcpu, 1, TestVm.Device + 0x18);
        vcpu.Run().ShouldBe(0);
        KvmRun* run = vcpu.RunArea;
        run->ExitReason.ShouldBe(KvmExit.Mmio);
        run->Mmio.PhysAddr.ShouldBe(TestVm.Device + 0x18);
        run->Mmio.Len.ShouldBe(size);
        run->Mmio.IsWrite.ShouldBe((byte)0);
        vcpu.GetOneReg(RegisterId.Pc, out ulong pc).ShouldBe(0);
        pc.ShouldBe(TestVm.RamBase);

        run->Mmio.Value = answer;
        vcpu.Run().ShouldBe(0);
        run->ExitReason.ShouldBe(KvmExit.Mmio);
        run->Mmio.IsWrite.ShouldBe((byte)1);
        run->Mmio.Value.ShouldBe(expected);
        TestVm.X(vcpu, 2).ShouldBe(expected);
    }

    [Fact]
    public void ImmediateExitCompletesMmioAndLeavesTheExitAlone()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Load(vcpu, Code.LdrW(2, 1), Code.Loop);
        TestVm.SetX(vcpu, 1, TestVm.Device);
        vcpu.Run().ShouldBe(0);
        KvmRun* run = vcpu.RunArea;
        run->Mmio.Value = 42;
        run->ImmediateExit = 1;
        vcpu.Run().ShouldBe(-Errno.EINTR);
        run->ExitReason.ShouldBe(KvmExit.Mmio);
        run->Mmio.PhysAddr.ShouldBe(TestVm.Device);
        TestVm.X(vcpu, 2).ShouldBe(42UL);
        vcpu.GetOneReg(RegisterId.Pc, out ulong pc).ShouldBe(0);
        pc.ShouldBe(TestVm.RamBase + 4);

        vcpu.Run().ShouldBe(-Errno.EINTR);
        pc.ShouldBe(TestVm.RamBase + 4);
    }

    [Fact]
    public void AnMmioAccessThatUserSpaceAbortsIsNotCompleted()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.LoadAt(vcpu, 0x1200, Code.Str(2, 1));
        test.Load(vcpu, Code.Nop, Code.Ldr(2, 1), Code.Loop);
        TestVm.SetX(vcpu, 1, TestVm.Device + 8);
        TestVm.SetX(vcpu, 2, 77);
        vcpu.SetOneReg(RegisterId.System(0xC600), TestVm.RamBase + 0x1000).ShouldBe(0);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        vcpu.RunArea->Mmio.Value = 42;
        vcpu.SetEvents(new KvmVcpuEvents { ExtDabtPending = 1 }).ShouldBe(0);

        // The handler at VBAR_EL1 + 0x200 stores what the load did not change.
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->Mmio.IsWrite.ShouldBe((byte)1);
        vcpu.RunArea->Mmio.Value.ShouldBe(77UL);
        vcpu.GetOneReg(RegisterId.ElrEl1, out ulong elr).ShouldBe(0);
        vcpu.GetOneReg(RegisterId.System(0xC300), out ulong far).ShouldBe(0);
        vcpu.GetOneReg(RegisterId.System(0xC290), out ulong esr).ShouldBe(0);
        elr.ShouldBe(TestVm.RamBase + 4);
        far.ShouldBe(TestVm.Device + 8);
        (esr >> 26).ShouldBe(0x25UL);
        (esr & 0x3F).ShouldBe(0x10UL);
    }

    [Fact]
    public void AKickBeforeRunEndsTheNextRunOnce()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Load(vcpu, Code.Str(2, 1));
        TestVm.SetX(vcpu, 1, TestVm.Device);
        vcpu.Kick();
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Intr);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    [Theory]
    [InlineData(Code.Loop)]
    [InlineData(Code.Wfi)]
    public void AKickEndsALoopAndAWait(uint instruction)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Load(vcpu, instruction, Code.Branch(-1));
        KickSoon(vcpu, 20);
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Intr);
    }

    [Fact]
    public void AStoppedVcpuWaitsInRunUntilItIsKicked()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.SetMpState(KvmMpState.Stopped).ShouldBe(0);
        test.Load(vcpu, Code.Str(2, 1));
        TestVm.SetX(vcpu, 1, TestVm.Device);
        KickSoon(vcpu, 20);
        vcpu.Run().ShouldBe(-Errno.EINTR);
    }

    [Fact]
    public void AnAccessWhoseSyndromeSaysNothingIsEnosysOrNisv()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Load(vcpu, Code.Ldp(2, 3, 1));
        TestVm.SetX(vcpu, 1, TestVm.Device);
        vcpu.Run().ShouldBe(-Errno.ENOSYS);
        test.Vm.EnableCap(new KvmEnableCap { Cap = KvmCapability.ArmNisvToUser }).ShouldBe(0);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.ArmNisv);
        vcpu.RunArea->ArmNisv.FaultIpa.ShouldBe(TestVm.Device);

        // User space aborts it: the guest finds the address.
        vcpu.SetEvents(new KvmVcpuEvents { ExtDabtPending = 1 }).ShouldBe(0);
        vcpu.GetOneReg(RegisterId.System(SysRegTable.Get(SysRegId.FAR_EL1).Encoding), out ulong far).ShouldBe(0);
        far.ShouldBe(TestVm.Device);
    }

    [Fact]
    public void AFetchOutsideMemoryIsAnExternalAbortInTheGuest()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();

        // The handler at VBAR + 0x200 (current EL, SP_EL1) reports the syndrome to a device.
        test.LoadAt(vcpu, 0x200, Code.Mrs(3, SysRegId.ESR_EL1), Code.Str(3, 1));
        vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(SysRegId.VBAR_EL1).Encoding), TestVm.RamBase).ShouldBe(0);
        TestVm.SetX(vcpu, 1, TestVm.Device);
        vcpu.SetOneReg(RegisterId.Pc, 0x1000_0000UL).ShouldBe(0);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        ulong esr = vcpu.RunArea->Mmio.Value;
        (esr >> 26).ShouldBe(0x21UL);
        (esr & 0x3F).ShouldBe(0x10UL);
    }

    [Fact]
    public void AnInterruptLineEndsAWait()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Load(vcpu, Code.Wfi, Code.Str(2, 1));
        TestVm.SetX(vcpu, 1, TestVm.Device);
        Thread setter = new(() =>
        {
            Thread.Sleep(20);
            test.Vm.IrqLine(0, level: true);
        });
        setter.Start();
        vcpu.Run().ShouldBe(0);
        setter.Join();
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    [Fact]
    public void TheVirtualTimerWakesAWaitThroughPpi27()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.AddGic();

        // CNTV_CVAL = now + 1 ms; enabled; PPI 27 enabled in the redistributor, group 1; then WFI and IAR.
        const ulong SgiFrame = TestVm.GicRedistributors + 0x1_0000;
        test.Load(
            vcpu,
            Code.Movz(3, 1), Code.Msr(SysRegId.ICC_IGRPEN1_EL1, 3),
            Code.Movz(3, 0xF0), Code.Msr(SysRegId.ICC_PMR_EL1, 3),
            Code.Movz(3, 0x0800, 16), Code.StrW(3, 4), Code.StrW(3, 5),
            Code.Movz(3, 2), Code.StrW(3, 6),
            Code.Mrs(3, SysRegId.CNTVCT_EL0), Code.Movz(7, 0xF424), Code.AddImmediate(3, 3, 0xFFF),
            Code.Msr(SysRegId.CNTV_CVAL_EL0, 3), Code.Movz(3, 1), Code.Msr(SysRegId.CNTV_CTL_EL0, 3),
            Code.Wfi,
            Code.Mrs(3, SysRegId.ICC_IAR1_EL1), Code.Str(3, 1));
        TestVm.SetX(vcpu, 1, TestVm.Device);
        TestVm.SetX(vcpu, 4, SgiFrame + 0x080);
        TestVm.SetX(vcpu, 5, SgiFrame + 0x100);
        TestVm.SetX(vcpu, 6, TestVm.GicDistributor);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        vcpu.RunArea->Mmio.Value.ShouldBe(27UL);
        vcpu.Statistics.MmioInKernel.ShouldBe(3UL);
    }

    [Fact]
    public void TheFirstRunNeedsAnInitialisedControllerAndPmu()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.PmuV3);
        vcpu.Run().ShouldBe(-Errno.EINVAL);
        test.Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? gic).ShouldBe(0);
        vcpu.Run().ShouldBe(-Errno.ENXIO);
        TestVm.Set(gic!, 0, 2, TestVm.GicDistributor).ShouldBe(0);
        TestVm.Set(gic!, 0, 3, TestVm.GicRedistributors).ShouldBe(0);
        vcpu.Run().ShouldBe(-Errno.EBUSY);
        TestVm.Set(vcpu, 0, 1, 0).ShouldBe(-Errno.ENODEV);
        gic!.SetAttr(new KvmDeviceAttr { Group = 4 }).ShouldBe(0);
        TestVm.Set(vcpu, 0, 1, 0).ShouldBe(-Errno.ENXIO);
        TestVm.Set(vcpu, 0, 0, 23).ShouldBe(0);
        TestVm.Set(vcpu, 0, 0, 23).ShouldBe(-Errno.EBUSY);
        vcpu.Run().ShouldBe(-Errno.EINVAL);
        TestVm.Set(vcpu, 0, 1, 0).ShouldBe(0);
        TestVm.Set(vcpu, 0, 1, 0).ShouldBe(-Errno.EBUSY);
        vcpu.Kick();
        vcpu.Run().ShouldBe(-Errno.EINTR);
    }

    [Fact]
    public void WithoutThePmuFeatureItsRegistersAreUndefinedAndNotAdvertised()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.LoadAt(vcpu, 0x200, Code.Mrs(3, SysRegId.ESR_EL1), Code.Str(3, 1));
        vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(SysRegId.VBAR_EL1).Encoding), TestVm.RamBase).ShouldBe(0);
        test.Load(vcpu, Code.Mrs(3, SysRegId.PMCR_EL0));
        TestVm.SetX(vcpu, 1, TestVm.Device);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->Mmio.Value.ShouldBe(0x0200_0000UL);
        vcpu.GetOneReg(RegisterId.System(SysRegTable.Get(SysRegId.ID_AA64DFR0_EL1).Encoding), out ulong debug).ShouldBe(0);
        ((debug >> 8) & 0xF).ShouldBe(0UL);
        ((debug >> 32) & 0xF).ShouldBe(0UL);
    }

    [Fact]
    public void AnAddressBeyondTheIpaSizeIsAnAddressSizeFault()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.LoadAt(vcpu, 0x200, Code.Mrs(3, SysRegId.ESR_EL1), Code.Str(3, 1));
        vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(SysRegId.VBAR_EL1).Encoding), TestVm.RamBase).ShouldBe(0);
        test.Load(vcpu, Code.Ldr(4, 5));
        TestVm.SetX(vcpu, 5, 1UL << 40);
        TestVm.SetX(vcpu, 1, TestVm.Device);
        vcpu.Run().ShouldBe(0);
        ulong esr = vcpu.RunArea->Mmio.Value;
        (esr >> 26).ShouldBe(0x25UL);
        (esr & 0x3C).ShouldBe(0UL);
    }

    internal static void KickSoon(Vcpu vcpu, int milliseconds)
    {
        Thread kicker = new(() =>
        {
            Thread.Sleep(milliseconds);
            vcpu.Kick();
        })
        {
            IsBackground = true,
        };
        kicker.Start();
    }
}
