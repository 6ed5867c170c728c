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

/// <summary>Sums over samples.</summary>
public sealed class ProfileCounts
{
    /// <summary>Data sources counted one by one; every other encoding is counted in the last element.</summary>
    public const int DataSources = 17;

    private readonly long[] _classes = new long[Enum.GetValues<ProfileClass>().Length];
    private readonly long[] _levels = new long[4];
    private readonly long[] _dataSources = new long[DataSources];

    /// <param name="histograms">Keep histograms of the latencies.</param>
    public ProfileCounts(bool histograms = false)
    {
        if (histograms)
        {
            (TotalHistogram, IssueHistogram, TranslationHistogram) = (new(), new(), new());
        }
    }

    public long Samples { get; private set; }

    /// <summary>Samples with total latency, and their cycles.</summary>
    public long WithTotalLatency { get; private set; }

    public long TotalLatency { get; private set; }

    /// <summary>Samples with issue latency, and their cycles.</summary>
    public long WithIssueLatency { get; private set; }

    public long IssueLatency { get; private set; }

    /// <summary>Samples with translation latency, and their cycles.</summary>
    public long WithTranslationLatency { get; private set; }

    public long TranslationLatency { get; private set; }

    /// <summary>Total latencies by size; null where they were not asked for.</summary>
    public LatencyHistogram? TotalHistogram { get; }

    /// <summary>Issue latencies by size; null where they were not asked for.</summary>
    public LatencyHistogram? IssueHistogram { get; }

    /// <summary>Translation latencies by size; null where they were not asked for.</summary>
    public LatencyHistogram? TranslationHistogram { get; }

    /// <summary>Accesses that another chip served: the event, or the data source of Arm's common encoding.</summary>
    public long RemoteAccesses { get; private set; }

    public long Mispredicted { get; private set; }

    public long NotTaken { get; private set; }

    public long L1DataRefills { get; private set; }

    public long LastLevelMisses { get; private set; }

    public long TlbWalks { get; private set; }

    public long Exceptions { get; private set; }

    public double? MeanTotalLatency => WithTotalLatency == 0 ? null : (double)TotalLatency / WithTotalLatency;

    public double? MeanIssueLatency => WithIssueLatency == 0 ? null : (double)IssueLatency / WithIssueLatency;

    public double? MeanTranslationLatency => WithTranslationLatency == 0 ? null : (double)TranslationLatency / WithTranslationLatency;

    /// <summary>Mispredicted branches among all sampled branches, 0 to 1.</summary>
    public double? MispredictShare => Of(ProfileClass.Branch) == 0 ? null : (double)Mispredicted / Of(ProfileClass.Branch);

    /// <summary>Samples of one class.</summary>
    public long Of(ProfileClass operationClass) => _classes[(int)operationClass];

    /// <summary>Samples with a PC at one Exception level, 0 to 3.</summary>
    public long AtLevel(int exceptionLevel) => _levels[exceptionLevel];

    /// <summary>Samples with data source <paramref name="source"/>; the last index counts all encodings from there on.</summary>
    public long FromSource(int source) => _dataSources[source];

    public void Add(in SpeRecord record)
    {
        Samples++;
        _classes[(int)Classify(record)]++;
        if (record.Has(SpeFields.Pc))
        {
            _levels[record.ExceptionLevel]++;
        }

        if (record.Has(SpeFields.TotalLatency))
        {
            WithTotalLatency++;
            TotalLatency += record.TotalLatency;
            TotalHistogram?.Add(record.TotalLatency);
        }

        if (record.Has(SpeFields.IssueLatency))
        {
            WithIssueLatency++;
            IssueLatency += record.IssueLatency;
            IssueHistogram?.Add(record.IssueLatency);
        }

        if (record.Has(SpeFields.TranslationLatency))
        {
            WithTranslationLatency++;
            TranslationLatency += record.TranslationLatency;
            TranslationHistogram?.Add(record.TranslationLatency);
        }

        if (IsRemote(record))
        {
            RemoteAccesses++;
        }

        if (record.Has(SpeFields.DataSource))
        {
            _dataSources[Math.Min((int)record.DataSource, DataSources - 1)]++;
        }

        if (record.Has(SpeFields.Events))
        {
            Mispredicted += Count(record, SpeEvents.Mispredicted);
            NotTaken += Count(record, SpeEvents.NotTaken);
            L1DataRefills += Count(record, SpeEvents.L1DataRefill);
            LastLevelMisses += Count(record, SpeEvents.LastLevelMiss);
            TlbWalks += Count(record, SpeEvents.TlbWalk);
            Exceptions += Count(record, SpeEvents.Exception);
        }
    }

    /// <summary>Adds the sums of other samples.</summary>
    public void Add(ProfileCounts other)
    {
        Samples += other.Samples;
        WithTotalLatency += other.WithTotalLatency;
        TotalLatency += other.TotalLatency;
        WithIssueLatency += other.WithIssueLatency;
        IssueLatency += other.IssueLatency;
        WithTranslationLatency += other.WithTranslationLatency;
        TranslationLatency += other.TranslationLatency;
        RemoteAccesses += other.RemoteAccesses;
        Mispredicted += other.Mispredicted;
        NotTaken += other.NotTaken;
        L1DataRefills += other.L1DataRefills;
        LastLevelMisses += other.LastLevelMisses;
        TlbWalks += other.TlbWalks;
        Exceptions += other.Exceptions;
        AddEach(_classes, other._classes);
        AddEach(_levels, other._levels);
        AddEach(_dataSources, other._dataSources);
        AddHistogram(TotalHistogram, other.TotalHistogram);
        AddHistogram(IssueHistogram, other.IssueHistogram);
        AddHistogram(TranslationHistogram, other.TranslationHistogram);
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

    private static int Count(in SpeRecord record, SpeEvents one) => (record.Events & one) != 0 ? 1 : 0;
}
