using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Reset by the owner of EL2.</content>
public sealed unsafe partial class ProcessingElement
{
    private const ulong ResetPstate = 0x3C5;

    /// <summary>
    /// Warm reset: EL1h, everything masked, MMU off, timers off, general and vector registers and PC zero. The PE must not be running. <see cref="Executed"/> goes on.
    /// </summary>
    public void Reset()
    {
        Pe* s = State;
        Timer.Reset();
        Spu?.Reset();
        SetPstate(ResetPstate);
        NativeMemory.Clear(s->X, 34 * sizeof(ulong));
        NativeMemory.Clear(s->V, 64 * sizeof(ulong));
        NativeMemory.Clear(s->Sys, Pe.SysCount * sizeof(ulong));
        s->Pc = 0;
        s->Nzcv = 0;
        s->ExclusiveValid = 0;
        s->EventRegister = 0;
        ResetRegisters();
        ResetPmu();
        Mmu.FlushAll();
    }

    private void ResetPmu()
    {
        const ulong ResetCounters = 6;
        WriteSystemRegister(SysRegId.PMCNTENCLR_EL0, uint.MaxValue);
        WriteSystemRegister(SysRegId.PMINTENCLR_EL1, uint.MaxValue);
        WriteSystemRegister(SysRegId.PMOVSCLR_EL0, uint.MaxValue);
        WriteSystemRegister(SysRegId.PMUSERENR_EL0, 0);
        WriteSystemRegister(SysRegId.PMCR_EL0, ResetCounters);
        WriteSystemRegister(SysRegId.PMCR_EL0, 0);
    }
}
