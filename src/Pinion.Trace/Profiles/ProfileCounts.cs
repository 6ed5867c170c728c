using Pinion.Arm.Spe;

namespace Pinion.Trace.Profiles;

/// <summary>Class of an operation in a profile; every sample is in exactly one.</summary>
public enum ProfileClass
{
    /// <summary>No operation type packet.</summary>
    None,
    Load,
    Store,
    Atomic,
    Branch,

    /// <summary>SIMD, SVE, SME or floating-point that is no load or store; needs PMSIDR_EL1.FPF or SVE.</summary>
    FpSimd,
    Other,
}

/// <summary>What is summed over samples, beside the numbers of each class, Exception level and data source.</summary>
public enum ProfileSum
{
    Samples,

    /// <summary>Samples with total latency.</summary>
    WithTotalLatency,

    /// <summary>Their cycles.</summary>
    TotalLatency,
    WithIssueLatency,
    IssueLatency,
    WithTranslationLatency,
    TranslationLatency,
    RemoteAccesses,
    Mispredicted,
    NotTaken,
    L1DataRefills,
    LastLevelMisses,
    TlbWalks,
    Exceptions,
}

/// <summary>Sums over samples.</summary>
public sealed class ProfileCounts
{
    /// <summary>Data sources counted one by one; every other encoding is counted in the last element.</summary>
    public const int DataSources = 17;

    /// <summary>Classes; the numbers of <see cref="ProfileClass"/> are below it.</summary>
    public const int Classes = 7;

    /// <summary>Exception levels.</summary>
    public const int Levels = 4;

    /// <summary>Sums; the numbers of <see cref="ProfileSum"/> are below it.</summary>
    public const int Sums = 14;

    private readonly long[] _sums = new long[Sums];
    private readonly long[] _classes = new long[Classes];
    private readonly long[] _levels = new long[Levels];
    private readonly long[] _dataSources = new long[DataSources];

    /// <param name="histograms">Keep histograms of the latencies.</param>
    public ProfileCounts(bool histograms = false)
    {
        if (histograms)
        {
            (TotalHistogram, IssueHistogram, TranslationHistogram) = (new(), new(), new());
        }
    }

    /// <summary>Sums that were made elsewhere, for example by a database.</summary>
    /// <param name="sums">In the order of <see cref="ProfileSum"/>.</param>
    /// <param name="classes">In the order of <see cref="ProfileClass"/>.</param>
    /// <param name="levels">By Exception level.</param>
    /// <param name="dataSources"><see cref="DataSources"/> of them.</param>
    /// <param name="histograms">Keep histograms of the latencies, which the caller fills.</param>
    public ProfileCounts(ReadOnlySpan<long> sums, ReadOnlySpan<long> classes, ReadOnlySpan<long> levels, ReadOnlySpan<long> dataSources, bool histograms = false)
        : this(histograms)
    {
        sums.CopyTo(_sums);
        classes.CopyTo(_classes);
        levels.CopyTo(_levels);
        dataSources.CopyTo(_dataSources);
    }

    public long Samples => this[ProfileSum.Samples];

    /// <summary>Samples with total latency, and their cycles.</summary>
    public long WithTotalLatency => this[ProfileSum.WithTotalLatency];

    public long TotalLatency => this[ProfileSum.TotalLatency];

    /// <summary>Samples with issue latency, and their cycles.</summary>
    public long WithIssueLatency => this[ProfileSum.WithIssueLatency];

    public long IssueLatency => this[ProfileSum.IssueLatency];

    /// <summary>Samples with translation latency, and their cycles.</summary>
    public long WithTranslationLatency => this[ProfileSum.WithTranslationLatency];

    public long TranslationLatency => this[ProfileSum.TranslationLatency];

    /// <summary>Total latencies by size; null where they were not asked for.</summary>
    public LatencyHistogram? TotalHistogram { get; }

    /// <summary>Issue latencies by size; null where they were not asked for.</summary>
    public LatencyHistogram? IssueHistogram { get; }

    /// <summary>Translation latencies by size; null where they were not asked for.</summary>
    public LatencyHistogram? TranslationHistogram { get; }

    /// <summary>Accesses that another chip served: the event, or the data source of Arm's common encoding.</summary>
    public long RemoteAccesses => this[ProfileSum.RemoteAccesses];

    public long Mispredicted => this[ProfileSum.Mispredicted];

    public long NotTaken => this[ProfileSum.NotTaken];

    public long L1DataRefills => this[ProfileSum.L1DataRefills];

    public long LastLevelMisses => this[ProfileSum.LastLevelMisses];

    public long TlbWalks => this[ProfileSum.TlbWalks];

    public long Exceptions => this[ProfileSum.Exceptions];

    public double? MeanTotalLatency => WithTotalLatency == 0 ? null : (double)TotalLatency / WithTotalLatency;

    public double? MeanIssueLatency => WithIssueLatency == 0 ? null : (double)IssueLatency / WithIssueLatency;

    public double? MeanTranslationLatency => WithTranslationLatency == 0 ? null : (double)TranslationLatency / WithTranslationLatency;

    /// <summary>Mispredicted branches among all sampled branches, 0 to 1.</summary>
    public double? MispredictShare => Of(ProfileClass.Branch) == 0 ? null : (double)Mispredicted / Of(ProfileClass.Branch);

    /// <summary>One of the sums.</summary>
    public long this[ProfileSum sum] => _sums[(int)sum];

    /// <summary>Samples of one class.</summary>
    public long Of(ProfileClass operationClass) => _classes[(int)operationClass];

    /// <summary>Samples with a PC at one Exception level, 0 to 3.</summary>
    public long AtLevel(int exceptionLevel) => _levels[exceptionLevel];

    /// <summary>Samples with data source <paramref name="source"/>; the last index counts all encodings from there on.</summary>
    public long FromSource(int source) => _dataSources[source];

    public void Add(in SpeRecord record)
    {
        Count(ProfileSum.Samples);
        _classes[(int)Classify(record)]++;
        if (record.Has(SpeFields.Pc))
        {
            _levels[record.ExceptionLevel]++;
        }

        if (record.Has(SpeFields.TotalLatency))
        {
            Count(ProfileSum.WithTotalLatency);
            Count(ProfileSum.TotalLatency, record.TotalLatency);
            TotalHistogram?.Add(record.TotalLatency);
        }

        if (record.Has(SpeFields.IssueLatency))
        {
            Count(ProfileSum.WithIssueLatency);
            Count(ProfileSum.IssueLatency, record.IssueLatency);
            IssueHistogram?.Add(record.IssueLatency);
        }

        if (record.Has(SpeFields.TranslationLatency))
        {
            Count(ProfileSum.WithTranslationLatency);
            Count(ProfileSum.TranslationLatency, record.TranslationLatency);
            TranslationHistogram?.Add(record.TranslationLatency);
        }

        if (IsRemote(record))
        {
            Count(ProfileSum.RemoteAccesses);
        }

        if (record.Has(SpeFields.DataSource))
        {
            _dataSources[Math.Min((int)record.DataSource, DataSources - 1)]++;
        }

        if (record.Has(SpeFields.Events))
        {
            Count(ProfileSum.Mispredicted, record, SpeEvents.Mispredicted);
            Count(ProfileSum.NotTaken, record, SpeEvents.NotTaken);
            Count(ProfileSum.L1DataRefills, record, SpeEvents.L1DataRefill);
            Count(ProfileSum.LastLevelMisses, record, SpeEvents.LastLevelMiss);
            Count(ProfileSum.TlbWalks, record, SpeEvents.TlbWalk);
            Count(ProfileSum.Exceptions, record, SpeEvents.Exception);
        }
    }

    /// <summary>Adds the sums of other samples.</summary>
    public void Add(ProfileCounts other)
    {
        AddEach(_sums, other._sums);
        AddEach(_classes, other._classes);
        AddEach(_levels, other._levels);
        AddEach(_dataSources, other._dataSources);
        AddHistogram(TotalHistogram, other.TotalHistogram);
        AddHistogram(IssueHistogram, other.IssueHistogram);
        AddHistogram(TranslationHistogram, other.TranslationHistogram);
    }

    /// <summary>Sets everything to 0.</summary>
    public void Clear()
    {
        Array.Clear(_sums);
        Array.Clear(_classes);
        Array.Clear(_levels);
        Array.Clear(_dataSources);
        TotalHistogram?.Clear();
        IssueHistogram?.Clear();
        TranslationHistogram?.Clear();
    }

    /// <summary>Whether another chip served the access.</summary>
    public static bool IsRemote(in SpeRecord record) =>
        (record.Has(SpeFields.Events) && (record.Events & SpeEvents.RemoteAccess) != 0)
        || (record.Has(SpeFields.DataSource) && record.DataSource == (ushort)SpeDataSource.Remote);

    private static void AddHistogram(LatencyHistogram? sum, LatencyHistogram? other)
    {
        if (sum is not null && other is not null)
        {
            sum.Add(other);
        }
    }

    private static void AddEach(long[] sums, long[] others)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += others[i];
        }
    }

    /// <summary>The class a record is counted in: atomics before loads and stores.</summary>
    public static ProfileClass Classify(in SpeRecord record)
    {
        if (!record.Has(SpeFields.Operation))
        {
            return ProfileClass.None;
        }

        byte payload = record.Operation;
        return record.OperationClass switch
        {
            SpeOperationClass.LoadStore when SpeOperation.IsAtomic(payload) => ProfileClass.Atomic,
            SpeOperationClass.LoadStore => (payload & SpeOperation.Store) != 0 ? ProfileClass.Store : ProfileClass.Load,
            SpeOperationClass.Branch => ProfileClass.Branch,
            SpeOperationClass.Other when SpeOperation.IsSveOther(payload) || SpeOperation.IsSmeOther(payload)
                || (payload & (SpeOperation.OtherFloatingPoint | SpeOperation.OtherAdvancedSimd)) != 0 => ProfileClass.FpSimd,
            _ => ProfileClass.Other,
        };
    }

    private void Count(ProfileSum sum, long by = 1) => _sums[(int)sum] += by;

    private void Count(ProfileSum sum, in SpeRecord record, SpeEvents one) => Count(sum, (record.Events & one) != 0 ? 1 : 0);
}
