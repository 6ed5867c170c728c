using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Truth;

/// <summary>Executions, or records, of a function, an instruction or all: the same sums of both, so that one can be put beside the other.</summary>
public sealed class TruthTally
{
    private static readonly int s_classes = Enum.GetValues<ProfileClass>().Length;

    // Most instructions have one class, and there are many instructions: only the others have an array.
    private ProfileClass _class;
    private ulong[]? _classes;

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
    public ulong Of(ProfileClass operationClass) => _classes is not null ? _classes[(int)operationClass] : operationClass == _class ? Operations : 0;

    /// <summary>Those whose class is known.</summary>
    public ulong Classified
    {
        get
        {
            ulong sum = 0;
            for (int i = (int)ProfileClass.None + 1; i < s_classes; i++)
            {
                sum = SpeSums.Saturate(sum, Of((ProfileClass)i));
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
        ProfileClass operationClass = ProfileCounts.Classify(record);
        AddToClass(operationClass, 1);
        Sums.Add(record);
        if (operationClass == ProfileClass.Branch && record.Has(SpeFields.Events) && (record.Events & SpeEvents.NotTaken) != 0)
        {
            BranchesNotTaken++;
        }
    }

    /// <summary>Adds executions.</summary>
    public void Add(TruthRow row)
    {
        AddToClass(row.Class, row.Count);
        Sums.Add(row.Sums);
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
        for (int i = 0; i < s_classes; i++)
        {
            if (other.Of((ProfileClass)i) is > 0 and ulong count)
            {
                AddToClass((ProfileClass)i, count);
            }
        }

        Sums.Add(other.Sums);
        BranchesNotTaken = SpeSums.Saturate(BranchesNotTaken, other.BranchesNotTaken);
        if (other.Fates is { } fates)
        {
            (Fates ??= new()).Add(fates);
        }
    }

    /// <summary>Call before the sums know of the new ones.</summary>
    private void AddToClass(ProfileClass operationClass, ulong count)
    {
        if (_classes is null)
        {
            if (Operations == 0 || operationClass == _class)
            {
                _class = operationClass;
                return;
            }

            _classes = new ulong[s_classes];
            _classes[(int)_class] = Operations;
        }

        ref ulong ofClass = ref _classes[(int)operationClass];
        ofClass = SpeSums.Saturate(ofClass, count);
    }
}
