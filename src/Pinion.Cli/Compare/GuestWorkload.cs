using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Compare;

/// <summary>A guest that enables and disables its profiling buffer again and again, and how to read what it prints.</summary>
internal abstract class GuestWorkload(IReadOnlyList<ulong> bufferSizes)
{
    /// <summary>Sizes of the buffers in bytes, in the order in which they are toggled.</summary>
    public IReadOnlyList<ulong> BufferSizes => bufferSizes;

    /// <summary>The machine it runs on; the series and the console are not its business.</summary>
    public abstract MachineOptions Machine(int cycles);

    /// <summary>A reader for one run.</summary>
    public abstract GuestReader Read();
}

/// <summary>Reads the console of one run.</summary>
internal abstract class GuestReader
{
    /// <summary>Adds to the machine what the reader counts with.</summary>
    public virtual MachineOptions Watch(MachineOptions machine) => machine;

    /// <summary>A line that the guest printed, while it runs.</summary>
    public abstract void OnLine(string line, Machine machine);

    /// <summary>The figures, or what is missing; when the guest has powered off.</summary>
    public abstract Result<GuestFigures> Finish(Machine machine);

    /// <summary>The guest did not say what it should have.</summary>
    protected static Problem Unexpected(string what) => new(ProblemKind.Guest, what, "run it with pinion run to see what it prints");
}
