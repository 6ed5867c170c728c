using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;
using static Pinion.Kvm.Tests.Spe.Early.EarlyMachine;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>KVM_ARM_VM_SPE_FINALIZE of the third posting.</summary>
public sealed class FinalizeTests
{
    private static EarlyMachine Machine(int vcpus = 1, bool configured = true)
    {
        EarlyMachine machine = new(SpeSeries.V3, vcpus, configured);
        machine.Mappings.Mappings = [Ram(machine)];
        return machine;
    }

    private static HostMapping Ram(EarlyMachine machine) =>
        new(machine.Test.Ram, machine.Test.Ram + (nint)machine.Test.RamSize, Readable: true, Writable: true, Locked: true);

    private static int Mapped(MemorySlot slot) => Enumerable.Range(0, (int)slot.Pages).Count(page => slot.IsMapped((ulong)page));

    [Fact]
    public void HasSaysWhetherAVcpuHasProfilingAndGetNothing()
    {
        using EarlyMachine machine = Machine();
        Has(machine.Vm, 0, 0).ShouldBe(0);
        Has(machine.Vm, 0, 1).ShouldBe(-Errno.ENXIO);
        Has(machine.Vm, 1, 0).ShouldBe(-Errno.ENXIO);
        machine.Vm.GetAttr(new KvmDeviceAttr()).ShouldBe(-Errno.ENXIO);
        machine.Vm.SetAttr(new KvmDeviceAttr { Attr = 1 }).ShouldBe(-Errno.ENXIO);
        machine.Vm.SetAttr(new KvmDeviceAttr { Group = 1 }).ShouldBe(-Errno.ENXIO);

        using TestVm without = new(options: new KvmOptions { SpeSeries = SpeSeries.V3 });
        Has(without.Vm, 0, 0).ShouldBe(-Errno.ENXIO);
        without.AddVcpu();
        Has(without.Vm, 0, 0).ShouldBe(-Errno.ENXIO);
        without.Vm.SetAttr(new KvmDeviceAttr()).ShouldBe(-Errno.ENXIO);

        static int Has(Vm vm, uint group, ulong attr) => vm.HasAttr(new KvmDeviceAttr { Group = group, Attr = attr });
    }

    [Fact]
    public void EveryVcpuHasToBeInitialised()
    {
        using EarlyMachine machine = Machine(vcpus: 2, configured: false);
        machine.Test.AddGic();
        machine.FinalizeMemory().ShouldBe(-Errno.ENXIO);
        foreach (Vcpu vcpu in machine.Vm.Vcpus)
        {
            machine.FinalizeMemory().ShouldBe(-Errno.ENXIO);
            TestVm.Set(vcpu, Group, Irq, 21).ShouldBe(0);
            TestVm.Set(vcpu, Group, Init, 0).ShouldBe(0);
        }

        machine.RunOnce().ShouldBe(-Errno.EPERM);
        machine.FinalizeMemory().ShouldBe(0);
        machine.FinalizeMemory().ShouldBe(-Errno.EBUSY);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.FinalizeMemory().ShouldBe(-Errno.EBUSY);
    }

    /// <summary>Which mapping counts: locked or of huge pages, and readable and writable.</summary>
    [Theory]
    [InlineData(true, true, true, false, true)]
    [InlineData(true, true, false, true, true)]
    [InlineData(true, true, true, true, true)]
    [InlineData(true, true, false, false, false)]
    [InlineData(true, false, true, false, false)]
    [InlineData(false, true, true, false, false)]
    [InlineData(false, false, true, true, false)]
    public void OnlyWritableMappingsThatStayAreMapped(bool readable, bool writable, bool locked, bool huge, bool mapped)
    {
        using EarlyMachine machine = Machine();
        nint ram = machine.Test.Ram;
        nint first = (nint)(4 * Page), second = (nint)(7 * Page);
        machine.Mappings.Mappings =
        [
            new(ram, ram + first, true, true, Locked: true),
            new(ram + first, ram + second, readable, writable, locked, huge),
            new(ram + second, ram + (nint)machine.Test.RamSize + first, true, true),
        ];
        machine.FinalizeMemory().ShouldBe(0);
        for (ulong page = 0; page < machine.Slot.Pages; page++)
        {
            bool expected = page < 4 || (page < 7 && mapped);
            machine.Slot.IsMapped(page).ShouldBe(expected);
            machine.Slot.IsMappedWritable(page).ShouldBe(expected);
        }

        machine.Mappings.Populated.ShouldBe(mapped ? [(ram, 4 * Page), (ram + first, 3 * Page)] : [(ram, 4 * Page)]);
        machine.Caches.Calls.ShouldBe(["dcache 0"]);
    }

    [Fact]
    public void ReadOnlyAndLoggedMemslotsArePassedOver()
    {
        using EarlyMachine machine = Machine();
        nint ram = machine.Test.Ram;
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, ram, KvmMemoryFlags.ReadOnly)).ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(2, 0x9000_0000, 4 * Page, ram, KvmMemoryFlags.LogDirtyPages)).ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(3, 0xA000_0000, 4 * Page, ram)).ShouldBe(0);
        machine.FinalizeMemory().ShouldBe(0);
        Mapped(machine.Vm.Slots.ById(1)!).ShouldBe(0);
        Mapped(machine.Vm.Slots.ById(2)!).ShouldBe(0);
        Mapped(machine.Vm.Slots.ById(3)!).ShouldBe(4);
        Mapped(machine.Slot).ShouldBe((int)machine.Slot.Pages);
        machine.Caches.Calls.ShouldBe(["dcache 0", "dcache 3"]);
    }

    /// <summary>The posting answers whatever was in its variable.</summary>
    [Fact]
    public void WithoutAMemslotThatQualifiesTheVmIsFinalAllTheSame()
    {
        using EarlyMachine machine = Machine();
        machine.Mappings.Mappings = [];
        machine.FinalizeMemory().ShouldBe(0);
        Mapped(machine.Slot).ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
    }

    [Theory]
    [InlineData(Errno.EFAULT)]
    [InlineData(Errno.ENOMEM)]
    public void AFailureUnmapsEverythingAndCanBeTriedAgain(int error)
    {
        using EarlyMachine machine = Machine();
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, 0x8000_0000, 4 * Page, machine.Test.Ram + (nint)(8 * Page))).ShouldBe(0);
        int calls = 0;
        machine.Mappings.FailPopulate = (_, _) => ++calls == 2 ? error : 0;
        machine.FinalizeMemory().ShouldBe(-error);
        calls.ShouldBe(2);
        Mapped(machine.Slot).ShouldBe(0);
        Mapped(machine.Vm.Slots.ById(1)!).ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EPERM);
        machine.FinalizeMemory().ShouldBe(0);
        Mapped(machine.Vm.Slots.ById(1)!).ShouldBe(4);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
    }

    [Fact]
    public void MappingsThatChangeMeanwhileAreEagain()
    {
        using EarlyMachine machine = Machine();
        HostMapping ram = Ram(machine);
        machine.Mappings.FailPopulate = (_, _) =>
        {
            machine.Mappings.Mappings = [ram with { Writable = false }];
            return 0;
        };
        machine.FinalizeMemory().ShouldBe(-Errno.EAGAIN);
        Mapped(machine.Slot).ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EPERM);
        machine.Mappings.Mappings = [ram];
        machine.Mappings.FailPopulate = null;
        machine.FinalizeMemory().ShouldBe(0);
    }

    /// <summary>The posting released the lock here that it should have taken.</summary>
    [Fact]
    public void OfTwoAtOnceTheSecondWaitsThenIsEbusyAndNoVcpuRunsBefore()
    {
        using EarlyMachine machine = Machine(vcpus: 2);
        int second = 0, run = 0;
        Thread? other = null;
        machine.Mappings.FailPopulate = (_, _) =>
        {
            if (other is null)
            {
                other = StartAndBlock(() => second = machine.FinalizeMemory());
                Elsewhere(() => run = machine.RunOnce(machine.Vm.Vcpus[1]));
            }

            return 0;
        };
        machine.FinalizeMemory().ShouldBe(0);
        other!.Join();
        second.ShouldBe(-Errno.EBUSY);
        run.ShouldBe(-Errno.EPERM);
        machine.Mappings.Populated.Count.ShouldBe(1);
    }

    [Fact]
    public void AMemslotCannotChangeMeanwhile()
    {
        using EarlyMachine machine = Machine();
        int removed = 1;
        Thread? other = null;
        machine.Mappings.FailPopulate = (_, _) =>
        {
            other ??= StartAndBlock(() => removed = machine.Vm.SetUserMemoryRegion(TestVm.Region(0, 0, 0, 0)));
            removed.ShouldBe(1);
            return 0;
        };
        machine.FinalizeMemory().ShouldBe(0);
        other!.Join();
        removed.ShouldBe(0);
    }

    [Fact]
    public void InitialisingAVcpuThatHasRunUnmapsEverythingAndHasToBeFinalAgain()
    {
        using EarlyMachine machine = Machine(vcpus: 2);
        machine.Reinit().ShouldBe(0);
        machine.FinalizeMemory().ShouldBe(0);
        machine.Reinit().ShouldBe(0); // it has not run
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        Mapped(machine.Slot).ShouldBe((int)machine.Slot.Pages);
        machine.Reinit().ShouldBe(0);
        Mapped(machine.Slot).ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EPERM);
        machine.RunOnce(machine.Vm.Vcpus[1]).ShouldBe(-Errno.EPERM);
        machine.FinalizeMemory().ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Caches.Calls.ShouldBe(["dcache 0", "dcache 0"]);
    }

    /// <summary>BufferAddress pages that were final are written without a fault; others are an external abort without a class, and what the guest's CPU touched is mapped too.</summary>
    [Fact]
    public void TheUnitFaultsOnWhatWasNotFinal()
    {
        using EarlyMachine machine = Machine();
        nint buffer = machine.Test.Ram + (nint)BufferOffset;
        HostMapping ram = Ram(machine);
        machine.Mappings.Mappings = [ram with { End = buffer }];
        machine.FinalizeMemory().ShouldBe(0);
        machine.Profile();
        machine.Spe.Read(Pinion.Arm.SystemRegisters.SysRegId.PMBSR_EL1).ShouldBe(S | Ea);
        machine.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(1UL);
        machine.Test.Word(BufferOffset).ShouldBe(0UL);

        machine.Spe.WriteDone(Pinion.Arm.SystemRegisters.SysRegId.PMBSR_EL1, 0);
        machine.Store(BufferAddress);
        machine.Profile();
        machine.Spe.Read(Pinion.Arm.SystemRegisters.SysRegId.PMBSR_EL1).ShouldBe(0UL);
        machine.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(1UL);
        machine.Test.Word(BufferOffset).ShouldNotBe(0UL);
    }
}
