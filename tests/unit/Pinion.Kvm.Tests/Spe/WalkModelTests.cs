using Pinion.Arm;
using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;
using Pinion.Cpu.Mmu;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>The walk of a whole buffer against one walk for each of its pages, over tables of every kind.</summary>
public sealed class WalkModelTests
{
    private const ulong Page = 4096;
    private const ulong Va = GuestTables.Va;

    [Fact]
    public void RunsOfDescriptorsSayWhatAWalkForEachPageSays()
    {
        using SpeMachine machine = new(ram: 16 << 20);
        GuestTables tables = new(machine.Test);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(1, TestVm.RamBase + (16 << 20), 16 * Page, machine.Test.Ram)).ShouldBe(0);
        machine.Vm.SetUserMemoryRegion(TestVm.Region(2, 0xC000_0000, 16 * Page, machine.Test.Ram, Uapi.KvmMemoryFlags.ReadOnly)).ShouldBe(0);
        BufferWalk walk = machine.Vcpu.Spe.Walk;
        int faults = 0;
        int whole = 0;
        Random random = new(3);
        for (int round = 0; round < 3000; round++)
        {
            for (ulong i = 0; i < 1100; i += 1 + (round % 7 == 0 ? 0 : (ulong)random.Next(200)))
            {
                Change(tables, machine, random, Va + (i * Page), i);
            }

            ulong start = Va + ((ulong)random.Next(1100) * Page) + (ulong)random.Next(4096);
            ulong limit = (start & ~(Page - 1)) + ((ulong)random.Next(1, round % 3 == 0 ? 900 : 12) * Page);
            bool walked = walk.Walk(machine.Vcpu.Pe, start, limit, updates: false);
            (HashSet<ulong> data, HashSet<ulong> all, PmbsrEventClass eventClass, uint status) = Model(machine, start, limit);
            walked.ShouldBe(status == 0);
            (walk.FaultClass, (uint)walk.FaultStatusCode).ShouldBe((eventClass, status));
            PagesOf(walk.Touched.Where(run => run.Writable)).ToHashSet().SetEquals(data).ShouldBeTrue();
            List<PageRun> normal = [.. walk.Touched];
            PageRun.Normalize(normal);
            ulong[] pages = [.. PagesOf(normal)];
            pages.ShouldBe(all.Order());
            PagesOf(normal.Where(run => run.Writable)).ShouldBe(data.Order());
            faults += walked ? 0 : 1;
            whole += walked ? 1 : 0;
        }

        faults.ShouldBeGreaterThan(200);
        whole.ShouldBeGreaterThan(200);
    }

    /// <summary>Something else in one entry: mostly a valid page, of the run that was there or of another place.</summary>
    private static void Change(GuestTables tables, SpeMachine machine, Random random, ulong va, ulong index)
    {
        const ulong Leaf = 3 | (1 << 10);
        const ulong Offset = 0x40_0000;
        ref ulong entry = ref tables.Entry(va);
        entry = random.Next(400) switch
        {
            0 => 0,
            1 => entry & ~(1UL << 10),
            2 => entry | (1 << 7),
            3 => 0x2000_0000 | Leaf,
            4 => 0xC000_0000 | Leaf,
            5 => 0x12_4000_0000 | Leaf, // beyond the output size of 40 bits it is not, beyond memory it is
            6 => 0xFFF_4000_0000 | Leaf, // beyond both
            7 => GuestTables.Physical(tables.Level2Offset) | Leaf, // a table in the buffer
            8 => (TestVm.RamBase + (16 << 20)) | Leaf, // the second slot
            < 20 => GuestTables.Physical(Offset + ((ulong)random.Next(1024) * Page)) | Leaf,
            < 24 => GuestTables.Physical(Offset + (index * Page)) | Leaf | (1 << 11),
            _ => GuestTables.Physical(Offset + (index * Page)) | Leaf,
        };
        _ = machine;
    }

    private static (HashSet<ulong> Data, HashSet<ulong> All, PmbsrEventClass EventClass, uint Status) Model(SpeMachine machine, ulong start, ulong limit)
    {
        HashSet<ulong> data = [];
        HashSet<ulong> all = [];
        TranslationRegime regime = BufferWalk.RegimeOf(machine.Vcpu.Pe);
        for (ulong va = start & ~(Page - 1); va < limit; va += Page)
        {
            Stage1Result result = Stage1Walker.Walk(regime, va, new Stage1Access(MemoryAccess.Write, Privileged: true, Pan: false), Read);
            if (result.Stage2OnWalk)
            {
                return (data, all, PmbsrEventClass.Stage2Abort, FaultStatus.Translation | 3);
            }

            if (result.Faulted)
            {
                return (data, all, PmbsrEventClass.Stage1Abort, result.Status);
            }

            MemorySlot? slot = machine.Vm.Slots.Find(result.Ipa);
            if (slot is null)
            {
                return (data, all, PmbsrEventClass.Stage2Abort, FaultStatus.Translation | 3);
            }

            if (slot.IsReadOnly)
            {
                return (data, all, PmbsrEventClass.Stage2Abort, FaultStatus.Permission | 3);
            }

            data.Add(result.Ipa & ~(Page - 1));
            all.Add(result.Ipa & ~(Page - 1));
        }

        return (data, all, PmbsrEventClass.Buffer, 0);

        bool Read(ulong ipa, out ulong descriptor)
        {
            descriptor = 0;
            if (machine.Vm.Slots.Find(ipa) is null)
            {
                return false;
            }

            all.Add(ipa & ~(Page - 1));
            descriptor = machine.Test.Word(ipa - TestVm.RamBase);
            return true;
        }
    }

    private static IEnumerable<ulong> PagesOf(IEnumerable<PageRun> runs)
    {
        foreach (PageRun run in runs)
        {
            for (ulong gpa = run.Gpa; gpa < run.End; gpa += Page)
            {
                yield return gpa;
            }
        }
    }
}
