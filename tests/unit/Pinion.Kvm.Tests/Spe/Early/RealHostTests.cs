using System.Runtime.InteropServices;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>The third to fifth posting over the host's own mlock and smaps.</summary>
[Collection(HostMemoryTests.Name)]
public sealed unsafe partial class RealHostTests : IDisposable
{
    private const int Page = 4096;
    private const int Pages = 32;

    private readonly LinuxHostMappings _mappings = new();
    private readonly nint _ram = mmap(0, Pages * Page, ProtRead | ProtWrite, PrivateAnonymous, -1, 0);
    private Kvm? _kvm;
    private Vm? _vm;

    public void Dispose()
    {
        _vm?.Dispose();
        _kvm?.Dispose();
        munmap(_ram, Pages * Page).ShouldBe(0);
    }

    private Vm Make(SpeSeries series)
    {
        _ram.ShouldNotBe(-1);
        _kvm = new Kvm(new KvmOptions { SpeSeries = series });
        _kvm.CreateVm(0, out _vm).ShouldBe(0);
        _vm!.SetUserMemoryRegion(TestVm.Region(0, TestVm.RamBase, Pages * Page, _ram)).ShouldBe(0);
        _vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
        vcpu!.Init(TestVm.InitWith(series.Feature())).ShouldBe(0);
        return _vm;
    }

    private bool[] Locked()
    {
        IReadOnlyList<HostMapping> found = _mappings.Within(_ram, Pages * Page);
        return [.. Enumerable.Range(0, Pages).Select(page => found.Any(mapping => mapping.Locked && mapping.Start <= _ram + (page * Page) && _ram + (page * Page) < mapping.End))];
    }

    [Theory]
    [InlineData(SpeSeries.V4)]
    [InlineData(SpeSeries.V5)]
    public void ALockedMemslotIsLockedMemory(SpeSeries series)
    {
        Vm vm = Make(series);
        KvmEnableCap cap = new() { Cap = series.LockMemoryCapability()!.Value, Flags = KvmLockMemory.FlagsLock };
        cap.Args[1] = KvmLockMemory.Read | KvmLockMemory.Write;
        vm.EnableCap(cap).ShouldBe(0);
        Locked().ShouldAllBe(locked => locked);
        KvmEnableCap unlock = new() { Cap = cap.Cap, Flags = KvmLockMemory.FlagsUnlock };
        vm.EnableCap(unlock).ShouldBe(0);
        Locked().ShouldAllBe(locked => !locked);

        // What cannot be written cannot be pinned for writing; what is not there cannot be pinned.
        mprotect(_ram + (4 * Page), Page, ProtRead).ShouldBe(0);
        vm.EnableCap(cap).ShouldBe(-Errno.ENOMEM);
        Locked().ShouldAllBe(locked => !locked);
        cap.Args[1] = KvmLockMemory.Read;
        vm.EnableCap(cap).ShouldBe(0);
        Locked().ShouldAllBe(locked => locked);
        vm.EnableCap(unlock).ShouldBe(0);
        munmap(_ram + (6 * Page), Page).ShouldBe(0);
        vm.EnableCap(cap).ShouldBe(-Errno.ENOMEM);
        Locked().ShouldAllBe(locked => !locked);
    }

    [Fact]
    public void TheVmsEndUnlocksTheMemory()
    {
        Vm vm = Make(SpeSeries.V4);
        KvmEnableCap cap = new() { Cap = 206, Flags = KvmLockMemory.FlagsLock };
        cap.Args[1] = KvmLockMemory.Read | KvmLockMemory.Write;
        vm.EnableCap(cap).ShouldBe(0);
        vm.Dispose();
        Locked().ShouldAllBe(locked => !locked);
    }

    [Fact]
    public void FinalizeMapsWhatMlockLockedAndCanBeWritten()
    {
        Vm vm = Make(SpeSeries.V3);
        vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? gic).ShouldBe(0);
        TestVm.Set(gic!, 0, 2, TestVm.GicDistributor).ShouldBe(0);
        TestVm.Set(gic!, 0, 3, TestVm.GicRedistributors).ShouldBe(0);
        gic!.SetAttr(new KvmDeviceAttr { Group = 4, Attr = 0 }).ShouldBe(0);
        TestVm.Set(vm.Vcpus[0], 3, 0, 21).ShouldBe(0);
        TestVm.Set(vm.Vcpus[0], 3, 1, 0).ShouldBe(0);

        mlock(_ram + (8 * Page), 8 * Page).ShouldBe(0);
        mprotect(_ram + (10 * Page), Page, ProtRead).ShouldBe(0);
        KvmDeviceAttr finalize = new();
        vm.Ioctl(KvmIoctl.HasDeviceAttr, (nint)(&finalize)).ShouldBe(0);
        vm.Ioctl(KvmIoctl.SetDeviceAttr, (nint)(&finalize)).ShouldBe(0);
        MemorySlot slot = vm.Slots.ById(0)!;
        for (ulong page = 0; page < Pages; page++)
        {
            slot.IsMapped(page).ShouldBe(page is >= 8 and < 16 and not 10);
        }
    }

    private const int ProtRead = 1;
    private const int ProtWrite = 2;
    private const int PrivateAnonymous = 0x22;

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nint length);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nint length, int protection);

    [LibraryImport("libc")]
    private static partial int mlock(nint address, nint length);
}
