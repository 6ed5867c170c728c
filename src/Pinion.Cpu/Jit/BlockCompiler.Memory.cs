using System.Numerics;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <content>Loads and stores: a hit in the soft TLB in line, everything else by the interpreter.</content>
internal sealed unsafe partial class BlockCompiler
{
    private const int PageSize = 4096;

    /// <summary>The translations of the block, in the order of its sites.</summary>
    private readonly List<Translation> _found = [];

    /// <summary>A translation that a site remembers.</summary>
    /// <param name="Miss">Jump where it does not.</param>
    /// <param name="Hit">Where it goes on with the host's address in RAX.</param>
    /// <param name="Site">Address of the site.</param>
    /// <param name="Write">For writing.</param>
    /// <param name="Size">Bytes.</param>
    private readonly record struct Translation(X64Patch Miss, int Hit, nint Site, bool Write, int Size);

    private static void AddMemory(Emitter?[] emitters)
    {
        for (Op op = 0; op < Op.Count; op++)
        {
            if (MemoryForm.Of(op).Kind != MemoryKind.None)
            {
                Add(emitters, static (c, op, r) => c.TryMemory(MemoryForm.Of(op), r), op);
            }
        }
    }

    /// <summary>Emits a load or store; false where it has no code.</summary>
    private bool TryMemory(MemoryForm form, Rec* r)
    {
        if (!IsNative(form, r))
        {
            return false;
        }

        LoseFlags();
        Address(form, r);

        CheckStack(r);
        Resolve(form.IsStore, form.Size, form.IsUser);
        Access(form, r, new X64Memory(Rax, Rcx, 0, 0), new X64Memory(Rax, Rcx, 0, form.Bytes));
        WriteBack(form, r);
        return true;
    }

    /// <summary>Whether a load or store has code: a base that is written back must not be what is moved, for the interpreter's order counts then.</summary>
    private static bool IsNative(MemoryForm form, Rec* r) => form.Kind != MemoryKind.None
        && !(form.Mode is MemoryMode.Pre or MemoryMode.Post && form.Kind is not (MemoryKind.LoadVector or MemoryKind.StoreVector or MemoryKind.LoadVectorPair or MemoryKind.StoreVectorPair)
            && (r->Rd == r->Rn || (form.IsPair && r->Rm == r->Rn)));

    /// <summary>Computes the virtual address in RAX.</summary>
    private void Address(MemoryForm form, Rec* r)
    {
        switch (form.Mode)
        {
            case MemoryMode.Offset or MemoryMode.User or MemoryMode.Pre when r->Imm != 0:
                _x.Lea(Rax, new X64Memory(Read(r->Rn, Rax), (int)r->Imm));
                break;
            case MemoryMode.Indexed or MemoryMode.Extended:
                X64Register index = Read(r->Rm, Rcx);
                if (form.Mode == MemoryMode.Extended)
                {
                    _x.Extend(Rcx, index, 4, signed: r->Imm != 0, wide: true);
                    index = Rcx;
                }

                if (r->Aux > 3)
                {
                    _x.Move(Rcx, index);
                    _x.Shift(X64Shift.Shl, Rcx, (int)r->Aux, true);
                    index = Rcx;
                }

                _x.Lea(Rax, new X64Memory(Read(r->Rn, Rax), index, r->Aux > 3 ? 0 : (int)r->Aux, 0));
                break;
            case MemoryMode.Literal:
                _x.Load(Rax, NativeState.CodeVa);
                _x.Lea(Rax, new X64Memory(Rax, (int)(((_start + _index) * 4) + r->Imm)));
                break;
            default:
                Load(Rax, r->Rn);
                break;
        }
    }

    /// <summary>The stack pointer must be aligned where SCTLR_EL1 says so; the interpreter knows whether it does.</summary>
    private void CheckStack(Rec* r)
    {
        if ((r->Op & Rec.Alternate) != 0)
        {
            _x.Test(R11, 15, false);
            SlowIf(X64Condition.NotEqual);
        }
    }

    /// <summary>Makes the virtual address in RAX the host's; slow where the soft TLB does not know it, or where the access crosses a page. Changes RCX and RDX.</summary>
    private void Translate(bool write, int size)
    {
        Resolve(write, size);
        _x.Alu(X64Alu.Add, Rax, Rcx, true);
    }

    /// <summary>As <see cref="Translate"/>, but the host's address is RAX + RCX.</summary>
    private void Resolve(bool write, int size, bool user = false)
    {
        Rec* r = At(_index);
        if (_kind == CodeKind.Observing)
        {
            ResolveNoted(write, size, user);
            return;
        }

        if (_kind != CodeKind.Region || user)
        {
            ByEntry(write, size, user);
            return;
        }

        if (NativePage.Wanderers(_page)[_start + _index] != 0 || OpOf(r) == Op.DcZva)
        {
            ByEntryAtOnce(write, size);
            return;
        }

        Site* site = (Site*)(_sites + SiteHeader.Size) + _found.Count;
        site->Record = r;
        site->Trial = Site.Misses;
        nint at = (nint)site;
        _x.Move(Rcx, Rax);
        _x.Alu(X64Alu.Sub, Rcx, new X64Memory(at), true);
        _x.Alu(X64Alu.Cmp, Rcx, new X64Memory(at + Site.LimitOffset), true);
        X64Patch miss = _x.Jump(X64Condition.AboveOrEqual);
        _x.Load(Rcx, new X64Memory(at + Site.AddendOffset));
        _found.Add(new(miss, _x.Length, at, write, size));
    }

    /// <summary>Looks the soft TLB up.</summary>
    private void ByEntry(bool write, int size, bool user)
    {
        FindEntry(write, size, user);
        _x.Load(Rcx, new X64Memory(Rcx, 16));
    }

    /// <summary>Has the soft TLB's entry for the virtual address in RAX at RCX; slow where that is another page's. Changes RDX.</summary>
    private void FindEntry(bool write, int size, bool user)
    {
        Entry(Rcx);
        _x.Alu(X64Alu.Add, Rcx, user ? NativeState.UserTlb : NativeState.DataTlb, true);
        _x.Move(Rdx, Rax);
        _x.Alu(X64Alu.Sub, Rdx, new X64Memory(Rcx, write ? 8 : 0), true);
        _x.Alu(X64Alu.Cmp, Rdx, PageSize - size, true);
        SlowIf(X64Condition.Above);
    }

    /// <summary>As <see cref="ByEntry"/>, for loads that others wait for: what to add comes first, by the shortest way, and the tag is looked at beside it.</summary>
    private void ByEntryAtOnce(bool write, int size)
    {
        Entry(Rcx);
        _x.Load(Rdx, NativeState.DataTlb);
        _x.Load(Rcx, new X64Memory(Rdx, Rcx, 0, 16));
        Entry(Rdx);
        _x.Alu(X64Alu.Add, Rdx, NativeState.DataTlb, true);
        _x.Load(Rdx, new X64Memory(Rdx, write ? 8 : 0));
        _x.Alu(X64Alu.Sub, Rdx, Rax, true);
        _x.Negate(Rdx, true);
        _x.Alu(X64Alu.Cmp, Rdx, PageSize - size, true);
        SlowIf(X64Condition.Above);
    }

    /// <summary>Offset of the soft TLB's entry for the virtual address in RAX.</summary>
    private void Entry(X64Register to)
    {
        _x.Move(to, Rax, wide: false);
        _x.Shift(X64Shift.Shr, to, 7, false);
        _x.Alu(X64Alu.And, to, (TlbEntry.Count - 1) << 5, false);
    }

    /// <summary>Sites that the block may need.</summary>
    private int CountSites()
    {
        int sites = 0;
        for (int index = 0; index < _length; index++)
        {
            Op op = OpOf(At(index));
            sites += s_emitters[(int)op] is not null && Threaded.KindOf(op) == OpKind.Memory ? 1 : 0;
        }

        return sites;
    }

    private void EmitFind(in Later later)
    {
        Translation found = _found[(int)later.Target];
        _x.Lea(Rdx, new X64Memory(found.Site));
        _x.Bind(_x.Call(), (found.Write ? owner.FindWrite : owner.FindRead)[BitOperations.Log2((uint)found.Size)]);
        _x.Bind(_x.Jump(X64Condition.AboveOrEqual), found.Hit);
        CallStep(At(later.Index), _length - later.Index - 1);
        LoadHeld(later.Held);
        _x.Bind(_x.Jump(), later.Back);
    }

    /// <summary>Moves between memory and the registers. Of the scratch registers RDX is free.</summary>
    private void Access(MemoryForm form, Rec* r, in X64Memory at, in X64Memory second)
    {
        switch (form.Kind)
        {
            case MemoryKind.Load or MemoryKind.LoadSigned:
                LoadTo(r->Rd, at, form);
                break;
            case MemoryKind.Store:
                StoreFrom(r->Rd, at, form);
                break;
            case MemoryKind.LoadPair or MemoryKind.LoadPairSigned:
                // Both are read before either is written: they may be one register.
                X64Register first = Target(r->Rd, Rdx);
                LoadNarrow(first, at, form);
                X64Register other = Target(r->Rm, Rcx);
                LoadNarrow(other, second, form);
                Write(r->Rd, first);
                Write(r->Rm, other);
                break;
            case MemoryKind.StorePair:
                StoreFrom(r->Rd, at, form);
                StoreFrom(r->Rm, second, form);
                break;
            case MemoryKind.LoadVector:
                LoadVector(r->Rd, at, form.Bytes);
                break;
            case MemoryKind.StoreVector:
                StoreVector(r->Rd, at, form.Bytes);
                break;
            case MemoryKind.LoadVectorPair:
                LoadVector(r->Rd, at, form.Bytes);
                LoadVector(r->Rm, second, form.Bytes);
                break;
            case MemoryKind.StoreVectorPair:
                StoreVector(r->Rd, at, form.Bytes);
                StoreVector(r->Rm, second, form.Bytes);
                break;
        }
    }

    private void WriteBack(MemoryForm form, Rec* r)
    {
        if (form.Mode is not (MemoryMode.Pre or MemoryMode.Post) || r->Imm == 0)
        {
            return;
        }

        if (NativeState.IsPinned(r->Rn, out X64Register host))
        {
            _x.Lea(host, new X64Memory(host, (int)r->Imm));
        }
        else
        {
            _x.Alu(X64Alu.Add, NativeState.Slot(r->Rn), (int)r->Imm, true);
        }
    }

    private void LoadTo(int register, in X64Memory from, MemoryForm form)
    {
        X64Register to = Target(register, Rdx);
        LoadNarrow(to, from, form);
        Write(register, to);
    }

    private void LoadNarrow(X64Register to, in X64Memory from, MemoryForm form)
    {
        if (form.Bytes == 8)
        {
            _x.Load(to, from);
        }
        else
        {
            _x.LoadNarrow(to, from, form.Bytes, form.Kind is MemoryKind.LoadSigned or MemoryKind.LoadPairSigned, form.Wide);
        }
    }

    private void StoreFrom(int register, in X64Memory to, MemoryForm form)
    {
        X64Register from = Read(register, Rdx);
        if (form.Bytes >= 4)
        {
            _x.Store(to, from, form.Bytes == 8);
        }
        else
        {
            _x.StoreNarrow(to, from, form.Bytes);
        }
    }

    /// <summary>Loads a vector register; the rest of it becomes zero.</summary>
    private void LoadVector(int register, in X64Memory from, int bytes)
    {
        int to = FreshVector();
        if (bytes < 4)
        {
            _x.LoadNarrow(Rdx, from, bytes, signed: false, wide: false);
            _x.MoveVector(0x6E, to, Rdx, false);
        }
        else
        {
            _x.Vector(PrefixOfMove(bytes), 0x10, to, from);
        }

        WriteVector(register, to, bytes);
    }

    private void StoreVector(int register, in X64Memory to, int bytes)
    {
        if (bytes < 4)
        {
            _x.LoadNarrow(Rdx, NativeState.Vector(register), bytes, signed: false, wide: false);
            _x.StoreNarrow(to, Rdx, bytes);
            return;
        }

        if (!IsHeld(register, bytes, out int from, out _))
        {
            from = 0;
            _x.Vector(PrefixOfMove(bytes), 0x10, from, NativeState.Vector(register));
        }

        _x.Vector(PrefixOfMove(bytes), 0x11, from, to);
    }

    /// <summary>0F 10 and 0F 11 are movss, movsd or movups.</summary>
    private static byte PrefixOfMove(int bytes) => bytes switch
    {
        4 => 0xF3,
        8 => 0xF2,
        _ => 0,
    };

    /// <summary>movaps: vector registers are aligned.</summary>
    private void LoadWhole(int host, int register) => _x.Vector(0, 0x28, host, NativeState.Vector(register));

    private void StoreWhole(int register, int host)
    {
        ForgetVector(register);
        _x.Vector(0, 0x29, host, NativeState.Vector(register));
    }
}
