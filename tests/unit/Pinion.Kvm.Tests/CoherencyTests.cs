using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

/// <summary><see cref="Coherency.Strict"/>: what a guest sees past the caches, and what KVM and the guest do about it.</summary>
public sealed unsafe class CoherencyTests
{
    private const ulong Data = CoherentGuest.Ram + CoherentGuest.Data;
    private const ulong Past = CoherentGuest.NonCacheable + CoherentGuest.Data;

    // ---- KVM's own maintenance ----

    [Fact]
    public void WhatTheVmmWroteBeforeAPageWasMappedIsInMemory()
    {
        using CoherentGuest guest = new();
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
    }

    [Fact]
    public void WhatTheVmmWritesLaterAGuestWithItsMmuOffDoesNotSee()
    {
        using CoherentGuest guest = new();
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
        guest.Word() = 2;
        guest.Load(Data).ShouldBe(1UL);

        // It is in a cache, and guest and VMM share the caches.
        guest.EnableMmu();
        guest.Load(Data).ShouldBe(2UL);
    }

    [Fact]
    public void WithoutTheModelEverythingIsSeenAtOnce()
    {
        using CoherentGuest guest = new(Coherency.Off);
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
        guest.Word() = 2;
        guest.Load(Data).ShouldBe(2UL);
        guest.Store(Data, 3);
        guest.Word().ShouldBe(3UL);
        guest.EnableMmu();
        guest.Store(Past, 4);
        guest.Load(Data).ShouldBe(4UL);
    }

    [Fact]
    public void WithoutTheModelNothingOfItExists()
    {
        using CoherentGuest guest = new(Coherency.Off);
        guest.Vm.DataCaches.ShouldBeNull();
        guest.Vm.Stage2.ShouldBeOfType<Stage2>();
        guest.Vm.Caches.ShouldBeOfType<CoherentCaches>();
        guest.Vcpu.Pe.Configuration.DataCaches.ShouldBeNull();
        guest.Vcpu.Pe.Configuration.Stage2.ShouldBeOfType<Stage2>();
        guest.EnableMmu();
        guest.Maintain(CoherentGuest.DcCisw, 0);
        guest.Vcpu.Statistics.RegisterTraps.ShouldBe(0UL);
    }

    [Fact]
    public void WhatAGuestWritesWithItsMmuOffTheVmmDoesNotSeeUntilTheLineIsInvalidated()
    {
        using CoherentGuest guest = new();
        guest.Word() = 1;
        guest.Store(Data, 2);
        guest.Word().ShouldBe(1UL);
        guest.Maintain(CoherentGuest.DcCvac, Data);
        guest.Word().ShouldBe(1UL);
        guest.Maintain(CoherentGuest.DcIvac, Data);
        guest.Word().ShouldBe(2UL);
    }

    [Fact]
    public void TurningMmuAndCachesOnCleansAndInvalidatesAllThatIsMapped()
    {
        using CoherentGuest guest = new();
        guest.PrepareMmu();
        guest.Word() = 1;
        guest.Store(Data, 2);
        guest.Load(Data + 4096).ShouldBe(0UL);
        guest.Word(4096) = 3;

        // M without C, and C without M, are not caches enabled (vcpu_has_cache_enabled).
        guest.SetCaches(mmu: false, data: true, instructions: false);
        guest.Word().ShouldBe(1UL);
        guest.SetCaches(mmu: true, data: false, instructions: false);
        guest.Word().ShouldBe(1UL);
        guest.SetCaches(mmu: true, data: true, instructions: true);
        guest.Word().ShouldBe(2UL);
        guest.Load(Data).ShouldBe(2UL);
        guest.Load(Past + 4096).ShouldBe(3UL);
    }

    [Fact]
    public void OnceTheCachesAreOnKvmLooksNoMore()
    {
        using CoherentGuest guest = new();
        guest.PrepareMmu();
        ulong before = guest.Vcpu.Statistics.RegisterTraps;
        guest.SetCaches(mmu: true, data: true, instructions: true);
        guest.Vcpu.Statistics.RegisterTraps.ShouldBe(before + 1);
        TestVm.SetX(guest.Vcpu, 1, 5);
        guest.Run(Code.Msr(SysRegId.CONTEXTIDR_EL1, 1));

        // Turning them off without maintenance by set and way: the guest has to know what it does.
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
        guest.Store(Data, 2);
        guest.SetCaches(mmu: false, data: false, instructions: false);
        guest.Vcpu.Statistics.RegisterTraps.ShouldBe(before + 1);
        guest.Load(Data).ShouldBe(1UL);
    }

    [Theory]
    [InlineData(CoherentGuest.DcIsw)]
    [InlineData(CoherentGuest.DcCsw)]
    [InlineData(CoherentGuest.DcCisw)]
    public void TheFirstOperationBySetAndWayCleansAllThatIsMappedAndThenTurningTheCachesOffDoes(uint instruction)
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
        guest.Store(Data, 2);
        guest.Load(Past).ShouldBe(1UL);
        guest.Maintain(instruction, 0);
        guest.Load(Past).ShouldBe(2UL);

        // The rest of the loop over sets and ways has nothing more to do.
        guest.Store(Data, 3);
        guest.Maintain(instruction, 1 << 6);
        guest.Load(Past).ShouldBe(2UL);
        guest.SetCaches(mmu: false, data: false, instructions: false);
        guest.Load(Data).ShouldBe(3UL);
    }

    [Fact]
    public void AWriteOfAnotherControlEndsTheWatchOverTheCachesToo()
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Maintain(CoherentGuest.DcCisw, 0);
        TestVm.SetX(guest.Vcpu, 1, 5);
        guest.Run(Code.Msr(SysRegId.CONTEXTIDR_EL1, 1));
        guest.Vcpu.Pe.ReadRegister(SysRegId.CONTEXTIDR_EL1).ShouldBe(5UL);

        // kvm_toggle_cache stops trapping when it finds them on: a new series starts.
        guest.Load(Data).ShouldBe(0UL);
        guest.Store(Data, 2);
        guest.Maintain(CoherentGuest.DcCisw, 0);
        guest.Load(Past).ShouldBe(2UL);
    }

    [Fact]
    public void AVcpuThatPsciTurnsOnIsNotWatchedAgain()
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
        guest.Store(Data, 2);
        guest.Start(guest.Vcpu, Code.Movz(1, 0x4001, 16), Code.Ldr(0, 1), Code.Movz(9, 0x0900, 16));
        guest.Vcpu.GetOneReg(RegisterId.Pc, out ulong entry).ShouldBe(0);
        using (guest.Vm.ConfigLock.Enter())
        {
            guest.Vcpu.PowerOff();
            guest.Vcpu.PowerOn(new Vcpu.ResetRequest(entry, 0));
        }

        CoherentGuest.Finish(guest.Vcpu);
        TestVm.X(guest.Vcpu, 0).ShouldBe(1UL);
        guest.EnableMmu();
        guest.Load(Past).ShouldBe(1UL);
    }

    // ---- the guest's own maintenance ----

    [Theory]
    [InlineData(CoherentGuest.DcCvac, true)]
    [InlineData(CoherentGuest.DcCvap, true)]
    [InlineData(CoherentGuest.DcCivac, true)]
    [InlineData(CoherentGuest.DcIvac, true)] // cleans too, in a guest
    [InlineData(CoherentGuest.DcCvau, false)] // to the point of unification, where it is already
    public void OnlyMaintenanceToThePointOfCoherencyShowsAStoreToNonCacheableReads(uint instruction, bool shows)
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Load(Data).ShouldBe(0UL);
        guest.Store(Data, 1);
        guest.Store(Data + 64, 2);
        guest.Load(Past).ShouldBe(0UL);
        guest.Maintain(instruction, Data + 63);
        guest.Load(Past).ShouldBe(shows ? 1UL : 0UL);
        guest.Load(Past + 64).ShouldBe(0UL);
        guest.Load(Data).ShouldBe(1UL);
    }

    [Theory]
    [InlineData(CoherentGuest.DcCvac, false)]
    [InlineData(CoherentGuest.DcCvap, false)]
    [InlineData(CoherentGuest.DcCvau, false)]
    [InlineData(CoherentGuest.DcIvac, true)]
    [InlineData(CoherentGuest.DcCivac, true)]
    public void OnlyInvalidationShowsANonCacheableStoreToCachedReads(uint instruction, bool shows)
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Store(Past, 1);
        guest.Store(Past + 64, 2);
        guest.Load(Data).ShouldBe(0UL);
        guest.Maintain(instruction, Data);
        guest.Load(Data).ShouldBe(shows ? 1UL : 0UL);
        guest.Load(Data + 64).ShouldBe(0UL);
        guest.Load(Past).ShouldBe(1UL);
    }

    [Fact]
    public void ADirtyLineIsWrittenBackWholeOverWhatWasWrittenPastIt()
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Store(Past, 1);
        guest.Store(Data + 8, 2);
        guest.Maintain(CoherentGuest.DcIvac, Data);
        guest.Load(Past).ShouldBe(0UL);
        guest.Load(Past + 8).ShouldBe(2UL);
        guest.Load(Data).ShouldBe(0UL);
    }

    [Fact]
    public void ACleanLineIsNotWrittenBack()
    {
        using CoherentGuest guest = new();
        guest.EnableMmu();
        guest.Store(Data, 1);
        guest.Maintain(CoherentGuest.DcCvac, Data);
        guest.Store(Past, 2);
        guest.Maintain(CoherentGuest.DcCvac, Data);
        guest.Load(Past).ShouldBe(2UL);
        guest.Load(Data).ShouldBe(1UL);
        guest.Maintain(CoherentGuest.DcCivac, Data);
        guest.Load(Data).ShouldBe(2UL);
    }

    [Fact]
    public void DcZvaIsAStoreOfItsMapping()
    {
        using CoherentGuest guest = new();
        guest.Word() = 1;
        guest.EnableMmu();
        guest.Maintain(CoherentGuest.DcZva, Past);
        guest.Load(Past).ShouldBe(0UL);
        guest.Load(Data).ShouldBe(1UL);
        guest.Maintain(CoherentGuest.DcCivac, Data);
        guest.Word(64) = 2;
        guest.Load(Past + 64).ShouldBe(0UL);
        guest.Maintain(CoherentGuest.DcZva, Data);
        guest.Word().ShouldBe(0UL);
    }

    [Fact]
    public void AGuestFetchesFromMemoryUntilItsInstructionCacheIsOn()
    {
        using CoherentGuest guest = new();
        ulong patched = CoherentGuest.Data + 0x2000;
        (*(uint*)(guest.Test.Ram + (nint)patched), *(uint*)(guest.Test.Ram + (nint)patched + 4)) = ((uint)Code.Movz(0, 1), 0xD65F_03C0);
        TestVm.SetX(guest.Vcpu, 3, CoherentGuest.Ram + patched);
        const uint BlrX3 = 0xD63F_0060, IcIallu = 0xD508_751F;
        guest.Run(BlrX3);
        TestVm.X(guest.Vcpu, 0).ShouldBe(1UL);
        *(uint*)(guest.Test.Ram + (nint)patched) = Code.Movz(0, 2);
        guest.Run(IcIallu, BlrX3);
        TestVm.X(guest.Vcpu, 0).ShouldBe(1UL);
        guest.SetCaches(mmu: false, data: false, instructions: true);
        guest.Run(IcIallu, BlrX3);
        TestVm.X(guest.Vcpu, 0).ShouldBe(2UL);
    }

    // ---- memslots ----

    [Fact]
    public void DeletingAMemslotShowsTheVmmWhatTheGuestWrotePastTheCaches()
    {
        using CoherentGuest guest = new();
        guest.Word() = 1;
        guest.Store(Data, 2);
        guest.Word().ShouldBe(1UL);
        guest.Vm.SetUserMemoryRegion(TestVm.Region(0, TestVm.RamBase, 0, guest.Test.Ram)).ShouldBe(0);
        guest.Word().ShouldBe(2UL);

        // What the VMM does with its memory now is cleaned when it is a guest's again.
        guest.Word() = 3;
        guest.Vm.SetUserMemoryRegion(TestVm.Region(0, TestVm.RamBase, guest.Test.RamSize, guest.Test.Ram)).ShouldBe(0);
        guest.Load(Data).ShouldBe(3UL);
    }

    [Fact]
    public void MovingAMemslotKeepsWhatTheGuestWrote()
    {
        byte* other = (byte*)NativeMemory.AlignedAlloc(8192, 4096);
        NativeMemory.Clear(other, 8192);
        using CoherentGuest guest = new();
        const ulong At = TestVm.RamBase + (1 << 24), Later = TestVm.RamBase + (1 << 25);
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, At, 8192, (nint)other)).ShouldBe(0);
        guest.Store(At + 4096, 5);
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, Later, 8192, (nint)other)).ShouldBe(0);
        guest.Load(Later + 4096).ShouldBe(5UL);
        (*(ulong*)(other + 4096)).ShouldBe(5UL);
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, Later, 0, (nint)other)).ShouldBe(0);
        NativeMemory.AlignedFree(other);
    }

    [Fact]
    public void MemorySeenThroughTwoMemslotsIsOneMemory()
    {
        using CoherentGuest guest = new();
        const ulong Alias = TestVm.RamBase + (1 << 24);

        // Half of it is in the first slot's range, half is not.
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, Alias, 0x8000, guest.Test.Ram + (nint)CoherentGuest.Data)).ShouldBe(0);
        guest.Store(Data, 1);
        guest.Load(Alias).ShouldBe(1UL);
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, Alias, 0, guest.Test.Ram + (nint)CoherentGuest.Data)).ShouldBe(0);
        guest.Load(Data).ShouldBe(1UL);
    }

    [Fact]
    public void NoAddressSpaceForTheOtherViewIsEnomem()
    {
        using CoherentGuest guest = new();

        int covered = guest.Vm.DataCaches!.Cover(0x1000_0000, 1UL << 46);
        covered.ShouldBe(-Errno.ENOMEM);
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
    }

    [Fact]
    public void NothingIsLeftOfAVmThatIsGone()
    {
        using (new CoherentGuest())
        {
        }

        long before = MappedPages();
        for (int i = 0; i < 50; i++)
        {
            using CoherentGuest guest = new();
            guest.Vm.DataCaches!.Cover(0x1000_0000, 1UL << 32).ShouldBe(0);
            guest.Store(Data, 1);
        }

        // One of them would be 2 million pages.
        (MappedPages() - before).ShouldBeLessThan(1 << 20);

        static long MappedPages() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[0]);
    }

    // ---- locked memslots ----

    [Theory]
    [InlineData(SpeSeries.V4, true)]
    [InlineData(SpeSeries.V4, false)]
    [InlineData(SpeSeries.V5, true)]
    [InlineData(SpeSeries.V5, false)]
    public void DeferredMaintenanceShowsAGuestTheVmmsBytesInALockedMemslot(SpeSeries series, bool maintained)
    {
        const ulong At = TestVm.RamBase + (1 << 24);
        byte* memory = (byte*)NativeMemory.AlignedAlloc(8192, 4096);
        NativeMemory.Clear(memory, 8192);
        ref ulong word = ref *(ulong*)(memory + 4096);

        // The guest's programs are in a memslot of its own, or it could not even fetch the one that tells.
        using CoherentGuest guest = new(options: new KvmOptions { SpeSeries = series, OmitDeferredMaintenance = !maintained });
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, At, 8192, (nint)memory)).ShouldBe(0);
        word = 1;
        KvmEnableCap cap = new() { Cap = guest.Vm.Spe.Uapi.LockMemory!.Value, Flags = KvmLockMemory.FlagsLock };
        cap.Args[0] = 1;
        cap.Args[1] = KvmLockMemory.Read | KvmLockMemory.Write;
        guest.Vm.EnableCap(cap).ShouldBe(0);
        word = 2;
        guest.Load(At + 4096).ShouldBe(maintained ? 2UL : 0);

        // It is mapped, so nothing else brings it to memory.
        word = 3;
        guest.Load(At + 4096).ShouldBe(maintained ? 2UL : 0);

        // A reset does it again, at the next run: after what the VMM writes between the two.
        guest.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(0);
        word = 4;
        guest.Load(At + 4096).ShouldBe(maintained ? 4UL : 0);
        word = 5;
        guest.Load(At + 4096).ShouldBe(maintained ? 4UL : 0);

        // Unlocked it stays mapped; only a reset unmaps it, and the fault that follows cleans it.
        cap.Flags = KvmLockMemory.FlagsUnlock;
        guest.Vm.EnableCap(cap).ShouldBe(0);
        guest.Load(At + 4096).ShouldBe(maintained ? 4UL : 0);
        guest.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(0);
        word = 6;
        guest.Load(At + 4096).ShouldBe(6UL);
        guest.Vm.SetUserMemoryRegion(TestVm.Region(1, At, 0, (nint)memory)).ShouldBe(0);
        NativeMemory.AlignedFree(memory);
    }

    [Fact]
    public void WhatTheGuestWrotePastTheCachesOutlivesDeferredMaintenance()
    {
        using CoherentGuest guest = new(options: new KvmOptions { SpeSeries = SpeSeries.V5 });
        KvmEnableCap cap = new() { Cap = guest.Vm.Spe.Uapi.LockMemory!.Value, Flags = KvmLockMemory.FlagsLock };
        cap.Args[1] = KvmLockMemory.Read | KvmLockMemory.Write;
        guest.Start(guest.Vcpu, Code.Str(2, 1));
        guest.Vm.EnableCap(cap).ShouldBe(0);
        TestVm.SetX(guest.Vcpu, 1, Data);
        TestVm.SetX(guest.Vcpu, 2, 7);
        CoherentGuest.Finish(guest.Vcpu);
        guest.Word().ShouldBe(0UL);
        guest.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(0);
        guest.Start(guest.Vcpu, Code.Movz(1, 0x4001, 16), Code.Ldr(0, 1));
        CoherentGuest.Finish(guest.Vcpu);
        TestVm.X(guest.Vcpu, 0).ShouldBe(7UL);
        guest.Word().ShouldBe(7UL);
    }

    // ---- reset ----

    [Theory]
    [InlineData(SpeSeries.V3)]
    [InlineData(SpeSeries.V6)]
    [InlineData(SpeSeries.V6Rfc)]
    public void InitialisingAVcpuAgainUnmapsMemorySoThatItIsCleanedAnew(SpeSeries series)
    {
        using CoherentGuest guest = new(options: new KvmOptions { SpeSeries = series });
        guest.EnableMmu();
        guest.Word() = 1;
        guest.Load(Data).ShouldBe(1UL);
        guest.Store(Past + 64, 2);
        guest.Word(64).ShouldBe(0UL);
        guest.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(0);
        guest.Word(64).ShouldBe(2UL);
        guest.Word() = 3;
        guest.Load(Data).ShouldBe(3UL);

        // And KVM watches for the caches again.
        guest.Word() = 4;
        guest.EnableMmu();
        guest.Load(Past).ShouldBe(4UL);
    }

    [Theory]
    [InlineData(Coherency.Off)]
    [InlineData(Coherency.Strict)]
    public void AVcpuThatIsInitialisedAgainExecutesWhatTheVmmWroteMeanwhile(Coherency coherency)
    {
        using CoherentGuest guest = new(coherency);
        for (ushort i = 1; i < 4; i++)
        {
            guest.Test.Load(guest.Vcpu, Code.Movz(0, i), Code.Str(0, 9));
            TestVm.SetX(guest.Vcpu, 9, TestVm.Device);
            CoherentGuest.Finish(guest.Vcpu);
            TestVm.X(guest.Vcpu, 0).ShouldBe((ulong)i);
            guest.Vcpu.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02)).ShouldBe(0);
        }
    }

    // ---- stores that maintenance meets ----

    [Fact]
    public void MaintenanceLosesNoStore()
    {
        const int Rounds = 200_000;
        byte* page = (byte*)NativeMemory.AlignedAlloc(4096, 4096);
        NativeMemory.Clear(page, 4096);
        using ShadowMemory shadow = ShadowMemory.Create((nint)page, 4096)!;
        ulong* line = (ulong*)page;
        ulong* memory = (ulong*)shadow.Expose((nint)page);
        bool done = false;
        Thread maintains = new(() =>
        {
            for (ulong i = 1; !Volatile.Read(ref done); i++)
            {
                // Another agent writes past the caches, to another word of the line.
                Volatile.Write(ref memory[1], i);
                shadow.MaintainLine((nint)page, invalidate: (i & 1) != 0);
                shadow.CleanInvalidatePage((nint)page);
            }
        });
        maintains.Start();
        for (int i = 0; i < Rounds; i++)
        {
            Interlocked.Increment(ref line[0]);
            line[2]++;
        }

        done = true;
        maintains.Join();
        line[0].ShouldBe((ulong)Rounds);
        line[2].ShouldBe((ulong)Rounds);
        shadow.CleanInvalidatePage((nint)page);
        memory[0].ShouldBe((ulong)Rounds);
        NativeMemory.AlignedFree(page);
    }

    // ---- several vCPUs ----

    [Fact]
    public void WhatOneCpuCachesAllCpusSee()
    {
        using CoherentGuest guest = new(vcpus: 2);
        Vcpu second = guest.Vm.Vcpus[1];
        guest.EnableMmu();
        guest.Load(Data).ShouldBe(0UL);
        guest.Store(Data, 1);
        guest.Load(Data, second).ShouldBe(0UL);

        // The second CPU's caches come on: KVM cleans and invalidates for it.
        guest.EnableMmu(second);
        guest.Load(Data, second).ShouldBe(1UL);
        guest.Load(Past, second).ShouldBe(1UL);
    }
}
