namespace Pinion.Trace.PerfData;

/// <summary>Kinds of <see cref="TraceLoss"/> and the flags of an AUX record that they stand for.</summary>
internal static class TraceLossKinds
{
    public const string Lost = "lost";

    public static IReadOnlyList<(ulong Flag, string Kind)> Flags { get; } = [(1, "truncated"), (4, "partial"), (8, "collision")];
}
