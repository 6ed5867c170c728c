using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

public sealed unsafe class PinConcurrencyTests
{
    private const ulong Page = 4096;
    private const ulong Extra = 0x8000_0000;

    /// <summary>
    /// vCPUs enable and disable overlapping buffers while the host refuses now and then and a slot under them comes and goes. Whatever happens on the way, nothing stays
    /// pinned at the end, the account agrees with the host, and no vCPU is stuck.
    /// </summary>
    [Fact]
    public void OverlappingBuffersRefusalsAndSlotChangesLeaveNothingBehind()
    {
        using SpeMachine machine = new(vcpus: 3, maxBufferSize: 0, ram: 4 << 20);
        Random refusal = new(7);
        machine.Test.Host.FailLock = (_, _) => refusal.Next(5) == 0 ? Errno.ENOMEM : 0;
        KvmUserspaceMemoryRegion slot = TestVm.Region(1, Extra, 16 * Page, machine.Test.Ram + 0x30_0000);
        KvmUserspaceMemoryRegion none = TestVm.Region(1, 0, 0, 0);
        machine.Vm.SetUserMemoryRegion(slot).ShouldBe(0);

        Thread[] guests = [.. machine.Vm.Vcpus.Select((vcpu, index) =>
        {
            Thread thread = new(() => Toggle(machine, vcpu, new Random(index)));
            thread.Start();
            return thread;
        })];
        while (guests.Any(g => g.IsAlive))
        {
            machine.Vm.SetUserMemoryRegion(none).ShouldBe(0);
            Thread.SpinWait(500);
            machine.Vm.SetUserMemoryRegion(slot).ShouldBe(0);
            Thread.SpinWait(500);
        }

        machine.Vm.Spe.PinnedPages.ShouldBe(0);
        machine.Vm.Spe.Account.Locked.ShouldBe(0UL);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe(machine.Vm.Spe.Account.Watermark);
        machine.Vm.Spe.Account.Watermark.ShouldBeGreaterThan(0UL);
    }

    /// <summary>A guest's loop over the registers, from outside: each step is one MSR, run until it is done.</summary>
    private static void Toggle(SpeMachine machine, Vcpu vcpu, Random random)
    {
        ulong code = 0x20_0000 + ((ulong)vcpu.Index * 0x2_0000);
        for (int i = 0; i < 300; i++)
        {
            ulong start = (random.Next(2) == 0 ? TestVm.RamBase + 0x10_0000 : Extra) + ((ulong)random.Next(8) * Page);
            ulong end = start + ((ulong)random.Next(1, 8) * Page);
            Step(SysRegId.PMBPTR_EL1, start);
            Step(SysRegId.PMBLIMITR_EL1, end | 1);
            if (random.Next(3) == 0)
            {
                Step(SysRegId.PMBSR_EL1, 1 << 17);
            }

            Step(SysRegId.PMBLIMITR_EL1, 0);
            Step(SysRegId.PMBSR_EL1, 0);
        }

        void Step(SysRegId id, ulong value)
        {
            machine.Test.LoadAt(vcpu, code, Code.Msr(id, 1), Code.Str(0, 9));
            code += 16;
            TestVm.SetX(vcpu, 1, value);
            TestVm.SetX(vcpu, 9, TestVm.Device);
            do
            {
                vcpu.Run().ShouldBe(0);
            }
            while (vcpu.RunArea->ExitReason == KvmExit.Rlimit);

            vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
            vcpu.RunArea->ImmediateExit = 1;
            vcpu.Run().ShouldBe(-Errno.EINTR);
            vcpu.RunArea->ImmediateExit = 0;
        }
    }
}
