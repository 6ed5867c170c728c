using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>
/// A guest's tables of four levels: RAM and devices one to one below 2 GiB, buffers page by page above. Every vCPU that uses them has the same root.
/// </summary>
internal sealed class GuestTables
{
    private const ulong Page = 4096;
    private const ulong Block = 1 | (1 << 10);
    private const ulong Table = 3;
    private const ulong Leaf = 3 | (1 << 10);

    // Offsets into RAM: root, level 1, level 2, then level 3 tables as they are needed.
    private const ulong Level0 = 0x10_0000;
    private const ulong Level1 = Level0 + Page;
    private const ulong Level2 = Level1 + Page;

    /// <summary>Entry 2 of the level 1 table.</summary>
    public const ulong Va = 0x8000_0000;

    /// <summary>Tables that every buffer has in common.</summary>
    public const int SharedTables = 3;

    private readonly TestVm _test;
    private ulong _next = Level2 + Page;

    public GuestTables(TestVm test)
    {
        _test = test;
        test.Word(Level0) = Physical(Level1) | Table;
        test.Word(Level1) = Block;
        test.Word(Level1 + 8) = TestVm.RamBase | Block;
        test.Word(Level1 + 16) = Physical(Level2) | Table;
        foreach (Vcpu vcpu in test.Vm.Vcpus)
        {
            Use(vcpu);
        }
    }

    public static ulong Physical(ulong offset) => TestVm.RamBase + offset;

    /// <summary>Maps <paramref name="pages"/> pages from <paramref name="va"/> on to RAM at <paramref name="offset"/>.</summary>
    public void Map(ulong va, ulong offset, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            Entry(va + ((ulong)i * Page)) = Physical(offset + ((ulong)i * Page)) | Leaf;
        }
    }

    /// <summary>The descriptor of a page.</summary>
    public ref ulong Entry(ulong va)
    {
        ref ulong level2 = ref _test.Word(Level2 + (((va >> 21) & 0x1FF) * 8));
        if (level2 == 0)
        {
            level2 = Physical(_next) | Table;
            _next += Page;
        }

        return ref _test.Word((level2 & ~0xFFFUL) - TestVm.RamBase + (((va >> 12) & 0x1FF) * 8));
    }

    public ulong Level2Offset => Level2;

    private void Use(Vcpu vcpu)
    {
        Set(vcpu, SysRegId.TTBR0_EL1, Physical(Level0));
        Set(vcpu, SysRegId.TCR_EL1, 16 | (1UL << 23) | (2UL << 32) | (16UL << 16) | (2UL << 30));
        Set(vcpu, SysRegId.MAIR_EL1, 0xFF);
        Set(vcpu, SysRegId.SCTLR_EL1, 0x30C5_0835);
    }

    public static void Set(Vcpu vcpu, SysRegId id, ulong value) =>
        vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), value).ShouldBe(0);
}
