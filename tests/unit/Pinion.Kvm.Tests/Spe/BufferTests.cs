using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>Pinning while the buffer is enabled, events, and the account of locked memory.</summary>
public sealed unsafe class BufferTests
{
    private const ulong Page = 4096;
    private const ulong Buffer = TestVm.RamBase + 0x4_0000;
    private const ulong S = 1 << 17;

    [Fact]
    public void TheBufferIsPinnedExactlyWhileItIsEnabled()
    {
        using SpeMachine machine = new();
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer + 64);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, Buffer + (4 * Page));
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, (Buffer + (4 * Page)) | 1);
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
        machine.Test.Host.IsLocked(machine.Test.Ram + 0x4_0000).ShouldBeTrue();
        machine.Test.Host.IsLocked(machine.Test.Ram + 0x4_3000).ShouldBeTrue();
        machine.Test.Host.LockedBytes.ShouldBe(SpeMachine.MaxBufferSize);
        machine.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((Buffer + (4 * Page)) | 1);
        machine.Read(SysRegId.PMBPTR_EL1).ShouldBe(Buffer + 64);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe(SpeMachine.MaxBufferSize);
    }

    [Fact]
    public void TheStatusBitDisablesTheBufferAndDrivesTheInterrupt()
    {
        using SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + (2 * Page));
        machine.WriteDone(SysRegId.PMBSR_EL1, S);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        PpiLevel(machine).ShouldBeTrue();
        machine.WriteDone(SysRegId.PMBSR_EL1, 0);
        machine.Test.Host.PinnedBytes.ShouldBe(2 * Page);
        PpiLevel(machine).ShouldBeFalse();
    }

    [Fact]
    public void ChangingAnEnabledBufferMovesThePins()
    {
        using SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + (2 * Page));
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer + Page);
        machine.Test.Host.PinnedBytes.ShouldBe(Page);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, (Buffer + (5 * Page)) | 1);
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
        machine.Test.Host.IsLocked(machine.Test.Ram + 0x4_0000).ShouldBeFalse();
    }

    [Fact]
    public void ADiscardingBufferNeedsNoMemory()
    {
        using SpeMachine machine = new();
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, (Buffer + Page) | (2 << 1) | 1);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
    }

    [Theory]
    [InlineData(64UL, 0UL)]
    [InlineData(65UL, 0x2_0004UL)] // S, EC 0, BSC 4
    public void ALargerBufferThanTheMaximumIsAnEvent(ulong pages, ulong status)
    {
        using SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + (pages * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(status);
        PpiLevel(machine).ShouldBe(status != 0);
        machine.Test.Host.PinnedBytes.ShouldBe(status == 0 ? pages * Page : 0);
    }

    [Fact]
    public void ABufferOutsideMemoryIsAStage2Event()
    {
        using SpeMachine machine = new();
        machine.Enable(0x2000_0000, 0x2000_0000 + Page);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x25UL << 26) | S | 7);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
    }

    [Fact]
    public void AnUnlimitedBufferIsBoundedByMemory()
    {
        using SpeMachine machine = new(maxBufferSize: 0);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
        machine.Enable(Buffer, Buffer + (1UL << 36));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(S | 4);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.WriteDone(SysRegId.PMBSR_EL1, 0);
        machine.Enable(Buffer, Buffer + (16 * Page));
        machine.Test.Host.LockedBytes.ShouldBe(16 * Page);
    }

    [Fact]
    public void AMissingPieceOfTheLimitIsOneExitWithOneNumberAndTheInstructionIsRunAgain()
    {
        using SpeMachine machine = new(maxBufferSize: 0);
        machine.Test.Host.Limit = 6 * Page;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + (16 * Page)) | 1).ShouldBe(0);
        KvmRun* run = machine.Vcpu.RunArea;
        run->ExitReason.ShouldBe(KvmExit.Rlimit);
        run->Rlimit.Excess.ShouldBe(16 * Page);
        run->Rlimit.RlimitId.ShouldBe((byte)8);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);

        // Nothing was raised: the same exit again.
        machine.Vcpu.Run().ShouldBe(0);
        run->ExitReason.ShouldBe(KvmExit.Rlimit);

        machine.Test.Host.Limit = 16 * Page;
        machine.Vcpu.Run().ShouldBe(0);
        run->ExitReason.ShouldBe(KvmExit.Mmio);
        machine.Test.Host.PinnedBytes.ShouldBe(16 * Page);
        machine.Vm.Spe.Account.Watermark.ShouldBe(16 * Page);
    }

    [Fact]
    public void TheWatermarkStaysWhenTheBufferGoes()
    {
        using SpeMachine machine = new(maxBufferSize: 0);
        machine.Enable(Buffer, Buffer + (8 * Page));
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe(8 * Page);
        machine.Test.Host.Limit = 8 * Page;
        machine.Enable(Buffer + (8 * Page), Buffer + (16 * Page));
        machine.Test.Host.LockedBytes.ShouldBe(8 * Page);
    }

    [Fact]
    public void PagesThatTwoVcpusShareAreCountedOnceAndStayUntilBothAreDone()
    {
        using SpeMachine machine = new(vcpus: 2, maxBufferSize: 0);
        Vcpu second = machine.Vm.Vcpus[1];
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Enable(Buffer + (2 * Page), Buffer + (6 * Page), second);
        machine.Test.Host.PinnedBytes.ShouldBe(6 * Page);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0, second);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
    }

    [Fact]
    public void AFailingLockPinsNothingAndTriesAgain()
    {
        using SpeMachine machine = new();
        int calls = 0;
        machine.Test.Host.FailLock = (_, _) => calls++ == 0 ? Errno.ENOMEM : 0;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + (4 * Page)) | 1).ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Rlimit);
        machine.Vcpu.RunArea->Rlimit.Excess.ShouldBe(Page);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Vcpu.Run().ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
        machine.Test.Host.LockedBytes.ShouldBe(SpeMachine.MaxBufferSize);
    }

    [Fact]
    public void MemoryThatIsGoneBelowTheSlotIsAnEventNotAnExit()
    {
        using SpeMachine machine = new();
        machine.Test.Host.FailLock = (_, _) => Errno.EFAULT;
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x25UL << 26) | S | 7);
    }

    [Fact]
    public void RemovingTheSlotUnderABufferReleasesItAndTellsTheGuest()
    {
        using SpeMachine machine = new();
        Vm vm = machine.Vm;
        vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 0x1_0000, machine.Test.Ram + 0x8_0000)).ShouldBe(0);
        machine.Enable(0x8000_0000, 0x8000_4000);
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
        vm.SetUserMemoryRegion(TestVm.Region(1, 0, 0, 0)).ShouldBe(0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x25UL << 26) | (1 << 19) | S | 7);
    }

    [Fact]
    public void CpuResetAndDisposeReleaseEverything()
    {
        SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.Spe)).ShouldBe(0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Dispose();
        machine.Test.Host.LockedBytes.ShouldBe(0UL);
    }

    [Fact]
    public void ARestoredEnabledBufferIsPinnedBeforeTheGuestRuns()
    {
        using SpeMachine machine = new();
        Set(SysRegId.PMBPTR_EL1, Buffer);
        Set(SysRegId.PMBLIMITR_EL1, (Buffer + (3 * Page)) | 1);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((Buffer + (3 * Page)) | 1);
        machine.Test.Host.PinnedBytes.ShouldBe(3 * Page);

        void Set(SysRegId id, ulong value) => machine.Vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), value).ShouldBe(0);
    }

    [Fact]
    public void TheUnitWritesRecordsStopsWhenTheBufferIsFullAndRaisesPpi21()
    {
        using SpeMachine machine = new();
        Vcpu vcpu = machine.Vcpu;
        machine.WriteDone(SysRegId.PMSIRR_EL1, 256);
        machine.WriteDone(SysRegId.PMSICR_EL1, 0);
        machine.WriteDone(SysRegId.PMSCR_EL1, 3);
        machine.Enable(Buffer, Buffer + Page);
        machine.Test.LoadAt(vcpu, 0x2000, Code.SubsImmediate(2, 2, 1), Code.BranchNotZero(2, -1), Code.Str(0, 9));
        vcpu.RunArea->ImmediateExit = 1;
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.RunArea->ImmediateExit = 0;
        vcpu.SetOneReg(RegisterId.Pc, TestVm.RamBase + 0x2000).ShouldBe(0);
        TestVm.SetX(vcpu, 2, 20_000);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        vcpu.Statistics.ProfilingEvents.ShouldBe(1UL);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(S | 1);
        machine.Read(SysRegId.PMBPTR_EL1).ShouldBe(Buffer + Page);
        machine.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((Buffer + Page) | 1);
        PpiLevel(machine).ShouldBeTrue();
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);

        // 64 records of 64 bytes, each with a PC packet (header 0xB0) that points into the loop.
        for (ulong at = 0; at < Page; at += 64)
        {
            var record = new ReadOnlySpan<byte>((byte*)machine.Test.Ram + 0x4_0000 + at, 64);
            int pc = record.IndexOf((byte)0xB0);
            pc.ShouldBeGreaterThanOrEqualTo(0);
            ulong address = BitConverter.ToUInt64(record[(pc + 1)..]) & 0x00FF_FFFF_FFFF_FFFF;
            address.ShouldBeInRange(TestVm.RamBase + 0x2000, TestVm.RamBase + 0x2004);
        }
    }

    /// <summary>Level of PPI 21 at the first vCPU, as KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO shows it.</summary>
    private static bool PpiLevel(SpeMachine machine)
    {
        uint levels = 0;
        machine.Vm.Vgic!.GetAttr(7, 0, (nint)(&levels)).ShouldBe(0);
        return (levels & (1u << 21)) != 0;
    }
}
