using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.Capture;

/// <summary>Reads a capture (docs/capture-format.md); a damaged or cut one as far as it goes, with diagnoses.</summary>
public static class CaptureReader
{
    /// <summary>Whether the file starts as a capture does, or almost.</summary>
    public static bool IsCapture(ReadOnlySpan<byte> file) => DamagedFile.IsNearly(file, CaptureFormat.Magic);

    /// <summary>Reads a whole capture. Every input gives a trace.</summary>
    public static SpeTrace Read(TraceBytes bytes)
    {
        var trace = new SpeTrace { Format = "Pinion capture", Source = bytes };
        if (!bytes.Holds(0, CaptureFormat.HeaderSize) || !IsCapture(bytes.Span(0, CaptureFormat.HeaderSize)))
        {
            trace.Diagnoses.Add(0, "the capture header is missing or cut");
            return trace;
        }

        if (!bytes.Span(0, CaptureFormat.Magic.Length).SequenceEqual(CaptureFormat.Magic))
        {
            trace.Diagnoses.Add(0, "the magic number of the capture is damaged");
        }

        bytes.TryU32(8, out uint version);
        bytes.TryU32(12, out uint headerSize);
        if (version != CaptureFormat.Version)
        {
            trace.Diagnoses.Add(8, $"capture version {version} is not {CaptureFormat.Version}");
            return trace;
        }

        ulong start = headerSize;
        if (start < CaptureFormat.HeaderSize || start > (ulong)bytes.Length
            || (start != CaptureFormat.HeaderSize && DamagedFile.ArePartsAt(bytes, CaptureFormat.HeaderSize, (ulong)bytes.Length, PlausibleSize)))
        {
            trace.Diagnoses.Add(12, $"a header of {headerSize} bytes does not fit");
            start = CaptureFormat.HeaderSize;
        }

        bytes.TryU64(16, out ulong midr);
        bytes.TryU64(24, out ulong pmsidr);
        bytes.TryU64(32, out ulong frequency);
        trace.Midr = midr;
        trace.Pmsidr = pmsidr;
        trace.Time = TimeConversion.FromFrequency(frequency);
        ReadChunks(new(trace), bytes, start);
        return trace;
    }

    private static void ReadChunks(TraceBuilder builder, TraceBytes bytes, ulong position)
    {
        SpeTrace trace = builder.Trace;
        var expected = new Dictionary<uint, ulong>();
        ulong dropped = position;
        ulong sure = position;
        bool nothingElse = false;
        while (position < (ulong)bytes.Length)
        {
            ulong start = position;
            dropped = bytes.DropBehind(dropped, position);
            if (!bytes.Holds(start, CaptureFormat.ChunkHeaderSize))
            {
                trace.Diagnoses.Add((long)start, "the file ends in a chunk header");
                return;
            }

            bytes.TryU32(start, out uint kind);
            bytes.TryU32(start + 4, out uint cpu);
            bytes.TryU64(start + 8, out ulong length);
            bytes.TryU64(start + 16, out ulong streamOffset);
            ulong content = start + CaptureFormat.ChunkHeaderSize;
            ulong present = Math.Min(length, (ulong)bytes.Length - content);
            bool isKnown = kind is > 0 and <= (uint)CaptureChunk.KernelSymbols;
            if (!isKnown && !nothingElse && !LeadsOn(bytes, NextChunk(content, length)))
            {
                // A chunk of a later version would be followed by another one. What is wrong may also be the length of the chunk before.
                if (DamagedFile.FindParts(bytes, sure + DamagedFile.Step, ulong.MaxValue, PlausibleSize) is ulong next)
                {
                    trace.Diagnoses.Add((long)(next < start ? sure : start), next < start
                        ? $"a chunk takes in others; reading goes on at 0x{next:x}"
                        : $"a chunk of kind {kind} and {length} bytes leads to no other; reading goes on at 0x{next:x}");
                    position = sure = next;
                    continue;
                }

                nothingElse = true;
            }

            if (present < length)
            {
                // Where the number is damaged, the chunk ends where others begin.
                present = nothingElse ? present : DamagedFile.FindParts(bytes, content, ulong.MaxValue, PlausibleSize) - content ?? present;
                trace.Diagnoses.Add((long)start, $"a chunk of {length} bytes has only {present}");
            }

            if ((CaptureChunk)kind == CaptureChunk.Records)
            {
                AddRecords(builder, expected, cpu, streamOffset, content, present);
            }
            else
            {
                // Only records may be longer than a span.
                AddChunk(builder, bytes.Memory(content, (int)Math.Min(present, int.MaxValue)), (CaptureChunk)kind, (long)content);
            }

            position = NextChunk(content, present);
            sure = (CaptureChunk)kind == CaptureChunk.Records ? position : start;
        }
    }

    private static ulong NextChunk(ulong content, ulong size) => content + size + (ulong)CaptureFormat.Padding((long)size);

    /// <summary>Whether a chunk begins at <paramref name="position"/>, or the file ends there.</summary>
    private static bool LeadsOn(TraceBytes bytes, ulong position) => position == (ulong)bytes.Length || PlausibleSize(bytes, position) != 0;

    /// <summary>Bytes of the chunk that begins at <paramref name="position"/>; 0 where that looks like none.</summary>
    private static ulong PlausibleSize(TraceBytes bytes, ulong position)
    {
        if (!bytes.TryU32(position, out uint kind) || !bytes.TryU64(position + 8, out ulong length) || !bytes.Holds(position + CaptureFormat.ChunkHeaderSize, length))
        {
            return 0;
        }

        ulong least = (CaptureChunk)kind switch
        {
            CaptureChunk.Records or CaptureChunk.KernelSymbols => 1,
            CaptureChunk.Mapping => CaptureFormat.MappingSize,
            CaptureChunk.Task => CaptureFormat.TaskSize,
            _ => ulong.MaxValue,
        };
        return length >= least ? NextChunk(CaptureFormat.ChunkHeaderSize, length) : 0;
    }

    private static void AddRecords(TraceBuilder builder, Dictionary<uint, ulong> expected, uint cpu, ulong streamOffset, ulong start, ulong size)
    {
        ulong before = expected.GetValueOrDefault(cpu);
        if (streamOffset != before)
        {
            builder.Trace.Diagnoses.Add((long)start, $"the records of vCPU {cpu} go on at 0x{streamOffset:x}, not at 0x{before:x}");
        }

        expected[cpu] = streamOffset + size;
        builder.AddBuffer((long)start, cpu <= int.MaxValue ? (int)cpu : -1, -1, streamOffset, start, size);
    }

    private static void AddChunk(TraceBuilder builder, ReadOnlyMemory<byte> content, CaptureChunk kind, long fileOffset)
    {
        ReadOnlySpan<byte> bytes = content.Span;
        switch (kind)
        {
            case CaptureChunk.Mapping or CaptureChunk.Task when bytes[Math.Min(bytes.Length, kind == CaptureChunk.Mapping ? CaptureFormat.MappingSize : CaptureFormat.TaskSize)..].EndsWith("\0"u8):
                // Texts fill their chunks, so these are other bytes.
                builder.Trace.Diagnoses.Add(fileOffset, $"a {kind} chunk of {bytes.Length} bytes holds no text");
                break;
            case CaptureChunk.Mapping when bytes.Length >= CaptureFormat.MappingSize:
                TryU32(bytes, 0, out uint process);
                TryU64(bytes, 8, out ulong start);
                TryU64(bytes, 16, out ulong length);
                TryU64(bytes, 24, out ulong offset);
                builder.Add(fileOffset, new TraceMapping(process, start, length, offset, builder.Text(fileOffset, bytes[CaptureFormat.MappingSize..])));
                break;
            case CaptureChunk.Task when bytes.Length >= CaptureFormat.TaskSize:
                TryU32(bytes, 0, out uint processId);
                TryU32(bytes, 4, out uint threadId);
                builder.Add(fileOffset, new TraceTask(processId, threadId, builder.Text(fileOffset, bytes[CaptureFormat.TaskSize..]), processId));
                break;
            case CaptureChunk.KernelSymbols:
                builder.AddKernelSymbols(fileOffset, content);
                break;
            case CaptureChunk.Mapping or CaptureChunk.Task:
                builder.Trace.Diagnoses.Add(fileOffset, $"a {kind} chunk of {bytes.Length} bytes is too short");
                break;
            default:
                // A later version may add kinds; they are skipped by their length, but damage looks the same, so it is said.
                builder.Trace.Diagnoses.Add(fileOffset, $"chunk kind {(uint)kind} is unknown");
                break;
        }
    }
}
