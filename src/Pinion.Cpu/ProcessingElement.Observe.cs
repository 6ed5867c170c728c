using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Observing mode: one instruction at a time, with all that it did.</content>
public sealed unsafe partial class ProcessingElement
{
    private readonly Profiler? _profiler = null;

    private bool NeedsCare => _fpTrapped;

    private void Observe(ulong n) => RunSwitch(n);
}

internal sealed class Profiler
{
    public void Reevaluate()
    {
    }

    public ulong FastInstructions(ulong n) => n;

    public ulong Read(Pinion.Arm.SystemRegisters.SysRegId id) => 0;

    public void Write(Pinion.Arm.SystemRegisters.SysRegId id, ulong value)
    {
    }
}
