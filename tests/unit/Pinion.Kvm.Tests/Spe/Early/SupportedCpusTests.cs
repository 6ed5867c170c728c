using System.Runtime.InteropServices;
using System.Text;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>KVM_ARM_VCPU_SUPPORTED_CPUS of the fourth posting, and which CPU a vCPU with profiling may run on in each.</summary>
public sealed unsafe class SupportedCpusTests
{
    /// <summary>Lists for a host of 8 CPUs (lib/bitmap.c's own examples, and what it refuses).</summary>
    [Theory]
    [InlineData("", 0, 0x00)]
    [InlineData("0", 0, 0x01)]
    [InlineData("7", 0, 0x80)]
    [InlineData("0-3", 0, 0x0F)]
    [InlineData("0,2-3\n", 0, 0x0D)]
    [InlineData(" ,1 ,\t2,, 4", 0, 0x16)]
    [InlineData("0-7:1/2", 0, 0x55)]
    [InlineData("0-7:2/4,3", 0, 0x3B)]
    [InlineData("all", 0, 0xFF)]
    [InlineData("ALL:1/4", 0, 0x11)]
    [InlineData("N", 0, 0x80)]
    [InlineData("5-N", 0, 0xE0)]
    [InlineData("2-2:0/1", 0, 0x00)]
    [InlineData("8", -Errno.ERANGE, 0)]
    [InlineData("0-8", -Errno.ERANGE, 0)]
    [InlineData("3-2", -Errno.EINVAL, 0)]
    [InlineData("9-8", -Errno.EINVAL, 0)]
    [InlineData("a", -Errno.EINVAL, 0)]
    [InlineData("-1", -Errno.EINVAL, 0)]
    [InlineData("1-", -Errno.EINVAL, 0)]
    [InlineData("1;2", -Errno.EINVAL, 0)]
    [InlineData("0-7:1", -Errno.EINVAL, 0)]
    [InlineData("0-7:1/0", -Errno.EINVAL, 0)]
    [InlineData("0-7:3/2", -Errno.EINVAL, 0)]
    [InlineData("0-7:1/2x", -Errno.EINVAL, 0)]
    [InlineData("99999999999", -Errno.EOVERFLOW, 0)]
    public void AListIsReadAsTheKernelDoes(string list, int expected, int mask)
    {
        CpuSet.TryParse(list, 8, out CpuSet set).ShouldBe(expected);
        for (int cpu = 0; cpu < 10; cpu++)
        {
            set.Contains(cpu).ShouldBe((mask >> cpu & 1) != 0);
        }
    }

    [Fact]
    public void TheRawCallReadsAStringOfAtMostAPage()
    {
        using EarlyMachine machine = new(SpeSeries.V4);
        Call("0-1\0").ShouldBe(0);
        Call("\0").ShouldBe(0);
        Call("4\0").ShouldBe(-Errno.ERANGE);
        Call("x\0").ShouldBe(-Errno.EINVAL);
        Call(new string(' ', 4095) + "\0").ShouldBe(0);
        Call(new string(' ', 4096) + "\0").ShouldBe(-Errno.EINVAL);
        machine.Vcpu.Ioctl(KvmIoctl.ArmVcpuSupportedCpus, 8).ShouldBe(-Errno.EFAULT);
        machine.Vcpu.SetSupportedCpus("0-3").ShouldBe(0);
        machine.RunOnce().ShouldBe(-Errno.EINTR);
        machine.Vcpu.SetSupportedCpus("0-3").ShouldBe(-Errno.ENOEXEC);
        machine.Vcpu.Ioctl(KvmIoctl.ArmVcpuSupportedCpus, 8).ShouldBe(-Errno.ENOEXEC); // before EFAULT

        int Call(string text)
        {
            fixed (byte* bytes = Encoding.ASCII.GetBytes(text))
            {
                return machine.Vcpu.Ioctl(KvmIoctl.ArmVcpuSupportedCpus, (nint)bytes);
            }
        }
    }

    [Theory]
    [InlineData(SpeSeries.V3)]
    [InlineData(SpeSeries.V5)]
    [InlineData(SpeSeries.V6)]
    public void OtherSeriesHaveNoSuchCall(SpeSeries series)
    {
        using TestVm test = new(options: new KvmOptions { SpeSeries = series });
        Vcpu vcpu = test.AddVcpu();
        vcpu.Ioctl(KvmIoctl.ArmVcpuSupportedCpus, 8).ShouldBe(-Errno.ENOTTY);
        vcpu.SetSupportedCpus("0").ShouldBe(-Errno.ENOTTY);
        series.SupportedCpusCapability().ShouldBeNull();
    }

    /// <summary>Host of CPUs 0 to 3, of which 0 and 1 have the unit.</summary>
    [Theory]
    [InlineData("0-1", true, 1, -Errno.EINTR)]
    [InlineData("0-1", true, 2, -Errno.ENOEXEC)]
    [InlineData("0", true, 1, -Errno.ENOEXEC)]
    [InlineData("1-2", true, 1, -Errno.ENOEXEC)] // not a subset, although the CPU is right
    [InlineData("1-2", false, 1, -Errno.ENOEXEC)] // before EPERM
    [InlineData("0-1", false, 1, -Errno.EPERM)]
    [InlineData("0", false, 1, -Errno.EPERM)] // the CPU is looked at when it enters the guest
    [InlineData("", true, 1, -Errno.ENOEXEC)] // posted: any CPU
    [InlineData(null, true, 1, -Errno.EINTR)]
    [InlineData(null, true, 2, -Errno.ENOEXEC)] // posted: enters the guest, without a unit
    public void AVcpuRunsOnlyOnItsCpus(string? mask, bool init, int current, int expected)
    {
        using EarlyMachine machine = new(SpeSeries.V4, configured: init, speCpus: CpuSet.Of(0, 1));
        if (mask is not null)
        {
            machine.Vcpu.SetSupportedCpus(mask).ShouldBe(0);
        }

        machine.Cpus.Current = current;
        machine.Vcpu.RunArea->ImmediateExit = 0;
        machine.Test.Load(machine.Vcpu, Code.Str(0, 9));
        TestVm.SetX(machine.Vcpu, 9, TestVm.Device);
        int result = machine.Vcpu.Run();
        result.ShouldBe(expected == -Errno.EINTR ? 0 : expected);
    }

    /// <summary>A mask that is no subset matters only where some CPU lacks the unit.</summary>
    [Fact]
    public void WhereEveryCpuHasTheUnitAnyMaskWillDo()
    {
        using EarlyMachine machine = new(SpeSeries.V4, speCpus: CpuSet.First(4));
        machine.Vcpu.SetSupportedCpus("2-3").ShouldBe(0);
        machine.Cpus.Current = 2;
        machine.Test.Load(machine.Vcpu, Code.Str(0, 9), Code.Branch(-1));
        TestVm.SetX(machine.Vcpu, 9, TestVm.Device);
        machine.Vcpu.Run().ShouldBe(0);
        machine.Cpus.Current = 1;
        machine.Vcpu.Run().ShouldBe(-Errno.ENOEXEC);
        machine.Cpus.Current = 3;
        machine.Vcpu.Run().ShouldBe(0);
    }

    /// <summary>The mask is the vCPU's, with profiling or without.</summary>
    [Fact]
    public void AVcpuWithoutProfilingHasNoMaskUntilItIsSet()
    {
        DeterministicHostCpus cpus = new() { Current = 3 };
        using TestVm test = new(options: new KvmOptions { SpeSeries = SpeSeries.V4, HostCpus = cpus, SpeCpus = CpuSet.Of(0) });
        Vcpu free = test.AddVcpu(), bound = test.AddVcpu();
        bound.SetSupportedCpus("0-2").ShouldBe(0);
        foreach (Vcpu vcpu in test.Vm.Vcpus)
        {
            test.Load(vcpu, Code.Str(0, 9));
            TestVm.SetX(vcpu, 9, TestVm.Device);
        }

        free.Run().ShouldBe(0);
        bound.Run().ShouldBe(-Errno.ENOEXEC);
    }

    /// <summary>The fifth posting takes the mask from the feature.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, -Errno.ENOEXEC)]
    public void InTheFifthPostingTheUnitsCpusAreTheMask(int current, int expected)
    {
        using EarlyMachine machine = new(SpeSeries.V5, speCpus: CpuSet.Of(0, 1));
        machine.Cpus.Current = current;
        machine.Test.Load(machine.Vcpu, Code.Str(0, 9));
        TestVm.SetX(machine.Vcpu, 9, TestVm.Device);
        machine.Vcpu.Run().ShouldBe(expected);
    }

    [Fact]
    public void TheHostsOwnCpusAreKnown()
    {
        LinuxHostCpus host = new();
        host.Possible.Count.ShouldBeGreaterThanOrEqualTo(Environment.ProcessorCount);
        host.Possible.Contains(host.Current).ShouldBeTrue();
    }
}
