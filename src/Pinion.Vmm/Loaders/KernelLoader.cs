using System.Buffers.Binary;
using System.IO.Compression;

namespace Pinion.Vmm.Loaders;

/// <summary>What kind of file a kernel was.</summary>
public enum KernelFormat
{
    /// <summary>The arm64 boot protocol's Image (Documentation/arch/arm64/booting.rst), perhaps inside gzip.</summary>
    Image,

    /// <summary>ELF64 for AArch64, loaded at its physical addresses.</summary>
    Elf,

    /// <summary>Bytes without a header.</summary>
    Flat,
}

/// <summary>A kernel in guest memory.</summary>
/// <param name="Format">What the file was.</param>
/// <param name="Entry">Guest physical address of the first instruction.</param>
/// <param name="Start">First byte it occupies.</param>
/// <param name="End">Byte after the last one it occupies, uninitialised data included.</param>
public readonly record struct LoadedKernel(KernelFormat Format, ulong Entry, ulong Start, ulong End);

/// <summary>Tells kernels apart and puts them into guest memory.</summary>
public static class KernelLoader
{
    /// <summary>Where a flat binary goes, from the base of RAM: where QEMU puts one.</summary>
    public const ulong FlatOffset = 0x80000;

    private const int HeaderSize = 0x210;

    /// <summary>Loads the kernel file at <paramref name="path"/>. A file with an unknown header is a flat binary if its name ends in <c>.bin</c>.</summary>
    public static Result<LoadedKernel> Load(string path, IGuestMemory memory, ulong ramBase, ulong ramSize)
    {
        Result<FileStream> file = InputFile.Open(path, "kernel", "check the path given with --kernel");
        if (!file.TryGet(out FileStream stream, out Problem? problem))
        {
            return problem;
        }

        using (stream)
        {
            try
            {
                return Load(stream, path, memory, ramBase, ramSize);
            }
            catch (IOException e)
            {
                return new Problem(ProblemKind.Usage, $"{path}: cannot read the kernel: {e.Message}");
            }
        }
    }

    /// <summary>Loads a kernel from a stream that can seek; <paramref name="name"/> is what a diagnosis calls it.</summary>
    internal static Result<LoadedKernel> Load(Stream stream, string name, IGuestMemory memory, ulong ramBase, ulong ramSize)
    {
        byte[] header = new byte[HeaderSize];
        int read = stream.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false);
        stream.Position = 0;
        ReadOnlySpan<byte> start = header.AsSpan(0, read);
        KernelTarget target = new(name, memory, ramBase, ramSize);

        if (start.StartsWith((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F']))
        {
            return ElfLoader.Load(stream, target);
        }

        if (start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            return LoadGzip(stream, target);
        }

        if (Arm64Image.IsImage(start))
        {
            return Arm64Image.Load(stream, stream.Length, target);
        }

        if (IsCompressedEfiImage(start))
        {
            return LoadCompressedEfiImage(stream, start, target);
        }

        if (Foreign(start) is string what)
        {
            return new Problem(ProblemKind.CorruptInput, $"{name} is not an arm64 kernel but {what}", "give an arm64 Image, Image.gz or ELF file");
        }

        if (name.EndsWith(".bin", StringComparison.OrdinalIgnoreCase))
        {
            return LoadFlat(stream, target);
        }

        return new Problem(
            ProblemKind.CorruptInput,
            $"{name} is not an arm64 kernel: no Image magic at offset 56, no ELF or gzip magic at offset 0",
            "give an arm64 Image, Image.gz or ELF file; the name of a flat binary must end in .bin");
    }

    private static Result<LoadedKernel> LoadGzip(Stream stream, KernelTarget target)
    {
        try
        {
            using GZipStream gzip = new(stream, CompressionMode.Decompress, leaveOpen: true);
            return Arm64Image.Load(gzip, length: null, target);
        }
        catch (InvalidDataException e)
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name}: the gzip data is corrupt near offset {stream.Position}: {e.Message}", "copy the file again");
        }
    }

    // The Linux kernel's EFI_ZBOOT wrapper: "MZ", "zimg" at 4, payload offset at 8, payload size at 12, compression name at 24.
    private static bool IsCompressedEfiImage(ReadOnlySpan<byte> start) => start.Length >= 32 && start.StartsWith("MZ"u8) && start[4..].StartsWith("zimg"u8);

    private static Result<LoadedKernel> LoadCompressedEfiImage(Stream stream, ReadOnlySpan<byte> start, KernelTarget target)
    {
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(start[12..]);
        if (!start[24..].StartsWith("gzip\0"u8))
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name} is an EFI image with a compression other than gzip (offset 24)", "extract the Image from it first");
        }

        if (offset > stream.Length || size > stream.Length - offset)
        {
            return new Problem(
                ProblemKind.CorruptInput,
                $"{target.Name}: the compressed kernel at offset {offset} has {size} bytes, the file ends at {stream.Length}",
                "the file is truncated, copy it again");
        }

        stream.Position = offset;
        return LoadGzip(stream, target);
    }

    private static string? Foreign(ReadOnlySpan<byte> start)
    {
        if (start.Length >= 0x206 && start[0x202..].StartsWith("HdrS"u8))
        {
            return "an x86 bzImage";
        }

        if (start.Length >= 0x38 && start[0x30..].StartsWith("RISCV\0\0\0"u8))
        {
            return "a RISC-V Image";
        }

        if (start.Length >= 0x28 && BinaryPrimitives.ReadUInt32LittleEndian(start[0x24..]) == 0x016f2818)
        {
            return "a 32-bit Arm zImage";
        }

        if (start.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(start) == 0x27051956)
        {
            return "a U-Boot uImage";
        }

        if (start.StartsWith("MZ"u8))
        {
            return "an EFI program without the arm64 Image magic at offset 56";
        }

        if (start.StartsWith("070701"u8))
        {
            return "a cpio archive (an initrd?)";
        }

        return start.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(start) == DeviceTree.FdtFormat.Magic ? "a device tree blob" : null;
    }

    private static Result<LoadedKernel> LoadFlat(Stream stream, KernelTarget target)
    {
        ulong start = target.RamBase + FlatOffset;
        ulong length = (ulong)stream.Length;
        if (length == 0)
        {
            return new Problem(ProblemKind.CorruptInput, $"{target.Name} is empty", "copy the file again");
        }

        if (target.Claim(start, length) is Problem problem)
        {
            return problem;
        }

        return target.Fill(stream, start, length, 0) is Problem failed ? failed : new LoadedKernel(KernelFormat.Flat, start, start, start + length);
    }
}
