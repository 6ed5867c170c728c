using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// Sees the population that samples are drawn from: every operation that a PE executes while sampling is enabled at its Exception level (Arm ARM D17.3), whether or not
/// it is selected. Called on that PE's own thread.
/// </summary>
public interface ITruthObserver
{
    /// <summary>A PE is made that will be observed.</summary>
    /// <param name="pe">Index of the PE. One that is made again replaces the one before.</param>
    /// <param name="unit">Its profiling unit, to be read while the PE does not run, or during the two calls below.</param>
    /// <param name="timing">Which operations feed the timing model. Unless that is all of them, what <see cref="Execute"/> is told of latencies, caches, TLBs and predictions means nothing.</param>
    void Attach(int pe, Spu unit, TimingMode timing);

    /// <summary>An operation has executed. One that takes an exception and is executed again comes twice, as it does in the population.</summary>
    /// <param name="pe">Index of the PE.</param>
    /// <param name="contextId">CONTEXTIDR_EL1 when it executed.</param>
    /// <param name="operation">What a record of it says, without context, timestamp and physical address.</param>
    void Execute(int pe, uint contextId, in SpeRecord operation);

    /// <summary>The operation that was executed last is the selected one. Comes after <see cref="Execute"/>.</summary>
    /// <param name="pe">Index of the PE.</param>
    /// <param name="contextId">CONTEXTIDR_EL1 when it executed.</param>
    /// <param name="operation">What <see cref="Execute"/> was told.</param>
    /// <param name="fate">What became of it.</param>
    void Select(int pe, uint contextId, in SpeRecord operation, SampleFate fate);
}
