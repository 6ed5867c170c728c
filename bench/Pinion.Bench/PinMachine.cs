using System.Diagnostics;
using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Bench;

/// <summary>A VM without a kernel, whose guest enables and disables its profiling buffer in a loop. The buffer is mapped by tables of four levels, page by page, as Linux maps one.</summary>
internal sealed unsafe partial class PinMachine : IDisposable
{
    public const ulong Page = 4096;

    private const ulong RamBase = 0x4000_0000;
    private const ulong RamSize = 256UL << 20;
    private const ulong Device = 0x0900_0000;
    private const ulong Code = 0x1000;
    private const ulong Tables = 0x10_0000;
    private const ulong Data = 0x100_0000;

    /// <summary>Not at a table's beginning, as most buffers are not.</summary>
    private const ulong Va = 0x8000_0000 + (16 * Page);

    private readonly Kvm.Kvm _kvm;
    private readonly Vm _vm;
    private readonly Vcpu _vcpu;
    private readonly byte* _ram;
    private readonly ulong _bytes;
    private readonly List<(nint Address, ulong Bytes)> _runs = [];

    /// <param name="series">Which posting.</param>
    /// <param name="cache">What stays pinned.</param>
    /// <param name="bytes">Size of the buffer.</param>
    /// <param name="scattered">No two pages of the buffer are neighbours in memory.</param>
    public PinMachine(SpeSeries series, PinCacheOptions cache, ulong bytes, bool scattered)
    {
        _bytes = bytes;
        _kvm = new Kvm.Kvm(new KvmOptions { SpeSeries = series, SpePinCache = cache });
        Must(_kvm.CreateVm(0, out Vm? vm), "KVM_CREATE_VM");
        _vm = vm!;
        _ram = (byte*)Mmap(0, (nuint)RamSize, 3, 0x22, -1, 0);
        if (_ram == (void*)-1)
        {
            Stop.Because("no memory for the guest");
        }

        // 4 KiB pages that are there already: neither their first touch nor huge pages are what is measured.
        _ = Madvise((nint)_ram, (nuint)RamSize, 15);
        for (ulong i = 0; i < RamSize; i += Page)
        {
            _ram[i] = 0;
        }

        Must(_vm.SetUserMemoryRegion(new KvmUserspaceMemoryRegion { GuestPhysAddr = RamBase, MemorySize = RamSize, UserspaceAddr = (ulong)_ram }), "KVM_SET_USER_MEMORY_REGION");
        Must(_vm.CreateVcpu(0, out Vcpu? vcpu), "KVM_CREATE_VCPU");
        _vcpu = vcpu!;
        KvmVcpuInit init = new() { Target = KvmVcpuInit.TargetGenericV8 };
        init.Features[0] = (uint)(KvmVcpuFeatures.Psci02 | series.Feature());
        Must(_vcpu.Init(init), "KVM_ARM_VCPU_INIT");
        Must(_vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? gic), "KVM_CREATE_DEVICE");
        Set(gic!, 0, 2, 0x0800_0000UL);
        Set(gic!, 0, 3, 0x080A_0000UL);
        Must(gic!.SetAttr(new KvmDeviceAttr { Group = 4, Attr = 0 }), "KVM_DEV_ARM_VGIC_CTRL_INIT");
        Set(KvmVcpuAttributeGroup.SpeIrq, 21);
        Set(KvmVcpuAttributeGroup.SpeSpu, 0);
        Set(KvmVcpuAttributeGroup.SpeMaxBufferSize, bytes);
        Set(KvmVcpuAttributeGroup.SpeInit, 0);
        Map(scattered);
        Register(SysRegId.TTBR0_EL1, RamBase + Tables);
        Register(SysRegId.TCR_EL1, 16 | (1UL << 23) | (2UL << 32) | (16UL << 16) | (2UL << 30));
        Register(SysRegId.MAIR_EL1, 0xFF);
        Register(SysRegId.SCTLR_EL1, 0x30C5_0835);
        Assemble(0, 0xD518_9A01, 0xD518_9A1F); // MSR PMBLIMITR_EL1, X1; MSR PMBLIMITR_EL1, XZR
        Assemble(0x100, 0xD518_9A23, 0xD518_9A23); // MSR PMBPTR_EL1, X3, twice: as many traps, and nothing to do
    }

    /// <summary>Seconds of a cycle of enabling and disabling.</summary>
    public double Cycle(ulong cycles) => Measure(0, cycles);

    /// <summary>Seconds of two traps that do nothing.</summary>
    public double Traps(ulong cycles) => Measure(0x100, cycles);

    /// <summary>Seconds of locking and unlocking the pages of the buffer and of its tables.</summary>
    public double Bare(ulong cycles)
    {
        long start = Stopwatch.GetTimestamp();
        for (ulong i = 0; i < cycles; i++)
        {
            foreach ((nint address, ulong bytes) in _runs)
            {
                Must(Mlock(address, (nuint)bytes), "mlock");
            }

            foreach ((nint address, ulong bytes) in _runs)
            {
                Must(Munlock(address, (nuint)bytes), "munlock");
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / cycles;
    }

    public void Dispose()
    {
        _vm.Dispose();
        _kvm.Dispose();
        _ = Munmap((nint)_ram, (nuint)RamSize);
    }

    private double Measure(ulong code, ulong cycles)
    {
        Must(_vcpu.SetOneReg(RegisterId.X(1), (Va + _bytes) | 1), "X1");
        Must(_vcpu.SetOneReg(RegisterId.X(2), cycles), "X2");
        Must(_vcpu.SetOneReg(RegisterId.X(3), Va), "X3");
        Must(_vcpu.SetOneReg(RegisterId.X(9), Device), "X9");
        Must(_vcpu.SetOneReg(RegisterId.Pc, RamBase + Code + code), "PC");
        Register(SysRegId.PMBPTR_EL1, Va);
        long start = Stopwatch.GetTimestamp();
        do
        {
            Must(_vcpu.Run(), "KVM_RUN");
            if (_vcpu.RunArea->ExitReason == KvmExit.Rlimit)
            {
                Stop.Because($"the limit on locked memory is {_vcpu.RunArea->Rlimit.Excess} bytes short: raise it (ulimit -l), or run with CAP_IPC_LOCK");
            }
        }
        while (_vcpu.RunArea->ExitReason != KvmExit.Mmio);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / cycles;

        // The store is done before anything else is.
        _vcpu.RunArea->ImmediateExit = 1;
        _vcpu.Run();
        _vcpu.RunArea->ImmediateExit = 0;
        Must(_vcpu.GetOneReg(RegisterId.System(SysRegTable.Get(SysRegId.PMBSR_EL1).Encoding), out ulong status), "PMBSR_EL1");
        if (status != 0)
        {
            Stop.Because($"the buffer could not be enabled: PMBSR_EL1 is {status:x}");
        }

        return seconds;
    }

    private void Map(bool scattered)
    {
        const ulong Block = 1 | (1 << 10);
        const ulong Table = 3;
        ulong level1 = Tables + Page;
        ulong level2 = Tables + (2 * Page);
        Word(Tables) = (RamBase + level1) | Table;
        Word(level1) = Block;
        Word(level1 + 8) = RamBase | Block;
        Word(level1 + 16) = (RamBase + level2) | Table;
        ulong pages = _bytes / Page;
        ulong tables = ((Va & 0x1F_FFFF) + _bytes + 0x1F_FFFF) >> 21;
        for (ulong i = 0; i < tables; i++)
        {
            Word(level2 + (i * 8)) = (RamBase + level2 + ((i + 1) * Page)) | Table;
        }

        _runs.Add(((nint)(_ram + Tables), (3 + tables) * Page));
        ulong step = scattered ? 2UL : 1;
        for (ulong i = 0; i < pages; i++)
        {
            ulong offset = Data + (i * step * Page);
            Word(level2 + Page + (((Va - 0x8000_0000) / Page) + i) * 8) = (RamBase + offset) | Table | (1 << 10);
            if (scattered)
            {
                _runs.Add(((nint)(_ram + offset), Page));
            }
        }

        if (!scattered)
        {
            _runs.Add(((nint)(_ram + Data), _bytes));
        }
    }

    private void Assemble(ulong offset, uint first, uint second)
    {
        uint* code = (uint*)(_ram + Code + offset);
        code[0] = first;
        code[1] = second;
        code[2] = 0xF100_0442; // SUBS X2, X2, #1
        code[3] = 0x5400_0001 | ((unchecked((uint)-3) & 0x7_FFFF) << 5); // B.NE to the first
        code[4] = 0xF900_0120; // STR X0, [X9]
    }

    private ref ulong Word(ulong offset) => ref *(ulong*)(_ram + offset);

    private void Register(SysRegId id, ulong value) => Must(_vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), value), id.ToString());

    private void Set<T>(ulong attr, T value) where T : unmanaged =>
        Must(_vcpu.SetAttr(new KvmDeviceAttr { Group = KvmVcpuAttributeGroup.Spe, Attr = attr, Addr = (ulong)&value }), $"KVM_SET_DEVICE_ATTR {attr}");

    private static void Set<T>(Device device, uint group, ulong attr, T value) where T : unmanaged =>
        Must(device.SetAttr(new KvmDeviceAttr { Group = group, Attr = attr, Addr = (ulong)&value }), "KVM_SET_DEVICE_ATTR of the GIC");

    private static void Must(int result, string what)
    {
        if (result < 0)
        {
            Stop.Because($"{what} answered {result}{(result == -1 ? $", errno {Marshal.GetLastPInvokeError()}" : "")}; locked memory may be limited (ulimit -l)");
        }
    }

    [LibraryImport("libc", EntryPoint = "mlock", SetLastError = true)]
    private static partial int Mlock(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "munlock", SetLastError = true)]
    private static partial int Munlock(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Madvise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Mmap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Munmap(nint address, nuint length);
}
