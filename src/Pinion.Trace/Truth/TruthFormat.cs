using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Truth;

/// <summary>
/// The file of <c>pinion run --truth</c>: comma-separated values whose first line names the columns, one operation a line, and at the end lines behind a '#' about the run as a whole. docs/truth.md describes it.
/// </summary>
internal static class TruthFormat
{
    public const string El = "el";
    public const string ContextId = "contextid";
    public const string Pc = "pc";
    public const string Class = "class";
    public const string Comment = "# ";

    /// <summary>Name of the first word of the lines behind the table.</summary>
    public const string Run = "run";

    public const string Unit = "unit";
    public const string Setting = "setting";
    public const string End = "end";

    /// <summary>Columns of sums: those that the program alone decides, then those that only a model that sees everything can tell.</summary>
    public static IReadOnlyList<(string Name, SpeQuantity Quantity)> Sums { get; } =
    [
        ("count", SpeQuantity.Operations),
        ("not_taken", SpeQuantity.NotTaken),
        ("exceptions", SpeQuantity.Exceptions),
        ("mispredicted", SpeQuantity.Mispredicted),
        ("l1d_access", SpeQuantity.L1DataAccesses),
        ("l1d_refill", SpeQuantity.L1DataRefills),
        ("llc_access", SpeQuantity.LastLevelAccesses),
        ("llc_miss", SpeQuantity.LastLevelMisses),
        ("tlb_access", SpeQuantity.TlbAccesses),
        ("tlb_walk", SpeQuantity.TlbWalks),
        ("misaligned", SpeQuantity.Misaligned),
        ("total_cycles", SpeQuantity.TotalLatency),
        ("total_squares", SpeQuantity.TotalLatencySquares),
        ("issue_cycles", SpeQuantity.IssueLatency),
        ("issue_squares", SpeQuantity.IssueLatencySquares),
        ("translations", SpeQuantity.Translations),
        ("translation_cycles", SpeQuantity.TranslationLatency),
        ("translation_squares", SpeQuantity.TranslationLatencySquares),
        ("from_l1d", SpeQuantity.FromL1Data),
        ("from_l2", SpeQuantity.FromL2),
        ("from_slc", SpeQuantity.FromSystemCache),
        ("from_dram", SpeQuantity.FromDram),
        ("from_elsewhere", SpeQuantity.FromElsewhere),
    ];

    /// <summary>Columns of what became of the selected executions.</summary>
    public static IReadOnlyList<(string Name, SampleFate Fate)> Fates { get; } =
    [
        ("recorded", SampleFate.Recorded),
        ("collided", SampleFate.Collided),
        ("filtered", SampleFate.Filtered),
        ("discarded", SampleFate.Discarded),
        ("lost", SampleFate.Lost),
    ];

    /// <summary>Names of the classes.</summary>
    public static IReadOnlyList<(string Name, ProfileClass Class)> Classes { get; } =
    [
        ("load", ProfileClass.Load),
        ("store", ProfileClass.Store),
        ("atomic", ProfileClass.Atomic),
        ("branch", ProfileClass.Branch),
        ("fp-simd", ProfileClass.FpSimd),
        ("other", ProfileClass.Other),
    ];

    /// <summary>Name of a class.</summary>
    public static string NameOf(ProfileClass operationClass) => Classes.FirstOrDefault(entry => entry.Class == operationClass).Name ?? Classes[^1].Name;
}
