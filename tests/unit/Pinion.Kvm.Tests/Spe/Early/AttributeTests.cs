using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;
using static Pinion.Kvm.Tests.Spe.Early.EarlyMachine;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>KVM_ARM_VCPU_SPE_CTRL of the third to fifth posting: errors, and their order where a call breaks two rules.</summary>
public sealed unsafe class AttributeTests
{
    [Theory]
    [InlineData(SpeSeries.V3)]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void WithoutTheFeatureEverythingIsEnxio(SpeSeries series)
    {
        using TestVm test = new(options: new KvmOptions { SpeSeries = series });
        Vcpu vcpu = test.AddVcpu();
        test.AddGic();
        for (ulong attr = 0; attr < 4; attr++)
        {
            vcpu.HasAttr(new KvmDeviceAttr { Group = Group, Attr = attr }).ShouldBe(-Errno.ENXIO);
            TestVm.Set(vcpu, Group, attr, 21).ShouldBe(-Errno.ENXIO);
            vcpu.SetAttr(new KvmDeviceAttr { Group = Group, Attr = attr, Addr = 8 }).ShouldBe(-Errno.ENXIO); // before EFAULT
            TestVm.Get(vcpu, Group, attr, out int _).ShouldBe(-Errno.ENXIO);
        }
    }

    /// <summary>A null value is a bad address.</summary>
    [Theory]
    // No interrupt controller: before everything else.
    [InlineData(SpeSeries.V3, false, null, null, 21, -Errno.ENXIO)]
    [InlineData(SpeSeries.V3, false, null, null, null, -Errno.ENXIO)]
    [InlineData(SpeSeries.V3, false, null, null, 15, -Errno.ENXIO)]
    [InlineData(SpeSeries.V4, false, null, null, null, -Errno.ENXIO)]
    [InlineData(SpeSeries.V5, false, null, null, 15, -Errno.ENXIO)]
    // One rule at a time.
    [InlineData(SpeSeries.V3, true, null, null, 21, 0)]
    [InlineData(SpeSeries.V3, true, null, null, null, -Errno.EFAULT)]
    [InlineData(SpeSeries.V3, true, null, null, 15, -Errno.EINVAL)]
    [InlineData(SpeSeries.V3, true, null, null, 32, -Errno.EINVAL)]
    [InlineData(SpeSeries.V3, true, null, null, -1, -Errno.EINVAL)]
    [InlineData(SpeSeries.V3, true, null, 22, 21, -Errno.EINVAL)]
    [InlineData(SpeSeries.V3, true, null, 21, 21, 0)]
    [InlineData(SpeSeries.V3, true, 21, null, 21, -Errno.EBUSY)]
    [InlineData(SpeSeries.V4, true, null, null, 16, 0)]
    [InlineData(SpeSeries.V4, true, null, null, 31, 0)]
    [InlineData(SpeSeries.V4, true, null, null, null, -Errno.EFAULT)]
    [InlineData(SpeSeries.V4, true, null, null, 32, -Errno.EINVAL)] // posted: passes
    [InlineData(SpeSeries.V4, true, null, 22, 21, -Errno.EINVAL)]
    [InlineData(SpeSeries.V4, true, 21, null, 21, -Errno.EBUSY)]
    [InlineData(SpeSeries.V5, true, null, null, 21, 0)]
    [InlineData(SpeSeries.V5, true, null, null, null, -Errno.EFAULT)]
    [InlineData(SpeSeries.V5, true, null, null, 1020, -Errno.EINVAL)]
    [InlineData(SpeSeries.V5, true, 21, null, 21, -Errno.EBUSY)]
    // Set already, and a bad value or address: the third posting looks at the value first, the others do not look at it.
    [InlineData(SpeSeries.V3, true, 21, null, 22, -Errno.EINVAL)]
    [InlineData(SpeSeries.V3, true, 21, null, 15, -Errno.EINVAL)]
    [InlineData(SpeSeries.V3, true, 21, null, null, -Errno.EFAULT)]
    [InlineData(SpeSeries.V4, true, 21, null, 22, -Errno.EBUSY)]
    [InlineData(SpeSeries.V4, true, 21, null, 15, -Errno.EBUSY)]
    [InlineData(SpeSeries.V4, true, 21, null, null, -Errno.EBUSY)]
    [InlineData(SpeSeries.V5, true, 21, null, 15, -Errno.EBUSY)]
    [InlineData(SpeSeries.V5, true, 21, null, null, -Errno.EBUSY)]
    public void TheInterruptIsCheckedInThePostingsOrder(SpeSeries series, bool controller, int? before, int? others, int? value, int expected)
    {
        using EarlyMachine machine = new(series, vcpus: 2, configured: false);
        if (controller)
        {
            machine.Test.AddGic();
        }

        if (before is { } own)
        {
            TestVm.Set(machine.Vcpu, Group, Irq, own).ShouldBe(0);
        }

        if (others is { } other)
        {
            TestVm.Set(machine.Vm.Vcpus[1], Group, Irq, other).ShouldBe(0);
        }

        int answer = value is { } intid ? TestVm.Set(machine.Vcpu, Group, Irq, intid) : machine.Vcpu.SetAttr(new KvmDeviceAttr { Group = Group, Attr = Irq, Addr = 8 });
        answer.ShouldBe(expected);
        int? now = expected == 0 ? value : before;
        TestVm.Get(machine.Vcpu, Group, Irq, out int read).ShouldBe(now is null ? -Errno.ENXIO : 0);
        read.ShouldBe(now ?? 0);
        machine.Vcpu.GetAttr(new KvmDeviceAttr { Group = Group, Attr = Irq, Addr = 8 }).ShouldBe(now is null ? -Errno.ENXIO : -Errno.EFAULT);
    }

    /// <summary>Controller: 0 none, 1 made, 2 initialised.</summary>
    [Theory]
    [InlineData(SpeSeries.V3, 0, false, false, -Errno.ENXIO)]
    [InlineData(SpeSeries.V3, 1, false, false, -Errno.ENXIO)] // IRQ unset before the controller
    [InlineData(SpeSeries.V3, 1, true, false, -Errno.ENODEV)]
    [InlineData(SpeSeries.V3, 2, false, false, -Errno.ENXIO)]
    [InlineData(SpeSeries.V3, 2, true, true, -Errno.ENXIO)]
    [InlineData(SpeSeries.V3, 2, true, false, 0)]
    [InlineData(SpeSeries.V4, 0, false, false, -Errno.ENXIO)]
    [InlineData(SpeSeries.V4, 1, true, false, -Errno.ENXIO)]
    [InlineData(SpeSeries.V4, 2, false, false, -Errno.ENXIO)]
    [InlineData(SpeSeries.V4, 2, true, true, -Errno.ENXIO)]
    [InlineData(SpeSeries.V4, 2, true, false, 0)]
    [InlineData(SpeSeries.V5, 1, true, false, -Errno.ENXIO)]
    [InlineData(SpeSeries.V5, 2, true, true, -Errno.ENXIO)]
    [InlineData(SpeSeries.V5, 2, true, false, 0)]
    public void InitNeedsTheInterruptAndTheController(SpeSeries series, int controller, bool interrupt, bool taken, int expected)
    {
        using EarlyMachine machine = new(series, configured: false);
        Device? gic = null;
        if (controller != 0)
        {
            machine.Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out gic).ShouldBe(0);
            TestVm.Set(gic!, 0, 2, TestVm.GicDistributor).ShouldBe(0);
            TestVm.Set(gic!, 0, 3, TestVm.GicRedistributors).ShouldBe(0);
        }

        if (interrupt)
        {
            TestVm.Set(machine.Vcpu, Group, Irq, 21).ShouldBe(0);
        }

        if (controller == 2)
        {
            gic!.SetAttr(new KvmDeviceAttr { Group = 4, Attr = 0 }).ShouldBe(0);
        }

        if (taken)
        {
            machine.Vm.Vgic!.SetOwner(0, 21, new object()).ShouldBe(0);
        }

        // INIT has no value: its address is not looked at.
        KvmDeviceAttr init = new() { Group = Group, Attr = Init, Addr = 8 };
        machine.Vcpu.SetAttr(init).ShouldBe(expected);
        TestVm.Get(machine.Vcpu, Group, Init, out int _).ShouldBe(-Errno.ENXIO);
        if (expected == 0)
        {
            machine.Vcpu.SetAttr(init).ShouldBe(-Errno.EBUSY);
            TestVm.Set(machine.Vcpu, Group, Irq, 21).ShouldBe(-Errno.EBUSY);
        }
    }

    /// <summary>What KVM_RUN says without INIT; and that it is the last thing the first run looks at.</summary>
    [Theory]
    [InlineData(SpeSeries.V3, -Errno.EPERM)]
    [InlineData(SpeSeries.V4, -Errno.EPERM)]
    [InlineData(SpeSeries.V5, -Errno.EINVAL)]
    [InlineData(SpeSeries.V6, -Errno.EINVAL)]
    public void RunningWithoutInitIsRefused(SpeSeries series, int expected)
    {
        using EarlyMachine machine = new(series, configured: false);
        machine.RunOnce().ShouldBe(expected);
        machine.Vm.HasRanOnce.ShouldBeFalse();

        using EarlyMachine half = new(series, configured: false);
        half.Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? _).ShouldBe(0);
        int controller = half.Vm.Vgic!.MapResources();
        controller.ShouldNotBe(0);
        half.RunOnce().ShouldBe(controller);
    }
}
