using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Arm;
using Pinion.Arm.A64;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Mmu;

/// <summary>The MMU of a PE: its soft TLBs, and every access that they do not answer.</summary>
internal sealed unsafe partial class MemoryManagementUnit : IDisposable
{
    private const int El0 = 0;
    private const int El1 = 1;
    private const int El1Pan = 2;
    private const int Contexts = 3;

    private readonly Pe* _s;
    private readonly IStage2 _stage2;
    private readonly SoftTlb[] _data = new SoftTlb[Contexts];
    private readonly SoftTlb _empty = new(Contexts);
    private readonly CodeTlb[] _code = [new(), new()];

    // Recently used table pages: their host addresses, so that a walk costs no call into stage 2.
    private const int WalkPages = 64;
    private readonly ulong[] _walkIpa = new ulong[WalkPages];
    private readonly nint[] _walkHost = new nint[WalkPages];

    public MemoryManagementUnit(Pe* s, IStage2 stage2, IDataCaches? caches)
    {
        _s = s;
        _stage2 = caches is null ? stage2 : new CachedStage2(s, stage2, caches);
        _readers = caches is null ? new TableReaders(TryReadDescriptor) : new TableReaders(TryReadLower, TryReadUpper);
        _profilingReaders = caches is null ? new TableReaders(TryReadForProfiling) : new TableReaders(TryReadLowerForProfiling, TryReadUpperForProfiling);
        for (int i = 0; i < Contexts; i++)
        {
            _data[i] = new SoftTlb(i);
        }

        Array.Fill(_walkIpa, ~0UL);
        SelectContext();
    }

    /// <summary>Points the PE at the TLBs of its EL, PAN and SCTLR_EL1.A. Call after any of them changed.</summary>
    public void SelectContext()
    {
        // A hit in a soft TLB says nothing of alignment, so SCTLR_EL1.A has every access come here.
        bool slow = ChecksAlignment;
        _s->DataTlb = slow ? _empty.Entries : _data[DataContext].Entries;
        _s->UserTlb = slow ? _empty.Entries : _data[El0].Entries;
        _s->CodeTlb = _code[_s->El].Entries;
        PublishGeneration();
    }

    private void PublishGeneration() => _s->DataGeneration = ChecksAlignment ? _empty.Generation : _data[DataContext].Generation;

    private int DataContext => _s->El == 0 ? El0 : _s->Pan != 0 ? El1Pan : El1;

    private TranslationRegime Regime => new(
        _s->Sys[(int)SysRegId.SCTLR_EL1], _s->Sys[(int)SysRegId.TCR_EL1], _s->Sys[(int)SysRegId.TTBR0_EL1], _s->Sys[(int)SysRegId.TTBR1_EL1], _s->Sys[(int)SysRegId.MAIR_EL1]);

    /// <summary>
    /// Host address of <paramref name="va"/> for a privileged write that ignores PAN, where the soft TLB knows it; 0 where it does not. The profiling unit writes so: an entry goes with
    /// every invalidation, of either stage, so it is as good as a walk.
    /// </summary>
    public nint KnownForPrivilegedWrite(ulong va)
    {
        TlbEntry* e = _data[El1].Entry(va);
        return e->WritePage == (va & ~0xFFFUL) ? (nint)va + e->Addend : 0;
    }

    /// <summary>Has <see cref="KnownForPrivilegedWrite"/> know the page that <paramref name="walk"/> of <paramref name="va"/> found.</summary>
    public void LearnPrivilegedWrite(ulong va, in Stage1Result walk, nint page)
    {
        if (!walk.IsDevice)
        {
            _data[El1].Fill(va, walk.Ipa & ~0xFFFUL, (byte*)page, walk.Readable, writable: true, walk.NotGlobal, walk.Level);
            PublishGeneration();
        }
    }

    /// <summary>Translates without side effects on the TLBs or on the guest; for AT, the SPU and EL2.</summary>
    public Stage1Result Walk(ulong va, Stage1Access access, DescriptorReader? reader = null) => Stage1Walker.Walk(Regime, va, access, reader ?? _readers.For(va));

    /// <summary>As <see cref="Walk"/>, but descriptors must be mapped by stage 2 already.</summary>
    public Stage1Result WalkForProfiling(ulong va, Stage1Access access) => Stage1Walker.Walk(Regime, va, access, _profilingReaders.For(va));

    /// <summary>Stage 2 of a page that <see cref="WalkForProfiling"/> found.</summary>
    public Stage2Page TranslateForProfiling(in Stage1Result walk) => _stage2.TranslateForProfiling(walk.Ipa, MemoryAccess.Write, walk.Attributes);

    public bool Read(Rec* r, ulong va, int size, bool user)
    {
        byte* bounce = (byte*)_s->Bounce;
        int first = (int)Math.Min((ulong)size, 4096 - (va & 0xFFF));
        bool aligned = Aligned(r, va, size);
        if (!Translate(r, va, first, MemoryAccess.Read, user, aligned, out byte* p))
        {
            return false;
        }

        if (first < size)
        {
            if (!Translate(r, va + (ulong)first, size - first, MemoryAccess.Read, user, aligned, out byte* q))
            {
                return false;
            }

            Unsafe.CopyBlockUnaligned(bounce, p, (uint)first);
            Unsafe.CopyBlockUnaligned(bounce + first, q, (uint)(size - first));
        }
        else
        {
            Copy(bounce, p, size);
        }

        return true;
    }

    /// <summary>Writes <paramref name="size"/> bytes of the bounce buffer.</summary>
    public bool Write(Rec* r, ulong va, int size, bool user)
    {
        byte* bounce = (byte*)_s->Bounce;
        int first = (int)Math.Min((ulong)size, 4096 - (va & 0xFFF));
        bool aligned = Aligned(r, va, size);
        if (!Translate(r, va, first, MemoryAccess.Write, user, aligned, out byte* p))
        {
            return false;
        }

        if (first < size)
        {
            if (!Translate(r, va + (ulong)first, size - first, MemoryAccess.Write, user, aligned, out byte* q))
            {
                return false;
            }

            Unsafe.CopyBlockUnaligned(p, bounce, (uint)first);
            Unsafe.CopyBlockUnaligned(q, bounce + first, (uint)(size - first));
        }
        else
        {
            Copy(p, bounce, size);
        }

        return true;
    }

    public byte* Locate(Rec* r, ulong va, int size, bool write, bool aligned)
    {
        if (aligned && (va & (ulong)(size - 1)) != 0)
        {
            Fault(r, FaultStatus.Alignment, va, size, write, readFaults: true);
            return null;
        }

        return Translate(r, va, size, write ? MemoryAccess.Write : MemoryAccess.Read, false, true, out byte* p) ? p : null;
    }

    public bool ProbeWrite(Rec* r, ulong va, int count)
    {
        int first = (int)Math.Min((ulong)count, 4096 - (va & 0xFFF));
        ObservedAccess noted = _s->Observed;
        bool aligned = Aligned(r, va, count);
        bool ok = Translate(r, va, first, MemoryAccess.Write, false, aligned, out _)
            && (first == count || Translate(r, va + (ulong)first, count - first, MemoryAccess.Write, false, aligned, out _));

        // Probing is no access: the stores that follow are noted.
        if (ok)
        {
            _s->Observed = noted;
        }

        return ok;
    }

    // Single copies keep small aligned accesses atomic, as the architecture wants.
    private static void Copy(byte* to, byte* from, int size)
    {
        switch (size)
        {
            case 1:
                *to = *from;
                break;
            case 2:
                *(ushort*)to = *(ushort*)from;
                break;
            case 4:
                *(uint*)to = *(uint*)from;
                break;
            case 8:
                *(ulong*)to = *(ulong*)from;
                break;
            case 16:
                *(Int128*)to = *(Int128*)from;
                break;
            default:
                Unsafe.CopyBlockUnaligned(to, from, (uint)size);
                break;
        }
    }

    /// <summary>
    /// Host address of <paramref name="va"/> for an access; false when an exception was taken or EL2 has to act.
    /// <paramref name="size"/> counts the bytes from <paramref name="va"/> on, all in one page; <paramref name="aligned"/> tells whether the whole access is aligned.
    /// </summary>
    private bool Translate(Rec* r, ulong va, int size, MemoryAccess access, bool user, bool aligned, out byte* host)
    {
        int context = user ? El0 : DataContext;
        SoftTlb tlb = _data[context];
        TlbEntry* e = tlb.Entry(va);
        ulong page = va & ~0xFFFUL;
        bool write = access == MemoryAccess.Write;
        if ((write ? e->WritePage : e->ReadPage) == page && (aligned || !ChecksAlignment))
        {
            host = (byte*)((nint)va + e->Addend);
            Note(va, (e->Physical & ~0xFFFUL) | (va & 0xFFF), size, write, true);
            return true;
        }

        host = null;
        if (ChecksAlignment && !aligned)
        {
            return Fault(r, FaultStatus.Alignment, va, size, write, readFaults: true);
        }

        bool privileged = _s->El != 0 && !user;
        Stage1Result t = Stage1Walker.Walk(Regime, va, new Stage1Access(access, privileged, privileged && _s->Pan != 0), _readers.For(va));
        if (t.Stage2OnWalk)
        {
            return LeaveForStage2(r, t.Ipa, va, size, write, onWalk: true, mapped: false);
        }

        if (t.Faulted)
        {
            return Fault(r, t.Status, va, size, write, readFaults: !t.Readable);
        }

        if (t.IsDevice && (!aligned || IsSystem(r)))
        {
            // Unaligned, or DC ZVA: Device memory knows neither.
            return Fault(r, FaultStatus.Alignment, va, size, write, readFaults: true);
        }

        Stage2Page s2 = _stage2.Translate(t.Ipa, access, t.Attributes);
        if (s2.Host == 0 || (write && !s2.Writable))
        {
            return LeaveForStage2(r, t.Ipa, va, size, write, onWalk: false, mapped: s2.Host != 0);
        }

        host = (byte*)s2.Host + (va & 0xFFF);
        if (!t.IsDevice)
        {
            tlb.Fill(va, t.Ipa & ~0xFFFUL, (byte*)s2.Host, t.Readable, t.Writable && write, t.NotGlobal, t.Level);
            PublishGeneration();
        }

        Note(va, t.Ipa, size, write, true);
        return true;
    }

    /// <summary>SCTLR_EL1.A.</summary>
    private bool ChecksAlignment => (_s->Sys[(int)SysRegId.SCTLR_EL1] & 2) != 0;

    /// <summary>Whether an access of <paramref name="size"/> bytes is aligned to its elements: a pair has two, structures have many (Arm ARM B2.5.2).</summary>
    private static bool Aligned(Rec* r, ulong va, int size) => (va & (ulong)(ElementSize(r, size) - 1)) == 0;

    private static int ElementSize(Rec* r, int size) => (A64Id)r->Id switch
    {
        >= A64Id.Stnp and <= A64Id.LdpSimdPreIndex => size / 2,
        >= A64Id.St4Multiple and <= A64Id.Ld4ReplicatePostIndex => 1 << (int)(r->Aux & 3),
        _ => size,
    };

    // For the core that observes; in others the note costs little and nobody reads it.
    private void Note(ulong va, ulong pa, int size, bool write, bool hasPa) =>
        ObservedAccess.Note(ref _s->Observed, va, pa, size, (write ? ObservedFlags.Write : 0) | (hasPa ? ObservedFlags.HasPa : 0));

    /// <summary>Takes a stage 1 data abort. <paramref name="readFaults"/>: a read would have faulted too.</summary>
    private bool Fault(Rec* r, uint status, ulong va, int size, bool write, bool readFaults)
    {
        Note(va, 0, size, write, false);

        // DC ZVA reports the address that it was given, not the start of the block.
        return Exits.Exception(_s, r, DataAbort(r, status, write, readFaults), IsSystem(r) ? Pe.R(_s)[r->Rd] : va);
    }

    private ulong DataAbort(Rec* r, uint status, bool write, bool readFaults)
    {
        bool maintenance = IsSystem(r) && !IsZero(r);
        ulong iss = status | (maintenance || IsWrite(r, write, readFaults) ? 1UL << 6 : 0) | (maintenance ? 1UL << 8 : 0);
        return Syndrome.Of(_s->El == 0 ? ExceptionClass.DataAbortLower : ExceptionClass.DataAbortSame, iss);
    }

    /// <summary>A system instruction: DC or IC.</summary>
    private static bool IsSystem(Rec* r) => (A64Id)r->Id == A64Id.Sys;

    /// <summary>DC ZVA, which is a store and no maintenance.</summary>
    private static bool IsZero(Rec* r) => (r->Word & 0xFFFF_FFE0) == 0xD50B_7420;

    /// <summary>ISS.WnR: an atomic that reads and writes reports a read where that would have faulted already (Arm ARM, ISS encoding for a Data Abort).</summary>
    private static bool IsWrite(Rec* r, bool write, bool readFaults) =>
        write && !(readFaults && (A64Id)r->Id is A64Id.Cas or A64Id.Casp or (>= A64Id.Ldadd and <= A64Id.Swp));

    /// <summary>A stage 2 abort of a data access. <paramref name="mapped"/>: stage 2 has the page, but read-only.</summary>
    private bool LeaveForStage2(Rec* r, ulong ipa, ulong va, int size, bool write, bool onWalk, bool mapped)
    {
        ulong iss = (onWalk ? 1UL << 7 : LoadStoreSyndrome.Describe(r->Word)) | (mapped ? FaultStatus.Permission : FaultStatus.Translation) | Stage2Level
            | (!onWalk && IsWrite(r, write, !mapped) ? 1UL << 6 : 0);
        if (!onWalk)
        {
            Note(va, ipa, size, write, true);
        }

        _s->Owner.Abort = new Stage2Abort(ipa, va, Syndrome.Of(ExceptionClass.DataAbortLower, iss));
        return Exits.ToHypervisor(_s, ExitReason.Stage2Abort, Pe.PcOf(_s, r));
    }

    /// <summary>Stage 2 knows pages only.</summary>
    private const uint Stage2Level = 3;

    /// <summary><paramref name="va"/> as an instruction address: bits 63:56 are copies of bit 55 where TCR_EL1.TBIn ignores them.</summary>
    public ulong Untagged(ulong va)
    {
        int ignored = (va & (1UL << 55)) != 0 ? 38 : 37;
        return ((_s->Sys[(int)SysRegId.TCR_EL1] >> ignored) & 1) != 0 ? (ulong)((long)(va << 8) >> 8) : va;
    }

    /// <summary>Records of the page that holds <paramref name="va"/> for execution at the current EL; null when an exception was taken or EL2 has to act.</summary>
    public Rec* Fetch(ulong va)
    {
        CodeTlb tlb = _code[_s->El];
        CodeTlbEntry* e = tlb.Entry(va);
        ulong page = va & ~0xFFFUL;
        if (e->Page == page)
        {
            return e->Base;
        }

        ProcessingElement owner = _s->Owner;
        Stage1Result t = Stage1Walker.Walk(Regime, va, new Stage1Access(MemoryAccess.Execute, _s->El != 0, false), _readers.For(va));
        if (t.Stage2OnWalk)
        {
            owner.Abort = new Stage2Abort(t.Ipa, va, Syndrome.Of(ExceptionClass.InstructionAbortLower, (1UL << 7) | FaultStatus.Translation | Stage2Level));
            Exits.ToHypervisor(_s, ExitReason.Stage2Abort, va);
            return null;
        }

        if (t.Faulted)
        {
            owner.Exceptions.TakeSynchronous(Syndrome.Of(_s->El == 0 ? ExceptionClass.InstructionAbortLower : ExceptionClass.InstructionAbortSame, t.Status), va, va);
            return null;
        }

        Stage2Page s2 = _stage2.Translate(t.Ipa, MemoryAccess.Execute, t.Attributes);
        if (s2.Host == 0)
        {
            owner.Abort = new Stage2Abort(t.Ipa, va, Syndrome.Of(ExceptionClass.InstructionAbortLower, FaultStatus.Translation | Stage2Level));
            Exits.ToHypervisor(_s, ExitReason.Stage2Abort, va);
            return null;
        }

        Rec* records = owner.Code.PageOf(t.Ipa & ~0xFFFUL, s2.Host);
        if (owner.Code.Dropped)
        {
            // The cache was full and gave up every page, so no instruction TLB may name one.
            owner.Code.Dropped = false;
            _code[0].FlushAll();
            _code[1].FlushAll();
        }

        tlb.Fill(page, records, t.Ipa & ~0xFFFUL, t.NotGlobal, t.Level);
        return records;
    }

    /// <summary>What DC and IC by address check: that the address translates and may be read, or for DC IVAC (<paramref name="write"/>) written.</summary>
    public bool CheckCacheMaintenance(Rec* r, ulong va, bool write)
    {
        TlbEntry* e = _data[DataContext].Entry(va);
        if ((write ? e->WritePage : e->ReadPage) == (va & ~0xFFFUL))
        {
            return true;
        }

        MemoryAccess access = write ? MemoryAccess.Write : MemoryAccess.Read;
        Stage1Result t = Stage1Walker.Walk(Regime, va, new Stage1Access(access, Privileged: _s->El != 0, Pan: false), _readers.For(va));
        if (t.Stage2OnWalk)
        {
            return LeaveForStage2(r, t.Ipa, va, 1, write: false, onWalk: true, mapped: false);
        }

        return !t.Faulted || Exits.Exception(_s, r, DataAbort(r, t.Status, write, readFaults: false), va);
    }

    /// <summary>Physical address of <paramref name="va"/> for IC IVAU; false where it does not translate.</summary>
    public bool TryPhysical(ulong va, out ulong pa)
    {
        Stage1Result t = Stage1Walker.Walk(Regime, va, new Stage1Access(MemoryAccess.Read, true, false), _readers.For(va));
        pa = t.Ipa;
        return !t.Faulted && !t.Stage2OnWalk;
    }

    /// <summary>Data cache maintenance by address, of the line that holds <paramref name="va"/>. Nothing happens where no memory is.</summary>
    public void MaintainLine(ulong va, bool invalidate)
    {
        if (!TryPhysical(va, out ulong pa))
        {
            return;
        }

        // Through the PE's own stage 2: a line is named by where it is cached, whatever the attributes of this mapping.
        PeConfiguration configuration = _s->Owner.Configuration;
        nint host = configuration.Stage2.Translate(pa, MemoryAccess.Read, WriteBack).Host;
        if (host != 0)
        {
            configuration.DataCaches!.MaintainLine(host + (nint)(pa & 0xFC0), invalidate);
        }
    }

    /// <summary>Forgets everything (TLBI VMALLE1, SCTLR and TCR changes).</summary>
    public void FlushAll()
    {
        foreach (SoftTlb tlb in _data)
        {
            tlb.FlushAll();
        }

        PublishGeneration();
        _code[0].FlushAll();
        _code[1].FlushAll();
        _s->CodeStale = 1;
    }

    /// <summary>Forgets what belongs to the current ASID.</summary>
    public void FlushNotGlobal()
    {
        foreach (SoftTlb tlb in _data)
        {
            tlb.FlushNotGlobal();
        }

        PublishGeneration();
        _code[0].FlushNotGlobal();
        _code[1].FlushNotGlobal();
        _s->CodeStale = 1;
    }

    /// <summary>Forgets the page or block that holds <paramref name="va"/>, in every context.</summary>
    public void FlushAddress(ulong va)
    {
        foreach (SoftTlb tlb in _data)
        {
            tlb.FlushAddress(va);
        }

        PublishGeneration();
        _code[0].FlushAddress(va);
        _code[1].FlushAddress(va);
        _s->CodeStale = 1;
    }

    /// <summary>Forgets everything that came from stage 2.</summary>
    public void FlushStage2()
    {
        FlushAll();
        Array.Fill(_walkIpa, ~0UL);
    }

    public void Dispose()
    {
        foreach (SoftTlb tlb in _data)
        {
            tlb.Dispose();
        }

        _empty.Dispose();
        _code[0].Dispose();
        _code[1].Dispose();
    }
}
