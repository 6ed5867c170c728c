using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed class SystemTests
{
    [Fact]
    public void AnswersAsKvmWhereNoVmIsNeeded()
    {
        using Kvm kvm = new();
        kvm.Ioctl(KvmIoctl.GetApiVersion, 0).ShouldBe(12);
        kvm.Ioctl(KvmIoctl.GetApiVersion, 1).ShouldBe(-Errno.EINVAL);
        kvm.Ioctl(KvmIoctl.GetVcpuMmapSize, 0).ShouldBe(8192);
        kvm.Ioctl(KvmIoctl.Run, 0).ShouldBe(-Errno.ENOTTY);
    }

    /// <summary>Types 30, 31 and 49 to 53 and 0x128 were asked of genuine KVM on a CPU with 48-bit physical addresses.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(32, 0)]
    [InlineData(40, 0)]
    [InlineData(48, 0)]
    [InlineData(30, -Errno.EINVAL)]
    [InlineData(31, -Errno.EINVAL)]
    [InlineData(49, -Errno.EINVAL)]
    [InlineData(53, -Errno.EINVAL)]
    [InlineData(0x128, -Errno.EINVAL)]
    [InlineData(0x1_0000_0000, -Errno.EINVAL)]
    public void AVmTypeIsAnIpaSizeFrom32To48(ulong type, int expected)
    {
        using Kvm kvm = new();
        kvm.CreateVm(type, out Vm? vm).ShouldBe(expected);
        (vm is not null).ShouldBe(expected == 0);
        vm?.Dispose();
    }

    /// <summary>Where this host has the thing at all, it answers what genuine KVM does.</summary>
    [Theory]
    [InlineData(KvmCapability.Irqchip, 1)]
    [InlineData(KvmCapability.UserMemory, 1)]
    [InlineData(KvmCapability.NrMemslots, 32767)]
    [InlineData(KvmCapability.MpState, 1)]
    [InlineData(KvmCapability.SyncMmu, 1)]
    [InlineData(KvmCapability.DestroyMemoryRegionWorks, 1)]
    [InlineData(KvmCapability.JoinMemoryRegionsWorks, 1)]
    [InlineData(KvmCapability.VcpuEvents, 1)]
    [InlineData(KvmCapability.MaxVcpus, 512)]
    [InlineData(KvmCapability.OneReg, 1)]
    [InlineData(KvmCapability.ReadonlyMem, 1)]
    [InlineData(KvmCapability.ArmPsci02, 1)]
    [InlineData(KvmCapability.DeviceCtrl, 1)]
    [InlineData(KvmCapability.ArmPmuV3, 1)]
    [InlineData(KvmCapability.MaxVcpuId, 512)]
    [InlineData(KvmCapability.ImmediateExit, 1)]
    [InlineData(KvmCapability.ArmVmIpaSize, 48)]
    [InlineData(KvmCapability.UserMemory2, 1)]
    [InlineData(KvmCapability.ArmSpe, 1)]
    [InlineData(KvmCapability.CoalescedMmio, 0)]
    [InlineData(KvmCapability.Irqfd, 0)]
    [InlineData(KvmCapability.Ioeventfd, 0)]
    [InlineData(KvmCapability.SignalMsi, 0)]
    [InlineData(12345, 0)]
    public void CapabilitiesAreHonest(uint capability, int expected)
    {
        using TestVm test = new();
        test.Kvm.Ioctl(KvmIoctl.CheckExtension, (nint)capability).ShouldBe(expected);
        test.Vm.Ioctl(KvmIoctl.CheckExtension, (nint)capability).ShouldBe(expected);
    }

    [Fact]
    public void RawCallsGiveFilesThatCanBeFound()
    {
        using Kvm kvm = new();
        int vmFd = kvm.Ioctl(KvmIoctl.CreateVm, 40);
        Vm vm = kvm.Files.Get<Vm>(vmFd).ShouldNotBeNull();
        int vcpuFd = vm.Ioctl(KvmIoctl.CreateVcpu, 0);
        kvm.Files.Get<Vcpu>(vcpuFd).ShouldNotBeNull().Id.ShouldBe(0);
        kvm.Files.Get<Vm>(vcpuFd).ShouldBeNull();
        kvm.Files.Get<Vm>(99).ShouldBeNull();
        vm.Dispose();
        kvm.Files.Get<Vm>(vmFd).ShouldBeNull();
    }
}
