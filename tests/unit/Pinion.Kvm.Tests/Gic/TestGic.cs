using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Gic;

namespace Pinion.Kvm.Tests.Gic;

/// <summary>A controller with vCPUs, as a VMM sets it up, and short names for what tests do to it.</summary>
internal sealed unsafe class TestGic : IVgicHost
{
    public const ulong DistributorBase = 0x0800_0000;
    public const ulong RedistributorBase = 0x080A_0000;

    private readonly bool[] _irq;
    private readonly bool[] _fiq;

    public TestGic(int vcpus = 1, bool initialize = true)
    {
        VcpuCount = vcpus;
        _irq = new bool[vcpus];
        _fiq = new bool[vcpus];
        Gic = new VgicV3(this);
        for (int i = 0; i < vcpus; i++)
        {
            Gic.AddVcpu(i).ShouldBe(0);
        }

        if (initialize)
        {
            SetAttr(0, 2, DistributorBase).ShouldBe(0);
            SetAttr(0, 3, RedistributorBase).ShouldBe(0);
            SetAttr(4, 0, 0).ShouldBe(0);
        }
    }

    public VgicV3 Gic { get; }

    public int VcpuCount { get; set; }

    public bool VcpuRuns { get; set; }

    public int LineChanges { get; private set; }

    public bool Irq(int vcpu = 0) => _irq[vcpu];

    public bool Fiq(int vcpu = 0) => _fiq[vcpu];

    public void SetLines(int vcpu, bool irq, bool fiq)
    {
        (irq != _irq[vcpu] || fiq != _fiq[vcpu]).ShouldBeTrue("told of a change that is none");
        LineChanges++;
        _irq[vcpu] = irq;
        _fiq[vcpu] = fiq;
    }

    public bool TryLockVcpus() => !VcpuRuns;

    public int SetAttr(uint group, ulong attr, ulong value) => Gic.SetAttr(group, attr, (nint)(&value));

    public int GetAttr(uint group, ulong attr, out ulong value, ulong seed = 0)
    {
        ulong data = seed;
        int result = Gic.GetAttr(group, attr, (nint)(&data));
        value = data;
        return result;
    }

    public ulong Get(uint group, ulong attr)
    {
        GetAttr(group, attr, out ulong value).ShouldBe(0);
        return value;
    }

    public void WriteDist(uint offset, ulong value, int size = 4) => Access(DistributorBase + offset, value, size);

    public ulong Dist(uint offset, int size = 4) => Read(DistributorBase + offset, size);

    public void WriteRedist(uint offset, ulong value, int size = 4, int vcpu = 0) => Access(RedistributorBase + (ulong)vcpu * 0x20000 + offset, value, size);

    public ulong RedistRead(uint offset, int size = 4, int vcpu = 0) => Read(RedistributorBase + (ulong)vcpu * 0x20000 + offset, size);

    public ulong Icc(SysRegId register, int vcpu = 0) => Gic.CpuInterface(vcpu).Read(register);

    public void WriteIcc(SysRegId register, ulong value, int vcpu = 0) => Gic.CpuInterface(vcpu).Write(register, value);

    public int Ack(int vcpu = 0) => (int)Icc(SysRegId.ICC_IAR1_EL1, vcpu);

    public void Eoi(int intid, int vcpu = 0) => WriteIcc(SysRegId.ICC_EOIR1_EL1, (ulong)intid, vcpu);

    /// <summary>Enables the distributor and Group 1 at every CPU interface with all priorities let through.</summary>
    public TestGic On()
    {
        WriteDist(0x0, 0x12);
        for (int i = 0; i < VcpuCount; i++)
        {
            WriteIcc(SysRegId.ICC_PMR_EL1, 0xF0, i);
            WriteIcc(SysRegId.ICC_IGRPEN1_EL1, 1, i);
        }

        return this;
    }

    public void EnableSpi(int intid, bool edge = false, byte priority = 0xA0, int vcpu = 0)
    {
        uint config = (uint)(0xC00 + intid / 16 * 4);
        int shift = intid % 16 * 2;
        WriteDist(config, (Dist(config) & ~(3UL << shift)) | ((edge ? 2UL : 0) << shift));
        WriteDist((uint)(0x400 + intid), priority, 1);
        WriteDist((uint)(0x6000 + intid * 8), (ulong)vcpu, 8);
        WriteDist((uint)(0x100 + intid / 32 * 4), 1UL << (intid % 32));
    }

    public void EnablePpi(int intid, byte priority = 0xA0, int vcpu = 0)
    {
        WriteRedist((uint)(0x10400 + intid), priority, 1, vcpu);
        WriteRedist(0x10100, 1UL << intid, 4, vcpu);
    }

    private void Access(ulong gpa, ulong value, int size) => Gic.TryAccess(gpa, size, write: true, ref value, 0).ShouldBeTrue();

    private ulong Read(ulong gpa, int size)
    {
        ulong value = 0xDEAD_BEEF_DEAD_BEEF;
        Gic.TryAccess(gpa, size, write: false, ref value, 0).ShouldBeTrue();
        return value;
    }
}
