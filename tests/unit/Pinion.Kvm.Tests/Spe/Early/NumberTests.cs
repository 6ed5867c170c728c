using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>The numbers of each posting: capabilities, the feature bit, which calls there are.</summary>
public sealed unsafe class NumberTests
{
    [Theory]
    [InlineData(SpeSeries.V3, new[] { 191u })]
    [InlineData(SpeSeries.V4, new[] { 206u, 207u, 208u })]
    [InlineData(SpeSeries.V5, new[] { 207u, 208u })]
    [InlineData(SpeSeries.V6, new[] { 245u })]
    public void EachSeriesHasItsOwnCapabilities(SpeSeries series, uint[] expected)
    {
        using Kvm kvm = new(new KvmOptions { SpeSeries = series });
        kvm.CreateVm(0, out Vm? vm).ShouldBe(0);
        foreach (uint capability in (uint[])[191, 206, 207, 208, 245])
        {
            int answer = expected.Contains(capability) ? 1 : 0;
            kvm.CheckExtension(capability).ShouldBe(answer);
            vm!.Ioctl(KvmIoctl.CheckExtension, (nint)capability).ShouldBe(answer);
        }

        vm!.Dispose();
    }

    /// <summary>Bits 7 and 8 are nested virtualisation's in 6.18, and no feature of this host.</summary>
    [Theory]
    [InlineData(SpeSeries.V3, 7, 0)]
    [InlineData(SpeSeries.V3, 8, -Errno.ENOENT)]
    [InlineData(SpeSeries.V3, 9, -Errno.ENOENT)]
    [InlineData(SpeSeries.V4, 7, 0)]
    [InlineData(SpeSeries.V4, 9, -Errno.ENOENT)]
    [InlineData(SpeSeries.V5, 7, 0)]
    [InlineData(SpeSeries.V5, 8, -Errno.ENOENT)]
    [InlineData(SpeSeries.V6, 7, -Errno.EINVAL)]
    [InlineData(SpeSeries.V6, 8, -Errno.EINVAL)]
    [InlineData(SpeSeries.V6, 9, 0)]
    [InlineData(SpeSeries.V6, 10, -Errno.ENOENT)]
    [InlineData(SpeSeries.V3, 4, -Errno.EINVAL)]
    public void TheFeatureBitIsTheSeries(SpeSeries series, int bit, int expected)
    {
        using TestVm test = new(options: new KvmOptions { SpeSeries = series });
        test.Vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
        vcpu!.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | (KvmVcpuFeatures)(1u << bit))).ShouldBe(expected);
        vcpu.HasAttr(new KvmDeviceAttr { Group = 3, Attr = 0 }).ShouldBe(expected == 0 ? 0 : -Errno.ENXIO);
    }

    [Theory]
    [InlineData(SpeSeries.V3, 2)]
    [InlineData(SpeSeries.V4, 3)]
    [InlineData(SpeSeries.V5, 3)]
    public void TheGroupHasSoManyAttributes(SpeSeries series, int attributes)
    {
        using EarlyMachine machine = new(series, configured: false);
        for (ulong attr = 0; attr < 5; attr++)
        {
            int answer = attr < (ulong)attributes ? 0 : -Errno.ENXIO;
            machine.Vcpu.HasAttr(new KvmDeviceAttr { Group = 3, Attr = attr }).ShouldBe(answer);
            if (answer != 0)
            {
                TestVm.Set(machine.Vcpu, 3, attr, 0).ShouldBe(answer);
                TestVm.Get(machine.Vcpu, 3, attr, out int _).ShouldBe(answer);
            }
        }
    }

    /// <summary>5.14 and 5.16 had no device attributes on VM files; the third posting brings them, 6.18 has its own.</summary>
    [Theory]
    [InlineData(SpeSeries.V3, -Errno.EFAULT, -Errno.ENXIO)]
    [InlineData(SpeSeries.V4, -Errno.ENOTTY, -Errno.ENOTTY)]
    [InlineData(SpeSeries.V5, -Errno.ENOTTY, -Errno.ENOTTY)]
    [InlineData(SpeSeries.V6, -Errno.EFAULT, -Errno.ENXIO)]
    public void VmFilesHaveAttributesInSomeSeries(SpeSeries series, int badAddress, int unknown)
    {
        using TestVm test = new(options: new KvmOptions { SpeSeries = series });
        KvmDeviceAttr attr = new() { Group = 9, Attr = 0 };
        foreach (uint command in (uint[])[KvmIoctl.SetDeviceAttr, KvmIoctl.GetDeviceAttr, KvmIoctl.HasDeviceAttr])
        {
            test.Vm.Ioctl(command, 8).ShouldBe(badAddress);
            test.Vm.Ioctl(command, (nint)(&attr)).ShouldBe(unknown);
        }
    }

    [Theory]
    [InlineData(SpeSeries.V3, true)]
    [InlineData(SpeSeries.V4, false)]
    [InlineData(SpeSeries.V5, false)]
    public void TheThirdPostingNeedsTheUnitOnEveryCpu(SpeSeries series, bool needed)
    {
        DeterministicHostCpus cpus = new() { Possible = CpuSet.First(4) };
        foreach ((CpuSet? units, bool supported) in ((CpuSet?, bool)[])[(null, true), (CpuSet.First(4), true), (CpuSet.Of(0, 1, 3), !needed)])
        {
            using TestVm test = new(options: new KvmOptions { SpeSeries = series, HostCpus = cpus, SpeCpus = units });
            test.Vm.CheckExtension(series.Capability()).ShouldBe(supported ? 1 : 0);
            test.Vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
            vcpu!.Init(TestVm.InitWith(series.Feature())).ShouldBe(supported ? 0 : -Errno.EINVAL);
        }
    }

    /// <summary>Only the sixth posting has a maximum size to show, so only there do the identification registers trap.</summary>
    [Theory]
    [InlineData(SpeSeries.V3)]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void TheGuestSeesTheHardwaresIdentification(SpeSeries series)
    {
        using EarlyMachine machine = new(series);
        if (series == SpeSeries.V3)
        {
            machine.FinalizeMemory().ShouldBe(0);
        }

        machine.Spe.Read(Pinion.Arm.SystemRegisters.SysRegId.PMBIDR_EL1).ShouldBe(0x26UL);
        machine.Spe.Read(Pinion.Arm.SystemRegisters.SysRegId.PMSIDR_EL1).ShouldBe(0x0003_607FUL);
        machine.Vcpu.Statistics.RegisterTraps.ShouldBe(0UL);
    }
}
