namespace Pinion.Cpu.Profiling;

/// <summary>One cache: size and associativity; lines are <see cref="TimingParameters.LineBytes"/> long.</summary>
/// <param name="Bytes">Capacity in bytes; a power of two.</param>
/// <param name="Ways">Lines of a set; a power of two.</param>
public readonly record struct CacheGeometry(int Bytes, int Ways);

/// <summary>
/// Every number of the timing model, in one table. Cycles are core cycles. Sources: [TRM] Arm Neoverse N1 Technical Reference Manual; [SOG] Arm Neoverse N1 Software Optimization
/// Guide; [SDP] the N1SDP board; [OBS] records seen on Ampere Altra; [CHOICE] ours, with the reason.
/// </summary>
public sealed record TimingParameters
{
    /// <summary>Neoverse N1, alone on a system level cache of 8 MiB.</summary>
    public static TimingParameters NeoverseN1 { get; } = new();

    // Caches. Physically indexed, least recently used, stores allocate.

    /// <summary>Cache line in bytes, of every level [TRM].</summary>
    public const int LineBytes = 64;

    /// <summary>L1 data cache: 64 KiB, 4-way [TRM].</summary>
    public CacheGeometry L1Data { get; init; } = new(64 << 10, 4);

    /// <summary>L2 cache: 1 MiB, 8-way [TRM].</summary>
    public CacheGeometry L2 { get; init; } = new(1 << 20, 8);

    /// <summary>System level cache: 8 MiB [SDP], 16-way [CHOICE]. Every PE sees one of its own, so that its timing does not depend on how host threads interleave.</summary>
    public CacheGeometry SystemCache { get; init; } = new(8 << 20, 16);

    /// <summary>Cycles a load adds to its L1 latency when L2 has the line: 11 load-to-use in all [TRM].</summary>
    public int L2ExtraCycles { get; init; } = 7;

    /// <summary>The same for the system cache: about 35 ns at 2.6 GHz [OBS: 60 to 165 in all].</summary>
    public int SystemCacheExtraCycles { get; init; } = 86;

    /// <summary>The same for DRAM: about 95 ns at 2.6 GHz [OBS: 250 in all].</summary>
    public int DramExtraCycles { get; init; } = 246;

    /// <summary>A load or store that crosses a line makes a second access [SOG].</summary>
    public int LineCrossingCycles { get; init; } = 1;

    // Stream prefetcher, trained by the L1 misses of one instruction, works within a page.

    /// <summary>Instructions followed at once; a power of two [CHOICE].</summary>
    public int Streams { get; init; } = 64;

    /// <summary>Misses in one direction before a stream is fetched ahead [CHOICE].</summary>
    public int StreamConfidence { get; init; } = 2;

    /// <summary>Largest distance in lines from one miss of a stream to the next.</summary>
    public int StreamReach { get; init; } = 4;

    /// <summary>Lines brought to L1 ahead of a miss [CHOICE].</summary>
    public int PrefetchL1Lines { get; init; } = 2;

    /// <summary>Lines brought to L2 ahead of a miss [CHOICE].</summary>
    public int PrefetchL2Lines { get; init; } = 8;

    // Translation. Every translation counts as a 4 KiB page: what the tables say of blocks does not reach the model.

    /// <summary>L1 data TLB, fully associative [TRM].</summary>
    public int DataTlbEntries { get; init; } = 48;

    /// <summary>Sets of the L2 TLB: 1280 entries, 5-way [TRM].</summary>
    public int L2TlbSets { get; init; } = 256;

    /// <summary>Ways of the L2 TLB [TRM].</summary>
    public int L2TlbWays { get; init; } = 5;

    /// <summary>Translation latency reported on an L1 TLB hit; hidden in the load's latency [OBS].</summary>
    public int DataTlbHitCycles { get; init; } = 1;

    /// <summary>Cycles an L2 TLB hit adds [TRM: 5].</summary>
    public int L2TlbExtraCycles { get; init; } = 5;

    /// <summary>Cycles of a table walk beside its descriptor reads [CHOICE].</summary>
    public int WalkBaseCycles { get; init; } = 12;

    /// <summary>Level 2 descriptors the walker keeps, each for 2 MiB; a walk that finds one reads only the level 3 descriptor [CHOICE].</summary>
    public int WalkCacheEntries { get; init; } = 32;

    // Branch prediction.

    /// <summary>2-bit counters indexed by address, and choosers between the two direction predictors; a power of two [CHOICE].</summary>
    public int BimodalEntries { get; init; } = 8192;

    /// <summary>2-bit counters indexed by address and history; a power of two [CHOICE].</summary>
    public int HistoryEntries { get; init; } = 16384;

    /// <summary>Outcomes of conditional branches in the history [CHOICE: as many as index the table].</summary>
    public int HistoryLength { get; init; } = 14;

    /// <summary>Branch target buffer: 6K entries on N1 [TRM], rounded down to a power of two, direct-mapped.</summary>
    public int TargetBufferEntries { get; init; } = 4096;

    /// <summary>Targets of indirect branches, by address and path; a power of two [CHOICE].</summary>
    public int IndirectEntries { get; init; } = 1024;

    /// <summary>Return stack; a power of two [CHOICE: 16, N1 does not say].</summary>
    public int ReturnStackEntries { get; init; } = 16;

    /// <summary>Cycles from a mispredicted branch's completion to the next dispatch: N1's pipeline is 11 deep [SOG].</summary>
    public int MispredictCycles { get; init; } = 11;

    /// <summary>Cycles of front end lost to a taken branch that the target buffer does not know but decode does [CHOICE].</summary>
    public int TargetMissCycles { get; init; } = 4;

    // Pipeline.

    /// <summary>Operations dispatched per cycle; a power of two [TRM: 4-wide decode].</summary>
    public int DispatchWidth { get; init; } = 4;

    /// <summary>Operations between dispatch and retirement [TRM: 128].</summary>
    public int ReorderEntries { get; init; } = 128;

    /// <summary>Cycles from dispatch to the earliest issue [OBS: smallest ISSUE of 2].</summary>
    public int MinimumIssueCycles { get; init; } = 2;

    /// <summary>
    /// Accesses that can wait for operands before dispatch stalls. Small, so that a chain of dependent misses shows an ISSUE of about one memory latency, as
    /// observed (337 of 501 cycles), not the chain's whole length [OBS].
    /// </summary>
    public int WaitingAccesses { get; init; } = 1;

    /// <summary>Cycles from the completion of an exception, ERET or ISB to the next dispatch [CHOICE: a pipeline refill].</summary>
    public int FlushCycles { get; init; } = 11;

    // Latencies from issue to completion, typical where they depend on the data. [SOG] except where noted.

    /// <summary>Integer operations without shift; moves, bitfields, conditional select and compare.</summary>
    public int Alu { get; init; } = 1;

    /// <summary>Additions of a shifted or extended register, BFM, EXTR.</summary>
    public int AluShifted { get; init; } = 2;

    /// <summary>MADD and its kind.</summary>
    public int Multiply { get; init; } = 3;

    /// <summary>SMULH, UMULH.</summary>
    public int MultiplyHigh { get; init; } = 5;

    /// <summary>Integer division: 5 to 20.</summary>
    public int Divide { get; init; } = 12;

    /// <summary>CRC32.</summary>
    public int Crc { get; init; } = 2;

    /// <summary>Any branch.</summary>
    public int Branch { get; init; } = 1;

    /// <summary>Load of general registers that hits L1.</summary>
    public int Load { get; init; } = 4;

    /// <summary>Load of a vector register that hits L1.</summary>
    public int LoadSimd { get; init; } = 5;

    /// <summary>LD1 to LD4 that hit L1: 5 to 8.</summary>
    public int LoadStructure { get; init; } = 6;

    /// <summary>Store: until it is in the store buffer [OBS: TOT 6].</summary>
    public int Store { get; init; } = 4;

    /// <summary>Atomic on a line that L1 has; executed near, whatever level the line comes from [CHOICE].</summary>
    public int Atomic { get; init; } = 8;

    /// <summary>DMB, DSB, ISB; DSB also waits for everything older [CHOICE].</summary>
    public int Barrier { get; init; } = 4;

    /// <summary>MRS, MSR, SYS [CHOICE].</summary>
    public int System { get; init; } = 5;

    /// <summary>SVC and other operations that take an exception [CHOICE].</summary>
    public int ExceptionEntry { get; init; } = 10;

    /// <summary>ERET [CHOICE].</summary>
    public int ExceptionReturn { get; init; } = 10;

    /// <summary>FP moves, FABS, FNEG.</summary>
    public int FpMove { get; init; } = 2;

    /// <summary>Vector to general register.</summary>
    public int FpTransferToGeneral { get; init; } = 2;

    /// <summary>General register to vector.</summary>
    public int FpTransferFromGeneral { get; init; } = 3;

    /// <summary>FP addition, comparison, minimum and maximum, conditional select.</summary>
    public int FpAdd { get; init; } = 2;

    /// <summary>FP multiplication.</summary>
    public int FpMultiply { get; init; } = 3;

    /// <summary>Fused multiply-add.</summary>
    public int FpMultiplyAdd { get; init; } = 4;

    /// <summary>FP conversion and rounding, estimates.</summary>
    public int FpConvert { get; init; } = 3;

    /// <summary>FP division: 7 to 15.</summary>
    public int FpDivide { get; init; } = 12;

    /// <summary>FP square root: 7 to 17.</summary>
    public int FpSquareRoot { get; init; } = 13;

    /// <summary>AdvSIMD integer operations, permutes, moves.</summary>
    public int SimdAlu { get; init; } = 2;

    /// <summary>AdvSIMD integer multiplication: 4 or 5.</summary>
    public int SimdMultiply { get; init; } = 4;

    /// <summary>AdvSIMD reductions: 3 to 6.</summary>
    public int SimdReduce { get; init; } = 5;

    /// <summary>AES and SHA: 2 to 4.</summary>
    public int Crypto { get; init; } = 3;

    /// <summary>The latency of a class.</summary>
    internal int Latency(LatencyClass latencyClass) => latencyClass switch
    {
        LatencyClass.Alu => Alu,
        LatencyClass.AluShifted => AluShifted,
        LatencyClass.Multiply => Multiply,
        LatencyClass.MultiplyHigh => MultiplyHigh,
        LatencyClass.Divide => Divide,
        LatencyClass.Crc => Crc,
        LatencyClass.Branch => Branch,
        LatencyClass.Load => Load,
        LatencyClass.LoadSimd => LoadSimd,
        LatencyClass.LoadStructure => LoadStructure,
        LatencyClass.Store => Store,
        LatencyClass.Atomic => Atomic,
        LatencyClass.Barrier => Barrier,
        LatencyClass.System => System,
        LatencyClass.ExceptionEntry => ExceptionEntry,
        LatencyClass.ExceptionReturn => ExceptionReturn,
        LatencyClass.FpMove => FpMove,
        LatencyClass.FpTransferToGeneral => FpTransferToGeneral,
        LatencyClass.FpTransferFromGeneral => FpTransferFromGeneral,
        LatencyClass.FpAdd => FpAdd,
        LatencyClass.FpMultiply => FpMultiply,
        LatencyClass.FpMultiplyAdd => FpMultiplyAdd,
        LatencyClass.FpConvert => FpConvert,
        LatencyClass.FpDivide => FpDivide,
        LatencyClass.FpSquareRoot => FpSquareRoot,
        LatencyClass.SimdAlu => SimdAlu,
        LatencyClass.SimdMultiply => SimdMultiply,
        LatencyClass.SimdReduce => SimdReduce,
        LatencyClass.Crypto => Crypto,
        _ => throw new ArgumentOutOfRangeException(nameof(latencyClass)),
    };
}
