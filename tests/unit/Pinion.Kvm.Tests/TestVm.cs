using System.Runtime.InteropServices;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

/// <summary>A VM with page-aligned memory at guest physical <see cref="RamBase"/>, for programs of a few instructions with the MMU off.</summary>
internal sealed unsafe class TestVm : IDisposable
{
    public const ulong RamBase = 0x4000_0000;
    public const ulong GicDistributor = 0x0800_0000;
    public const ulong GicRedistributors = 0x080A_0000;
    public const ulong Device = 0x0900_0000;

    private readonly byte* _ram;

    public TestVm(ulong ramSize = 1 << 20, KvmOptions? options = null)
    {
        Kvm = new Kvm((options ?? new KvmOptions()) with { HostMemory = () => Host });
        Kvm.CreateVm(0, out Vm? vm).ShouldBe(0);
        Vm = vm!;
        RamSize = ramSize;
        _ram = (byte*)NativeMemory.AlignedAlloc((nuint)ramSize, 4096);
        NativeMemory.Clear(_ram, (nuint)ramSize);
        Vm.SetUserMemoryRegion(Region(0, RamBase, ramSize, (nint)_ram)).ShouldBe(0);
    }

    public Kvm Kvm { get; }

    public Vm Vm { get; }

    public ulong RamSize { get; }

    public DeterministicHostMemory Host { get; } = new();

    public nint Ram => (nint)_ram;

    public static KvmUserspaceMemoryRegion Region(uint slot, ulong gpa, ulong size, nint hva, KvmMemoryFlags flags = KvmMemoryFlags.None) =>
        new() { Slot = slot, Flags = flags, GuestPhysAddr = gpa, MemorySize = size, UserspaceAddr = (ulong)hva };

    /// <summary>Makes a vCPU; features beyond PSCI as given.</summary>
    public Vcpu AddVcpu(KvmVcpuFeatures features = KvmVcpuFeatures.None)
    {
        Vm.CreateVcpu((uint)Vm.Vcpus.Count, out Vcpu? vcpu).ShouldBe(0);
        vcpu!.Init(InitWith(KvmVcpuFeatures.Psci02 | features)).ShouldBe(0);
        return vcpu;
    }

    public static KvmVcpuInit InitWith(KvmVcpuFeatures features, uint target = KvmVcpuInit.TargetGenericV8)
    {
        KvmVcpuInit init = new() { Target = target };
        init.Features[0] = (uint)features;
        return init;
    }

    /// <summary>Makes and initialises the interrupt controller, after all vCPUs.</summary>
    public Device AddGic()
    {
        Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? gic).ShouldBe(0);
        Set(gic!, 0, 2, GicDistributor).ShouldBe(0);
        Set(gic!, 0, 3, GicRedistributors).ShouldBe(0);
        gic!.SetAttr(new KvmDeviceAttr { Group = 4, Attr = 0 }).ShouldBe(0);
        return gic;
    }

    public static int Set<T>(Device device, uint group, ulong attr, T value) where T : unmanaged =>
        device.SetAttr(new KvmDeviceAttr { Group = group, Attr = attr, Addr = (ulong)&value });

    public static int Set<T>(Vcpu vcpu, uint group, ulong attr, T value) where T : unmanaged =>
        vcpu.SetAttr(new KvmDeviceAttr { Group = group, Attr = attr, Addr = (ulong)&value });

    public static int Get<T>(Vcpu vcpu, uint group, ulong attr, out T value) where T : unmanaged
    {
        T local = default;
        int result = vcpu.GetAttr(new KvmDeviceAttr { Group = group, Attr = attr, Addr = (ulong)&local });
        value = local;
        return result;
    }

    /// <summary>Puts instructions into memory and the PC at them.</summary>
    public void LoadAt(Vcpu vcpu, ulong offset, params ReadOnlySpan<uint> code)
    {
        code.CopyTo(new Span<uint>(_ram + offset, code.Length));
        vcpu.SetOneReg(RegisterId.Pc, RamBase + offset).ShouldBe(0);
    }

    public void Load(Vcpu vcpu, params ReadOnlySpan<uint> code) => LoadAt(vcpu, 0, code);

    public ref ulong Word(ulong offset) => ref *(ulong*)(_ram + offset);

    public static ulong X(Vcpu vcpu, int i)
    {
        vcpu.GetOneReg(RegisterId.X(i), out ulong value).ShouldBe(0);
        return value;
    }

    public static void SetX(Vcpu vcpu, int i, ulong value) => vcpu.SetOneReg(RegisterId.X(i), value).ShouldBe(0);

    public void Dispose()
    {
        Vm.Dispose();
        Kvm.Dispose();
        NativeMemory.AlignedFree(_ram);
    }
}
