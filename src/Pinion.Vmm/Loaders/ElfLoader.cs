using System.Buffers.Binary;

namespace Pinion.Vmm.Loaders;

/// <summary>Loads static ELF64 executables for AArch64 at their physical addresses (p_paddr).</summary>
internal static class ElfLoader
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const ushort TypeExecutable = 2;
    private const ushort MachineAArch64 = 183;
    private const uint SegmentLoad = 1;
    private const uint SegmentInterpreter = 3;

    private readonly record struct Segment(ulong Offset, ulong Virtual, ulong Physical, ulong FileSize, ulong MemorySize);

    public static Result<LoadedKernel> Load(Stream stream, KernelTarget target)
    {
        byte[] header = new byte[HeaderSize];
        int read = stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false);
        if (read < HeaderSize)
        {
            return Truncated(target, (ulong)read, HeaderSize);
        }

        if (Check(header, target.Name) is Problem unsuitable)
        {
            return unsuitable;
        }

        Result<List<Segment>> segments = ReadSegments(stream, header, target);
        if (!segments.TryGet(out List<Segment> load, out Problem? problem))
        {
            return problem;
        }

        ulong low = ulong.MaxValue;
        ulong high = 0;
        foreach (Segment segment in load)
        {
            stream.Position = (long)segment.Offset;
            if (target.Claim(segment.Physical, segment.MemorySize) is Problem outside)
            {
                return outside;
            }

            if (target.Fill(stream, segment.Physical, segment.FileSize, segment.Offset) is Problem failed)
            {
                return failed;
            }

            // The rest is .bss; guest memory is fresh and zero, but an earlier segment's page may have been written here.
            Zero(target, segment.Physical + segment.FileSize, segment.MemorySize - segment.FileSize);
            low = Math.Min(low, segment.Physical);
            high = Math.Max(high, segment.Physical + segment.MemorySize);
        }

        ulong entry = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24));
        return PhysicalEntry(load, entry) is ulong physical
            ? new LoadedKernel(KernelFormat.Elf, physical, low, high)
            : new Problem(ProblemKind.CorruptInput, $"{target.Name}: the entry point 0x{entry:x} (offset 24) is in no segment", "check how it was linked");
    }

    private static Problem? Check(ReadOnlySpan<byte> header, string name)
    {
        if (header[4] != 2)
        {
            return new Problem(ProblemKind.CorruptInput, $"{name} is not an arm64 kernel but 32-bit ELF (offset 4)", "give an arm64 Image or ELF64 file");
        }

        if (header[5] != 1)
        {
            return new Problem(ProblemKind.CorruptInput, $"{name} is big-endian ELF (offset 5)", "build it for little-endian aarch64");
        }

        ushort machine = BinaryPrimitives.ReadUInt16LittleEndian(header[18..]);
        if (machine != MachineAArch64)
        {
            string what = machine switch { 62 => "for x86-64", 243 => "for RISC-V", 40 => "for 32-bit Arm", _ => $"for machine {machine}" };
            return new Problem(ProblemKind.CorruptInput, $"{name} is not an arm64 kernel but ELF {what} (offset 18)", "give an arm64 Image or ELF64 file");
        }

        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(header[16..]);
        return type == TypeExecutable
            ? null
            : new Problem(ProblemKind.CorruptInput, $"{name} is ELF of type {type} (offset 16), not a static executable", "link it with -static -no-pie for addresses in RAM");
    }

    private static Result<List<Segment>> ReadSegments(Stream stream, ReadOnlySpan<byte> header, KernelTarget target)
    {
        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
        ushort entrySize = BinaryPrimitives.ReadUInt16LittleEndian(header[54..]);
        ushort count = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        ulong length = (ulong)stream.Length;
        if (count == 0 || entrySize < ProgramHeaderSize)
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name}: ELF without program headers (offset 54: {count} of {entrySize} bytes)", "give a linked executable");
        }

        ulong size = (ulong)count * entrySize;
        if (offset > length || size > length - offset)
        {
            return Truncated(target, length, offset > length ? offset : offset + size);
        }

        byte[] table = new byte[size];
        stream.Position = (long)offset;
        stream.ReadExactly(table);
        List<Segment> segments = [];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table.AsSpan(i * entrySize, ProgramHeaderSize);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            ulong at = offset + (ulong)(i * entrySize);
            if (type == SegmentInterpreter)
            {
                return new Problem(ProblemKind.CorruptInput, $"{target.Name} is a dynamically linked program (program header at offset {at})", "link it with -static for addresses in RAM");
            }

            Segment segment = new(
                BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]));
            if (type != SegmentLoad || segment.MemorySize == 0)
            {
                continue;
            }

            if (segment.FileSize > segment.MemorySize)
            {
                return new Problem(ProblemKind.CorruptInput, $"{target.Name}: a segment has more bytes in the file than in memory (program header at offset {at})", "check how it was linked");
            }

            if (segment.Offset > length || segment.FileSize > length - segment.Offset)
            {
                return Truncated(target, length, segment.Offset > length ? segment.Offset : segment.Offset + segment.FileSize);
            }

            segments.Add(segment);
        }

        // Segments that overlap would also let a small file make us clear the same memory tens of thousands of times.
        segments.Sort((a, b) => a.Physical.CompareTo(b.Physical));
        for (int i = 1; i < segments.Count; i++)
        {
            if (segments[i].Physical - segments[i - 1].Physical < segments[i - 1].MemorySize)
            {
                return new Problem(ProblemKind.CorruptInput, $"{target.Name}: two segments overlap at physical address 0x{segments[i].Physical:x}", "check how it was linked");
            }
        }

        return segments.Count > 0 ? segments : new Problem(ProblemKind.CorruptInput, $"{target.Name}: ELF with nothing to load", "give a linked executable");
    }

    /// <summary>e_entry is a virtual address; the CPU starts with the MMU off, so the segment that holds it tells the physical one.</summary>
    private static ulong? PhysicalEntry(List<Segment> segments, ulong entry)
    {
        foreach (Segment segment in segments)
        {
            if (entry >= segment.Virtual && entry - segment.Virtual < segment.MemorySize)
            {
                return entry - segment.Virtual + segment.Physical;
            }
        }

        foreach (Segment segment in segments)
        {
            if (entry >= segment.Physical && entry - segment.Physical < segment.MemorySize)
            {
                return entry;
            }
        }

        return null;
    }

    private static void Zero(KernelTarget target, ulong address, ulong length)
    {
        const ulong Chunk = 1 << 30;
        for (ulong done = 0; done < length; done += Chunk)
        {
            if (target.Memory.TryGetSpan(address + done, Math.Min(length - done, Chunk), out Span<byte> span))
            {
                // Only what is not zero already: writing zeroes to untouched pages would make the host allocate them.
                int first = span.IndexOfAnyExcept((byte)0);
                if (first >= 0)
                {
                    span[first..].Clear();
                }
            }
        }
    }

    private static Problem Truncated(KernelTarget target, ulong length, ulong needed) =>
        new(ProblemKind.CorruptInput, $"{target.Name} ends at offset {length}, {needed} bytes are needed", "the file is truncated, copy it again");
}
