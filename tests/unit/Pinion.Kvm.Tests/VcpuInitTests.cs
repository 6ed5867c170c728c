using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class VcpuInitTests
{
    [Fact]
    public void IdsAreCheckedInKvmsOrder()
    {
        using TestVm test = new();
        test.Vm.Ioctl(KvmIoctl.CreateVcpu, 512).ShouldBe(-Errno.EINVAL);
        test.Vm.Ioctl(KvmIoctl.CreateVcpu, unchecked((nint)0x1_0000_0000)).ShouldBe(-Errno.EINVAL);
        test.Vm.Ioctl(KvmIoctl.CreateVcpu, 511).ShouldBeGreaterThan(0);
        test.Vm.Ioctl(KvmIoctl.CreateVcpu, 511).ShouldBe(-Errno.EEXIST);
        test.AddGic();
        test.Vm.Ioctl(KvmIoctl.CreateVcpu, 1).ShouldBe(-Errno.EBUSY);
        test.Vm.Ioctl(KvmIoctl.CreateVcpu, 512).ShouldBe(-Errno.EINVAL);
    }

    [Fact]
    public void NothingWorksBeforeInit()
    {
        using TestVm test = new();
        test.Vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
        vcpu!.Run().ShouldBe(-Errno.ENOEXEC);
        vcpu.GetOneReg(RegisterId.Pc, out ulong _).ShouldBe(-Errno.ENOEXEC);
        ulong room = 0;
        vcpu.Ioctl(KvmIoctl.GetRegList, (nint)(&room)).ShouldBe(-Errno.ENOEXEC);
    }

    /// <summary>Genuine KVM 6.12 on this CPU answered EINVAL for features it knows and does not have, ENOENT for bits it does not know. The series knows bits up to 9.</summary>
    [Theory]
    [InlineData(0x0, 0)]
    [InlineData(0x4, 0)]
    [InlineData(0xC, 0)]
    [InlineData(0x20C, 0)]
    [InlineData(0x2, -Errno.EINVAL)]
    [InlineData(0x10, -Errno.EINVAL)]
    [InlineData(0x60, -Errno.EINVAL)]
    [InlineData(0x20, -Errno.EINVAL)]
    [InlineData(0x80, -Errno.EINVAL)]
    [InlineData(0x400, -Errno.ENOENT)]
    [InlineData(0x402, -Errno.ENOENT)]
    public void FeaturesAreCheckedAsKvmDoes(uint features, int expected)
    {
        using TestVm test = new();
        test.Vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
        KvmVcpuInit init = TestVm.InitWith((KvmVcpuFeatures)features);
        vcpu!.Ioctl(KvmIoctl.ArmVcpuInit, (nint)(&init)).ShouldBe(expected);
    }

    [Fact]
    public void TargetAndLaterFeatureWordsAreChecked()
    {
        using TestVm test = new();
        test.Vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
        vcpu!.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02, target: 4)).ShouldBe(-Errno.EINVAL);
        KvmVcpuInit init = TestVm.InitWith(KvmVcpuFeatures.Psci02);
        init.Features[3] = 1;
        vcpu.Init(init).ShouldBe(-Errno.ENOENT);
        test.Vm.PreferredTarget(out KvmVcpuInit preferred).ShouldBe(0);
        preferred.Target.ShouldBe(5u);
        vcpu.Init(preferred).ShouldBe(0);
    }

    [Fact]
    public void AllVcpusHaveTheSameFeaturesExceptPowerOff()
    {
        using TestVm test = new();
        test.AddVcpu(KvmVcpuFeatures.PmuV3);
        test.Vm.CreateVcpu(1, out Vcpu? second).ShouldBe(0);
        second!.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(-Errno.EINVAL);
        second.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.PmuV3 | KvmVcpuFeatures.PowerOff)).ShouldBe(0);
        second.GetMpState(out KvmMpState state).ShouldBe(0);
        state.ShouldBe(KvmMpState.Stopped);
    }

    [Fact]
    public void InitAgainResetsTheVcpu()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        TestVm.SetX(vcpu, 5, 99);
        vcpu.SetOneReg(RegisterId.Pstate, 0x8000_03C4UL).ShouldBe(0);
        vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(0);
        TestVm.X(vcpu, 5).ShouldBe(0UL);
        vcpu.GetOneReg(RegisterId.Pstate, out ulong pstate).ShouldBe(0);
        pstate.ShouldBe(0x3C5UL);
    }

    [Fact]
    public void OnlyRunnableAndStoppedCanBeSet()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.SetMpState(KvmMpState.Stopped).ShouldBe(0);
        vcpu.SetMpState((KvmMpState)1).ShouldBe(-Errno.EINVAL);
        uint state = 0;
        vcpu.Ioctl(KvmIoctl.GetMpState, (nint)(&state)).ShouldBe(0);
        state.ShouldBe(5u);
    }

    [Fact]
    public void DeviceCreationIsCheckedAsKvmDoes()
    {
        using TestVm test = new();
        test.AddVcpu();
        KvmCreateDevice create = new() { Type = KvmDeviceType.ArmVgicV2 };
        test.Vm.Ioctl(KvmIoctl.CreateDevice, (nint)(&create)).ShouldBe(-Errno.ENODEV);
        create = new() { Type = KvmDeviceType.ArmVgicV3, Flags = KvmCreateDevice.Test };
        test.Vm.Ioctl(KvmIoctl.CreateDevice, (nint)(&create)).ShouldBe(0);
        test.Vm.Vgic.ShouldBeNull();
        create.Flags = 0;
        test.Vm.Ioctl(KvmIoctl.CreateDevice, (nint)(&create)).ShouldBe(0);
        test.Kvm.Files.Get<Device>(create.Fd).ShouldNotBeNull();
        test.Vm.Ioctl(KvmIoctl.CreateDevice, (nint)(&create)).ShouldBe(-Errno.EEXIST);
        test.Vm.Ioctl(KvmIoctl.CreateDevice, 0).ShouldBe(-Errno.EFAULT);
        test.Vm.Ioctl(KvmIoctl.CreateIrqchip, 0).ShouldBe(-Errno.ENODEV);
    }

    [Theory]
    [InlineData(0x0000_0000u, -Errno.ENXIO)] // CPU lines belong to the controller
    [InlineData(0x0100_001Fu, -Errno.EINVAL)] // SPI below 32
    [InlineData(0x0100_0020u, 0)]
    [InlineData(0x0100_03FCu, -Errno.EINVAL)]
    [InlineData(0x0200_000Fu, -Errno.EINVAL)] // an SGI is not a line
    [InlineData(0x0200_0010u, 0)]
    [InlineData(0x0200_001Fu, 0)]
    [InlineData(0x0200_0020u, -Errno.EINVAL)]
    [InlineData(0x0201_0010u, -Errno.EINVAL)] // no such vCPU
    [InlineData(0x1200_0010u, -Errno.EINVAL)] // vCPU 256
    [InlineData(0x0300_0020u, -Errno.EINVAL)]
    public void InterruptLinesAreCheckedAsKvmDoes(uint irq, int expected)
    {
        using TestVm test = new();
        test.AddVcpu();
        test.AddGic();
        test.Vm.IrqLine(irq, level: false).ShouldBe(expected);
    }

    [Fact]
    public void InterruptLinesNeedAnInitialisedController()
    {
        using TestVm test = new();
        test.AddVcpu();
        test.Vm.IrqLine(0x0100_0020, level: true).ShouldBe(-Errno.ENXIO);
        test.Vm.IrqLine(0x0200_0010, level: true).ShouldBe(-Errno.ENXIO);
        test.Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out _).ShouldBe(0);
        test.Vm.IrqLine(0x0100_0020, level: true).ShouldBe(-Errno.EBUSY);
    }

    [Fact]
    public void CapabilitiesOnAVmAreEnabledOrEinval()
    {
        using TestVm test = new();
        KvmEnableCap cap = new() { Cap = KvmCapability.ArmNisvToUser };
        test.Vm.Ioctl(KvmIoctl.EnableCap, (nint)(&cap)).ShouldBe(0);
        cap.Flags = 1;
        test.Vm.Ioctl(KvmIoctl.EnableCap, (nint)(&cap)).ShouldBe(-Errno.EINVAL);
        cap = new() { Cap = 215 };
        test.Vm.Ioctl(KvmIoctl.EnableCap, (nint)(&cap)).ShouldBe(-Errno.EINVAL);
    }
}
