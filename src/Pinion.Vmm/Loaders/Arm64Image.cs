using System.Buffers.Binary;

namespace Pinion.Vmm.Loaders;

/// <summary>The arm64 Linux Image: a 64-byte header in front of the kernel (Documentation/arch/arm64/booting.rst).</summary>
internal static class Arm64Image
{
    private const int HeaderSize = 64;
    private const uint Magic = 0x644d5241;
    private const int MagicOffset = 56;
    private const ulong Alignment = 0x200000;

    /// <summary>Kernels before 3.17 have image_size 0 and run at this offset.</summary>
    private const ulong LegacyTextOffset = 0x80000;

    /// <summary>Flags bit 0: the kernel is big-endian.</summary>
    private const ulong BigEndian = 1;

    public static bool IsImage(ReadOnlySpan<byte> start) => start.Length >= HeaderSize && BinaryPrimitives.ReadUInt32LittleEndian(start[MagicOffset..]) == Magic;

    /// <summary>Loads an Image from a stream that stands at its header. <paramref name="length"/>: bytes that follow, null when only decompression will tell.</summary>
    public static Result<LoadedKernel> Load(Stream stream, long? length, KernelTarget target)
    {
        byte[] header = new byte[HeaderSize];
        int read = stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false);
        if (!IsImage(header.AsSpan(0, read)))
        {
            string contents = length is null ? "what is compressed" : "it";
            return new Problem(
                ProblemKind.CorruptInput,
                $"{target.Name} is not an arm64 kernel: {contents} has {(read < HeaderSize ? $"only {read} bytes" : "no Image magic at offset 56")}",
                "give an arm64 Image, Image.gz or ELF file");
        }

        ulong textOffset = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(8));
        ulong imageSize = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(16));
        ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(24));
        if (imageSize == 0)
        {
            textOffset = LegacyTextOffset;
        }
        else if ((flags & BigEndian) != 0)
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name} is a big-endian kernel (flags 0x{flags:x} at offset 24)", "build it with CONFIG_CPU_BIG_ENDIAN=n");
        }

        if (textOffset >= Alignment)
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name}: text_offset 0x{textOffset:x} at offset 8 is not below 2 MiB", "the header is damaged, copy the file again");
        }

        // As QEMU does: a kernel that would lie at the very base of RAM goes to the next 2 MiB, so that what is below stays free.
        ulong start = target.RamBase + (textOffset < 0x1000 ? textOffset + Alignment : textOffset);
        ulong needed = Math.Max(imageSize, (ulong)(length ?? HeaderSize));
        if (target.Claim(start, needed) is Problem outside)
        {
            return outside;
        }

        if (!target.Memory.TryGetSpan(start, HeaderSize, out Span<byte> span))
        {
            return new Problem(ProblemKind.Usage, $"{target.Name}: no memory at 0x{start:x}", "give more with --memory");
        }

        header.CopyTo(span);
        Result<ulong> filled = target.FillToEnd(stream, start + HeaderSize);
        if (!filled.TryGet(out ulong body, out Problem? problem))
        {
            return problem;
        }

        // image_size counts .bss, which is not in the file; there is no field for the file's own length. What can be told is a file
        // that stops within the first half: .bss is never that large in a kernel, and a kernel cut short hangs without a word.
        ulong loaded = body + HeaderSize;
        if (loaded < imageSize / 2)
        {
            return new Problem(
                ProblemKind.CorruptInput,
                $"{target.Name} ends at offset {loaded}, its header (offset 16) announces an image of {imageSize} bytes",
                "the file is truncated, copy it again");
        }

        return new LoadedKernel(KernelFormat.Image, start, start, start + Math.Max(imageSize, loaded));
    }
}
