using Pinion.Arm.Spe;
using Pinion.Trace.Symbols;

namespace Pinion.Trace;

/// <summary>A stretch of one CPU's (or one thread's) record stream.</summary>
/// <param name="Cpu">vCPU or CPU number; -1 where the stream belongs to a thread.</param>
/// <param name="ThreadId">Thread that was recorded; -1 where all were. A thread's own stream is the thread's; in a CPU's stream children of the thread may be, too, and Context packets tell.</param>
/// <param name="StreamOffset">Bytes of this stream before this stretch.</param>
/// <param name="FileOffset">Where the bytes lie in the file.</param>
/// <param name="Source">The file.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct SpeBuffer(int Cpu, int ThreadId, ulong StreamOffset, long FileOffset, TraceBytes Source, int Length)
{
    /// <summary>Packets. (Made for whoever asks: a trace may have millions of stretches.)</summary>
    public ReadOnlyMemory<byte> Bytes => Source.Memory((ulong)FileOffset, Length);

    /// <summary>Bytes before these of what the recorder wrote at once, where that is too long to be kept together.</summary>
    public ulong Preceding { get; init; }

    /// <summary>Bytes that the recorder wrote at once, these and those before and behind them.</summary>
    public ulong Whole { get; init; } = (ulong)Length;
}

/// <summary>A file mapped into a process.</summary>
/// <param name="ProcessId">Process; uint.MaxValue for the kernel.</param>
/// <param name="Start">First virtual address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="FileOffset">Offset in the file at <paramref name="Start"/>.</param>
/// <param name="Path">Path in the guest.</param>
public readonly record struct TraceMapping(uint ProcessId, ulong Start, ulong Length, ulong FileOffset, string Path) : IAtAddress
{
    /// <summary>When it was mapped, in nanoseconds of the traced kernel's clock; 0 where unknown or before everything.</summary>
    public ulong Time { get; init; }

    /// <summary>Build id of the file in hexadecimal, where the trace knows it.</summary>
    public string? BuildId { get; init; }

    public bool Contains(ulong address) => address >= Start && address - Start < Length;
}

/// <summary>A name a thread took, or inherited.</summary>
/// <param name="ProcessId">Process (thread group) of the thread.</param>
/// <param name="ThreadId">Thread; what CONTEXTIDR_EL1 holds under CONFIG_PID_IN_CONTEXTIDR.</param>
/// <param name="Name">Name, or null where only the relation is known.</param>
/// <param name="ParentProcessId">Process it was forked from; equal to <paramref name="ProcessId"/> where unknown.</param>
public readonly record struct TraceTask(uint ProcessId, uint ThreadId, string? Name, uint ParentProcessId)
{
    /// <summary>When, in nanoseconds of the traced kernel's clock; 0 where unknown or before everything.</summary>
    public ulong Time { get; init; }

    /// <summary>The name comes from execve: what the process had mapped is gone.</summary>
    public bool IsExec { get; init; }
}

/// <summary>A CPU (or a thread's stream) changes to another thread. It tells whose records are, where they have no Context packets.</summary>
/// <param name="Cpu">CPU.</param>
/// <param name="ThreadId">Thread that runs from then on; 0 is the idle task.</param>
/// <param name="Time">Nanoseconds of the traced kernel's clock.</param>
public readonly record struct TraceSwitch(int Cpu, uint ThreadId, ulong Time);

/// <summary>The kernel or the recorder says that data is missing or cut (PERF_RECORD_AUX flags, PERF_RECORD_LOST).</summary>
/// <param name="Cpu">CPU; -1 where unknown.</param>
/// <param name="Time">Nanoseconds of the traced kernel's clock; 0 where unknown.</param>
/// <param name="Kind">Name of the flag: truncated, partial, collision, lost.</param>
public readonly record struct TraceLoss(int Cpu, ulong Time, string Kind);

/// <summary>How a system counter maps to nanoseconds of the traced kernel's clock (perf_event_open(2), struct perf_event_mmap_page).</summary>
/// <param name="Shift">Right shift after the multiplication.</param>
/// <param name="Multiplier">Multiplier.</param>
/// <param name="Zero">Nanoseconds at count 0.</param>
public readonly record struct TimeConversion(ushort Shift, uint Multiplier, ulong Zero)
{
    /// <summary>The conversion of a counter of <paramref name="frequency"/> Hz that starts at 0, with the smallest shift of the most exact multiplier.</summary>
    public static TimeConversion FromFrequency(ulong frequency)
    {
        if (frequency == 0)
        {
            return default;
        }

        int shift = 31;
        UInt128 multiplier;
        while ((multiplier = ((UInt128)1_000_000_000 << shift) / frequency) > uint.MaxValue && shift > 0)
        {
            shift--;
        }

        while (shift > 0 && multiplier != 0 && (multiplier & 1) == 0)
        {
            shift--;
            multiplier >>= 1;
        }

        return new((ushort)shift, multiplier > uint.MaxValue ? uint.MaxValue : (uint)multiplier, 0);
    }

    /// <summary>Nanoseconds at <paramref name="count"/>.</summary>
    public ulong ToNanoseconds(ulong count) => Zero + (ulong)(((UInt128)count * Multiplier) >> Shift);
}

/// <summary>What a file holds: streams of SPE records and what is known about where they come from.</summary>
public sealed class SpeTrace
{
    /// <summary>Bytes of a stretch; a multiple of any alignment of records.</summary>
    internal const int LongestBuffer = 8 << 20;

    /// <summary>Name of the format, for messages.</summary>
    public required string Format { get; init; }

    /// <summary>The file.</summary>
    public required TraceBytes Source { get; init; }

    /// <summary>Stretches of the streams in file order.</summary>
    public List<SpeBuffer> Buffers { get; } = [];

    /// <summary>Mappings in file order; a later one replaces an earlier one it overlaps.</summary>
    public List<TraceMapping> Mappings { get; } = [];

    /// <summary>Names and relations in file order.</summary>
    public List<TraceTask> Tasks { get; } = [];

    /// <summary>Context switches in file order; empty where the trace has none.</summary>
    public List<TraceSwitch> Switches { get; } = [];

    /// <summary>Where the recorder says that records were lost.</summary>
    public List<TraceLoss> Losses { get; } = [];

    /// <summary>What else the file says about the recording, in its order: "host name", "kernel release", "command line" and the like.</summary>
    public List<KeyValuePair<string, string>> Facts { get; } = [];

    /// <summary>Operations between samples (perf record -c); 0 where unknown.</summary>
    public ulong Period { get; set; }

    /// <summary>Symbols of the kernel in the format of /proc/kallsyms, where the file brings them.</summary>
    public List<ReadOnlyMemory<byte>> KernelSymbols { get; } = [];

    /// <summary>MIDR_EL1 of the sampled CPUs; 0 where unknown.</summary>
    public ulong Midr { get; set; }

    /// <summary>PMSIDR_EL1; 0 where unknown.</summary>
    public ulong Pmsidr { get; set; }

    /// <summary>Counter to nanoseconds; a multiplier of 0 where unknown.</summary>
    public TimeConversion Time { get; set; }

    /// <summary>What is wrong with the file.</summary>
    public Diagnoses Diagnoses { get; } = new();

    /// <summary>
    /// Adds a stretch of a stream that lies in the file from <paramref name="start"/> on. A long one becomes several, between records: so several threads share it, and none needs all of it in memory.
    /// </summary>
    internal void AddBuffer(int cpu, int threadId, ulong streamOffset, ulong start, ulong size)
    {
        ulong done = 0;
        while (size - done > LongestBuffer)
        {
            int part = WholeRecords(Source.Span(start + done, LongestBuffer));
            Source.Drop(start + done, LongestBuffer);
            Add(part);
        }

        Add((int)(size - done));

        void Add(int part)
        {
            Buffers.Add(new(cpu, threadId, streamOffset + done, (long)(start + done), Source, part) { Preceding = done, Whole = size });
            done += (ulong)part;
        }
    }

    /// <summary>How many of the bytes go up to the end of a record and the padding behind it; where none ends, up to the end of a packet.</summary>
    private static int WholeRecords(ReadOnlySpan<byte> bytes)
    {
        int end = 0;
        var records = new SpeRecordReader(bytes);
        while (records.TryRead(out _))
        {
            end = records.Offset;
        }

        var packets = new SpePacketReader(bytes, end);
        packets.SkipPadding();

        // What begins behind this may be a packet that the end of the bytes cuts off.
        const int LongestPacket = 10;
        while (end == 0 && packets.Offset < bytes.Length - LongestPacket)
        {
            packets.TryRead(out _);
            packets.SkipPadding();
        }

        return packets.Offset;
    }
}
