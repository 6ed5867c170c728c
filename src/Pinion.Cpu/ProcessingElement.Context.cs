using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Decode;
using Pinion.Cpu.Exceptions;
using Pinion.Cpu.Interpreter;
using Pinion.Cpu.Jit;
using Pinion.Cpu.Mmu;
using Pinion.Cpu.Pmu;
using Pinion.Cpu.Profiling;
using Pinion.Cpu.State;
using Pinion.Cpu.Timer;

namespace Pinion.Cpu;

/// <content>Construction, PSTATE and what follows from its changes.</content>
public sealed unsafe partial class ProcessingElement
{
    /// <summary>Makes a PE in reset state: EL1h, everything masked, MMU off, PC 0.</summary>
    public ProcessingElement(PeConfiguration configuration)
    {
        Configuration = configuration;
        State = (Pe*)NativeMemory.AlignedAlloc((nuint)((sizeof(Pe) + 63) & ~63), 64);
        NativeMemory.Clear(State, (nuint)sizeof(Pe));
        _self = GCHandle.Alloc(this);
        State->OwnerHandle = GCHandle.ToIntPtr(_self);
        State->Handlers = Threaded.Handlers;
        NativeState.FillCompareFlags(State);
        State->ZF = 1;
        State->El = 1;
        State->SpSel = 1;
        State->Daif = 0xF;
        Exceptions = new ExceptionUnit(State, this);
        Mmu = new MemoryManagementUnit(State, configuration.Stage2, configuration.DataCaches);
        bool compiles = configuration.Engine is EngineKind.Auto or EngineKind.Block or EngineKind.Region && TailCallsWork;
        Code = new CodeCache(compiles ? configuration.CodeMemory : 0, regions: configuration.Engine is EngineKind.Auto or EngineKind.Region, decodesAhead: configuration.CompileAfter == 0);
        Timer = new GenericTimer(this);
        Pmu = new PerformanceMonitors(this);
        if (configuration.Profiling is { } profiling)
        {
            var port = new SpuPort(this);
            _spu = new Spu(profiling.Profile, port, port, profiling.Sink, configuration.Index, profiling.Options);
            _timing = new TimingModel(profiling.Timing);
            _recorder = new Recorder(this, _spu, _timing);
            Code.Dropping = _recorder.Settle;
            _truth = profiling.Truth;
            _truth?.Attach(configuration.Index, _spu, profiling.Timing);
            Pmu.SampleEvents = e => e switch
            {
                0 => _spu.SamplePop,
                1 => _spu.SampleFeed,
                2 => _spu.SampleFiltrate,
                _ => _spu.SampleCollision,
            };
        }

        _pollInterval = configuration.Time.IsDeterministic ? 0 : SliceLength / 2;
        UsesThreaded = configuration.Engine != EngineKind.Switch && TailCallsWork;
        ResetRegisters();
        configuration.Domain.Add(this);
    }

    /// <summary>
    /// Tail calls become jumps only where the JIT optimises and arguments travel in registers; elsewhere the chain of handlers would use up the stack.
    /// </summary>
    private static bool TailCallsWork => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64 && Environment.GetEnvironmentVariable("DOTNET_JITMinOpts") is null or "0";

    internal ExceptionUnit Exceptions { get; }

    internal MemoryManagementUnit Mmu { get; }

    internal CodeCache Code { get; }

    internal GenericTimer Timer { get; }

    internal PerformanceMonitors Pmu { get; }

    internal bool UsesThreaded { get; }

    /// <summary>Blocks are compiled to machine code.</summary>
    internal bool UsesNative => Code.Native is not null;

    internal ulong GetPstate()
    {
        Pe* s = State;
        ulong mode = s->El == 0 ? 0UL : s->SpSel != 0 ? 5UL : 4UL;
        return s->Nzcv | ((ulong)s->Pan << 22) | ((ulong)s->Ss << 21) | ((ulong)s->Il << 20) | ((ulong)s->Daif << 6) | mode;
    }

    internal void SetPstate(ulong spsr)
    {
        Pe* s = State;
        s->Nzcv = (uint)spsr & 0xF000_0000;
        s->Daif = (byte)((spsr >> 6) & 0xF);
        s->Il = (byte)((spsr >> 20) & 1);
        s->Ss = (byte)((spsr >> 21) & 1);
        s->Pan = (byte)((spsr >> 22) & 1);
        byte el = (byte)((spsr >> 2) & 1);
        byte sp = el == 0 ? (byte)0 : (byte)(spsr & 1);
        SwitchStack(el, sp);
        s->El = el;
        s->SpSel = sp;
        ContextChanged();
    }

    /// <summary>Puts the stack pointer of the coming EL and SPSel into X[31]; call before they change.</summary>
    internal void SwitchStack(byte el, byte spSel)
    {
        Pe* s = State;
        bool wasEl1 = s->El == 1 && s->SpSel != 0;
        bool isEl1 = el == 1 && spSel != 0;
        if (wasEl1 != isEl1)
        {
            s->Sys[(int)(wasEl1 ? SysRegId.SP_EL1 : SysRegId.SP_EL0)] = s->X[Pe.Sp];
            s->X[Pe.Sp] = s->Sys[(int)(isEl1 ? SysRegId.SP_EL1 : SysRegId.SP_EL0)];
        }
    }

    /// <summary>EL, PAN or what depends on them changed.</summary>
    internal void ContextChanged()
    {
        Mmu.SelectContext();
        State->CodeStale = 1;
        ulong fpen = (State->Sys[(int)SysRegId.CPACR_EL1] >> 20) & 3;
        _fpTrapped = fpen is 0 or 2 || (fpen == 1 && State->El == 0);
        _stepping = StepIsEnabled();
        _spuStale = true;
    }

    internal void SetExit(ExitReason reason)
    {
        _exit = reason;
        State->Leave = (int)LeaveReason.ExitToHypervisor;
    }

    private ExitReason _exit;

    // CPACR_EL1.FPEN traps FP and AdvSIMD at the current EL: every instruction is then looked at before it is executed.
    private bool _fpTrapped;

    private bool NeedsCare => _fpTrapped;

    /// <summary>Frees the state. The PE must not be running.</summary>
    public void Dispose()
    {
        Configuration.Domain.Remove(this);
        if (_self.IsAllocated)
        {
            _recorder?.Dispose();
            Mmu.Dispose();
            Code.Dispose();
            _self.Free();
            NativeMemory.AlignedFree(State);
        }
    }
}
