using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store;

/// <summary>A run on its way into a database. First all samples, then <see cref="EndSamples"/>, then the tables, run first, then <see cref="Commit"/>; without it nothing is left.</summary>
internal abstract class RunLoad : IDisposable
{
    /// <summary>Number of the run.</summary>
    public abstract int Run { get; }

    /// <summary>Adds a row to table sample.</summary>
    /// <param name="values">A value for each <see cref="SampleColumn"/>.</param>
    /// <param name="present">Bit n: column n has its value; else it is NULL.</param>
    public abstract void AddSample(ReadOnlySpan<long> values, uint present);

    /// <summary>There are no more samples.</summary>
    public abstract void EndSamples();

    /// <summary>Adds the run's row; false where its name is taken.</summary>
    public abstract bool TryAddRun(object?[] row);

    /// <summary>Adds rows to a table of the run.</summary>
    public abstract void Add(Table table, IEnumerable<object?[]> rows);

    /// <summary>Keeps everything.</summary>
    public abstract void Commit();

    public abstract void Dispose();
}
