using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;
using static Pinion.Kvm.Tests.Spe.Early.EarlyMachine;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>KVM_ARM_VCPU_SPE_STOP of the fourth and fifth posting.</summary>
public sealed unsafe class StopTests
{
    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void ErrorsComeInThePostingsOrder(SpeSeries series)
    {
        using EarlyMachine machine = new(series, configured: false);
        KvmDeviceAttr bad = new() { Group = Group, Attr = StopAttr, Addr = 8 };
        machine.Vcpu.SetAttr(bad).ShouldBe(-Errno.EAGAIN); // before EFAULT
        SetStop(machine.Vcpu, (KvmSpeStop)8).ShouldBe(-Errno.EAGAIN); // before EINVAL
        GetStop(machine.Vcpu).ShouldBe(KvmSpeStop.None);
        machine.Configure();
        machine.Vcpu.SetAttr(bad).ShouldBe(-Errno.EFAULT);
        machine.Vcpu.GetAttr(bad).ShouldBe(-Errno.EFAULT);
        foreach (int flags in (int[])[0, 3, 5, 6, 7, 8, -1, int.MinValue])
        {
            SetStop(machine.Vcpu, (KvmSpeStop)flags).ShouldBe(-Errno.EINVAL);
        }

        GetStop(machine.Vcpu).ShouldBe(KvmSpeStop.None);
    }

    /// <summary>From any state to any other.</summary>
    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void EveryStateLeadsToEveryOther(SpeSeries series)
    {
        using EarlyMachine machine = new(series, vcpus: 2);
        KvmSpeStop[] flags = [KvmSpeStop.Trap, KvmSpeStop.Exit, KvmSpeStop.Resume];
        foreach (KvmSpeStop from in flags)
        {
            foreach (KvmSpeStop to in flags)
            {
                SetStop(machine.Vcpu, from).ShouldBe(0);
                SetStop(machine.Vcpu, to).ShouldBe(0);
                GetStop(machine.Vcpu).ShouldBe(to == KvmSpeStop.Resume ? KvmSpeStop.None : to);
                SetStop(machine.Vcpu, (KvmSpeStop)3).ShouldBe(-Errno.EINVAL);
                GetStop(machine.Vcpu).ShouldBe(to == KvmSpeStop.Resume ? KvmSpeStop.None : to);
                GetStop(machine.Vm.Vcpus[1]).ShouldBe(KvmSpeStop.None);
            }
        }
    }

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void WhileTrappedTheGuestBelievesThatItProfilesAndGetsNothing(SpeSeries series)
    {
        using EarlyMachine machine = new(series);
        machine.Lock().ShouldBe(0);
        SetStop(machine.Vcpu, KvmSpeStop.Trap).ShouldBe(0);
        ulong traps = machine.Vcpu.Statistics.RegisterTraps;
        machine.Profile();
        machine.Vcpu.Statistics.RegisterTraps.ShouldBe(traps + 5); // PMSIRR, PMSICR, PMSCR, PMBPTR, PMBLIMITR
        machine.Spe.Read(SysRegId.PMSCR_EL1).ShouldBe(3UL);
        machine.Spe.Read(SysRegId.PMSIRR_EL1).ShouldBe(256UL);
        machine.Spe.Read(SysRegId.PMSIDR_EL1).ShouldBe(0x0003_607FUL);
        machine.Spe.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((BufferAddress + Page) | 1);
        machine.Spe.Read(SysRegId.PMBPTR_EL1).ShouldBe(BufferAddress);
        machine.Spe.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
        machine.Test.Word(BufferOffset).ShouldBe(0UL);

        SetStop(machine.Vcpu, KvmSpeStop.Resume).ShouldBe(0);
        machine.Profile();
        machine.Test.Word(BufferOffset).ShouldNotBe(0UL);
    }

    /// <summary>KVM_RUN leaves with an exit described and -EAGAIN where the buffer is enabled, no event stands, and EL0 or EL1 is sampled.</summary>
    [Theory]
    [InlineData(false, false, 0UL, false)]
    [InlineData(true, false, 0UL, false)]
    [InlineData(true, true, 3UL, false)]
    [InlineData(false, false, 3UL, false)]
    [InlineData(true, false, 1UL, true)]
    [InlineData(true, false, 2UL, true)]
    [InlineData(true, false, 3UL, true)]
    public void ItExitsWhereTheGuestWouldProfile(bool enabled, bool status, ulong control, bool exits)
    {
        foreach (SpeSeries series in (SpeSeries[])[SpeSeries.V4, SpeSeries.V5])
        {
            using EarlyMachine machine = new(series);
            machine.Lock().ShouldBe(0);
            Restore(machine, SysRegId.PMBPTR_EL1, BufferAddress);
            Restore(machine, SysRegId.PMBLIMITR_EL1, (BufferAddress + Page) | (enabled ? 1UL : 0));
            Restore(machine, SysRegId.PMBSR_EL1, status ? S : 0);
            Restore(machine, SysRegId.PMSCR_EL1, control);
            machine.Test.Load(machine.Vcpu, Code.Str(0, 9));
            TestVm.SetX(machine.Vcpu, 9, TestVm.Device);
            SetStop(machine.Vcpu, KvmSpeStop.Exit).ShouldBe(0);
            KvmRun* run = machine.Vcpu.RunArea;
            if (exits)
            {
                for (int i = 0; i < 2; i++)
                {
                    run->FailEntry.HardwareEntryFailureReason = 99;
                    run->FailEntry.Cpu = 99;
                    machine.Vcpu.Run().ShouldBe(-Errno.EAGAIN);
                    run->ExitReason.ShouldBe(KvmExit.FailEntry);
                    run->FailEntry.HardwareEntryFailureReason.ShouldBe(1UL);
                    run->FailEntry.Cpu.ShouldBe(0u);
                }

                SetStop(machine.Vcpu, KvmSpeStop.Resume).ShouldBe(0);
            }

            machine.Vcpu.Run().ShouldBe(0);
            run->ExitReason.ShouldBe(KvmExit.Mmio);
        }
    }

    /// <summary>The guest turns sampling on under STOP_EXIT: its write is not missed, whichever register it is.</summary>
    [Theory]
    [InlineData(SysRegId.PMSCR_EL1, 3UL)]
    [InlineData(SysRegId.PMBLIMITR_EL1, (BufferAddress + Page) | 1)]
    public void TheWriteThatEnablesProfilingExits(SysRegId last, ulong value)
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Lock().ShouldBe(0);
        machine.Spe.WriteDone(SysRegId.PMBPTR_EL1, BufferAddress);
        machine.Spe.WriteDone(SysRegId.PMSCR_EL1, last == SysRegId.PMSCR_EL1 ? 0UL : 3);
        machine.Spe.WriteDone(SysRegId.PMBLIMITR_EL1, (BufferAddress + Page) | (last == SysRegId.PMBLIMITR_EL1 ? 0UL : 1));
        SetStop(machine.Vcpu, KvmSpeStop.Exit).ShouldBe(0);
        machine.Spe.Write(last, value).ShouldBe(-Errno.EAGAIN);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.FailEntry);
        SetStop(machine.Vcpu, KvmSpeStop.Resume).ShouldBe(0);
        machine.Vcpu.Run().ShouldBe(0);
        machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    /// <summary>The migration that v5 allows to be called off: stop, unlock, log; then log off, lock, resume.</summary>
    [Fact]
    public void AMigrationCanBeCalledOff()
    {
        using EarlyMachine machine = new(SpeSeries.V5);
        machine.Lock().ShouldBe(0);
        machine.Profile();
        KvmUserspaceMemoryRegion logged = TestVm.Region(0, TestVm.RamBase, machine.Test.RamSize, machine.Test.Ram, KvmMemoryFlags.LogDirtyPages);
        machine.Vm.SetUserMemoryRegion(logged).ShouldBe(-Errno.EBUSY);
        SetStop(machine.Vcpu, KvmSpeStop.Trap).ShouldBe(0);
        machine.Unlock().ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(logged).ShouldBe(0);
        machine.Lock().ShouldBe(-Errno.EPERM);
        machine.Profile();
        machine.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(0UL);
        machine.Vm.SetUserMemoryRegion(logged with { Flags = 0 }).ShouldBe(0);
        machine.Lock().ShouldBe(0);
        SetStop(machine.Vcpu, KvmSpeStop.Resume).ShouldBe(0);
        machine.Test.Word(BufferOffset) = 0;
        machine.Profile();
        machine.Test.Word(BufferOffset).ShouldNotBe(0UL);
        machine.Vcpu.Statistics.ProfilingStage2Faults.ShouldBe(0UL);
    }

    private static void Restore(EarlyMachine machine, SysRegId id, ulong value) =>
        machine.Vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), value).ShouldBe(0);
}
