using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>The same cases under the sixth posting as posted and as it should have been: the numbers that a VMM gets to see.</summary>
public sealed unsafe class AccountingTests
{
    private const ulong Page = 4096;
    private const ulong FourMiB = 4 << 20;
    private const ulong Data = 0x40_0000;

    /// <summary>Not at a 2 MiB boundary, so that 4 MiB take three tables.</summary>
    private const ulong Va = GuestTables.Va + (16 * Page);

    private static SpeMachine Machine(SpeSeries series, int vcpus = 1) =>
        new(vcpus, FourMiB, ram: 32 << 20, new KvmOptions { SpeSeries = series });

    /// <summary>1024 pages of buffer, three tables that map them and three above: 1030 pages, of which 1024 are charged at configuration and the limit allows no more.</summary>
    [Theory]
    [InlineData(SpeSeries.V6Rfc, 6, 1)]
    [InlineData(SpeSeries.V6, 1, 6)]
    public void SixPagesShortIsSixExitsAsPostedAndOneCorrected(SpeSeries series, int exits, int pagesAnExit)
    {
        using SpeMachine machine = Machine(series);
        GuestTables tables = new(machine.Test);
        tables.Map(Va, Data, 1024);
        machine.Test.Host.Limit = 1024 * Page;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Va);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Va + FourMiB) | 1).ShouldBe(0);
        KvmRun* run = machine.Vcpu.RunArea;
        List<ulong> seen = [];
        while (run->ExitReason == KvmExit.Rlimit)
        {
            run->Rlimit.RlimitId.ShouldBe((byte)8);
            seen.Add(run->Rlimit.Excess);
            machine.Test.Host.PinnedBytes.ShouldBe(0UL);
            machine.Test.Host.Limit += run->Rlimit.Excess;
            machine.Test.Host.LockedBytes.ShouldBe(machine.Vm.Spe.Account.Watermark);
            machine.Vcpu.Run().ShouldBe(0);
        }

        run->ExitReason.ShouldBe(KvmExit.Mmio);
        seen.ShouldBe(Enumerable.Repeat((ulong)pagesAnExit * Page, exits));
        machine.Test.Host.PinnedBytes.ShouldBe(1030 * Page);
        machine.Test.Host.LockedBytes.ShouldBe(1030 * Page);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
    }

    /// <summary>As posted the attribute's second setter returns before the charge; the other vCPUs' buffers are then charged page by page while they are pinned.</summary>
    [Theory]
    [InlineData(SpeSeries.V6Rfc, 1024)]
    [InlineData(SpeSeries.V6, 4096)]
    public void FourVcpusOfFourMiBAreChargedOnceAsPostedAndFourTimesCorrected(SpeSeries series, int pages)
    {
        using SpeMachine machine = Machine(series, vcpus: 4);
        machine.Test.Host.LockedBytes.ShouldBe((ulong)pages * Page);
        machine.Vm.Spe.Account.Watermark.ShouldBe((ulong)pages * Page);
        GuestTables tables = new(machine.Test);
        for (ulong i = 0; i < 4; i++)
        {
            ulong va = Va + (i * (8UL << 20));
            tables.Map(va, Data + (i * FourMiB), 1024);
            machine.Enable(va, va + FourMiB, machine.Vm.Vcpus[(int)i]);
        }

        // Three tables that all have in common, and three each.
        machine.Test.Host.PinnedBytes.ShouldBe((4096 + 3 + 12) * Page);
        machine.Vm.Spe.Account.Watermark.ShouldBe((4096 + 3 + 12) * Page);
        machine.Test.Host.LockedBytes.ShouldBe((4096 + 3 + 12) * Page);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        foreach (Vcpu vcpu in machine.Vm.Vcpus)
        {
            machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0, vcpu);
        }

        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe((4096 + 3 + 12) * Page);
    }

    /// <summary>
    /// One vCPU's page is refused; before the posting gives it up another vCPU joins it. Nobody pays: more is then pinned than charged. VmLck still shows what was charged.
    /// </summary>
    [Fact]
    public void AsPostedAPageThatIsJoinedBeforeItIsGivenUpIsNeverPaidFor()
    {
        using SpeMachine machine = new(vcpus: 2, maxBufferSize: 0, options: new KvmOptions { SpeSeries = SpeSeries.V6Rfc });
        Vcpu second = machine.Vm.Vcpus[1];
        const ulong Buffer = TestVm.RamBase + 0x4_0000;
        machine.Test.Host.Limit = 5 * Page;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.Vm.Spe.AtStep = step =>
        {
            if (step == PinStep.Unpaid)
            {
                machine.Vm.Spe.AtStep = null;
                Thread other = new(() => machine.Enable(Buffer, Buffer + (6 * Page), second));
                other.Start();
                other.Join();
            }
        };
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + (6 * Page)) | 1).ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Rlimit);
        machine.Vcpu.RunArea->Rlimit.Excess.ShouldBe(Page);
        machine.Vm.Spe.Account.Locked.ShouldBe(6 * Page);
        machine.Vm.Spe.Account.Watermark.ShouldBe(5 * Page);
        machine.Test.Host.LockedBytes.ShouldBe(5 * Page);
        machine.Test.Host.PinnedBytes.ShouldBe(5 * Page);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        machine.Vcpu.Run().ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0, second);
        machine.Vm.Spe.Account.Locked.ShouldBe(0UL);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe(5 * Page);
    }

    /// <summary>As posted a fault in the middle leaves what was pinned before it charged for good; corrected, nothing is pinned and nothing charged.</summary>
    [Theory]
    [InlineData(SpeSeries.V6Rfc, 3 + 1 + 4)]
    [InlineData(SpeSeries.V6, 0)]
    public void AFaultInTheMiddleOfTheBufferChargesWhatWasBeforeItAsPosted(SpeSeries series, int pages)
    {
        using SpeMachine machine = new(maxBufferSize: 0, ram: 8 << 20, options: new KvmOptions { SpeSeries = series });
        GuestTables tables = new(machine.Test);
        tables.Map(GuestTables.Va, Data, 8);
        tables.Entry(GuestTables.Va + (4 * Page)) = 0;
        machine.Enable(GuestTables.Va, GuestTables.Va + (8 * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x24UL << 26) | (1 << 17) | 7);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe((ulong)pages * Page);
    }

    [Theory]
    [InlineData(SpeSeries.V6Rfc)]
    [InlineData(SpeSeries.V6)]
    public void APendingExitSurvivesASignal(SpeSeries series)
    {
        using SpeMachine machine = new(maxBufferSize: 0, options: new KvmOptions { SpeSeries = series });
        const ulong Buffer = TestVm.RamBase + 0x4_0000;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.Test.Host.Limit = 0;

        // The signal arrives while the buffer is being pinned: KVM_RUN returns for it first.
        machine.Vm.Spe.AtStep = _ =>
        {
            machine.Vm.Spe.AtStep = null;
            machine.Vcpu.Kick();
        };
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + Page) | 1).ShouldBe(-Errno.EINTR);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Intr);
        machine.Vcpu.RunArea->ImmediateExit = 1;
        machine.Vcpu.Run().ShouldBe(-Errno.EINTR);
        machine.Vcpu.RunArea->ImmediateExit = 0;

        // The request is still there, whether or not the limit was raised meanwhile.
        machine.Test.Host.Limit = Page;
        ulong executed = machine.Vcpu.Pe.Executed;
        machine.Vcpu.Run().ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Rlimit);
        machine.Vcpu.RunArea->Rlimit.Excess.ShouldBe(Page);
        machine.Vcpu.Pe.Executed.ShouldBe(executed);
        machine.Vcpu.Run().ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        machine.Test.Host.PinnedBytes.ShouldBe(Page);
    }

    [Fact]
    public void AVmmThatDeclinesEndsTheGuestsSessionAndTheGuestGoesOn()
    {
        using SpeMachine machine = new(maxBufferSize: 0);
        const ulong Buffer = TestVm.RamBase + 0x4_0000;
        machine.Test.Host.Limit = Page;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + (4 * Page)) | 1).ShouldBe(0);
        KvmRun* run = machine.Vcpu.RunArea;
        run->ExitReason.ShouldBe(KvmExit.Rlimit);
        run->Rlimit.Flags.ShouldBe(KvmRunRlimit.MayDecline);
        ((byte*)run)[41].ShouldBe(KvmRunRlimit.MayDecline);
        run->Rlimit.Flags |= KvmRunRlimit.Decline;
        machine.Vcpu.Run().ShouldBe(0);
        run->ExitReason.ShouldBe(KvmExit.Mmio);

        // IMPLEMENTATION DEFINED, data lost, service.
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x1FUL << 26) | (1 << 19) | (1 << 17));
        machine.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((Buffer + (4 * Page)) | 1);
        machine.Test.Host.LockedBytes.ShouldBe(0UL);

        // Declining is for once: the next session asks again, and may be small enough.
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.WriteDone(SysRegId.PMBSR_EL1, 0);
        machine.Enable(Buffer, Buffer + Page);
        machine.Test.Host.PinnedBytes.ShouldBe(Page);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + (2 * Page)) | 1).ShouldBe(0);
        run->ExitReason.ShouldBe(KvmExit.Rlimit);
    }

    [Fact]
    public void AsPostedThereIsNoWayToDecline()
    {
        using SpeMachine machine = new(maxBufferSize: 0, options: new KvmOptions { SpeSeries = SpeSeries.V6Rfc });
        const ulong Buffer = TestVm.RamBase + 0x4_0000;
        machine.Test.Host.Limit = 0;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + Page) | 1).ShouldBe(0);
        for (int i = 0; i < 5; i++)
        {
            machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Rlimit);
            machine.Vcpu.RunArea->Rlimit.Flags.ShouldBe((byte)0);
            machine.Vcpu.RunArea->Rlimit.Flags = KvmRunRlimit.Decline;
            machine.Vcpu.Run().ShouldBe(0);
        }
    }
}
