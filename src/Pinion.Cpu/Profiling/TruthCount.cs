using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>All executions of one operation.</summary>
/// <param name="el">Exception level, 0 or 1.</param>
/// <param name="contextId">CONTEXTIDR_EL1: the process, where Linux is built with CONFIG_PID_IN_CONTEXTIDR.</param>
/// <param name="pc">Virtual address.</param>
/// <param name="operationClass">Class of the Operation type packet. With the payload it tells apart what stood at one address one after the other.</param>
/// <param name="operation">Payload of the Operation type packet.</param>
/// <param name="outcomes">The timing model sees every execution.</param>
public sealed class TruthCount(int el, uint contextId, ulong pc, SpeOperationClass operationClass, byte operation, bool outcomes)
{
    private SampleFates? _fates;

    /// <summary>Exception level, 0 or 1.</summary>
    public int El => el;

    /// <summary>CONTEXTIDR_EL1.</summary>
    public uint ContextId => contextId;

    /// <summary>Virtual address.</summary>
    public ulong Pc => pc;

    /// <summary>Class of the Operation type packet.</summary>
    public SpeOperationClass OperationClass => operationClass;

    /// <summary>Payload of the Operation type packet.</summary>
    public byte Operation => operation;

    /// <summary>Sums over what records of all executions would say.</summary>
    public SpeSums Sums { get; } = new(outcomes);

    /// <summary>Another operation that was executed at the same address.</summary>
    internal TruthCount? Next { get; set; }

    /// <summary>What became of the executions that were selected; null where none was.</summary>
    public SampleFates? Fates => _fates;

    internal void Met(SampleFate fate) => (_fates ??= new())[fate]++;

    internal bool Is(SpeOperationClass otherClass, byte otherOperation) => otherClass == operationClass && otherOperation == operation;

    /// <summary>Adds what another PE executed of the same operation.</summary>
    internal void Add(TruthCount other)
    {
        Sums.Add(other.Sums);
        if (other._fates is { } fates)
        {
            (_fates ??= new()).Add(fates);
        }
    }
}

/// <summary>How the profiling units were set when they selected operations of one process.</summary>
/// <param name="ContextId">CONTEXTIDR_EL1.</param>
/// <param name="Interval">PMSIRR_EL1.</param>
/// <param name="Filters">PMSFCR_EL1.</param>
public readonly record struct TruthSetting(uint ContextId, Pmsirr Interval, Pmsfcr Filters);

/// <summary>What one profiling unit did in the whole run.</summary>
/// <param name="Pe">Index of its PE.</param>
/// <param name="Population">Operations executed while sampling was enabled at their Exception level.</param>
/// <param name="Stopped">Operations that would have been members too, had a buffer event not stopped the unit.</param>
/// <param name="Fates">What became of the operations it selected.</param>
public sealed record TruthUnit(int Pe, ulong Population, ulong Stopped, SampleFates Fates);
