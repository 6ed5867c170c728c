using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store;

/// <summary>Makes a row of table sample of each sample.</summary>
internal sealed class SampleLoading(SpeTrace trace, CodePlaces places, TaskNumbers tasks, RunLoad load, Action<long>? progress, CancellationToken cancellation) : ISampleVisitor
{
    private const int ReportEvery = 4096;

    private readonly CodePlaces.Cache _places = new(places);
    private readonly List<ulong> _addresses = [];
    private readonly long[] _values = new long[StoreSchema.Sample.Columns.Count];
    private readonly bool _hasTime = trace.Time.Multiplier != 0;
    private uint _present;
    private (uint Thread, int Name) _lastTask;
    private int _lastTaskNumber = -1;

    /// <summary>Samples so far.</summary>
    public long Count { get; private set; }

    public void Visit(in SpeRecord record, in SampleOrigin origin)
    {
        _present = 0;
        Set(SampleColumn.Run, load.Run);
        Set(SampleColumn.Sequence, Count);
        Set(SampleColumn.Cpu, origin.Cpu);
        Set(SampleColumn.Class, (long)ProfileCounts.Classify(record));
        SetPlace(record, origin);
        SetTask(origin);
        SetPackets(record);
        SetCounters(record);
        load.AddSample(_values, _present);
        if (++Count % ReportEvery == 0)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(Count);
        }
    }

    private void SetPlace(in SpeRecord record, in SampleOrigin origin)
    {
        int place = _places.NumberOf(record, origin);
        if (place < 0)
        {
            return;
        }

        while (_addresses.Count <= place)
        {
            _addresses.Add(places[_addresses.Count].Pc);
        }

        Set(SampleColumn.Place, place);
        Set(SampleColumn.Level, record.ExceptionLevel);
        if (_addresses[place] != record.Pc)
        {
            Set(SampleColumn.Pc, (long)record.Pc);
        }
    }

    private void SetTask(in SampleOrigin origin)
    {
        if (origin.Thread is not uint thread)
        {
            return;
        }

        if (_lastTaskNumber < 0 || _lastTask != (thread, origin.Name))
        {
            _lastTask = (thread, origin.Name);
            _lastTaskNumber = tasks.NumberOf(thread, origin.Name);
        }

        Set(_lastTaskNumber < 0 ? SampleColumn.Thread : SampleColumn.Task, _lastTaskNumber < 0 ? thread : _lastTaskNumber);
    }

    private void SetPackets(in SpeRecord record)
    {
        if (record.Has(SpeFields.Timestamp))
        {
            Set(SampleColumn.TimerCount, (long)record.Timestamp);
            if (_hasTime && trace.Time.ToNanoseconds(record.Timestamp) is ulong time and not 0)
            {
                Set(SampleColumn.Time, (long)time);
            }
        }

        if (record.Has(SpeFields.Events))
        {
            Set(SampleColumn.Events, (long)record.Events);
        }

        if (record.Has(SpeFields.DataVirtual))
        {
            Set(SampleColumn.DataVirtual, (long)record.DataVirtual);
        }

        if (record.Has(SpeFields.DataPhysical))
        {
            Set(SampleColumn.DataPhysical, (long)record.DataPhysical);
        }

        if (record.Has(SpeFields.BranchTarget))
        {
            Set(SampleColumn.BranchTarget, (long)record.BranchTarget);
        }

        if (record.Has(SpeFields.PreviousBranchTarget))
        {
            Set(SampleColumn.PreviousTarget, (long)SpeAddress.ToVirtual(record.PreviousBranchTargetPayload));
        }

        if (record.Has(SpeFields.DataSource))
        {
            Set(SampleColumn.Source, record.DataSource);
        }

        if (record.Has(SpeFields.Operation))
        {
            Set(SampleColumn.Operation, ((int)record.OperationClass << 8) | record.Operation);
        }
    }

    private void SetCounters(in SpeRecord record)
    {
        if (record.Has(SpeFields.TotalLatency))
        {
            Set(SampleColumn.TotalLatency, record.TotalLatency);
        }

        if (record.Has(SpeFields.IssueLatency))
        {
            Set(SampleColumn.IssueLatency, record.IssueLatency);
        }

        if (record.Has(SpeFields.TranslationLatency))
        {
            Set(SampleColumn.TranslationLatency, record.TranslationLatency);
        }

        if (record.Has(SpeFields.AlternateClockIssueLatency))
        {
            Set(SampleColumn.AlternateLatency, record.AlternateClockIssueLatency);
        }
    }

    private void Set(SampleColumn column, long value)
    {
        _values[(int)column] = value;
        _present |= 1u << (int)column;
    }
}
