using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>A VM whose vCPUs have profiling configured, and the guest's side of it: register accesses as one-instruction programs.</summary>
internal sealed unsafe class SpeMachine : IDisposable
{
    public const ulong MaxBufferSize = 64 * 4096;

    public SpeMachine(int vcpus = 1, ulong maxBufferSize = MaxBufferSize, ulong ram = 1 << 20, KvmOptions? options = null, bool pinCache = false)
    {
        // Most tests are about what is pinned while the buffer is enabled.
        Test = new TestVm(ram, (options ?? new KvmOptions()) is { } chosen && !pinCache ? chosen with { SpePinCache = PinCacheOptions.Off } : options);
        for (int i = 0; i < vcpus; i++)
        {
            Test.AddVcpu(KvmVcpuFeatures.Spe);
        }

        Test.AddGic();
        foreach (Vcpu vcpu in Test.Vm.Vcpus)
        {
            TestVm.Set(vcpu, 3, 0, 21).ShouldBe(0);
            TestVm.Set(vcpu, 3, 1, 0).ShouldBe(0);
            TestVm.Set(vcpu, 3, 2, maxBufferSize).ShouldBe(0);
            TestVm.Set(vcpu, 3, 3, 0).ShouldBe(0);
        }
    }

    /// <summary>A VM whose profiling the caller configures.</summary>
    public SpeMachine(TestVm test) => Test = test;

    private ulong _programs;

    public TestVm Test { get; }

    public Vm Vm => Test.Vm;

    public Vcpu Vcpu => Test.Vm.Vcpus[0];

    /// <summary>The guest executes MSR, and tells the device. Answers what KVM_RUN said.</summary>
    public int Write(SysRegId id, ulong value, Vcpu? vcpu = null)
    {
        vcpu ??= Vcpu;
        Start(vcpu, Code.Msr(id, 1), Code.Str(0, 9));
        TestVm.SetX(vcpu, 1, value);
        return vcpu.Run();
    }

    /// <summary>The guest executes MRS.</summary>
    public ulong Read(SysRegId id, Vcpu? vcpu = null)
    {
        vcpu ??= Vcpu;
        Start(vcpu, Code.Mrs(1, id), Code.Str(1, 9));
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        return vcpu.RunArea->Mmio.Value;
    }

    public void Enable(ulong pointer, ulong limit, Vcpu? vcpu = null)
    {
        WriteDone(SysRegId.PMBPTR_EL1, pointer, vcpu);
        WriteDone(SysRegId.PMBLIMITR_EL1, limit | 1, vcpu);
    }

    public void WriteDone(SysRegId id, ulong value, Vcpu? vcpu = null)
    {
        Write(id, value, vcpu).ShouldBe(0);
        (vcpu ?? Vcpu).RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    /// <summary>The guest executes <paramref name="code"/> with X1 as given, and tells the device.</summary>
    public void Execute(Vcpu vcpu, ulong x1, params ReadOnlySpan<uint> code)
    {
        Start(vcpu, [.. code, Code.Str(0, 9)]);
        TestVm.SetX(vcpu, 1, x1);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    private void Start(Vcpu vcpu, params ReadOnlySpan<uint> code)
    {
        // A store that is pending from before is done first.
        vcpu.RunArea->ImmediateExit = 1;
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.RunArea->ImmediateExit = 0;

        // Each program at its own address: what a CPU has fetched once is only looked at again after cache maintenance.
        Test.LoadAt(vcpu, 0xE_0000 + (_programs++ * 64), code);
        TestVm.SetX(vcpu, 9, TestVm.Device);
    }

    public void Dispose() => Test.Dispose();
}
