using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Stress;

/// <summary>What a leaf descriptor of the guest's tables says.</summary>
internal enum LeafKind
{
    Page,
    Invalid,
    ReadOnly,
    NotAccessed,
}

/// <summary>A leaf descriptor: what it says, and of which page.</summary>
internal readonly record struct Leaf(LeafKind Kind, ulong Gpa);

/// <summary>How a KVM_RUN of the stress test ended.</summary>
internal enum RunEnd
{
    /// <summary>The register write is done.</summary>
    Done,

    /// <summary>KVM_EXIT_RLIMIT: the write waits.</summary>
    Limit,
}

/// <summary>
/// The VM under stress: four vCPUs whose guest is one MSR of a buffer register at a time, address spaces that share table pages, RAM and a second memslot that comes, goes and moves.
/// Everything is reached as a guest and a VMM reach it.
/// </summary>
internal sealed unsafe class StressMachine : IDisposable
{
    public const ulong Page = 4096;
    public const int VcpuCount = 4;

    /// <summary>Pages that each leaf table describes; those after them are unmapped.</summary>
    public const int Leaves = 32;

    /// <summary>Where the tables map them: entry 2 of the first table.</summary>
    public const ulong Va = 0x8000_0000;
    public const ulong RamBase = 0x4000_0000;
    public const int DataPages = 48;
    public const ulong Data = RamBase + 0x4_0000;
    public const int SlotPages = 16;
    public const ulong Nowhere = 0x2000_0000;

    public const ulong RamBytes = 0x10_0000;
    private const ulong Programs = 0x1000;
    private const ulong Tables = 0x2_0000;
    private const uint TlbiAllInnerShareable = 0xD508_831F;
    private const uint DsbInnerShareable = 0xD503_3B9F;
    private const ulong Valid = 1;
    private const ulong Table = 3;
    private const ulong AccessFlag = 1 << 10;
    private const ulong ReadOnlyBit = 1 << 7;

    /// <summary>The two places of the second slot.</summary>
    public static readonly ulong[] SlotHomes = [0x1_0000_0000, 0x1_0100_0000];

    /// <summary>Level 1, 2 and 3 tables of each address space, as pages from <see cref="Tables"/> on. The first two share a leaf table; the last space is that without an MMU.</summary>
    private static readonly int[][] s_spaces = [[0, 1, 2], [3, 4, 2], [5, 6, 7], []];

    private readonly byte* _ram = (byte*)NativeMemory.AlignedAlloc((nuint)RamBytes, 4096);
    private readonly byte* _slot = (byte*)NativeMemory.AlignedAlloc(SlotPages * (nuint)Page, 4096);
    private readonly Kvm _kvm;

    /// <summary>A VM whose vCPUs have buffers of at most <paramref name="maxBufferSize"/> bytes (0: no limit), on <see cref="Host"/> unless there is another <paramref name="host"/>.</summary>
    public StressMachine(SpeSeries series, ulong maxBufferSize, bool cached = false, Func<IHostMemory>? host = null)
    {
        NativeMemory.Clear(_ram, (nuint)RamBytes);
        NativeMemory.Clear(_slot, SlotPages * (nuint)Page);
        _kvm = new Kvm(new KvmOptions { HostMemory = host ?? (() => Host), SpeSeries = series, SpePinCache = cached ? new PinCacheOptions(32 * Page, TimeSpan.FromHours(1)) : PinCacheOptions.Off });
        _kvm.CreateVm(0, out Vm? vm).ShouldBe(0);
        Vm = vm!;
        Vm.SetUserMemoryRegion(TestVm.Region(0, RamBase, RamBytes, (nint)_ram)).ShouldBe(0);
        for (uint i = 0; i < VcpuCount; i++)
        {
            Vm.CreateVcpu(i, out Vcpu? vcpu).ShouldBe(0);
            vcpu!.Init(TestVm.InitWith(Features)).ShouldBe(0);
        }

        Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? gic).ShouldBe(0);
        TestVm.Set(gic!, 0, 2, TestVm.GicDistributor).ShouldBe(0);
        TestVm.Set(gic!, 0, 3, TestVm.GicRedistributors).ShouldBe(0);
        gic!.SetAttr(new KvmDeviceAttr { Group = 4, Attr = 0 }).ShouldBe(0);
        foreach (Vcpu vcpu in Vm.Vcpus)
        {
            TestVm.Set(vcpu, 3, 0, 21).ShouldBe(0);
            TestVm.Set(vcpu, 3, 1, 0).ShouldBe(0);
            TestVm.Set(vcpu, 3, 2, maxBufferSize).ShouldBe(0);
            TestVm.Set(vcpu, 3, 3, 0).ShouldBe(0);
        }

        for (int i = 0; i < s_programs.Length; i++)
        {
            uint* at = (uint*)(_ram + Programs + ((ulong)i * 16));
            at[0] = s_programs[i] == SysRegId.None ? Code.Nop : Code.Msr(s_programs[i], 1);
            at[1] = Code.Str(0, 9);
        }

        uint* flush = (uint*)(_ram + Programs + ((ulong)s_programs.Length * 16));
        flush[0] = TlbiAllInnerShareable;
        flush[1] = DsbInnerShareable;
        flush[2] = Code.Str(0, 9);
        foreach (int[] tables in s_spaces.Where(tables => tables.Length != 0))
        {
            Descriptor(tables[0], 0) = Valid | AccessFlag;
            Descriptor(tables[0], 1) = RamBase | Valid | AccessFlag;
            Descriptor(tables[0], 2) = TablePage(tables[1]) | Table;
            Descriptor(tables[1], 0) = TablePage(tables[2]) | Table;
        }

        for (int vcpu = 0; vcpu < VcpuCount; vcpu++)
        {
            EnterSpace(vcpu, vcpu % s_spaces.Length);
        }
    }

    private static readonly SysRegId[] s_programs = [SysRegId.PMBPTR_EL1, SysRegId.PMBLIMITR_EL1, SysRegId.PMBSR_EL1, SysRegId.None];

    private const KvmVcpuFeatures Features = KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.Spe;

    public Vm Vm { get; }

    public DeterministicHostMemory Host { get; } = new();

    public static int Spaces => s_spaces.Length;

    /// <summary>The space in which each vCPU is.</summary>
    public int[] SpaceOf { get; } = new int[VcpuCount];

    /// <summary>The leaf table of a space, which may be another space's too; -1 without an MMU.</summary>
    public static int LeafTableOf(int space) => s_spaces[space].Length == 0 ? -1 : s_spaces[space][2];

    /// <summary>Guest physical pages of a space's tables.</summary>
    public static IEnumerable<ulong> TablesOf(int space) => s_spaces[space].Select(TablePage);

    /// <summary>Every page that anything here could pin, with its host address.</summary>
    public List<(ulong Gpa, nint Host)> Universe(ulong? slotHome)
    {
        List<(ulong Gpa, nint Host)> pages = [];
        for (ulong offset = Tables; offset < Data - RamBase + (2 * DataPages * Page); offset += Page)
        {
            pages.Add((RamBase + offset, (nint)(_ram + offset)));
        }

        for (ulong i = 0; slotHome is { } home && i < SlotPages; i++)
        {
            pages.Add((home + (i * Page), (nint)(_slot + (i * Page))));
        }

        return pages;
    }

    /// <summary>Where buffers of a space lie.</summary>
    public static ulong BaseOf(int space) => s_spaces[space].Length == 0 ? Data : Va;

    public void EnterSpace(int vcpu, int space)
    {
        SpaceOf[vcpu] = space;
        Set(vcpu, SysRegId.TCR_EL1, 25 | (1UL << 23) | (2UL << 32) | (25UL << 16) | (2UL << 30));
        Set(vcpu, SysRegId.MAIR_EL1, 0xFF);
        Set(vcpu, SysRegId.TTBR0_EL1, s_spaces[space].Length == 0 ? 0 : TablePage(s_spaces[space][0]));
        Set(vcpu, SysRegId.SCTLR_EL1, s_spaces[space].Length == 0 ? 0x30C5_0830UL : 0x30C5_0835);
    }

    public void WriteLeaf(int leafTable, int index, Leaf leaf) =>
        Volatile.Write(ref Descriptor(leafTable, index), leaf.Kind switch
        {
            LeafKind.Invalid => 0,
            LeafKind.ReadOnly => leaf.Gpa | Table | AccessFlag | ReadOnlyBit,
            LeafKind.NotAccessed => leaf.Gpa | Table,
            _ => leaf.Gpa | Table | AccessFlag,
        });

    /// <summary>The guest is about to execute an MSR, or for <see cref="SysRegId.None"/> nothing of the sort.</summary>
    public void Start(int vcpu, SysRegId id, ulong value)
    {
        Vcpu target = Vm.Vcpus[vcpu];
        target.SetOneReg(RegisterId.Pc, RamBase + Programs + ((ulong)Array.IndexOf(s_programs, id) * 16)).ShouldBe(0);
        TestVm.SetX(target, 1, value);
        TestVm.SetX(target, 9, TestVm.Device);
    }

    /// <summary>The guest is about to drop all translations on all its CPUs, as after a change of its tables.</summary>
    public void StartFlush(int vcpu)
    {
        Start(vcpu, SysRegId.None, 0);
        Vm.Vcpus[vcpu].SetOneReg(RegisterId.Pc, RamBase + Programs + ((ulong)s_programs.Length * 16)).ShouldBe(0);
    }

    /// <summary>KVM_RUN, until the MSR is done or a limit stands in the way.</summary>
    public RunEnd Run(int vcpu, out ulong excess)
    {
        Vcpu target = Vm.Vcpus[vcpu];
        target.Run().ShouldBe(0);
        KvmRun* run = target.RunArea;
        excess = 0;
        if (run->ExitReason == KvmExit.Rlimit)
        {
            run->Rlimit.RlimitId.ShouldBe(KvmRunRlimit.Memlock);
            excess = run->Rlimit.Excess;
            return RunEnd.Limit;
        }

        // The store after the MSR; it is completed without executing anything.
        run->ExitReason.ShouldBe(KvmExit.Mmio);
        run->ImmediateExit = 1;
        target.Run().ShouldBe(-Errno.EINTR);
        run->ImmediateExit = 0;
        return RunEnd.Done;
    }

    /// <summary>KVM_ARM_VCPU_INIT again, and the space that the vCPU was in.</summary>
    public void Reset(int vcpu)
    {
        Vm.Vcpus[vcpu].Init(TestVm.InitWith(Features)).ShouldBe(0);
        EnterSpace(vcpu, SpaceOf[vcpu]);
    }

    /// <summary>KVM_SET_ONE_REG.</summary>
    public void Set(int vcpu, SysRegId id, ulong value) => Vm.Vcpus[vcpu].SetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), value).ShouldBe(0);

    /// <summary>KVM_GET_ONE_REG.</summary>
    public ulong Get(int vcpu, SysRegId id)
    {
        Vm.Vcpus[vcpu].GetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), out ulong value).ShouldBe(0);
        return value;
    }

    /// <summary>Makes, moves or changes the second slot.</summary>
    public int PutSlot(ulong home, KvmMemoryFlags flags) => Vm.SetUserMemoryRegion(TestVm.Region(1, home, SlotPages * Page, (nint)_slot, flags));

    /// <summary>Something happens to host memory under a slot.</summary>
    public void Invalidate(ulong gpa, ulong bytes, MmuEvent what)
    {
        bool inRam = gpa - RamBase < RamBytes;
        Vm.InvalidateRange(inRam ? (nint)(_ram + (gpa - RamBase)) : (nint)(_slot + (gpa & 0xF_FFFF)), bytes, what);
    }

    /// <summary>The VMM answers KVM_EXIT_RLIMIT by declining.</summary>
    public void Decline(int vcpu)
    {
        KvmRun* run = Vm.Vcpus[vcpu].RunArea;
        (run->Rlimit.Flags & KvmRunRlimit.MayDecline).ShouldBe(KvmRunRlimit.MayDecline);
        run->Rlimit.Flags |= KvmRunRlimit.Decline;
    }

    public int DeleteSlot() => Vm.SetUserMemoryRegion(TestVm.Region(1, 0, 0, 0));

    public void Dispose()
    {
        Vm.Dispose();
        _kvm.Dispose();
        NativeMemory.AlignedFree(_ram);
        NativeMemory.AlignedFree(_slot);
    }

    private static ulong TablePage(int table) => RamBase + Tables + ((ulong)table * Page);

    private ref ulong Descriptor(int table, int index) => ref *(ulong*)(_ram + Tables + ((ulong)table * Page) + ((ulong)index * 8));
}
