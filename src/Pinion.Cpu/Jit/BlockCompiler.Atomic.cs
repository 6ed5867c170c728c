using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>Acquire and release, exclusives, atomics of LSE: by the host's own atomic instructions, as the interpreter does it. Pairs are left to the interpreter.</content>
internal sealed unsafe partial class BlockCompiler
{
    private static void AddAtomic(Emitter?[] emitters)
    {
        Add(emitters, static (c, op, r) => c.Ordered(op, r), Op.LoadAcquire, Op.StoreRelease);
        Add(emitters, static (c, op, r) => c.Exclusive(op, r), Op.LoadExclusive, Op.StoreExclusive);
        Add(emitters, static (c, op, r) => c.Swap(op, r), Op.Cas, Op.Swp);
        Add(emitters, static (c, op, r) => c.FetchAdd(r, op == Op.LdaddX ? 8 : 4), Op.LdaddX, Op.LdaddW);
        Add(emitters, static (c, op, r) => c.Update(r), Op.AtomicUpdate);
    }

    private static int BytesOf(Rec* r) => 1 << (int)r->Aux;

    /// <summary>Host address of naturally aligned memory at guest register Rn, in RAX.</summary>
    private void Locate(Rec* r, bool write, int bytes)
    {
        LoseFlags();
        CheckStack(r);
        Load(Rax, r->Rn);
        if (bytes > 1)
        {
            _x.Test(Rax, bytes - 1, false);
            SlowIf(X64Condition.NotEqual);
        }

        Translate(write, bytes);
    }

    private bool Ordered(Op op, Rec* r)
    {
        var form = new MemoryForm(op == Op.LoadAcquire ? MemoryKind.Load : MemoryKind.Store, (byte)BytesOf(r), r->Aux == 3, MemoryMode.Offset);
        Locate(r, form.IsStore, form.Bytes);
        Access(form, r, new X64Memory(Rax, 0), default);
        if (form.IsStore)
        {
            // A later load-acquire must not pass it: the one order that x86 does not keep.
            BarrierIfShared();
        }

        return true;
    }

    private bool Exclusive(Op op, Rec* r)
    {
        int bytes = BytesOf(r);
        bool load = op == Op.LoadExclusive;
        Locate(r, !load, bytes);
        if (load)
        {
            _x.LoadAny(Rcx, new X64Memory(Rax, 0), bytes);
            _x.StoreByte(NativeState.ExclusiveValid, 1);
            _x.StoreByte(NativeState.ExclusiveSize, (byte)r->Aux);
            _x.Store(NativeState.ExclusiveAddress, Rax);
            _x.Store(NativeState.ExclusiveLow, Rcx);
            _x.Store(NativeState.ExclusiveHigh, 0, true);
            Write(r->Rd, Rcx);
            return true;
        }

        _x.Move(Rdx, Rax);
        _x.CompareByte(NativeState.ExclusiveValid, 0);
        X64Patch open = _x.Jump(X64Condition.Equal);
        _x.Alu(X64Alu.Cmp, Rdx, NativeState.ExclusiveAddress, true);
        X64Patch elsewhere = _x.Jump(X64Condition.NotEqual);
        _x.CompareByte(NativeState.ExclusiveSize, (byte)r->Aux);
        X64Patch otherSize = _x.Jump(X64Condition.NotEqual);
        _x.Load(Rax, NativeState.ExclusiveLow);
        Load(Rcx, r->Rd);
        _x.CompareExchange(new X64Memory(Rdx, 0), Rcx, bytes);
        _x.Set(X64Condition.NotEqual, Rcx);
        _x.Extend(Rcx, Rcx, 1, signed: false, wide: false);
        X64Patch tried = _x.Jump();
        _x.Bind(open);
        _x.Bind(elsewhere);
        _x.Bind(otherSize);
        _x.Move(Rcx, 1ul);
        _x.Bind(tried);
        _x.StoreByte(NativeState.ExclusiveValid, 0);
        Write(r->Rm, Rcx);
        return true;
    }

    private bool Swap(Op op, Rec* r)
    {
        int bytes = BytesOf(r);
        Locate(r, write: true, bytes);
        if (op == Op.Swp)
        {
            Load(Rcx, r->Rm);
            _x.Exchange(new X64Memory(Rax, 0), Rcx, bytes);
            WriteNarrow(r->Rd, Rcx, bytes);
            return true;
        }

        _x.Move(Rdx, Rax);
        Load(Rax, r->Rm);
        Load(Rcx, r->Rd);
        _x.CompareExchange(new X64Memory(Rdx, 0), Rcx, bytes);
        WriteNarrow(r->Rm == Pe.Zero ? Pe.Discard : r->Rm, Rax, bytes);
        return true;
    }

    private bool FetchAdd(Rec* r, int bytes)
    {
        Locate(r, write: true, bytes);
        Load(Rcx, r->Rm);
        _x.ExchangeAdd(new X64Memory(Rax, 0), Rcx, bytes);
        WriteNarrow(r->Rd, Rcx, bytes);
        return true;
    }

    /// <summary>What has no instruction of the host: computed, and stored where nobody was faster.</summary>
    private bool Update(Rec* r)
    {
        int bytes = BytesOf(r);
        var kind = (AtomicKind)r->Imm;
        if (kind == AtomicKind.Add)
        {
            return FetchAdd(r, bytes);
        }

        bool compares = kind is AtomicKind.SignedMax or AtomicKind.SignedMin or AtomicKind.UnsignedMax or AtomicKind.UnsignedMin;
        if (compares && bytes < 4)
        {
            return false;
        }

        bool wide = bytes == 8;
        Locate(r, write: true, bytes);
        _x.Move(Rdx, Rax);
        _x.LoadAny(Rax, new X64Memory(Rdx, 0), bytes);
        int again = _x.Length;
        Load(Rcx, r->Rm);
        switch (kind)
        {
            case AtomicKind.Clear:
                _x.Not(Rcx, true);
                _x.Alu(X64Alu.And, Rcx, Rax, true);
                break;
            case AtomicKind.Xor:
                _x.Alu(X64Alu.Xor, Rcx, Rax, true);
                break;
            case AtomicKind.Set:
                _x.Alu(X64Alu.Or, Rcx, Rax, true);
                break;
            default:
                _x.Alu(X64Alu.Cmp, Rax, Rcx, wide);
                _x.MoveIf(
                    kind switch
                    {
                        AtomicKind.SignedMax => X64Condition.Greater,
                        AtomicKind.SignedMin => X64Condition.Less,
                        AtomicKind.UnsignedMax => X64Condition.Above,
                        _ => X64Condition.Below,
                    },
                    Rcx,
                    Rax,
                    wide);
                break;
        }

        _x.CompareExchange(new X64Memory(Rdx, 0), Rcx, bytes);
        _x.Bind(_x.Jump(X64Condition.NotEqual), again);
        WriteNarrow(r->Rd, Rax, bytes);
        return true;
    }

    /// <summary>The low bytes of a host register to a guest register, the rest zero.</summary>
    private void WriteNarrow(int register, X64Register from, int bytes)
    {
        if (bytes == 4)
        {
            _x.Move(from, from, wide: false);
        }
        else if (bytes < 4)
        {
            _x.Extend(from, from, bytes, signed: false, wide: false);
        }

        Write(register, from);
    }
}
