namespace Pinion.Trace.Store.Schema;

/// <summary>Columns of table sample, in their order.</summary>
internal enum SampleColumn
{
    Sequence,
    TimerCount,
    Time,
    Events,
    DataVirtual,
    DataPhysical,
    BranchTarget,
    PreviousTarget,
    Pc,
    Thread,
    Run,
    Place,
    Task,
    Cpu,
    TotalLatency,
    IssueLatency,
    TranslationLatency,
    AlternateLatency,
    Source,
    Class,
    Level,
    Operation,
}
