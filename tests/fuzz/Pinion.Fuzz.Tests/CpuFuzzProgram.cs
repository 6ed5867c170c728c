using System.Buffers.Binary;
using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu;

namespace Pinion.Fuzz.Tests;

/// <summary>A random guest: translation tables, code, registers, and how its owner runs it. All follows from the seed.</summary>
internal sealed class CpuFuzzProgram
{
    private const int TablePages = 12;
    private const int CodePages = 48;
    private const int Pages = CpuFuzzMachine.Size >> 12;

    /// <summary>
    /// What the vectors branch to. A synchronous exception goes on behind the instruction, or where that cannot be (aborted fetches, misaligned PC, illegal state) anywhere, at EL0 or EL1h;
    /// an interrupt turns its sources off. Assembled from:
    /// sync: msr tpidr_el1, x16; msr afsr0_el1, x17; mrs x16, esr_el1; lsr x16, x16, #26; sub x16, x16, #0x20; cmp x16, #2; b.ls lost; cmn x16, #0x12; b.eq lost; mrs x16, elr_el1;
    /// add x16, x16, #4; msr elr_el1, x16; out: mrs x16, tpidr_el1; mrs x17, afsr0_el1; eret; lost: mrs x16, cntvct_el0; eor x16, x16, x16, lsl #5; ubfiz x16, x16, #2, #15;
    /// mrs x17, vbar_el1; add x16, x16, x17; msr elr_el1, x16; mrs x16, cntvct_el0; ubfx x16, x16, #4, #1; add x16, x16, x16, lsl #2; msr spsr_el1, x16; b out;
    /// interrupt: msr cntv_ctl_el0, xzr; msr cntp_ctl_el0, xzr; msr tpidr_el1, x16; mov x16, #-1; msr pmovsclr_el0, x16; mrs x16, tpidr_el1; eret
    /// </summary>
    private static readonly uint[] s_handlers =
    [
        0xD518D090, 0xD5185111, 0xD5385210, 0xD35AFE10, 0xD1008210, 0xF1000A1F, 0x54000129, 0xB1004A1F, 0x540000E0, 0xD5384030, 0x91001210, 0xD5184030, 0xD538D090, 0xD5385111, 0xD69F03E0,
        0xD53BE050, 0xCA101610, 0xD37E3A10, 0xD538C011, 0x8B110210, 0xD5184030, 0xD53BE050, 0xD3441210, 0x8B100A10, 0xD5184010, 0x17FFFFF3,
        0xD51BE33F, 0xD51BE23F, 0xD518D090, 0x92800010, 0xD51B9C70, 0xD538D090, 0xD69F03E0,
    ];

    private const int VectorsAt = TablePages << 12;
    private const int SyncAt = VectorsAt + 0x800;
    private const int InterruptAt = SyncAt + (26 * 4);

    private readonly Random _random;
    private readonly bool _profiles;
    private readonly ulong[] _x = new ulong[31];
    private readonly ulong[] _v = new ulong[64];
    private readonly List<(SysRegId Id, ulong Value)> _registers = [];
    private readonly List<SysRegId> _traps = [];
    private readonly ulong _pc;
    private readonly ulong _pstate;
    private readonly ulong _spEl0;
    private readonly ulong _spEl1;

    /// <param name="seed">Of everything.</param>
    /// <param name="profiles">The guest uses the profiling unit.</param>
    public CpuFuzzProgram(int seed, bool profiles)
    {
        _profiles = profiles;
        _random = new Random(seed);
        _random.NextBytes(Memory);
        MakeTables();
        for (int at = TablePages << 12; at < (TablePages + CodePages) << 12; at += 4)
        {
            WriteWord(at, Word());
        }

        for (int i = 0; i < 16; i++)
        {
            int handler = i % 4 is 1 or 2 ? InterruptAt : SyncAt;
            WriteWord(VectorsAt + (i * 0x80), 0x14000000 | ((uint)(handler - VectorsAt - (i * 0x80)) >> 2));
        }

        for (int i = 0; i < s_handlers.Length; i++)
        {
            WriteWord(SyncAt + (i * 4), s_handlers[i]);
        }

        for (int i = 0; i < Pages; i++)
        {
            ReadOnlyPages[i] = _random.Next(20) == 0;
            UnmappedPages[i] = i > TablePages && _random.Next(40) == 0;
        }

        for (int i = 0; i < 31; i++)
        {
            _x[i] = Value();
        }

        for (int i = 0; i < 64; i++)
        {
            _v[i] = _random.Next(3) == 0 ? Value() : (ulong)_random.NextInt64();
        }

        _spEl0 = Value() & (_random.Next(4) == 0 ? ~0UL : ~15UL);
        _spEl1 = Value() & (_random.Next(4) == 0 ? ~0UL : ~15UL);
        _pc = Code();
        _pstate = ((ulong)_random.Next(16) << 28) | ((ulong)_random.Next(2) << 22) | ((ulong)_random.Next(16) << 6) | (_random.Next(3) switch { 0 => 0UL, 1 => 4, _ => 5 });
        Set(SysRegId.MAIR_EL1, _random.Next(4) == 0 ? (ulong)_random.NextInt64() : 0x0044_00FF_FFFF_FF00 | 0xFF);
        Set(SysRegId.TCR_EL1, 16 | (16UL << 16) | (2UL << 30) | (5UL << 32) | ((ulong)_random.Next(4) << 37) | (_random.Next(4) == 0 ? 3UL << 55 : 0));
        Set(SysRegId.TTBR0_EL1, CpuFuzzMachine.Base | (1UL << 48));
        Set(SysRegId.TTBR1_EL1, CpuFuzzMachine.Base);
        Set(SysRegId.VBAR_EL1, CpuFuzzMachine.Base + VectorsAt);
        Set(SysRegId.ELR_EL1, Code());
        Set(SysRegId.SPSR_EL1, (ulong)_random.Next(3) * 4);
        Set(SysRegId.CPACR_EL1, (ulong)(_random.Next(4) == 0 ? _random.Next(4) : 3) << 20);
        Set(SysRegId.CNTV_CVAL_EL0, 0x1000 + (ulong)_random.Next(4000));
        Set(SysRegId.CNTV_CTL_EL0, (ulong)_random.Next(4));
        Set(SysRegId.CNTKCTL_EL1, (ulong)_random.Next(1024));
        Set(SysRegId.PMUSERENR_EL0, (ulong)_random.Next(16));
        Set(SysRegId.PMCR_EL0, (ulong)_random.Next(128));
        Set(SysRegId.PMCNTENSET_EL0, (ulong)_random.NextInt64());
        Set(SysRegId.PMINTENSET_EL1, (ulong)_random.NextInt64());
        Set(SysRegId.PMEVTYPER0_EL0, 8);
        Set(SysRegId.PMEVTYPER1_EL0, 0x1E);
        Set(SysRegId.PMEVCNTR0_EL0, 0xFFFF_F000 + (ulong)_random.Next(0x1000));
        Set(SysRegId.PMCCNTR_EL0, 0xFFFF_F000 + (ulong)_random.Next(0x1000));
        Set(SysRegId.PMSCR_EL1, (ulong)_random.Next(256));
        Set(SysRegId.PMSIRR_EL1, (ulong)_random.Next(1, 8) << 8);
        Set(SysRegId.PMBPTR_EL1, CpuFuzzMachine.Base + (ulong)_random.Next(CpuFuzzMachine.Size));
        Set(SysRegId.PMBLIMITR_EL1, ((CpuFuzzMachine.Base + (ulong)_random.Next(CpuFuzzMachine.Size)) & ~0xFFFUL) | (uint)_random.Next(2));
        Set(SysRegId.SCTLR_EL1, ((ulong)_random.NextInt64() & ~3UL) | (_random.Next(6) == 0 ? 0UL : 1) | (_random.Next(8) == 0 ? 2UL : 0));
        for (int i = _random.Next(8); i > 0; i--)
        {
            SysRegId id = SysRegTable.All[_random.Next(SysRegTable.All.Count)].Id;
            if (id is not (SysRegId.ESR_EL1 or SysRegId.ELR_EL1 or SysRegId.SPSR_EL1 or SysRegId.TPIDR_EL1 or SysRegId.AFSR0_EL1 or SysRegId.VBAR_EL1 or SysRegId.CNTVCT_EL0))
            {
                _traps.Add(id);
            }
        }

        for (int i = 0; i < Slices.Length; i++)
        {
            Slices[i] = (ulong)(_random.Next(3) == 0 ? _random.Next(1, 70) : _random.Next(1, 2000));
        }
    }

    public byte[] Memory { get; } = new byte[CpuFuzzMachine.Size];

    public bool[] ReadOnlyPages { get; } = new bool[Pages];

    public bool[] UnmappedPages { get; } = new bool[Pages];

    /// <summary>Budgets of the runs, one after the other.</summary>
    public ulong[] Slices { get; } = new ulong[24];

    public unsafe void Apply(ProcessingElement pe)
    {
        foreach ((SysRegId id, ulong value) in _registers)
        {
            pe.WriteRegister(id, value);
        }

        foreach (SysRegId id in _traps)
        {
            pe.SetTrap(id, read: true, write: true);
        }

        for (int i = 0; i < 31; i++)
        {
            pe.SetX(i, _x[i]);
        }

        for (int i = 0; i < 64; i++)
        {
            pe.State->V[i] = _v[i];
        }

        pe.Pstate = _pstate;
        pe.SpEl0 = _spEl0;
        pe.SpEl1 = _spEl1;
        pe.Pc = _pc;
    }

    private static bool IsProfiling(SysRegId id) => id is >= SysRegId.PMSCR_EL1 and <= SysRegId.PMBIDR_EL1;

    private void Set(SysRegId id, ulong value)
    {
        if (_profiles || !IsProfiling(id))
        {
            _registers.Add((id, value));
        }
    }

    /// <summary>Somewhere in the code, in the lower or the upper half.</summary>
    private ulong Code() => (_random.Next(4) == 0 ? 0xFFFF_0000_0000_0000 : 0) | (CpuFuzzMachine.Base + (TablePages << 12) + ((ulong)_random.Next(CodePages << 10) * 4));

    /// <summary>A value that may well be an address.</summary>
    private ulong Value() => _random.Next(10) switch
    {
        0 => (ulong)_random.NextInt64() ^ ((ulong)_random.Next(2) << 63),
        1 => (ulong)_random.Next(256),
        2 => 0 - (ulong)_random.Next(256),
        3 => (ulong)_random.Next(0x20_0000),
        4 => 0xFFFF_0000_0000_0000 | (CpuFuzzMachine.Base + (ulong)_random.Next(CpuFuzzMachine.Size)),
        5 => Code(),
        6 => 0x0900_0000 + (ulong)_random.Next(4096),
        7 => CpuFuzzMachine.Base + ((ulong)_random.Next(TablePages, Pages) << 12) - (ulong)_random.Next(40),
        _ => CpuFuzzMachine.Base + ((ulong)_random.Next(TablePages << 12, CpuFuzzMachine.Size) & ~7UL),
    };

    /// <summary>One root for both halves: page 0. The machine's memory at its own address, and at 0 a jumble.</summary>
    private void MakeTables()
    {
        for (int at = 0; at < TablePages << 12; at += 8)
        {
            Write(at, _random.Next(3) switch { 0 => 0, 1 => Leaf() | 1, _ => Leaf() | 3 });
        }

        Write(0x0000, Table(1));
        Write(0x1000, Table(2));
        Write(0x1008, Table(3));

        // 0x4000_0000: one table of pages, of which most are what a kernel would make.
        Write(0x3000, Table(4));
        for (int i = 0; i < 512; i++)
        {
            ulong pa = CpuFuzzMachine.Base + ((ulong)i << 12);
            bool code = i is >= TablePages and < TablePages + CodePages;
            ulong attributes = i != TablePages && _random.Next(8) == 0 ? Leaf() & ~0x0000_FFFF_FFFF_F000UL
                : (1UL << 10) | (3UL << 8) | (code ? (1UL << 6) | (1UL << 7) : i < TablePages ? 1UL << 7 : 1UL << 6) | ((ulong)_random.Next(2) << 11);
            Write(0x4000 + (i * 8), pa | attributes | 3);
        }

        // 0: blocks and tables of any kind.
        Write(0x2000, Table(5));
    }

    private void Write(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Memory.AsSpan(at), value);

    private void WriteWord(int at, uint word) => BinaryPrimitives.WriteUInt32LittleEndian(Memory.AsSpan(at), word);

    private static ulong Table(int page) => CpuFuzzMachine.Base | ((ulong)page << 12) | 3;

    private ulong Leaf()
    {
        ulong pa = _random.Next(8) == 0 ? (ulong)_random.NextInt64() & 0x0000_FFFF_FFFF_F000 : CpuFuzzMachine.Base + ((ulong)_random.Next(Pages) << 12);
        return pa | ((ulong)_random.Next(0x400) << 2) | (_random.Next(8) == 0 ? 0 : 1UL << 10) | ((ulong)_random.Next(32) << 50);
    }

    private uint Word()
    {
        uint any = (uint)_random.NextInt64();
        switch (_random.Next(16))
        {
            case 0:
                return any;
            case 1:
                // A branch nearby.
                return (any & 3) switch
                {
                    0 => 0x14000000 | ((uint)_random.Next(-40, 1100) & 0x03FFFFFF),
                    1 => 0x54000000 | (((uint)_random.Next(-40, 40) & 0x7FFFF) << 5) | (any >> 28),
                    2 => 0xB4000000 | (((uint)_random.Next(-40, 40) & 0x7FFFF) << 5) | ((any >> 27) & 31),
                    _ => 0x36000000 | (((uint)_random.Next(-40, 40) & 0x3FFF) << 5) | ((any >> 8) & 0x00F8001F),
                };
            case 2:
                // A system register that exists.
                SysRegInfo register = SysRegTable.All[_random.Next(SysRegTable.All.Count)];
                if (!_profiles && IsProfiling(register.Id))
                {
                    return any;
                }

                return ((any & 32) == 0 && register.Id is not (SysRegId.SCTLR_EL1 or SysRegId.TCR_EL1 or SysRegId.TTBR0_EL1 or SysRegId.TTBR1_EL1 or SysRegId.VBAR_EL1) ? 0xD5000000 : 0xD5200000)
                    | ((uint)register.Encoding << 5) | (any & 31);
            case 3:
                // DC, IC, AT, hints, barriers, PSTATE.
                return _random.Next(6) switch
                {
                    0 => 0xD50B7420 | (any & 31),
                    1 => 0xD50B7520 | (any & 31),
                    2 => 0xD5087800 | (any & 0x7F),
                    3 => 0xD503201F | (any & 0xFE0),
                    4 => 0xD50040BF | (any & 0xF00),
                    _ => 0xD50340DF | (any & 0xF20),
                };
            case 4 or 5 or 6 or 7:
                return Row((int)A64Id.Stxr, (int)A64Id.Ld4ReplicatePostIndex, any);
            case 8 or 9:
                return Row((int)A64Id.Adr, (int)A64Id.Cls, any);
            default:
                return Row(1, A64Table.Count - 1, any);
        }
    }

    private uint Row(int first, int last, uint any)
    {
        var id = (A64Id)_random.Next(first, last + 1);

        // Returns to, and branches by, what registers hold end most runs at once; TLBIs are left to tests that know what to expect.
        if (id is A64Id.Eret or A64Id.Br or A64Id.Blr or A64Id.Ret or A64Id.Svc or A64Id.Brk or A64Id.Udf && _random.Next(8) != 0)
        {
            return any;
        }

        ref readonly A64Encoding row = ref A64Table.Encoding(id);
        return row.Value | (any & ~row.Mask);
    }
}
