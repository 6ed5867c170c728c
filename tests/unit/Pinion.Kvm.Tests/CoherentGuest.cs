using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

/// <summary>A VM with data caches and a guest that runs programs of a few instructions, with its MMU off or on. X0 is what the program answers, X9 the device that ends it.</summary>
internal sealed unsafe class CoherentGuest : IDisposable
{
    /// <summary>RAM at its own addresses, write-back; needs <see cref="EnableMmu"/>.</summary>
    public const ulong Ram = TestVm.RamBase;

    /// <summary>The same RAM, non-cacheable.</summary>
    public const ulong NonCacheable = TestVm.RamBase + (1UL << 30);

    /// <summary>Offset of memory that no program or table uses.</summary>
    public const ulong Data = 0x1_0000;

    private const ulong Tables = 0x8000;
    private const ulong Programs = 0x4_0000;
    private const ulong SctlrOff = 0x3050_0980;

    // A 39-bit lower half whose walk is write-back and begins at level 1.
    private const ulong Tcr = 25 | (1UL << 8) | (1UL << 10) | (1UL << 23) | (5UL << 32);
    private const ulong Mair = 0x44_FF_00;
    private const ulong AccessFlag = 1UL << 10;

    private ulong _programs;

    public CoherentGuest(Coherency coherency = Coherency.Strict, KvmOptions? options = null, int vcpus = 1, KvmVcpuFeatures features = KvmVcpuFeatures.None)
    {
        Test = new TestVm(options: (options ?? new KvmOptions()) with { Coherency = coherency });
        for (int i = 0; i < vcpus; i++)
        {
            Test.AddVcpu(features);
        }

        // Blocks of 1 GiB: devices, RAM, RAM again; attribute indexes 0, 1, 2 of MAIR_EL1.
        Test.Word(Tables) = 0 | AccessFlag | 1;
        Test.Word(Tables + 8) = Ram | (1 << 2) | AccessFlag | 1;
        Test.Word(Tables + 16) = Ram | (2 << 2) | AccessFlag | 1;
    }

    public TestVm Test { get; }

    public Vm Vm => Test.Vm;

    public Vcpu Vcpu => Test.Vm.Vcpus[0];

    /// <summary>What the VMM reads and writes at <see cref="Data"/> + <paramref name="offset"/>.</summary>
    public ref ulong Word(ulong offset = 0) => ref Test.Word(Data + offset);

    /// <summary>Executes <paramref name="code"/>, each time in a page that no one has fetched from before.</summary>
    public void Run(params ReadOnlySpan<uint> code) => Run(Vcpu, code);

    public void Run(Vcpu vcpu, params ReadOnlySpan<uint> code)
    {
        // A store that is pending from before is done first.
        vcpu.RunArea->ImmediateExit = 1;
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.RunArea->ImmediateExit = 0;
        Start(vcpu, code);
        Finish(vcpu);
    }

    /// <summary>Puts a program where no one has fetched from before, and the PC at it.</summary>
    public void Start(Vcpu vcpu, params ReadOnlySpan<uint> code)
    {
        Test.LoadAt(vcpu, Programs + (_programs++ * 4096), [.. code, Code.Str(0, 9)]);
        TestVm.SetX(vcpu, 9, TestVm.Device);
    }

    public static void Finish(Vcpu vcpu)
    {
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        vcpu.RunArea->Mmio.PhysAddr.ShouldBe(TestVm.Device);
    }

    /// <summary>The guest loads from <paramref name="address"/>.</summary>
    public ulong Load(ulong address, Vcpu? vcpu = null)
    {
        vcpu ??= Vcpu;
        TestVm.SetX(vcpu, 1, address);
        Run(vcpu, Code.Ldr(0, 1));
        return TestVm.X(vcpu, 0);
    }

    /// <summary>The guest stores to <paramref name="address"/>.</summary>
    public void Store(ulong address, ulong value)
    {
        TestVm.SetX(Vcpu, 1, address);
        TestVm.SetX(Vcpu, 2, value);
        Run(Code.Str(2, 1));
    }

    /// <summary>The guest executes DC (or any SYS) with <paramref name="address"/> in its register.</summary>
    public void Maintain(uint instruction, ulong address)
    {
        TestVm.SetX(Vcpu, 1, address);
        Run(instruction | 1);
    }

    public const uint DcIvac = 0xD508_7620;
    public const uint DcIsw = 0xD508_7640;
    public const uint DcCsw = 0xD508_7A40;
    public const uint DcCisw = 0xD508_7E40;
    public const uint DcCvac = 0xD50B_7A20;
    public const uint DcCvau = 0xD50B_7B20;
    public const uint DcCvap = 0xD50B_7C20;
    public const uint DcCivac = 0xD50B_7E20;
    public const uint DcZva = 0xD50B_7420;

    /// <summary>The guest sets its translation up; MMU and caches stay off.</summary>
    public void PrepareMmu(Vcpu? vcpu = null)
    {
        vcpu ??= Vcpu;
        (SysRegId Id, ulong Value)[] registers = [(SysRegId.MAIR_EL1, Mair), (SysRegId.TCR_EL1, Tcr), (SysRegId.TTBR0_EL1, Ram + Tables)];
        foreach ((SysRegId id, ulong value) in registers)
        {
            TestVm.SetX(vcpu, 1, value);
            Run(vcpu, Code.Msr(id, 1));
        }
    }

    /// <summary>The guest writes SCTLR_EL1: MMU, data cache and instruction cache on or off.</summary>
    public void SetCaches(bool mmu, bool data, bool instructions, Vcpu? vcpu = null)
    {
        vcpu ??= Vcpu;
        TestVm.SetX(vcpu, 1, SctlrOff | (mmu ? 1UL : 0) | (data ? 4UL : 0) | (instructions ? 1UL << 12 : 0));
        Run(vcpu, Code.Msr(SysRegId.SCTLR_EL1, 1));
    }

    public void EnableMmu(Vcpu? vcpu = null)
    {
        PrepareMmu(vcpu);
        SetCaches(mmu: true, data: true, instructions: true, vcpu);
    }

    public void Dispose() => Test.Dispose();
}
