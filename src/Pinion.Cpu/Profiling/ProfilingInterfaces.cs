namespace Pinion.Cpu.Profiling;

/// <summary>Why a write to the profiling buffer could not be translated.</summary>
/// <param name="Stage2">The fault is stage 2's (PMBSR_EL1.EC 0x25), not stage 1's (0x24).</param>
/// <param name="FaultStatusCode">Fault status code as in ESR_ELx.DFSC, 6 bits.</param>
public readonly record struct SpuFault(bool Stage2, byte FaultStatusCode);

/// <summary>
/// The profiling unit's way to memory: the EL1&amp;0 regime with the current tables, as a privileged write that ignores PAN, E0PD and tags, then
/// stage 2 (Arm ARM D17.7.6). Called on the PE's own thread.
/// </summary>
public interface IProfilingMemory
{
    /// <summary>
    /// Translates <paramref name="va"/> for a write. True: <paramref name="host"/> is the host address of that very byte, and the rest of its 4 KiB page follows it.
    /// False: <paramref name="fault"/> says why; no exception is taken and ESR, FAR and HPFAR stay as they are.
    /// </summary>
    bool TryTranslate(ulong va, out nint host, out SpuFault fault);
}

/// <summary>The counts a record's timestamp can hold.</summary>
public interface IProfilingClock
{
    /// <summary>CNTPCT_EL0 as EL1 sees it.</summary>
    ulong PhysicalCount { get; }

    /// <summary>CNTVCT_EL0: the physical count less CNTVOFF_EL2.</summary>
    ulong VirtualCount { get; }
}

/// <summary>Gets a copy of every record on the host's side, in the order of one PE: by one thread at a time for each, that PE's or one that makes its records. What it throws comes out of the PE's Run.</summary>
public interface ISpeRecordSink
{
    /// <summary>Takes one whole record; <paramref name="record"/> is only valid during the call.</summary>
    /// <param name="pe">Index of the PE.</param>
    /// <param name="record">The bytes the guest finds in its buffer.</param>
    void Append(int pe, ReadOnlySpan<byte> record);
}
