using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>KVM_ARM_VCPU_SPE_CTRL of the sixth posting: order of checks.</summary>
public sealed class AttributeTests
{
    private const uint Group = 3;
    private const ulong Irq = 0;
    private const ulong Spu = 1;
    private const ulong MaxSize = 2;
    private const ulong Init = 3;

    [Fact]
    public void WithoutTheFeatureThereIsNothingToConfigure()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.HasAttr(new KvmDeviceAttr { Group = Group, Attr = Irq }).ShouldBe(-Errno.ENXIO);
        TestVm.Set(vcpu, Group, Irq, 21).ShouldBe(-Errno.ENODEV);
        TestVm.Get(vcpu, Group, MaxSize, out ulong _).ShouldBe(-Errno.ENODEV);
    }

    [Fact]
    public void TheGroupHasFourAttributes()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.Spe);
        for (ulong attr = 0; attr < 6; attr++)
        {
            vcpu.HasAttr(new KvmDeviceAttr { Group = Group, Attr = attr }).ShouldBe(attr < 4 ? 0 : -Errno.ENXIO);
        }

        TestVm.Set(vcpu, Group, 4, 0).ShouldBe(-Errno.ENXIO);
    }

    [Fact]
    public void TheInterruptIsOnePpiOnAllVcpus()
    {
        using TestVm test = new();
        Vcpu first = test.AddVcpu(KvmVcpuFeatures.Spe);
        Vcpu second = test.AddVcpu(KvmVcpuFeatures.Spe);
        TestVm.Set(first, Group, Irq, 21).ShouldBe(-Errno.EINVAL); // no interrupt controller
        test.AddGic();
        first.SetAttr(new KvmDeviceAttr { Group = Group, Attr = Irq, Addr = 8 }).ShouldBe(-Errno.EFAULT);
        TestVm.Get(first, Group, Irq, out int _).ShouldBe(-Errno.ENXIO);
        TestVm.Set(first, Group, Irq, 15).ShouldBe(-Errno.EINVAL);
        TestVm.Set(first, Group, Irq, 32).ShouldBe(-Errno.EINVAL);
        TestVm.Set(first, Group, Irq, 21).ShouldBe(0);
        TestVm.Set(first, Group, Irq, 22).ShouldBe(-Errno.EINVAL); // EINVAL before EBUSY
        TestVm.Set(first, Group, Irq, 21).ShouldBe(-Errno.EBUSY);
        TestVm.Set(second, Group, Irq, 22).ShouldBe(-Errno.EINVAL);
        TestVm.Set(second, Group, Irq, 21).ShouldBe(0);
        TestVm.Get(second, Group, Irq, out int intid).ShouldBe(0);
        intid.ShouldBe(21);
    }

    [Fact]
    public void TheSpuIsTheVmsAndCannotChange()
    {
        using TestVm test = new();
        Vcpu first = test.AddVcpu(KvmVcpuFeatures.Spe);
        Vcpu second = test.AddVcpu(KvmVcpuFeatures.Spe);
        TestVm.Get(first, Group, Spu, out int _).ShouldBe(-Errno.ENXIO);
        TestVm.Set(first, Group, Spu, 7).ShouldBe(-Errno.ENXIO);
        TestVm.Set(first, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(first, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(second, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(second, Group, Spu, 7).ShouldBe(-Errno.EINVAL);
    }

    /// <summary>Each value breaks one rule, or two: then the earlier check answers.</summary>
    [Theory]
    [InlineData(0x1000UL, true, 0)]
    [InlineData(0UL, true, 0)] // no limit: the hardware has none either
    [InlineData(0x40_0000UL, true, 0)]
    [InlineData(0x40_2000UL, true, 0)]
    [InlineData(0x800UL, true, -Errno.EINVAL)]
    [InlineData(0x800UL, false, -Errno.EINVAL)]
    [InlineData(0x1000UL, false, -Errno.ENODEV)]
    [InlineData(0x40_1000UL, true, -Errno.EDOM)]
    [InlineData(0x40_1000UL, false, -Errno.ENODEV)]
    [InlineData(0x10_0000_0000_0000UL, true, -Errno.EDOM)]
    public void ASizeIsCheckedInThePostingsOrder(ulong size, bool withSpu, int expected)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.Spe);
        if (withSpu)
        {
            TestVm.Set(vcpu, Group, Spu, 0).ShouldBe(0);
        }

        TestVm.Set(vcpu, Group, MaxSize, size).ShouldBe(expected);
        TestVm.Get(vcpu, Group, MaxSize, out ulong read).ShouldBe(expected == 0 ? 0 : -Errno.EINVAL);
        read.ShouldBe(expected == 0 ? size : 0);
    }

    [Fact]
    public void ABadAddressIsFoundBeforeAnythingElseAboutTheSize()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.Spe);
        vcpu.SetAttr(new KvmDeviceAttr { Group = Group, Attr = MaxSize, Addr = 16 }).ShouldBe(-Errno.EFAULT);
    }

    [Fact]
    public void SettingADifferentSizeOnASecondVcpuIsEinval()
    {
        using TestVm test = new();
        Vcpu first = test.AddVcpu(KvmVcpuFeatures.Spe);
        Vcpu second = test.AddVcpu(KvmVcpuFeatures.Spe);
        TestVm.Set(first, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(first, Group, MaxSize, 0x10000UL).ShouldBe(0);
        TestVm.Set(second, Group, MaxSize, 0x20000UL).ShouldBe(-Errno.EINVAL);
        TestVm.Set(second, Group, MaxSize, 0x40_1000UL).ShouldBe(-Errno.EINVAL); // not EDOM
        TestVm.Set(second, Group, MaxSize, 0x10000UL).ShouldBe(0);
    }

    [Fact]
    public void EachVcpusMaximumIsChargedOnceAndRefusedOverTheLimit()
    {
        using TestVm test = new();
        Vcpu first = test.AddVcpu(KvmVcpuFeatures.Spe);
        Vcpu second = test.AddVcpu(KvmVcpuFeatures.Spe);
        TestVm.Set(first, Group, Spu, 0).ShouldBe(0);
        test.Host.Limit = 0x1_8000;
        TestVm.Set(first, Group, MaxSize, 0x10000UL).ShouldBe(0);
        TestVm.Set(first, Group, MaxSize, 0x10000UL).ShouldBe(0);
        test.Host.LockedBytes.ShouldBe(0x10000UL);
        TestVm.Set(second, Group, MaxSize, 0x10000UL).ShouldBe(-Errno.ENOMEM);
        test.Host.LockedBytes.ShouldBe(0x10000UL);
        test.Host.Limit = 0x2_0000;
        TestVm.Set(second, Group, MaxSize, 0x10000UL).ShouldBe(0);
        test.Host.LockedBytes.ShouldBe(0x20000UL);
    }

    [Fact]
    public void InitNeedsTheControllerThenTheOtherAttributesAndIsFinal()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.Spe);
        TestVm.Set(vcpu, Group, Init, 0).ShouldBe(-Errno.ENODEV);
        vcpu.Run().ShouldBe(-Errno.EINVAL);
        test.AddGic();
        TestVm.Set(vcpu, Group, Init, 0).ShouldBe(-Errno.ENXIO);
        TestVm.Set(vcpu, Group, Irq, 21).ShouldBe(0);
        TestVm.Set(vcpu, Group, Init, 0).ShouldBe(-Errno.ENXIO);
        TestVm.Set(vcpu, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(vcpu, Group, Init, 0).ShouldBe(-Errno.ENXIO);
        vcpu.Run().ShouldBe(-Errno.EINVAL);
        TestVm.Set(vcpu, Group, MaxSize, 0x1000UL).ShouldBe(0);
        TestVm.Set(vcpu, Group, Init, 0).ShouldBe(0);
        TestVm.Set(vcpu, Group, Init, 0).ShouldBe(-Errno.EBUSY);
        TestVm.Set(vcpu, Group, Irq, 21).ShouldBe(-Errno.EBUSY);
        vcpu.SetAttr(new KvmDeviceAttr { Group = Group, Attr = MaxSize, Addr = 16 }).ShouldBe(-Errno.EBUSY); // before EFAULT
        vcpu.Kick();
        vcpu.Run().ShouldBe(-Errno.EINTR);
    }

    [Fact]
    public void AfterTheFirstRunSizeAndSpuAreEbusy()
    {
        using TestVm test = new();
        Vcpu first = test.AddVcpu(KvmVcpuFeatures.Spe);
        Vcpu second = test.AddVcpu(KvmVcpuFeatures.Spe);
        test.AddGic();
        TestVm.Set(first, Group, Irq, 21).ShouldBe(0);
        TestVm.Set(first, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(first, Group, MaxSize, 0x1000UL).ShouldBe(0);
        TestVm.Set(first, Group, Init, 0).ShouldBe(0);
        first.Kick();
        first.Run().ShouldBe(-Errno.EINTR);
        TestVm.Set(second, Group, Spu, 0).ShouldBe(-Errno.EBUSY);
        TestVm.Set(second, Group, MaxSize, 0x1001UL).ShouldBe(-Errno.EBUSY); // before EINVAL
    }

    [Fact]
    public void TheGuestSeesItsLimitAndOwnsTheBuffer()
    {
        using SpeMachine machine = new(maxBufferSize: 0x40_0000);
        machine.Read(SysRegId.PMBIDR_EL1).ShouldBe(0x0000_0400_0000_0026UL);
        machine.Read(SysRegId.PMSIDR_EL1).ShouldBe(0x0003_607FUL);
        machine.Read(SysRegId.ID_AA64DFR0_EL1).ShouldSatisfyAllConditions(v => ((v >> 32) & 0xF).ShouldBe(3UL));
    }
}
