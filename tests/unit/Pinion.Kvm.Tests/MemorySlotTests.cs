using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class MemorySlotTests
{
    private const ulong Page = 4096;
    private const ulong Hva = 0x7000_0000_0000;

    private static KvmUserspaceMemoryRegion Region(uint slot, ulong gpa, ulong size, ulong hva = Hva, uint flags = 0) =>
        new() { Slot = slot, Flags = (KvmMemoryFlags)flags, GuestPhysAddr = gpa, MemorySize = size, UserspaceAddr = hva };

    /// <summary>One rule at a time, then two at once: the first check of __kvm_set_memory_region decides.</summary>
    [Theory]
    [InlineData(1, 0x1000, 0x1000, Hva, 0, 0)]
    [InlineData(1, 0x1000, 0x1000, Hva, 3, 0)]
    [InlineData(1, 0x1000, 0x1000, Hva, 4, -Errno.EINVAL)]
    [InlineData(1, 0x1000, 0x1000, Hva, 8, -Errno.EINVAL)]
    [InlineData(1, 0x1800, 0x1000, Hva, 0, -Errno.EINVAL)]
    [InlineData(1, 0x1000, 0x1800, Hva, 0, -Errno.EINVAL)]
    [InlineData(1, 0x1000, 0x1000, Hva + 1, 0, -Errno.EINVAL)]
    [InlineData(1, 0x1000, 0x1000, 0xFFFF_0000_0000_0000, 0, -Errno.EINVAL)]
    [InlineData(32766, 0x1000, 0x1000, Hva, 0, 0)]
    [InlineData(32767, 0x1000, 0x1000, Hva, 0, -Errno.EINVAL)]
    [InlineData(0x1_0000, 0x1000, 0x1000, Hva, 0, -Errno.EINVAL)]
    [InlineData(1, 0x1000, 0, Hva, 0, -Errno.EINVAL)]
    [InlineData(1, 0xFFFF_FFFF_FFFF_F000, 0x2000, Hva, 0, -Errno.EINVAL)]
    [InlineData(1, 0x100_0000_0000, 0x1000, Hva, 0, -Errno.EFAULT)]
    [InlineData(1, 0xFF_FFFF_F000, 0x2000, Hva, 0, -Errno.EFAULT)]
    [InlineData(1, 0xFF_FFFF_F000, 0x1000, Hva, 0, 0)]
    [InlineData(1, 0x4000_0000, 0x1000, Hva, 0, -Errno.EEXIST)]
    [InlineData(1, 0x3FFF_F000, 0x2000, Hva, 0, -Errno.EEXIST)]
    [InlineData(1, 0x3FFF_F000, 0x1000, Hva, 0, 0)]
    [InlineData(1, 0x4000_0000, 0x1000, Hva + 1, 0, -Errno.EINVAL)]
    public void ANewSlotIsCheckedInKvmsOrder(uint slot, ulong gpa, ulong size, ulong hva, uint flags, int expected)
    {
        using TestVm test = new(64 * 1024);
        KvmUserspaceMemoryRegion region = Region(slot, gpa, size, hva, flags);
        test.Vm.SetUserMemoryRegion(region).ShouldBe(expected);
        using TestVm raw = new(64 * 1024);
        raw.Vm.Ioctl(KvmIoctl.SetUserMemoryRegion, (nint)(&region)).ShouldBe(expected);
    }

    [Fact]
    public void AnExistingSlotCanMoveChangeFlagsOrGoButNotChangeSizeOrHost()
    {
        using TestVm test = new(64 * 1024);
        test.Vm.SetUserMemoryRegion(Region(1, 0x10000, 4 * Page)).ShouldBe(0);
        test.Vm.SetUserMemoryRegion(Region(1, 0x10000, 4 * Page)).ShouldBe(0);
        test.Vm.SetUserMemoryRegion(Region(1, 0x10000, 8 * Page)).ShouldBe(-Errno.EINVAL);
        test.Vm.SetUserMemoryRegion(Region(1, 0x10000, 4 * Page, Hva + Page)).ShouldBe(-Errno.EINVAL);
        test.Vm.SetUserMemoryRegion(Region(1, 0x10000, 4 * Page, flags: 2)).ShouldBe(-Errno.EINVAL);
        test.Vm.SetUserMemoryRegion(Region(1, 0x10000, 4 * Page, flags: 1)).ShouldBe(0);
        test.Vm.SetUserMemoryRegion(Region(1, 0x11000, 4 * Page, flags: 1)).ShouldBe(0);
        test.Vm.SetUserMemoryRegion(Region(1, TestVm.RamBase, 4 * Page, flags: 1)).ShouldBe(-Errno.EEXIST);
        test.Vm.Slots.Find(0x10FFF).ShouldBeNull();
        test.Vm.Slots.Find(0x11000)!.Id.ShouldBe((ushort)1);
        test.Vm.Slots.Find(0x14FFF)!.Id.ShouldBe((ushort)1);
        test.Vm.Slots.Find(0x15000).ShouldBeNull();
        test.Vm.SetUserMemoryRegion(Region(1, 0, 0)).ShouldBe(0);
        test.Vm.SetUserMemoryRegion(Region(1, 0, 0)).ShouldBe(-Errno.EINVAL);
        test.Vm.Slots.Find(0x11000).ShouldBeNull();
    }

    [Fact]
    public void LookupFindsTheSlotAmongMany()
    {
        using TestVm test = new(64 * 1024);
        for (uint i = 0; i < 64; i++)
        {
            // Registered in an order that is not that of addresses.
            ulong at = (i * 37) % 64;
            test.Vm.SetUserMemoryRegion(Region(i + 1, 0x10_0000 + (at * 2 * Page), Page)).ShouldBe(0);
        }

        for (ulong i = 0; i < 64; i++)
        {
            test.Vm.Slots.Find(0x10_0000 + (i * 2 * Page)).ShouldNotBeNull().Gpa.ShouldBe(0x10_0000 + (i * 2 * Page));
            test.Vm.Slots.Find(0x10_0000 + (i * 2 * Page) + Page).ShouldBeNull();
        }
    }

    [Fact]
    public void AGuestSeesASlotAsSoonAsItExistsAndNoLongerThanThat()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        ulong value = 0x1122_3344_5566_7788;
        void* page = System.Runtime.InteropServices.NativeMemory.AlignedAlloc(4096, 4096);
        *(ulong*)page = value;
        test.Load(vcpu, Code.Ldr(2, 1), Code.Branch(-1));
        TestVm.SetX(vcpu, 1, 0x2000_0000);
        test.Vm.SetUserMemoryRegion(TestVm.Region(5, 0x2000_0000, 4096, (nint)page)).ShouldBe(0);
        Run(vcpu);
        TestVm.X(vcpu, 2).ShouldBe(value);

        test.Vm.SetUserMemoryRegion(TestVm.Region(5, 0, 0, 0)).ShouldBe(0);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        vcpu.RunArea->Mmio.PhysAddr.ShouldBe(0x2000_0000UL);
        System.Runtime.InteropServices.NativeMemory.AlignedFree(page);
    }

    [Fact]
    public void AWriteToAReadOnlySlotIsMmioAndAReadIsNot()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Word(0x8000) = 77;
        test.Vm.SetUserMemoryRegion(TestVm.Region(5, 0x2000_0000, 4096, test.Ram + 0x8000, KvmMemoryFlags.ReadOnly)).ShouldBe(0);
        test.Load(vcpu, Code.Ldr(2, 1), Code.Str(2, 1));
        TestVm.SetX(vcpu, 1, 0x2000_0000);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        vcpu.RunArea->Mmio.IsWrite.ShouldBe((byte)1);
        vcpu.RunArea->Mmio.Value.ShouldBe(77UL);
        TestVm.X(vcpu, 2).ShouldBe(77UL);
    }

    [Fact]
    public void TheDirtyLogHoldsEachPageWrittenSinceItWasLastTaken()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        ulong[] log = new ulong[(test.RamSize / Page / 64) + 1];
        test.Vm.GetDirtyLog(0, log).ShouldBe(-Errno.ENOENT);
        test.Vm.GetDirtyLog(40000, log).ShouldBe(-Errno.EINVAL);
        test.Load(vcpu, Code.Str(2, 1), Code.AddImmediate(2, 2, 1), Code.Hvc, Code.Branch(-3));
        TestVm.SetX(vcpu, 1, TestVm.RamBase + (5 * Page));
        Step(vcpu);

        test.Vm.SetUserMemoryRegion(TestVm.Region(0, TestVm.RamBase, test.RamSize, test.Ram, KvmMemoryFlags.LogDirtyPages)).ShouldBe(0);
        test.Vm.GetDirtyLog(0, log).ShouldBe(0);
        log[0].ShouldBe(0UL);
        Step(vcpu);
        test.Vm.GetDirtyLog(0, log).ShouldBe(0);
        log[0].ShouldBe(1UL << 5);
        test.Vm.GetDirtyLog(0, log).ShouldBe(0);
        log[0].ShouldBe(0UL);
        TestVm.SetX(vcpu, 1, TestVm.RamBase + (70 * Page));
        Step(vcpu);
        test.Vm.GetDirtyLog(0, log).ShouldBe(0);
        log[1].ShouldBe(1UL << 6);
        test.Vm.GetDirtyLog(0, new ulong[1]).ShouldBe(-Errno.EFAULT);
        test.Vm.SetUserMemoryRegion(TestVm.Region(0, TestVm.RamBase, test.RamSize, test.Ram)).ShouldBe(0);
        test.Vm.GetDirtyLog(0, log).ShouldBe(-Errno.ENOENT);

        // One round of the loop: PSCI SYSTEM_OFF is what ends it.
        static void Step(Vcpu vcpu)
        {
            TestVm.SetX(vcpu, 0, 0x8400_0008);
            vcpu.SetMpState(KvmMpState.Runnable).ShouldBe(0);
            vcpu.Run().ShouldBe(0);
            vcpu.RunArea->ExitReason.ShouldBe(KvmExit.SystemEvent);
        }
    }

    /// <summary>Runs until nothing but a kick ends it.</summary>
    private static void Run(Vcpu vcpu)
    {
        vcpu.Kick();
        vcpu.Run().ShouldBe(-Errno.EINTR);
        Thread kicker = new(() =>
        {
            Thread.Sleep(20);
            vcpu.Kick();
        });
        kicker.Start();
        vcpu.Run().ShouldBe(-Errno.EINTR);
        kicker.Join();
    }
}
