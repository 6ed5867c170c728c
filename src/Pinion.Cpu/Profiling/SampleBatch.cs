using System.Runtime.InteropServices;
using Pinion.Cpu.Jit;

namespace Pinion.Cpu.Profiling;

/// <summary>Samples that compiled code has marked in one go, and all that making records of them takes.</summary>
internal sealed unsafe class SampleBatch : IDisposable
{
    /// <summary>Most samples that emitted code marks at once.</summary>
    public const int MostMarks = 32;

    private const int MostNotes = 4096;

    /// <summary>What observing code has noted.</summary>
    public Note* Notes { get; } = (Note*)NativeMemory.AlignedAlloc(MostNotes * Note.Size, 64);

    /// <summary>The samples it has come by, up to <see cref="End"/>.</summary>
    public SampleMark* Marks { get; } = (SampleMark*)NativeMemory.AlignedAlloc(MostMarks * SampleMark.Size, 64);

    /// <summary>Behind the last mark.</summary>
    public SampleMark* End { get; set; }

    /// <summary>Exception level of all of it.</summary>
    public int El { get; set; }

    /// <summary>Instructions of each window, the sample included.</summary>
    public long Window { get; set; }

    /// <summary>Instructions from where the batch began to its first sample, the latter included.</summary>
    public ulong ToFirst { get; set; }

    /// <summary>Instructions from each sample to the next.</summary>
    public ulong ToNext { get; set; }

    /// <summary>Instructions that the PE had executed where the batch began.</summary>
    public ulong Executed { get; set; }

    /// <summary><see cref="Spu.SamplePop"/> there.</summary>
    public ulong Population { get; set; }

    /// <summary>A physical count behind the last sample, and the host's time stamp counter at the same time.</summary>
    public ulong Count { get; set; }

    /// <inheritdoc cref="Count"/>
    public ulong Ticks { get; set; }

    /// <summary>Its samples.</summary>
    public int Samples => (int)(End - Marks);

    /// <summary>Instructions from where the batch began to its last sample, the latter included.</summary>
    public ulong Members => ToFirst + ((ulong)(Samples - 1) * ToNext);

    /// <summary>
    /// How many samples with a window of so many instructions, the sample included, can be marked at once: an instruction leaves two notes at the most, and behind the last sample one more window may begin.
    /// </summary>
    public static int MarksFor(long window) => (int)Math.Min(MostMarks, (MostNotes / (2 * (window + BlockCompiler.LongestShort))) - 1);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Notes);
        NativeMemory.AlignedFree(Marks);
    }
}
