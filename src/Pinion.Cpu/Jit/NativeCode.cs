using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Decode;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;
using static Pinion.Cpu.Jit.X64Register;

namespace Pinion.Cpu.Jit;

/// <summary>
/// The compiled code of one PE: its memory, the pieces that all blocks share, and which block belongs to which instruction. Compiled code runs between two looks of the dispatcher, on the PE's own thread, and the
/// garbage collector never waits for it.
/// </summary>
internal sealed unsafe class NativeCode : IDisposable
{
    /// <summary>In place of a count: the instruction begins no block that is worth it.</summary>
    public const byte NotWorthIt = 255;

    /// <summary>What an entry in the middle of a block takes at most.</summary>
    private const int EntryBytes = 48;

    /// <summary>Sizes from 1 to 64 bytes.</summary>
    private const int SizesOfAccess = 7;

    /// <summary>Slices that ended at an instruction until what begins there is compiled as a region.</summary>
    public const byte Hot = 4;

    /// <summary>Room that a block may need at the most.</summary>
    private const int MostBlockBytes = 64 << 10;

    private readonly CodeMemory _memory;
    private readonly CodeCache _pages;
    private readonly BlockCompiler _compiler;
    private readonly long _shared;
    private readonly nint _constants;
    private delegate* unmanaged<Pe*, nint, void> _enter;

    private NativeCode(CodeMemory memory, CodeCache pages)
    {
        _memory = memory;
        _pages = pages;
        _constants = PlaceConstants();
        VectorConstants = new VectorConstants(memory);
        EmitShared();
        _shared = memory.Used;
        _compiler = new BlockCompiler(this);
    }

    /// <summary>
    /// For tests: instructions that were never executed are decoded and compiled, so that what is executed only once is compiled code. A guest that patches code before its first time would get what stood there.
    /// </summary>
    public bool DecodesAhead { get; init; }

    /// <summary>What much time is spent in is compiled again, with sites.</summary>
    public bool HasRegions { get; init; }

    public VectorConstants VectorConstants { get; }

    /// <summary>Where a slot leads whose instruction has no block: out, with Pc at that instruction.</summary>
    public nint NotCompiled { get; private set; }

    /// <summary>Where a block is missing or too long, at offset RAX of the page.</summary>
    public nint Elsewhere { get; private set; }

    /// <summary>Goes on by short blocks at offset RAX of the page.</summary>
    public nint Approach { get; private set; }

    /// <summary>Goes on by observing code at offset RAX of the page.</summary>
    public nint Observe { get; private set; }

    /// <summary>Where the budget of observing code ends, at offset RAX of the page.</summary>
    public nint EndObserved { get; private set; }

    /// <summary>Marks a sample, and goes on at offset RAX of the page.</summary>
    public nint MarkSample { get; private set; }

    /// <summary>Marks a sample without notes, RCX instructions behind offset RAX of the page, and goes on at that offset.</summary>
    public nint ForetellSample { get; private set; }

    /// <summary>Leaves with Pc = CodeVa + RAX.</summary>
    public nint ExitAt { get; private set; }

    /// <summary>Leaves with Pc = RAX.</summary>
    public nint ExitTo { get; private set; }

    /// <summary>
    /// Called: executes the record in RDX by the interpreter. Returns where it went on to the next one; leaves otherwise, giving ECX instructions of the budget back.
    /// </summary>
    public nint Step { get; private set; }

    /// <summary>
    /// Called: looks the virtual address in RAX up in the soft TLB. With the carry flag clear RCX is what to add for the host's address, and the site in RDX remembers it; otherwise the soft TLB does not know.
    /// The parts are for log2 of the size.
    /// </summary>
    public nint[] FindRead { get; } = new nint[SizesOfAccess];

    /// <inheritdoc cref="FindRead"/>
    public nint[] FindWrite { get; } = new nint[SizesOfAccess];

    /// <summary>Called: forgets the RCX sites behind the header in RDX, and gives it the present generation.</summary>
    public nint ForgetSites { get; private set; }

    /// <summary>Where observing code leads that there is none of: out, with Pc at offset RCX of the page. Slots of observing code count from here.</summary>
    public nint NotObserved { get; private set; }

    /// <summary>Another way to <see cref="NotObserved"/>, as a slot has it: the instruction was asked for once.</summary>
    public int AskedOnce { get; private set; }

    /// <summary>Notes that the branch of the record in RDX is taken to the address in RAX, and goes on there.</summary>
    public nint JumpNoted { get; private set; }

    /// <summary>As <see cref="Step"/>, noted.</summary>
    public nint StepObserved { get; private set; }

    /// <summary>Where a constant lies, within reach of all code.</summary>
    public nint Constant(FloatConstant constant) => _constants + (16 * (int)constant);

    /// <summary>Blocks compiled so far.</summary>
    public long Blocks { get; private set; }

    /// <summary>Those of them that are regions.</summary>
    public long Regions { get; private set; }

    /// <summary>Instructions in them.</summary>
    public long Instructions { get; private set; }

    /// <summary>Instructions with observing code.</summary>
    public long ObservedInstructions { get; private set; }

    /// <summary>Samples marked so far.</summary>
    public long Marked { get; private set; }

    /// <summary>Times that all code was dropped because there was no more room.</summary>
    public long Flushes { get; private set; }

    /// <summary>Loads and stores that were found to go from page to page.</summary>
    public long Wanderers { get; private set; }

    /// <summary>Bytes of code.</summary>
    public long Bytes => _memory.Used;

    /// <summary>Time spent in compiling blocks.</summary>
    public TimeSpan BlockTime { get; private set; }

    /// <summary>Time spent in compiling regions.</summary>
    public TimeSpan RegionTime { get; private set; }

    /// <summary>Time spent in compiling observing code and short blocks.</summary>
    public TimeSpan ObservingTime { get; private set; }

    /// <summary>Times that the dispatcher entered compiled code.</summary>
    public long Entries { get; private set; }

    /// <summary>Times that compiled code was left, by <see cref="LeaveReason"/>; <see cref="LeaveReason.None"/> is the end of its budget, or of what is compiled.</summary>
    public long[] Left { get; } = new long[(int)LeaveReason.ExecuteAlone + 1];

    /// <summary>Instructions that compiled code executed, those of <see cref="Steps"/> included.</summary>
    public long Executed { get; private set; }

    /// <summary>How often compiled code had the interpreter execute an instruction, by operation.</summary>
    public ulong* Steps { get; } = (ulong*)NativeMemory.AllocZeroed((nuint)Op.Count, sizeof(ulong));

    /// <summary>Whether this host can run compiled code at all. Where .NET knows LZCNT, it knows AVX and FMA3 as well.</summary>
    public static bool IsSupported => RuntimeInformation.ProcessArchitecture == Architecture.X64
        && System.Runtime.Intrinsics.X86.Lzcnt.IsSupported && System.Runtime.Intrinsics.X86.Avx.IsSupported && System.Runtime.Intrinsics.X86.Fma.IsSupported;

    /// <summary>Compiled code over <paramref name="pages"/>; null where the host has no executable memory.</summary>
    public static NativeCode? TryCreate(CodeCache pages, int memoryBytes, bool regions, bool decodesAhead)
    {
        CodeMemory? memory = IsSupported ? CodeMemory.TryCreate((nuint)memoryBytes, (nuint)memoryBytes / 2) : null;
        return memory is null ? null : new NativeCode(memory, pages) { HasRegions = regions, DecodesAhead = decodesAhead };
    }

    /// <summary>Whether the instruction of record <paramref name="index"/> begins a block.</summary>
    public bool Has(Rec* page, int index) => NativePage.Slots(page)[index] != NotCompiled;

    /// <summary>
    /// Executes from the block of record <paramref name="ip"/> of the page being executed on, at most <paramref name="budget"/> instructions; <paramref name="done"/> is how many it were. False where
    /// there is no block, or a longer one. <paramref name="executed"/> instructions came before.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryRun(Pe* s, Rec* ip, long budget, ulong executed, out long done)
    {
        int index = (int)(ip - s->CodeBase);
        nint code = NativePage.Slots(s->CodeBase)[index];
        if (code == NotCompiled || budget < NativePage.Lengths(s->CodeBase)[index])
        {
            done = 0;
            return false;
        }

        s->NativeElsewhere = ExitAt;
        Enter(s, code, budget, executed);
        done = budget - s->NativeBudget;
        Executed += done;
        return true;
    }

    /// <summary>
    /// Executes <paramref name="ahead"/> instructions as fast as possible, and then <paramref name="window"/> ones by observing code, which also executes the last few of the former. With <paramref name="samples"/> that
    /// ends in a sample, which is marked, and the next ones follow, <paramref name="aheadOfNext"/> instructions before their windows. <paramref name="done"/> is how many instructions were executed behind the last
    /// sample marked; <see cref="Pe.ObservedFirst"/> tells whether observing code had taken over for the next. Fewer where something comes between. False where there is no code for the instruction.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryApproach(Pe* s, Rec* ip, SampleBatch batch, long ahead, long window, int samples, long aheadOfNext, bool foretells, ulong executed, out long done)
    {
        int index = (int)(ip - s->CodeBase);
        nint code = NativePage.Slots(s->CodeBase)[index];
        if (code == NotCompiled || ahead < NativePage.Lengths(s->CodeBase)[index])
        {
            int* slot = NativePage.Short(s->CodeBase) + index;
            if (Asks(s, slot))
            {
                MakeRoom();
                long began = Stopwatch.GetTimestamp();
                if (_compiler.CompileShort(s, s->CodeBase, index, _memory, out nint made) != 0)
                {
                    *slot = (int)(made - NotObserved);
                }

                ObservingTime += Stopwatch.GetElapsedTime(began);
            }

            if (!IsCode(*slot))
            {
                done = 0;
                return false;
            }

            code = NotObserved + *slot;
        }

        s->NativeElsewhere = Approach;
        s->ElsewherePage = null;
        s->ObservedWindow = window;
        s->ObservedFirst = null;
        s->NextNote = batch.Notes;
        s->ObservedLeft = 0;
        s->ObservedEnd = samples == 0 ? ExitAt : MarkSample;
        s->NextMark = batch.Marks;
        s->SamplesLeft = samples;
        s->AheadOfNext = aheadOfNext;

        // Behind a sample without notes the block that it is in must have room; the last sample is where the code has to stop.
        s->ForetoldFloor = foretells && window == 1 && aheadOfNext >= NativePage.LongestBlock ? 1 : long.MaxValue;
        Enter(s, code, ahead, executed);
        batch.End = s->NextMark;
        done = (batch.Samples == 0 ? ahead : aheadOfNext) + (s->ObservedFirst == null ? 0 : window) - s->NativeBudget;
        if (done < 0)
        {
            // It was foretold, and something came between.
            batch.End--;
            done += (batch.Samples == 0 ? ahead : aheadOfNext) + window;
        }

        int marked = batch.Samples;
        long behind = marked == 0 ? 0 : ahead + window + ((marked - 1) * (aheadOfNext + window));
        Executed += behind + done;
        Marked += marked;
        return true;
    }

    /// <summary>Whether an instruction gets code of its own: what is met once may never be met again.</summary>
    private bool Asks(Pe* s, int* slot)
    {
        if (*slot == AskedOnce || (*slot == 0 && DecodesAhead))
        {
            s->CodeBase[Rec.PerPage].Aux = 1;
            return true;
        }

        if (*slot == 0)
        {
            s->CodeBase[Rec.PerPage].Aux = 1;
            *slot = AskedOnce;
        }

        return false;
    }

    private bool IsCode(int slot) => slot != 0 && slot != AskedOnce;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Enter(Pe* s, nint code, long budget, ulong executed)
    {
        s->ToNative();
        s->NativeEnd = (long)executed + budget;
        s->NativeBudget = budget;
        s->NativeSteps = Steps;
        s->HostFpControl = 0x1F80;
        _enter(s, code);
        s->FromNative();
        Entries++;
        Left[s->Leave]++;
        if (s->Leave == 0)
        {
            s->Leave = (int)LeaveReason.Reschedule;
        }
    }

    /// <summary>Most instructions that <see cref="TryObserve"/> executes at once.</summary>
    public const int MostObserved = 160;

    /// <summary>
    /// Executes from record <paramref name="ip"/> of the page being executed on, at most <paramref name="budget"/> instructions (<see cref="MostObserved"/> or fewer) and exactly so many unless something comes
    /// between, by observing code. <paramref name="done"/> is how many it were. False where there is no such code.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryObserve(Pe* s, Rec* ip, SampleBatch batch, long budget, ulong executed, out long done)
    {
        int index = (int)(ip - s->CodeBase);
        int* slot = NativePage.Observed(s->CodeBase) + index;
        if (Asks(s, slot))
        {
            CompileObserved(s, s->CodeBase, index);
        }

        if (!IsCode(*slot))
        {
            done = 0;
            return false;
        }

        s->NextNote = batch.Notes;
        s->ObservedLeft = 0;
        s->ObservedEnd = ExitAt;
        Enter(s, NotObserved + *slot, budget, executed);
        done = budget - s->NativeBudget;
        Executed += done;
        return true;
    }

    private void CompileObserved(Pe* s, Rec* page, int index)
    {
        MakeRoom();
        long began = Stopwatch.GetTimestamp();
        int length = _compiler.CompileObserved(s, page, index, _memory, out nint code);
        int* slots = NativePage.Observed(page) + index;
        for (int i = 0; i < length; i++)
        {
            if (!IsCode(slots[i]))
            {
                slots[i] = (int)(code + _compiler.LabelOf(i) - NotObserved);
            }
        }

        ObservedInstructions += length;
        ObservingTime += Stopwatch.GetElapsedTime(began);
    }

    /// <summary>A slice of instructions has ended before record <paramref name="index"/>: where that happens often, most time is spent. Compiles it again when it is time.</summary>
    public void Warm(Pe* s, Rec* page, int index)
    {
        byte* heat = NativePage.Heat(page) + index;
        if (!HasRegions || *heat >= Hot || !Has(page, index) || (Op)page[index].Op == Op.Decode)
        {
            return;
        }

        if (++*heat == Hot)
        {
            _pages.DropBlocks(page, index, 1);
            Compile(s, page, index);
        }
    }

    /// <summary>Compiles a block that begins with record <paramref name="index"/> of the page being executed; false where it would gain nothing.</summary>
    public bool Compile(Pe* s, Rec* page, int index)
    {
        MakeRoom();
        bool region = HasRegions && (DecodesAhead || NativePage.Heat(page)[index] >= Hot);
        long began = Stopwatch.GetTimestamp();
        int length = _compiler.Compile(s, page, index, region, _memory, out nint code);
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        BlockTime += region ? TimeSpan.Zero : took;
        RegionTime += region ? took : TimeSpan.Zero;
        if (length == 0)
        {
            return false;
        }

        page[Rec.PerPage].Aux = 1;
        Place(page, index, code, length, isEntry: false);
        foreach ((int inside, int at) in _compiler.Entries)
        {
            if (!Has(page, index + inside))
            {
                Place(page, index + inside, code + at, length - inside, isEntry: true);
            }
        }

        Regions += region ? 1 : 0;
        Blocks++;
        Instructions += length;
        return true;
    }


    private void MakeRoom()
    {
        if (_memory.Free.Length < MostBlockBytes || _memory.FreeData < SiteHeader.Size + (NativePage.LongestBlock * Site.Size))
        {
            _pages.DropNative();
            _memory.Reset(_shared);
            Flushes++;
        }
    }

    private static void Place(Rec* page, int index, nint code, int length, bool isEntry)
    {
        NativePage.Slots(page)[index] = code;
        NativePage.Lengths(page)[index] = (byte)length;
        NativePage.Entries(page)[index] = isEntry ? (byte)1 : (byte)0;
        page[index].Handler = Threaded.StopHandler;
    }

    /// <summary>Whether the slot of a record leads into the block whose code begins at <paramref name="block"/>.</summary>
    public static bool IsInside(Rec* page, int index, nint block)
    {
        nint code = NativePage.Slots(page)[index];
        return NativePage.Entries(page)[index] != 0 && code > block && code < block + *(int*)(block - BlockCompiler.PrefixBytes);
    }

    /// <summary>The block of record <paramref name="index"/>, for a person to read.</summary>
    public CompiledBlock BlockAt(Pe* s, Rec* page, int index)
    {
        nint code = NativePage.Slots(page)[index];
        var words = new uint[NativePage.Lengths(page)[index]];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = page[index + i].Word;
        }

        // An entry in the middle is shown as far as it reaches for itself: to the jump into the block.
        int bytes = NativePage.Entries(page)[index] != 0 ? EntryBytes : *(int*)(code - BlockCompiler.PrefixBytes);
        return new(s->CodeVa + ((ulong)index * 4), words, new ReadOnlySpan<byte>((byte*)code, bytes).ToArray());
    }

    public void Dispose()
    {
        _memory.Dispose();
        NativeMemory.Free(Steps);
    }

    private nint PlaceConstants()
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(FloatConstants.Values);
        bytes.CopyTo(_memory.Free);
        return _memory.Commit(bytes.Length);
    }

    private void EmitShared()
    {
        byte* write = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(_memory.Free));
        var x = new X64Emitter(write, _memory.Next);

        // void Enter(Pe* s, nint code)
        nint enter = x.Here;
        X64Register[] saved = [Rbx, Rbp, R12, R13, R14, R15];
        foreach (X64Register register in saved)
        {
            x.Push(register);
        }

        x.Alu(X64Alu.Sub, Rsp, 8, true);
        x.Move(Rax, Rsi);
        x.Lea(Rbp, new(Rdi, NativeState.Bias));
        x.LoadMxcsr(NativeState.FpControl);
        LoadPinned(ref x);
        x.Jump(Rax);

        NotCompiled = x.Here;
        x.Alu(X64Alu.Sub, Rax, NativeState.CodeBase, true);
        x.Alu(X64Alu.Sub, Rax, NativePage.SlotsOffset, true);
        x.Shift(X64Shift.Shr, Rax, 1, true);

        Elsewhere = x.Here;
        x.Jump(NativeState.Elsewhere);

        ExitAt = x.Here;
        x.Alu(X64Alu.Add, Rax, NativeState.CodeVa, true);

        ExitTo = x.Here;
        x.Store(NativeState.Pc, Rax);
        StorePinned(ref x);
        x.StoreMxcsr(NativeState.FpStatus);

        int exit = x.Length;
        x.Alu(X64Alu.Add, Rsp, 8, true);
        foreach (X64Register register in saved.Reverse())
        {
            x.Pop(register);
        }

        x.Return();

        Step = EmitStep(ref x, &StepOne, exit);
        StepObserved = EmitStep(ref x, &ObserveOne, exit);
        EmitObserved(ref x);

        // void Judge(Pe* s, Site* site); the stack is two words and two return addresses below an aligned one.
        nint judge = x.Here;
        StorePinned(ref x);
        x.StoreMxcsr(NativeState.FpStatus);
        MoveVectors(ref x, store: true);
        x.Lea(Rdi, new(Rbp, -NativeState.Bias));
        x.Move(Rsi, Rdx);
        x.Move(Rax, (ulong)(nint)(delegate* unmanaged<Pe*, Site*, void>)&Judge);
        x.Call(Rax);
        MoveVectors(ref x, store: false);
        x.LoadMxcsr(NativeState.FpControl);
        LoadPinned(ref x);
        x.Return();
        for (int size = 0; size < SizesOfAccess; size++)
        {
            FindRead[size] = EmitFind(ref x, write: false, 1 << size, judge);
            FindWrite[size] = EmitFind(ref x, write: true, 1 << size, judge);
        }

        ForgetSites = x.Here;
        x.Load(Rax, NativeState.DataGeneration);
        x.Store(new X64Memory(Rdx, 0), Rax);
        int each = x.Length;
        x.Store(new X64Memory(Rdx, SiteHeader.Size + Site.LimitOffset), 0, true);
        x.Alu(X64Alu.Add, Rdx, Site.Size, true);
        x.Alu(X64Alu.Sub, Rcx, 1, false);
        x.Bind(x.Jump(X64Condition.NotEqual), each);
        x.Return();

        _memory.Commit(x.Length);
        _enter = (delegate* unmanaged<Pe*, nint, void>)enter;
    }

    /// <summary>Calls <paramref name="step"/>, which executes one record: 1 where the next one follows.</summary>
    private static nint EmitStep(ref X64Emitter x, delegate* unmanaged<Pe*, Rec*, int> step, int exit)
    {
        nint code = x.Here;
        StorePinned(ref x);
        x.StoreMxcsr(NativeState.FpStatus);
        x.Push(Rcx);
        x.Lea(Rdi, new(Rbp, -NativeState.Bias));
        x.Move(Rsi, Rdx);
        x.Move(Rax, (ulong)(nint)step);
        x.Call(Rax);
        x.Pop(Rcx);
        x.Test(Rax, Rax, false);
        X64Patch left = x.Jump(X64Condition.Equal);

        // The interpreter's own arithmetic has left flags as well.
        x.LoadMxcsr(NativeState.FpControl);
        LoadPinned(ref x);
        x.Return();
        x.Bind(left);
        x.Alu(X64Alu.Add, NativeState.Budget, Rcx, true);
        x.Alu(X64Alu.Add, Rsp, 8, true);
        x.Bind(x.Jump(), exit);
        return code;
    }

    /// <summary>
    /// Goes to the page of the virtual address in RAX, by way of the instruction TLB, or leaves. Then RAX is the offset in it, RCX its first record and RDX its virtual address; CodeBias is not set yet.
    /// </summary>
    public void FindPage(ref X64Emitter x)
    {
        // The mask keeps bits 1:0, so a misaligned target misses too.
        x.Move(Rcx, Rax, wide: false);
        x.Shift(X64Shift.Shr, Rcx, 7, false);
        x.Alu(X64Alu.And, Rcx, (CodeTlbEntry.Count - 1) << 5, false);
        x.Alu(X64Alu.Add, Rcx, NativeState.CodeTlb, true);
        x.Move(Rdx, Rax);
        x.Alu(X64Alu.And, Rdx, ~0xFFC, true);
        x.Alu(X64Alu.Cmp, Rdx, new X64Memory(Rcx, 0), true);
        x.Bind(x.Jump(X64Condition.NotEqual), ExitTo);
        x.Store(NativeState.CodeVa, Rdx);
        x.Load(Rcx, new X64Memory(Rcx, 8));
        x.Store(NativeState.CodeBase, Rcx);
        x.Alu(X64Alu.And, Rax, 0xFFC, false);
    }

    private void EmitObserved(ref X64Emitter x)
    {
        NotObserved = x.Here;
        x.Move(Rax, Rcx);
        x.Bind(x.Jump(), ExitAt);
        AskedOnce = (int)(x.Here - NotObserved);
        x.Move(Rax, Rcx);
        x.Bind(x.Jump(), ExitAt);

        Approach = x.Here;
        x.Load(Rcx, NativeState.CodeBase);
        x.Store(NativeState.ElsewherePage, Rcx);
        x.Store(NativeState.ElsewhereOffset, Rax);
        JumpToSlot(ref x, NativePage.ShortOffset);

        Observe = x.Here;
        x.Load(Rcx, NativeState.CodeVa);
        x.Alu(X64Alu.Add, Rcx, Rax, true);
        x.Store(NativeState.ObservedPc, Rcx);
        x.Load(Rcx, NativeState.Budget);
        x.Store(NativeState.ObservedAhead, Rcx);
        x.Alu(X64Alu.Add, Rcx, NativeState.ObservedWindow, true);
        x.Store(NativeState.Budget, Rcx);
        x.Load(Rcx, NativeState.CodeBase);

        // Eight bytes of a record for each of an instruction.
        x.Lea(Rdx, new X64Memory(Rcx, Rax, 3, 0));
        x.Store(NativeState.ObservedFirst, Rdx);
        JumpToSlot(ref x, NativePage.ObservedOffset);

        EndObserved = x.Here;
        x.Jump(NativeState.ObservedEnd);

        MarkSample = x.Here;
        x.Move(Rcx, Rax);
        x.Load(Rdx, NativeState.NextMark);
        foreach ((int offset, X64Memory from) in ((int, X64Memory)[])[
            (SampleMark.NotesEndOffset, NativeState.NextNote),
            (SampleMark.FirstOffset, NativeState.ObservedFirst),
            (SampleMark.PcOffset, NativeState.ObservedPc),
            (SampleMark.AheadOffset, NativeState.ObservedAhead),
            (SampleMark.ContextIdOffset, NativeState.Register(SysRegId.CONTEXTIDR_EL1))])
        {
            x.Load(Rax, from);
            x.Store(new X64Memory(Rdx, offset), Rax);
        }

        x.Store(new X64Memory(Rdx, SampleMark.OffsetOffset), SampleMark.Noted, wide: false);
        x.Alu(X64Alu.Add, NativeState.NextMark, SampleMark.Size, true);
        x.Store(NativeState.ObservedFirst, 0, true);
        x.Load(Rdx, NativeState.AheadOfNext);
        x.Store(NativeState.Budget, Rdx);
        x.Move(Rax, Rcx);
        x.Alu(X64Alu.Sub, NativeState.SamplesLeft, 1, true);
        x.Bind(x.Jump(X64Condition.Equal), ExitAt);

        // Slices are long while there are samples, but nobody waits longer than to the next one.
        x.Alu(X64Alu.Cmp, NativeState.Attention, 0, false);
        x.Bind(x.Jump(X64Condition.NotEqual), ExitAt);

        JumpToBlock(ref x);
        EmitForetellSample(ref x);

        JumpNoted = x.Here;
        x.Load(Rcx, NativeState.NextNote);
        x.Store(new X64Memory(Rcx, 0), Rax);
        x.Store(new X64Memory(Rcx, Note.RecordOffset), Rdx);
        x.Store(new X64Memory(Rcx, Note.FactsOffset), Note.Facts(NoteKind.Jump, 0, ObservedFlags.Taken), wide: false);
        x.Alu(X64Alu.Add, NativeState.NextNote, Note.Size, true);
        FindPage(ref x);
        x.Shift(X64Shift.Shr, Rcx, 3, true);
        x.Alu(X64Alu.Sub, Rdx, Rcx, true);
        x.Store(NativeState.CodeBias, Rdx);

        // The note is the one before the next.
        x.Load(Rcx, NativeState.CodeBase);
        x.Load(Rdx, NativeState.NextNote);
        x.Store(new X64Memory(Rdx, Note.PaOffset - Note.Size), Rcx);
        JumpToSlot(ref x, NativePage.ObservedOffset);
    }

    private void EmitForetellSample(ref X64Emitter x)
    {
        ForetellSample = x.Here;
        x.Load(Rdx, NativeState.ForetoldFloor);
        x.Alu(X64Alu.Cmp, Rdx, NativeState.SamplesLeft, true);
        x.Bind(x.Jump(X64Condition.GreaterOrEqual), Observe);
        x.Alu(X64Alu.Cmp, NativeState.Attention, 0, false);
        x.Bind(x.Jump(X64Condition.NotEqual), Observe);

        // Guest registers are looked up by number.
        StorePinned(ref x);
        x.Load(Rdx, NativeState.NextMark);
        x.Store(new X64Memory(Rdx, SampleMark.OffsetOffset), Rax, wide: false);
        x.Store(new X64Memory(Rdx, SampleMark.AheadOffset), Rcx);
        foreach ((int offset, X64Memory from) in ((int, X64Memory)[])[
            (SampleMark.NotesEndOffset, NativeState.NextNote),
            (SampleMark.PcOffset, NativeState.CodeVa),
            (SampleMark.ContextIdOffset, NativeState.Register(SysRegId.CONTEXTIDR_EL1))])
        {
            x.Load(Rax, from);
            x.Store(new X64Memory(Rdx, offset), Rax);
        }

        x.LoadNarrow(Rax, new X64Memory(Rdx, SampleMark.OffsetOffset), 4, signed: false, wide: false);
        x.Lea(Rcx, new X64Memory(Rax, Rcx, 2, 0));
        x.Shift(X64Shift.Shl, Rcx, 3, true);
        x.Alu(X64Alu.Add, Rcx, NativeState.CodeBase, true);
        x.Store(new X64Memory(Rdx, SampleMark.FirstOffset), Rcx);
        x.LoadNarrow(Rax, new X64Memory(Rcx, (int)Marshal.OffsetOf<Rec>(nameof(Rec.Op))), 2, signed: false, wide: false);
        x.StoreNarrow(new X64Memory(Rdx, SampleMark.OpOffset), Rax, 2);
        foreach ((int offset, string register) in ((int, string)[])[(SampleMark.BaseOffset, nameof(Rec.Rn)), (SampleMark.IndexOffset, nameof(Rec.Rm))])
        {
            x.LoadNarrow(Rax, new X64Memory(Rcx, (int)Marshal.OffsetOf<Rec>(register)), 1, signed: false, wide: false);
            x.Load(Rax, new X64Memory(Rbp, Rax, 3, NativeState.Slot(0).Displacement));
            x.Store(new X64Memory(Rdx, offset), Rax);
        }

        x.Alu(X64Alu.Add, NativeState.NextMark, SampleMark.Size, true);
        x.Alu(X64Alu.Sub, NativeState.SamplesLeft, 1, true);

        // The budget up to the sample, the sample, and that to the next: a block has room in it again.
        x.Load(Rcx, new X64Memory(Rdx, SampleMark.AheadOffset));
        x.Alu(X64Alu.Add, Rcx, NativeState.AheadOfNext, true);
        x.Alu(X64Alu.Add, Rcx, 1, true);
        x.Store(NativeState.Budget, Rcx);
        x.LoadNarrow(Rax, new X64Memory(Rdx, SampleMark.OffsetOffset), 4, signed: false, wide: false);
        JumpToBlock(ref x);
    }

    /// <summary>Jumps to the block of the instruction at offset RAX of the page, where there is one.</summary>
    private static void JumpToBlock(ref X64Emitter x)
    {
        // Eight bytes of a slot for four of an instruction.
        x.Load(Rcx, NativeState.CodeBase);
        x.Lea(Rax, new X64Memory(Rcx, Rax, 1, NativePage.SlotsOffset));
        x.Jump(new X64Memory(Rax, 0));
    }

    /// <summary>Jumps to where the slot of the instruction at offset RAX leads, in the page with the first record RCX.</summary>
    private void JumpToSlot(ref X64Emitter x, int slots)
    {
        x.LoadNarrow(Rdx, new X64Memory(Rcx, Rax, 0, slots), 4, signed: true, wide: true);
        x.Move(Rcx, Rax);
        x.Lea(Rax, new X64Memory(NotObserved));
        x.Alu(X64Alu.Add, Rdx, Rax, true);
        x.Jump(Rdx);
    }

    private static nint EmitFind(ref X64Emitter x, bool write, int size, nint judge)
    {
        nint code = x.Here;
        x.Alu(X64Alu.Add, NativeState.SiteMisses, 1, true);
        x.Move(Rcx, Rax, wide: false);
        x.Shift(X64Shift.Shr, Rcx, 7, false);
        x.Alu(X64Alu.And, Rcx, (TlbEntry.Count - 1) << 5, false);
        x.Alu(X64Alu.Add, Rcx, NativeState.DataTlb, true);
        x.Push(Rcx);
        x.Load(Rcx, new X64Memory(Rcx, write ? 8 : 0));
        x.Negate(Rcx, true);
        x.Alu(X64Alu.Add, Rcx, Rax, true);
        x.Alu(X64Alu.Cmp, Rcx, PageSize - size, true);
        x.Pop(Rcx);
        X64Patch miss = x.Jump(X64Condition.Above);

        // What was compared is the page; the low bits of the address are the offset into it.
        x.Push(Rax);
        x.Alu(X64Alu.And, Rax, -PageSize, true);
        x.Store(new X64Memory(Rdx, 0), Rax);
        x.Pop(Rax);

        // The entry is stamped with the generation, which counts from bit 3.
        x.Push(Rax);
        x.Push(Rdx);
        x.Load(Rax, NativeState.DataGeneration);
        x.Shift(X64Shift.Shr, Rax, BitOperations.Log2(SoftTlb.Most) - TlbEntry.StampShift, false);
        x.Alu(X64Alu.Or, Rax, (int)TlbEntry.Remembered, false);
        x.Alu(X64Alu.And, Rax, (int)TlbEntry.StampMask, false);
        x.Load(Rdx, new X64Memory(Rcx, TlbEntry.PhysicalOffset));
        x.Alu(X64Alu.And, Rdx, ~(int)TlbEntry.StampMask, true);
        x.Alu(X64Alu.Or, Rdx, Rax, true);
        x.Store(new X64Memory(Rcx, TlbEntry.PhysicalOffset), Rdx);
        x.Pop(Rdx);
        x.Pop(Rax);
        x.Load(Rcx, new X64Memory(Rcx, 16));
        x.Store(new X64Memory(Rdx, Site.AddendOffset), Rcx);
        x.Store(new X64Memory(Rdx, Site.LimitOffset), PageSize - size + 1, true);
        x.Alu(X64Alu.Sub, new X64Memory(Rdx, Site.TrialOffset), 1, true);
        X64Patch tried = x.Jump(X64Condition.Sign);
        x.ClearCarry();
        x.Return();
        x.Bind(miss);
        x.SetCarry();
        x.Return();
        x.Bind(tried);
        x.Push(Rax);
        x.Push(Rcx);
        x.Bind(x.Call(), judge);
        x.Pop(Rcx);
        x.Pop(Rax);
        x.ClearCarry();
        x.Return();
        return code;
    }

    private const int PageSize = 4096;

    /// <summary>Keeps on the stack what the compiler holds in vector registers, or takes it back.</summary>
    private static void MoveVectors(ref X64Emitter x, bool store)
    {
        const int Size = 16 * BlockCompiler.MostHeld;
        if (store)
        {
            x.Alu(X64Alu.Sub, Rsp, Size, true);
        }

        for (int i = 0; i < BlockCompiler.MostHeld; i++)
        {
            // movups.
            x.Vector(0, store ? (byte)0x11 : (byte)0x10, BlockCompiler.FirstHeld + i, new X64Memory(Rsp, 16 * i));
        }

        if (!store)
        {
            x.Alu(X64Alu.Add, Rsp, Size, true);
        }
    }

    private static void LoadPinned(ref X64Emitter x)
    {
        foreach ((int guest, X64Register host) in NativeState.Pinned)
        {
            x.Load(host, NativeState.Slot(guest));
        }
    }

    private static void StorePinned(ref X64Emitter x)
    {
        foreach ((int guest, X64Register host) in NativeState.Pinned)
        {
            x.Store(NativeState.Slot(guest), host);
        }
    }

    /// <summary>Decides whether a site that has missed often goes on; if not, its block is compiled again without it.</summary>
    [UnmanagedCallersOnly]
    private static void Judge(Pe* s, Site* site)
    {
        s->FromNative();
        long now = s->NativeEnd - s->NativeBudget;
        if (now - site->Since < Site.Misses * Site.WorthInstructions && site->Since != 0)
        {
            int index = (int)(site->Record - s->CodeBase);
            NativePage.Wanderers(s->CodeBase)[index] = 1;
            CodeCache pages = s->Owner.Code;
            pages.DropBlocks(s->CodeBase, index, 1);
            pages.Native!.Wanderers++;
        }

        site->Trial = Site.Misses;
        site->Since = now;
    }

    /// <summary>Executes one record; 1 where the next one follows, 0 where the dispatcher has to look.</summary>
    [UnmanagedCallersOnly]
    private static int StepOne(Pe* s, Rec* r)
    {
        s->FromNative();
        if ((Op)r->Op == Op.Decode)
        {
            // Another PE had the line dropped.
            Decoder.Decode(s, r);
        }

        s->NativeSteps[r->Op & ~Rec.Alternate]++;
        s->CodeDropped = 0;
        s->Observed.Flags = ObservedFlags.None;
        ulong generation = s->DataGeneration;
        ulong pc = Pe.PcOf(s, r);
        s->Pc = pc;
        bool next = SwitchCore.Step(s, r) && s->Pc == pc + 4 && s->CodeDropped == 0 && s->DataGeneration == generation;
        s->ToNative();
        return next ? 1 : 0;
    }

    /// <summary>As <see cref="StepOne"/>, by the core that observes, and noted.</summary>
    [UnmanagedCallersOnly]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ObserveOne(Pe* s, Rec* r)
    {
        s->FromNative();
        if (OpOf(r) == Op.Decode)
        {
            Decoder.Decode(s, r);
        }

        s->NativeSteps[(int)OpOf(r)]++;
        s->CodeDropped = 0;
        s->Observed.Flags = ObservedFlags.None;
        ulong pc = Pe.PcOf(s, r);
        s->Pc = pc;
        int went = ((delegate*<Pe*, Rec*, int>)ObservedCore.Operations[(int)OpOf(r)])(s, r);
        Note* note = s->NextNote++;
        note->Record = r;
        note->Kind = went == ObservedCore.Jump ? NoteKind.Jump : NoteKind.Access;
        note->Seen = s->Observed.Flags | (went == ObservedCore.Jump ? ObservedFlags.Taken : ObservedFlags.None);
        note->Bytes = s->Observed.Bytes;
        note->Va = went == ObservedCore.Jump ? s->Pc : s->Observed.Va;
        note->Pa = s->Observed.Pa;
        s->ObservedLeft = went == ObservedCore.Left ? (byte)1 : (byte)0;
        if (went == ObservedCore.Next)
        {
            s->Pc = pc + 4;
        }

        s->ToNative();
        return went == ObservedCore.Next && s->CodeDropped == 0 ? 1 : 0;
    }

    private static Op OpOf(Rec* r) => (Op)(r->Op & ~Rec.Alternate);
}
