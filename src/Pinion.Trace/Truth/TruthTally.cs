using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Truth;

/// <summary>Executions, or records, of a function, an instruction or all: the same sums of both, so that one can be put beside the other.</summary>
public sealed class TruthTally
{
    private readonly ulong[] _classes = new ulong[Enum.GetValues<ProfileClass>().Length];

    /// <param name="outcomes">Cache, TLB and branch outcomes and latencies are added up.</param>
    public TruthTally(bool outcomes)
    {
        Sums = new(outcomes);
    }

    /// <summary>Sums over all of them.</summary>
    public SpeSums Sums { get; }

    /// <summary>What became of selected executions; empty for records.</summary>
    public SampleFates? Fates { get; private set; }

    /// <summary>Executions, or records.</summary>
    public ulong Operations => Sums[SpeQuantity.Operations];

    /// <summary>Branches that were not taken.</summary>
    public ulong BranchesNotTaken { get; private set; }

    /// <summary>Those of one class.</summary>
    public ulong Of(ProfileClass operationClass) => _classes[(int)operationClass];

    /// <summary>Those whose class is known.</summary>
    public ulong Classified
    {
        get
        {
            ulong sum = 0;
            for (int i = (int)ProfileClass.None + 1; i < _classes.Length; i++)
            {
                sum = SpeSums.Saturate(sum, _classes[i]);
            }

            return sum;
        }
    }

    /// <summary>Those whose data source is known.</summary>
    public ulong WithSource
    {
        get
        {
            ulong sum = 0;
            for (SpeQuantity source = SpeQuantity.FromL1Data; source <= SpeQuantity.FromElsewhere; source++)
            {
                sum = SpeSums.Saturate(sum, Sums[source]);
            }

            return sum;
        }
    }

    /// <summary>Adds a record.</summary>
    public void Add(in SpeRecord record)
    {
        Sums.Add(record);
        ProfileClass operationClass = ProfileCounts.Classify(record);
        _classes[(int)operationClass]++;
        if (operationClass == ProfileClass.Branch && record.Has(SpeFields.Events) && (record.Events & SpeEvents.NotTaken) != 0)
        {
            BranchesNotTaken++;
        }
    }

    /// <summary>Adds executions.</summary>
    public void Add(TruthRow row)
    {
        Sums.Add(row.Sums);
        ref ulong ofClass = ref _classes[(int)row.Class];
        ofClass = SpeSums.Saturate(ofClass, row.Count);
        if (row.Class == ProfileClass.Branch)
        {
            BranchesNotTaken = SpeSums.Saturate(BranchesNotTaken, row.Sums[SpeQuantity.NotTaken]);
        }

        if (row.Fates.Selected != 0)
        {
            (Fates ??= new()).Add(row.Fates);
        }
    }

    /// <summary>Adds those of another.</summary>
    public void Add(TruthTally other)
    {
        Sums.Add(other.Sums);
        BranchesNotTaken = SpeSums.Saturate(BranchesNotTaken, other.BranchesNotTaken);
        for (int i = 0; i < _classes.Length; i++)
        {
            _classes[i] = SpeSums.Saturate(_classes[i], other._classes[i]);
        }

        if (other.Fates is { } fates)
        {
            (Fates ??= new()).Add(fates);
        }
    }
}
