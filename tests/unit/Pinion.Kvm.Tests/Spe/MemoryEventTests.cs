using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>What the host does to memory under a buffer, and what the dirty log says of it.</summary>
public sealed partial class MemoryEventTests
{
    private const ulong Page = 4096;
    private const ulong Offset = 0x4_0000;
    private const ulong Buffer = TestVm.RamBase + Offset;
    private const ulong S = 1 << 17;
    private const ulong Lost = (0x25UL << 26) | (1 << 19) | S | 7;

    [Theory]
    [CombinatorialSeries]
    public void AnEventThatTakesThePagesEndsTheSession(MmuEvent what, SpeSeries series)
    {
        using SpeMachine machine = new(options: new KvmOptions { SpeSeries = series });
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Vm.InvalidateRange(machine.Test.Ram + (nint)Offset + 100, 1, what);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
        bool gone = what is MmuEvent.Unmap or MmuEvent.Clear or MmuEvent.Release;
        machine.Test.Host.PinnedBytes.ShouldBe(gone ? 0 : 4 * Page);
        IsMapped(machine, 0).ShouldBe(!gone);
        IsMapped(machine, 1).ShouldBeTrue();
        machine.Test.Host.LockedBytes.ShouldBe(SpeMachine.MaxBufferSize);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(gone ? Lost : 0UL);

        // The guest may begin anew.
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.WriteDone(SysRegId.PMBSR_EL1, 0);
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
    }

    [Theory]
    [InlineData(MmuEvent.ProtectionPage)]
    [InlineData(MmuEvent.Aging)]
    [InlineData(MmuEvent.Migrate)]
    [InlineData(MmuEvent.Unmap)]
    public void PagesThatAreNotPinnedLeaveStage2WithAnyEvent(MmuEvent what)
    {
        using SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + Page);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        IsMapped(machine, 0).ShouldBeTrue();
        machine.Vm.InvalidateRange(machine.Test.Ram, 1 << 20, what);
        IsMapped(machine, 0).ShouldBeFalse();

        // Nobody had a buffer there: no event.
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
    }

    [Fact]
    public void RangesOutsideMemoryAndAtTheEndOfTheAddressSpaceAreNothing()
    {
        using SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + Page);
        machine.Vm.InvalidateRange(0x1000, 0x1000, MmuEvent.Unmap);
        machine.Vm.InvalidateRange(machine.Test.Ram, 0, MmuEvent.Unmap);
        machine.Vm.InvalidateRange(machine.Test.Ram + (1 << 20), ulong.MaxValue, MmuEvent.Unmap);
        machine.Test.Host.PinnedBytes.ShouldBe(Page);
    }

    [Theory]
    [InlineData(SpeSeries.V6)]
    [InlineData(SpeSeries.V6Rfc)]
    public void AnInvalidationBetweenWalkAndPublicationIsReplayedSilently(SpeSeries series)
    {
        using SpeMachine machine = new(options: new KvmOptions { SpeSeries = series });
        int times = 0;
        machine.Vm.Spe.AtStep = _ =>
        {
            if (times++ < 3)
            {
                machine.Vm.InvalidateRange(machine.Test.Ram, Page, MmuEvent.Migrate);
            }
        };
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, (Buffer + (4 * Page)) | 1);
        times.ShouldBe(4);
        machine.Test.Host.PinnedBytes.ShouldBe(4 * Page);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
    }

    [Fact]
    public void ASharedPageThatGoesEndsBothSessions()
    {
        using SpeMachine machine = new(vcpus: 3);
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Enable(Buffer + (2 * Page), Buffer + (6 * Page), machine.Vm.Vcpus[1]);
        machine.Enable(Buffer + (8 * Page), Buffer + (9 * Page), machine.Vm.Vcpus[2]);
        machine.Vm.InvalidateRange(machine.Test.Ram + (nint)Offset + (3 * (nint)Page), Page, MmuEvent.Clear);
        machine.Test.Host.PinnedBytes.ShouldBe(Page);
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(Lost);
        machine.Read(SysRegId.PMBSR_EL1, machine.Vm.Vcpus[1]).ShouldBe(Lost);
        machine.Read(SysRegId.PMBSR_EL1, machine.Vm.Vcpus[2]).ShouldBe(0UL);
    }

    /// <summary>The unit's writes cause no faults, so pages that it may write are in every log while they are pinned, and in one after.</summary>
    [Fact]
    public void PinnedPagesAreDirtyInEveryLogAndOnceAfter()
    {
        using SpeMachine machine = new();
        machine.Enable(Buffer, Buffer + (3 * Page));
        KvmUserspaceMemoryRegion logged = TestVm.Region(0, TestVm.RamBase, 1 << 20, machine.Test.Ram, KvmMemoryFlags.LogDirtyPages);
        machine.Vm.SetUserMemoryRegion(logged).ShouldBe(0);
        for (int i = 0; i < 3; i++)
        {
            Log(machine).ShouldBe([0x40UL, 0x41UL, 0x42UL]);
        }

        // The fourth page comes later; the first leaves and is told once more.
        machine.Enable(Buffer + Page, Buffer + (4 * Page));
        Log(machine).Where(page => page is >= 0x40 and < 0x50).ShouldBe([0x40UL, 0x41UL, 0x42UL, 0x43UL]);
        Log(machine).ShouldBe([0x41UL, 0x42UL, 0x43UL]);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        Log(machine).Where(page => page is >= 0x40 and < 0x50).ShouldBe([0x41UL, 0x42UL, 0x43UL]);
        Log(machine).ShouldBe([]);
    }

    [Fact]
    public void PinnedPagesStayWritableForTheUnitWhileTheLogIsTaken()
    {
        using SpeMachine machine = new();
        KvmUserspaceMemoryRegion logged = TestVm.Region(0, TestVm.RamBase, 1 << 20, machine.Test.Ram, KvmMemoryFlags.LogDirtyPages);
        machine.Vm.SetUserMemoryRegion(logged).ShouldBe(0);
        machine.Enable(Buffer, Buffer + Page);
        Log(machine);
        machine.Vm.Stage2.TranslateForProfiling(Buffer, Cpu.MemoryAccess.Write, 0xFF).Writable.ShouldBeTrue();
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        Log(machine);
        machine.Vm.Stage2.TranslateForProfiling(Buffer, Cpu.MemoryAccess.Write, 0xFF).Writable.ShouldBeFalse();
    }

    /// <summary>Tables are read by the unit, not written: they are pinned read-only until somebody's buffer has the same page.</summary>
    [Fact]
    public void APageThatIsPinnedAsATableIsUpgradedWhenABufferJoinsIt()
    {
        using SpeMachine machine = new(vcpus: 2, ram: 8 << 20);
        GuestTables tables = new(machine.Test);
        tables.Map(GuestTables.Va, 0x40_0000, 2);
        machine.Enable(GuestTables.Va, GuestTables.Va + Page);
        ulong table = GuestTables.Physical(tables.Level2Offset);
        machine.Vm.Spe.Pages.IsPinned(table).ShouldBeTrue();
        machine.Vm.Spe.Pages.IsPinnedWritable(table).ShouldBeFalse();
        machine.Vm.Spe.Pages.IsPinnedWritable(TestVm.RamBase + 0x40_0000).ShouldBeTrue();
        machine.Enable(table, table + Page, machine.Vm.Vcpus[1]);
        machine.Vm.Spe.Pages.IsPinnedWritable(table).ShouldBeTrue();
        machine.Vm.Spe.Pages.OwnersOf(table).ShouldBe(2);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
    }

    /// <summary>TCR_EL1.HA with PMBIDR_EL1.F: the unit's walk may write the descriptor of any page of the buffer.</summary>
    [Fact]
    public void TheTableOfTheLeavesIsWritableWhereHardwareMayUpdateIt()
    {
        using SpeMachine machine = new(ram: 8 << 20);
        GuestTables tables = new(machine.Test);
        tables.Map(GuestTables.Va, 0x40_0000, 2);
        GuestTables.Set(machine.Vcpu, SysRegId.TCR_EL1, 16 | (1UL << 23) | (2UL << 32) | (16UL << 16) | (2UL << 30) | (1UL << 39));
        machine.Enable(GuestTables.Va, GuestTables.Va + Page);
        ulong level3 = machine.Test.Word(tables.Level2Offset) & ~0xFFFUL;
        machine.Vm.Spe.Pages.IsPinnedWritable(level3).ShouldBeTrue();
        machine.Vm.Spe.Pages.IsPinnedWritable(GuestTables.Physical(tables.Level2Offset)).ShouldBeFalse();
    }

    /// <summary>hugetlbfs memory is resident anyway and mlock does not count it: the charge stays in the reserve.</summary>
    [Fact]
    public void HugePagesAreChargedByThePagesThatTheBufferTouches()
    {
        DeterministicHostMappings mappings = new();
        using SpeMachine machine = new(maxBufferSize: 0, options: new KvmOptions { HostMappings = mappings });
        mappings.Mappings = [new HostMapping(machine.Test.Ram, machine.Test.Ram + (1 << 20), Readable: true, Writable: true, Huge: true)];
        machine.Enable(Buffer, Buffer + (4 * Page));
        machine.Vm.Spe.Account.Locked.ShouldBe(4 * Page);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
        machine.Test.Host.LockedBytes.ShouldBe(4 * Page);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Host.LockedBytes.ShouldBe(4 * Page);
        machine.Vm.Spe.CheckInvariants().ShouldBeNull();
    }

    private static bool IsMapped(SpeMachine machine, ulong page) => machine.Vm.Slots.Find(Buffer)!.IsMapped((Offset / Page) + page);

    private static IEnumerable<ulong> Log(SpeMachine machine)
    {
        ulong[] bitmap = new ulong[4];
        machine.Vm.GetDirtyLog(0, bitmap).ShouldBe(0);
        return [.. Enumerable.Range(0, 256).Where(i => (bitmap[i / 64] >> (i % 64) & 1) != 0).Select(i => (ulong)i)];
    }

    /// <summary>Every event under every series of this kind.</summary>
    private sealed class CombinatorialSeriesAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            new([.. from what in Enum.GetValues<MmuEvent>()
                    from series in (SpeSeries[])[SpeSeries.V6, SpeSeries.V6Rfc]
                    select new TheoryDataRow(what, series)]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    /// <summary>The thread is on a CPU that has no profiling unit: user space is told which, and may move it and go on.</summary>
    [Theory]
    [InlineData(SpeSeries.V6)]
    [InlineData(SpeSeries.V6Rfc)]
    public void OnACpuWithoutTheUnitKvmRunFailsToEnter(SpeSeries series)
    {
        DeterministicHostCpus cpus = new();
        CpuSet.TryParse("1-2", 4, out CpuSet units).ShouldBe(0);
        cpus.Current = 1;
        using SpeMachine machine = new(options: new KvmOptions { SpeSeries = series, HostCpus = cpus, SpeCpus = units });
        machine.Enable(Buffer, Buffer + Page);
        cpus.Current = 3;
        ulong executed = machine.Vcpu.Pe.Executed;
        machine.Vcpu.Run().ShouldBe(0);
        unsafe
        {
            machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.FailEntry);
            machine.Vcpu.RunArea->FailEntry.HardwareEntryFailureReason.ShouldBe(1UL);
            machine.Vcpu.RunArea->FailEntry.Cpu.ShouldBe(3U);
        }

        machine.Vcpu.Pe.Executed.ShouldBe(executed);
        cpus.Current = 2;
        machine.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((Buffer + Page) | 1);
    }

    /// <summary>The same with the host's own CPUs: the thread is moved to one outside the set.</summary>
    [Fact]
    public void AThreadThatIsMovedToAnotherCpuFailsToEnterThere()
    {
        IHostCpus host = new LinuxHostCpus();
        Exception? trouble = null;
        Thread thread = new(() =>
        {
            try
            {
                ulong mask = 0;
                if (GetAffinity(0, 8, ref mask) <= 0 || ulong.PopCount(mask) < 2)
                {
                    return;
                }

                int unit = System.Numerics.BitOperations.TrailingZeroCount(mask);
                int other = System.Numerics.BitOperations.TrailingZeroCount(mask & (mask - 1));
                CpuSet.TryParse($"{unit}", 64, out CpuSet units).ShouldBe(0);
                Move(unit);
                using SpeMachine machine = new(options: new KvmOptions { SpeCpus = units });
                machine.Enable(Buffer, Buffer + Page);
                Move(other);
                machine.Vcpu.Run().ShouldBe(0);
                unsafe
                {
                    machine.Vcpu.RunArea->ExitReason.ShouldBe(KvmExit.FailEntry);
                    machine.Vcpu.RunArea->FailEntry.Cpu.ShouldBe((uint)other);
                }

                Move(unit);
                machine.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
            }
            catch (Exception e)
            {
                trouble = e;
            }
        });
        thread.Start();
        thread.Join();
        (trouble is null).ShouldBeTrue(trouble?.ToString());
        host.Possible.Count.ShouldBeGreaterThan(0);

        static void Move(int cpu)
        {
            ulong mask = 1UL << cpu;
            SetAffinity(0, 8, ref mask).ShouldBe(0);
        }
    }

    [Theory]
    [InlineData(SpeSeries.V6, true)]
    [InlineData(SpeSeries.V6, false)]
    [InlineData(SpeSeries.V6Rfc, false)]
    public void AVmThatGoesWithEnabledBuffersLeavesNothing(SpeSeries series, bool cache)
    {
        SpeMachine machine = new(vcpus: 3, options: new KvmOptions { SpeSeries = series }, pinCache: cache);
        for (ulong i = 0; i < 3; i++)
        {
            machine.Enable(Buffer + (i * Page), Buffer + ((i + 3) * Page), machine.Vm.Vcpus[(int)i]);
        }

        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Dispose();
        machine.Test.Host.LeftBehind.ShouldBe(0UL);
        machine.Vm.Spe.Account.Locked.ShouldBe(0UL);
        machine.Vm.Spe.PinnedPages.ShouldBe(0);
    }

    /// <summary>The only way through a limit that was lowered under VmLck is as many exits as pages, for a VMM that adds what it is told (spe-kvm's simulation of the posting: 50 below, 51 exits).</summary>
    [Fact]
    public void AsPostedALimitBelowVmLckTakesAnExitForEachPage()
    {
        using SpeMachine machine = new(maxBufferSize: 0, options: new KvmOptions { SpeSeries = SpeSeries.V6Rfc });
        machine.Enable(Buffer, Buffer + (64 * Page));
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Host.LockedBytes.ShouldBe(64 * Page);
        machine.Test.Host.Limit = (64 - 50) * Page;
        machine.WriteDone(SysRegId.PMBPTR_EL1, Buffer);
        int exits = 0;
        machine.Write(SysRegId.PMBLIMITR_EL1, (Buffer + (65 * Page)) | 1).ShouldBe(0);
        unsafe
        {
            for (; machine.Vcpu.RunArea->ExitReason == KvmExit.Rlimit; exits++)
            {
                machine.Vcpu.RunArea->Rlimit.Excess.ShouldBe(Page);
                machine.Test.Host.LockedBytes.ShouldBe(64 * Page);
                machine.Test.Host.Limit += Page;
                machine.Vcpu.Run().ShouldBe(0);
            }
        }

        exits.ShouldBe(51);
        machine.Test.Host.LockedBytes.ShouldBe(65 * Page);
    }

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint bytes, ref ulong mask);

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "syscall")]
    private static partial long GetAffinity(long number, int thread, nuint bytes, ref ulong mask);

    private static long GetAffinity(int thread, nuint bytes, ref ulong mask) => GetAffinity(204, thread, bytes, ref mask);
}
