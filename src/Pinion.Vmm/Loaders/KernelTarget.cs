namespace Pinion.Vmm.Loaders;

/// <summary>Where a loader puts bytes, with the checks that all formats need.</summary>
internal readonly record struct KernelTarget(string Name, IGuestMemory Memory, ulong RamBase, ulong RamSize)
{
    private const int ChunkSize = 1 << 20;

    /// <summary>Checks that [start, start + length) lies in RAM.</summary>
    public Problem? Claim(ulong start, ulong length)
    {
        if (start >= RamBase && start - RamBase <= RamSize && length <= RamSize - (start - RamBase))
        {
            return null;
        }

        return start < RamBase
            ? new Problem(ProblemKind.CorruptInput, $"{Name} wants to be at 0x{start:x}, RAM begins at 0x{RamBase:x}", "link it for an address in RAM")
            : new Problem(
                ProblemKind.Usage,
                $"{Name} needs memory from 0x{start:x} to 0x{Saturated(start, length):x}, {RamSize >> 20} MiB of RAM end at 0x{RamBase + RamSize:x}",
                "give more with --memory");
    }

    /// <summary>Copies exactly <paramref name="length"/> bytes of the stream to <paramref name="address"/>, which has been claimed.</summary>
    public Problem? Fill(Stream stream, ulong address, ulong length, ulong fileOffset)
    {
        ulong done = 0;
        while (done < length)
        {
            ulong chunk = Math.Min(length - done, ChunkSize);
            if (!Memory.TryGetSpan(address + done, chunk, out Span<byte> span))
            {
                return Claim(address + done, chunk) ?? new Problem(ProblemKind.Usage, $"{Name}: no memory at 0x{address + done:x}", "give more with --memory");
            }

            int read = stream.Read(span);
            if (read == 0)
            {
                return new Problem(ProblemKind.CorruptInput, $"{Name} ends at offset {fileOffset + done}, {fileOffset + length} bytes are needed", "the file is truncated, copy it again");
            }

            done += (ulong)read;
        }

        return null;
    }

    /// <summary>Copies the stream to its end, at most to the end of RAM: the bytes copied.</summary>
    public Result<ulong> FillToEnd(Stream stream, ulong address)
    {
        ulong done = 0;
        while (true)
        {
            ulong left = RamBase + RamSize - (address + done);
            if (left == 0)
            {
                return stream.ReadByte() < 0 ? done : Claim(address, done + 1) ?? new Problem(ProblemKind.Usage, $"{Name} does not fit", "give more with --memory");
            }

            if (!Memory.TryGetSpan(address + done, Math.Min(left, ChunkSize), out Span<byte> span))
            {
                return new Problem(ProblemKind.Usage, $"{Name}: no memory at 0x{address + done:x}", "give more with --memory");
            }

            int read = stream.Read(span);
            if (read == 0)
            {
                return done;
            }

            done += (ulong)read;
        }
    }

    private static ulong Saturated(ulong start, ulong length) => length > ulong.MaxValue - start ? ulong.MaxValue : start + length;
}
