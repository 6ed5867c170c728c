using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Tests.Engine;

/// <summary>Builds translation tables in a <see cref="TestMachine"/>'s memory (4 KiB granule).</summary>
internal sealed class PageTables
{
    public const ulong Valid = 1;

    /// <summary>A table at levels 0 to 2, a page at level 3.</summary>
    public const ulong TableOrPage = 2;
    public const ulong User = 1UL << 6;
    public const ulong ReadOnly = 1UL << 7;
    public const ulong InnerShareable = 3UL << 8;
    public const ulong AccessFlag = 1UL << 10;
    public const ulong NotGlobal = 1UL << 11;
    public const ulong Pxn = 1UL << 53;
    public const ulong Uxn = 1UL << 54;

    /// <summary>Attribute indexes of <see cref="Mair"/>.</summary>
    public const ulong Normal = 0UL << 2;
    public const ulong Device = 1UL << 2;
    public const ulong NonCacheable = 2UL << 2;

    public const ulong PxnTable = 1UL << 59;
    public const ulong UxnTable = 1UL << 60;
    public const ulong NoUserTable = 1UL << 61;
    public const ulong ReadOnlyTable = 1UL << 62;

    /// <summary>Writable by EL1, no access for EL0.</summary>
    public const ulong Kernel = AccessFlag | InnerShareable | Normal | Uxn;

    /// <summary>Writable by both.</summary>
    public const ulong UserData = AccessFlag | InnerShareable | Normal | User | NotGlobal | Uxn | Pxn;

    /// <summary>Readable and executable by EL0.</summary>
    public const ulong UserCode = AccessFlag | InnerShareable | Normal | User | ReadOnly | NotGlobal | Pxn;

    public const ulong Mair = 0x44_00_FF;

    /// <summary>48-bit addresses in both halves, 4 KiB granules, 48-bit output.</summary>
    public const ulong Tcr = 16 | (16UL << 16) | (2UL << 30) | (5UL << 32);

    private const ulong AddressMask = 0x0000_FFFF_FFFF_F000;

    private readonly TestMachine _machine;
    private readonly int _rootLevel;
    private ulong _next;

    public PageTables(TestMachine machine, ulong at = TestMachine.TablesAt, int rootLevel = 0)
    {
        _machine = machine;
        _rootLevel = rootLevel;
        _next = at;
        Root = Allocate();
    }

    public ulong Root { get; }

    private ulong Allocate()
    {
        ulong table = _next;
        _next += 0x1000;
        for (ulong i = 0; i < 0x1000; i += 8)
        {
            _machine.Write64(table + i, 0);
        }

        return table;
    }

    /// <summary>Maps the page or block of <paramref name="level"/> at <paramref name="va"/>.</summary>
    /// <returns>Address of the leaf descriptor.</returns>
    public ulong Map(ulong va, ulong pa, ulong attributes, int level = 3, ulong tableAttributes = 0)
    {
        ulong entry = Entry(va, level, tableAttributes);
        _machine.Write64(entry, pa | attributes | Valid | (level == 3 ? TableOrPage : 0));
        return entry;
    }

    /// <summary>Address of the descriptor for <paramref name="va"/> at <paramref name="level"/>; makes the tables above it.</summary>
    public ulong Entry(ulong va, int level, ulong tableAttributes = 0)
    {
        ulong table = Root;
        for (int l = _rootLevel; ; l++)
        {
            ulong entry = table + (((va >> (12 + (9 * (3 - l)))) & 511) * 8);
            if (l == level)
            {
                return entry;
            }

            ulong descriptor = _machine.Read64(entry);
            if ((descriptor & Valid) == 0)
            {
                descriptor = Allocate() | tableAttributes | Valid | TableOrPage;
                _machine.Write64(entry, descriptor);
            }

            table = descriptor & AddressMask;
        }
    }

    /// <summary>Code, vectors and tables at their own addresses for EL1, in one 2 MiB block.</summary>
    public PageTables MapMachine()
    {
        Map(TestMachine.Base, TestMachine.Base, Kernel, level: 2);
        return this;
    }

    /// <summary>All of the machine's memory at its own addresses, accessible and executable at both levels (so not writable where EL1 executes: one page of data is).</summary>
    public PageTables MapAll()
    {
        const ulong Both = AccessFlag | InnerShareable | Normal | User;
        for (ulong at = TestMachine.Base; at < TestMachine.Base + TestMachine.Size; at += 2 << 20)
        {
            Map(at, at, Both | (at == TestMachine.Base ? ReadOnly : 0), level: 2);
        }

        return this;
    }

    /// <summary>Turns translation on with these tables in TTBR0.</summary>
    public void Enable(ProcessingElement? pe = null, ulong tcr = Tcr, ulong sctlr = 1 | (1 << 12) | (1 << 2) | (1UL << 23) | (3 << 3), ulong ttbr1 = 0, ulong asid = 1)
    {
        pe ??= _machine.Pe;
        pe.WriteRegister(SysRegId.MAIR_EL1, Mair);
        pe.WriteRegister(SysRegId.TCR_EL1, tcr);
        pe.WriteRegister(SysRegId.TTBR0_EL1, Root | (asid << 48));
        pe.WriteRegister(SysRegId.TTBR1_EL1, ttbr1);
        pe.WriteRegister(SysRegId.SCTLR_EL1, sctlr);
    }
}
