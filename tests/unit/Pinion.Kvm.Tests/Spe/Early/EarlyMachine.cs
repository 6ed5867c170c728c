using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>A VM under the third, fourth or fifth posting, on a host that the test makes up.</summary>
internal sealed unsafe class EarlyMachine : IDisposable
{
    public const uint Group = 3;
    public const ulong Irq = 0;
    public const ulong Init = 1;
    public const ulong StopAttr = 2;
    public const ulong Page = 4096;
    public const ulong BufferAddress = TestVm.RamBase + BufferOffset;
    public const ulong BufferOffset = 0x4_0000;
    public const ulong S = 1 << 17;
    public const ulong Ea = 1 << 18;

    /// <summary>Makes vCPUs, and with <paramref name="configured"/> the interrupt controller and each vCPU's IRQ and INIT.</summary>
    public EarlyMachine(SpeSeries series, int vcpus = 1, bool configured = true, CpuSet? speCpus = null)
    {
        Series = series;
        Spe = new SpeMachine(new TestVm(options: new KvmOptions { SpeSeries = series, HostMappings = Mappings, HostCpus = Cpus, SpeCpus = speCpus }));
        Vm.Caches = Caches;
        for (int i = 0; i < vcpus; i++)
        {
            Test.AddVcpu(series.Feature());
        }

        if (configured)
        {
            Configure();
        }
    }

    public SpeSeries Series { get; }

    public SpeMachine Spe { get; }

    public TestVm Test => Spe.Test;

    public Vm Vm => Test.Vm;

    public Vcpu Vcpu => Vm.Vcpus[0];

    public DeterministicHostMappings Mappings { get; } = new();

    public DeterministicHostCpus Cpus { get; } = new();

    public RecordingCaches Caches { get; } = new();

    public MemorySlot Slot => Vm.Slots.ById(0)!;

    public void Configure()
    {
        Test.AddGic();
        foreach (Vcpu vcpu in Vm.Vcpus)
        {
            TestVm.Set(vcpu, Group, Irq, 21).ShouldBe(0);
            TestVm.Set(vcpu, Group, Init, 0).ShouldBe(0);
        }
    }

    public int EnableCap(uint flags, ulong first, ulong second, ulong third = 0, ulong fourth = 0)
    {
        KvmEnableCap cap = new() { Cap = Series.LockMemoryCapability()!.Value, Flags = flags };
        cap.Args[0] = first;
        cap.Args[1] = second;
        cap.Args[2] = third;
        cap.Args[3] = fourth;
        int typed = Vm.EnableCap(cap);

        // The raw call comes to the same where the first changed nothing.
        if (typed is not (0 or -Errno.EAGAIN))
        {
            Vm.Ioctl(KvmIoctl.EnableCap, (nint)(&cap)).ShouldBe(typed);
        }

        return typed;
    }

    public int Lock(ulong slot = 0, ulong how = KvmLockMemory.Read | KvmLockMemory.Write) => EnableCap(KvmLockMemory.FlagsLock, slot, how);

    public int Unlock(ulong slot = 0) => EnableCap(KvmLockMemory.FlagsUnlock, slot, 0);

    public int UnlockAll() => EnableCap(KvmLockMemory.FlagsUnlock, ulong.MaxValue, KvmLockMemory.UnlockAll);

    public int FinalizeMemory() => Vm.SetAttr(new KvmDeviceAttr { Group = 0, Attr = 0 });

    public static int SetStop(Vcpu vcpu, KvmSpeStop stop) => TestVm.Set(vcpu, Group, StopAttr, (int)stop);

    public static KvmSpeStop GetStop(Vcpu vcpu)
    {
        TestVm.Get(vcpu, Group, StopAttr, out int stop).ShouldBe(0);
        return (KvmSpeStop)stop;
    }

    /// <summary>KVM_RUN that enters the guest as little as can be.</summary>
    public int RunOnce(Vcpu? vcpu = null)
    {
        vcpu ??= Vcpu;
        vcpu.Kick();
        return vcpu.Run();
    }

    public int Reinit(Vcpu? vcpu = null) => (vcpu ?? Vcpu).Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | Series.Feature()));

    /// <summary>The guest has every 256th operation of its own sampled into one page at <see cref="BufferAddress"/>, and executes 5,000.</summary>
    public void Profile()
    {
        Spe.WriteDone(SysRegId.PMSIRR_EL1, 256);
        Spe.WriteDone(SysRegId.PMSICR_EL1, 0);
        Spe.WriteDone(SysRegId.PMSCR_EL1, 3);
        Spe.Enable(BufferAddress, BufferAddress + Page);
        FinishStore();
        Test.LoadAt(Vcpu, 0x2000, Code.SubsImmediate(2, 2, 1), Code.BranchNotZero(2, -1), Code.Str(0, 9));
        TestVm.SetX(Vcpu, 2, 2_500);
        Vcpu.Run().ShouldBe(0);
        Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    /// <summary>The guest stores to its own memory.</summary>
    public void Store(ulong address)
    {
        FinishStore();
        Test.LoadAt(Vcpu, 0x3000, Code.Str(0, 1), Code.Str(0, 9));
        TestVm.SetX(Vcpu, 1, address);
        TestVm.SetX(Vcpu, 9, TestVm.Device);
        Vcpu.Run().ShouldBe(0);
        Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
    }

    private void FinishStore()
    {
        Vcpu.RunArea->ImmediateExit = 1;
        Vcpu.Run().ShouldBe(-Errno.EINTR);
        Vcpu.RunArea->ImmediateExit = 0;
    }

    /// <summary>Runs something while another thread is inside a call on a vCPU.</summary>
    public static void WhileBusy(Vcpu vcpu, Action action)
    {
        using ManualResetEventSlim held = new(), done = new();
        Thread other = new(() =>
        {
            using (vcpu.Mutex.Enter())
            {
                held.Set();
                done.Wait();
            }
        });
        other.Start();
        held.Wait();
        try
        {
            action();
        }
        finally
        {
            done.Set();
            other.Join();
        }
    }

    /// <summary>Runs something on another thread, and waits for it.</summary>
    public static void Elsewhere(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        thread.Join();
    }

    /// <summary>Starts a thread, and returns when it waits for a lock that the caller holds.</summary>
    public static Thread StartAndBlock(Action action)
    {
        Thread thread = new(() => action());
        thread.Start();
        SpinWait.SpinUntil(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        return thread;
    }

    public void Dispose() => Spe.Dispose();
}

/// <summary>Caches that write down what is done to them.</summary>
internal sealed class RecordingCaches : ICacheMaintenance
{
    public List<string> Calls { get; } = [];

    public Func<MemorySlot, int>? OnTags { get; set; }

    public Action? OnClean { get; set; }

    public int SanitiseTags(MemorySlot slot)
    {
        Calls.Add($"tags {slot.Id}");
        return -(OnTags?.Invoke(slot) ?? 0);
    }

    public void CleanInvalidate(MemorySlot slot)
    {
        Calls.Add($"dcache {slot.Id}");
        OnClean?.Invoke();
    }

    public void InvalidateInstructionCaches() => Calls.Add("icache");
}
