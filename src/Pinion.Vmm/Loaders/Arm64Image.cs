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

    // The PE header of the EFI stub: its offset is in the last word of the Image's header; COFF header, optional header, section table.
    private const int EfiHeaderOffset = 60;
    private const int EfiHeaderSize = 24;
    private const int EfiSectionSize = 40;
    private const ulong EfiHeaders = 4096;

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

        ulong loaded = body + HeaderSize;
        ulong fileSize = SmallestFile(target, start, loaded, imageSize);
        if (loaded < fileSize)
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name} ends at offset {loaded}, {fileSize} bytes are needed", "the file is truncated, copy it again");
        }

        return new LoadedKernel(KernelFormat.Image, start, start, start + Math.Max(imageSize, loaded));
    }

    /// <summary>
    /// Bytes that the file must have at least; a kernel that is cut short hangs without a word. image_size counts .bss, which is not in the file. The EFI stub's
    /// section table tells the rest exactly; where there is none, .bss is taken to be no more than half.
    /// </summary>
    private static ulong SmallestFile(KernelTarget target, ulong start, ulong loaded, ulong imageSize)
    {
        ulong half = imageSize / 2;
        if (!target.Memory.TryGetSpan(start, Math.Min(loaded, EfiHeaders), out Span<byte> span))
        {
            return half;
        }

        uint header = BinaryPrimitives.ReadUInt32LittleEndian(span[EfiHeaderOffset..]);
        if (header > (uint)span.Length - EfiHeaderSize || !span[(int)header..].StartsWith("PE\0\0"u8))
        {
            return half;
        }

        ReadOnlySpan<byte> coff = span[(int)header..];
        int sections = BinaryPrimitives.ReadUInt16LittleEndian(coff[6..]);
        int table = EfiHeaderSize + BinaryPrimitives.ReadUInt16LittleEndian(coff[20..]);
        ulong end = 0;
        for (int i = 0; i < sections && table + (i + 1) * EfiSectionSize <= coff.Length; i++)
        {
            ReadOnlySpan<byte> section = coff[(table + i * EfiSectionSize)..];
            ulong size = BinaryPrimitives.ReadUInt32LittleEndian(section[16..]);
            end = Math.Max(end, size + BinaryPrimitives.ReadUInt32LittleEndian(section[20..]));
        }

        return end == 0 ? half : end;
    }
}
