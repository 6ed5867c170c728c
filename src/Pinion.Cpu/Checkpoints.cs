namespace Pinion.Cpu;

/// <summary>
/// Looks at PEs at exact instruction counts, so that two engines can be compared. With an observer of this kind each slice ends where it wants to look; time that follows instructions is the same with and without.
/// </summary>
public abstract class Checkpoints
{
    /// <summary>Instructions between two looks, of each PE.</summary>
    public ulong Interval { get; init; } = 4096;

    /// <summary>From this many instructions of <see cref="WindowPe"/> on there is a look after every block that is executed, and where nothing is compiled after every instruction.</summary>
    public ulong WindowFrom { get; init; } = ulong.MaxValue;

    /// <summary>The PE of the window.</summary>
    public int WindowPe { get; init; } = -1;

    /// <summary>A PE has executed another interval, or it is in its window. Called on the thread that runs it.</summary>
    public abstract void At(ProcessingElement pe);

    /// <summary>Whether a PE is in its window.</summary>
    public bool IsInWindow(int pe, ulong executed) => pe == WindowPe && executed >= WindowFrom;
}
