using System.Runtime.InteropServices;
using Pinion.Cpu.Jit;

namespace Pinion.Cpu.Profiling;

/// <summary>Samples that compiled code has marked in one go, and all that making records of them takes.</summary>
internal sealed unsafe class SampleBatch : IDisposable
{
    /// <summary>Most samples that emitted code marks at once.</summary>
    public const int MostMarks = 64;

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

    /// <summary>The physical count where the batch began, and behind its last instruction, which was number <see cref="Instructions"/>. Where time follows instructions nobody asks.</summary>
    public ulong Begin { get; set; }

    /// <inheritdoc cref="Begin"/>
    public ulong Behind { get; set; }

    /// <summary>Instructions that were executed in one go, the samples and what followed the last one.</summary>
    public ulong Instructions { get; set; }

    /// <summary>Its samples.</summary>
    public int Samples => (int)(End - Marks);

    /// <summary>Instructions from where the batch began to its last sample, the latter included.</summary>
    public ulong Members => ToFirst + ((ulong)(Samples - 1) * ToNext);

    /// <summary>
    /// How many samples with a window of so many instructions, the sample included, can be marked at once: an instruction leaves two notes at the most, and behind the last sample one more window may begin.
    /// </summary>
    public static int MarksFor(long window) => (int)Math.Min(MostMarks, (MostNotes / (2 * (window + BlockCompiler.LongestShort))) - 1);

    /// <summary>The physical count behind instruction number <paramref name="number"/>: between two readings of the clock, instructions take the same time.</summary>
    public ulong CountAt(ulong number) => Begin + ((Behind - Begin) * number / Instructions);

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Notes);
        NativeMemory.AlignedFree(Marks);
    }
}
