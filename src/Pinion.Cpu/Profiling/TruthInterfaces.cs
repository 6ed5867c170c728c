namespace Pinion.Cpu.Profiling;

/// <summary>
/// Sees the population that samples are drawn from: every operation that a PE executes while sampling is enabled at its Exception level (Arm ARM D17.3), whether or not
/// it is selected. Called on that PE's own thread, before the operation has any effect.
/// </summary>
public interface ITruthObserver
{
    /// <summary>An operation is about to execute. One that takes an exception and is executed again comes twice, as it does in the population.</summary>
    /// <param name="pe">Index of the PE.</param>
    /// <param name="el">Exception level, 0 or 1.</param>
    /// <param name="contextId">CONTEXTIDR_EL1.</param>
    /// <param name="pc">Virtual address of the instruction.</param>
    void Execute(int pe, int el, uint contextId, ulong pc);
}

/// <summary>How often the instruction at one address was executed.</summary>
/// <param name="El">Exception level, 0 or 1.</param>
/// <param name="ContextId">CONTEXTIDR_EL1: the process, where Linux is built with CONFIG_PID_IN_CONTEXTIDR.</param>
/// <param name="Pc">Virtual address.</param>
/// <param name="Count">Executions, all PEs together.</param>
public readonly record struct TruthCount(int El, uint ContextId, ulong Pc, ulong Count);
