using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Pinion.Vmm.Loaders;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.Loaders;

public sealed class KernelLoaderTests
{
    private const ulong RamBase = 0x40000000;
    private const int RamSize = 16 << 20;

    private readonly TestMemory _memory = new(RamBase, RamSize);

    [Fact]
    public void AnImageWithTextOffsetZeroGoesTwoMegabytesAboveTheBase()
    {
        LoadedKernel kernel = Load(Image(0x5000, 0x9000)).Value;
        kernel.ShouldBe(new LoadedKernel(KernelFormat.Image, RamBase + 0x200000, RamBase + 0x200000, RamBase + 0x209000));
        _memory.At(kernel.Entry, 0x5000).SequenceEqual(Image(0x5000, 0x9000)).ShouldBeTrue();
    }

    [Fact]
    public void AnImageWithATextOffsetGoesThere() => Load(Image(0x5000, 0x9000, textOffset: 0x80000)).Value.Entry.ShouldBe(RamBase + 0x80000);

    [Fact]
    public void AnOldImageWithoutSizeGoesToTheLegacyOffset() => Load(Image(0x5000, 0, textOffset: 0)).Value.Entry.ShouldBe(RamBase + 0x80000);

    [Fact]
    public void AGzippedImageLoadsAsTheImage()
    {
        byte[] image = Image(0x5000, 0x9000);
        LoadedKernel kernel = Load(Gzip(image)).Value;
        kernel.Format.ShouldBe(KernelFormat.Image);
        kernel.End.ShouldBe(RamBase + 0x209000);
        _memory.At(kernel.Entry, 0x5000).SequenceEqual(image).ShouldBeTrue();
    }

    [Fact]
    public void ACompressedEfiImageLoadsAsTheImage()
    {
        byte[] payload = Gzip(Image(0x5000, 0x9000));
        byte[] file = new byte[0x400 + payload.Length];
        "MZ\0\0zimg"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(8), 0x400);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(12), (uint)payload.Length);
        "gzip\0"u8.CopyTo(file.AsSpan(24));
        payload.CopyTo(file, 0x400);
        Load(file).Value.Entry.ShouldBe(RamBase + 0x200000);
    }

    [Fact]
    public void AnElfGoesToItsPhysicalAddressesAndItsEntryIsTranslated()
    {
        byte[] elf = Elf(entry: 0xffff000000000010, (Virtual: 0xffff000000000000, Physical: RamBase + 0x10000, "hello", Memory: 0x2000));
        _memory.At(RamBase + 0x10005, 16).Fill(0xaa);
        LoadedKernel kernel = Load(elf).Value;
        kernel.ShouldBe(new LoadedKernel(KernelFormat.Elf, RamBase + 0x10010, RamBase + 0x10000, RamBase + 0x12000));
        Encoding.ASCII.GetString(_memory.At(RamBase + 0x10000, 5)).ShouldBe("hello");
        _memory.At(RamBase + 0x10005, 16).IndexOfAnyExcept((byte)0).ShouldBe(-1);
    }

    [Fact]
    public void AFlatBinaryIsKnownByItsName()
    {
        KernelLoader.Load(new MemoryStream([1, 2, 3, 4]), "k.bin", _memory, RamBase, RamSize).Value
            .ShouldBe(new LoadedKernel(KernelFormat.Flat, RamBase + 0x80000, RamBase + 0x80000, RamBase + 0x80004));
        Load([1, 2, 3, 4]).Problem.ShouldNotBeNull().Message.ShouldContain("not an arm64 kernel");
    }

    [Fact]
    public void TheHostsOwnCompilerMakesAnElfThatIsRefusedByItsMachine()
    {
        Problem problem = Load(File.ReadAllBytes("/bin/true")).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.CorruptInput);
        problem.Message.ShouldContain("not an arm64 kernel but ELF for x86-64 (offset 18)");
    }

    [Theory]
    [InlineData(0x202, "HdrS", "an x86 bzImage")]
    [InlineData(0x30, "RISCV\0\0\0", "a RISC-V Image")]
    [InlineData(0, "MZ", "an EFI program")]
    [InlineData(0, "070701", "a cpio archive")]
    public void ForeignKernelsAreCalledByTheirNames(int offset, string magic, string what)
    {
        byte[] file = new byte[0x1000];
        Encoding.ASCII.GetBytes(magic).CopyTo(file, offset);
        Load(file).Problem.ShouldNotBeNull().Message.ShouldContain(what);
    }

    [Fact]
    public void AnImageThatNeedsMoreMemoryThanThereIsSaysSo()
    {
        Problem problem = Load(Image(0x5000, 15 << 20)).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Usage);
        problem.ToString().ShouldBe("test needs memory from 0x40200000 to 0x41100000, 16 MiB of RAM end at 0x41000000; give more with --memory");
    }

    [Fact]
    public void AGzippedImageLargerThanMemoryIsRefusedWhileUnpacking() =>
        Load(Gzip(Image(15 << 20, 0x9000))).Problem.ShouldNotBeNull().Advice.ShouldBe("give more with --memory");

    [Fact]
    public void AnImageCutInTheMiddleIsTruncated()
    {
        byte[] image = Image(0x9000, 0x10000);
        Problem problem = Load(image[..0x2000]).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.CorruptInput);
        problem.Message.ShouldContain("ends at offset 8192");
        Load(Gzip(image)[..40]).Problem.ShouldNotBeNull().Kind.ShouldBe(ProblemKind.CorruptInput);
    }

    [Fact]
    public void TheSectionsOfTheEfiStubTellHowLongTheFileMustBe()
    {
        byte[] image = Image(0x9000, 0x10000);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(60), 0x40);
        "PE\0\0"u8.CopyTo(image.AsSpan(0x40));
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x46), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x54), 0xa0);
        int table = 0x40 + 24 + 0xa0;
        image.AsSpan(table, 80).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(table + 16), 0x1000);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(table + 20), 0x1000);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(table + 40 + 16), 0x7000);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(table + 40 + 20), 0x2000);
        Load(image).Problem.ShouldBeNull();
        Load(image[..0x8fff]).Problem.ShouldNotBeNull().Message.ShouldBe("test ends at offset 36863, 36864 bytes are needed");
    }

    [Fact]
    public void CorruptGzipDataIsDiagnosed()
    {
        byte[] file = Gzip(Enumerable.Range(0, 100000).Select(i => (byte)(i * i >> 3)).ToArray());
        file.AsSpan(10, 200).Fill(0xff);
        Load(file).Problem.ShouldNotBeNull().Kind.ShouldBe(ProblemKind.CorruptInput);
    }

    [Fact]
    public void ABigEndianImageIsRefused() => Load(Image(0x1000, 0x1000, flags: 1)).Problem.ShouldNotBeNull().Message.ShouldContain("big-endian");

    [Fact]
    public void AMissingKernelIsAUsageProblem()
    {
        Problem problem = KernelLoader.Load("/nonexistent/Image", _memory, RamBase, RamSize).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Usage);
        problem.ToString().ShouldBe("cannot open the kernel /nonexistent/Image: no such file; check the path given with --kernel");
        KernelLoader.Load("/", _memory, RamBase, RamSize).Problem.ShouldNotBeNull().Message.ShouldContain("is a directory");
        KernelLoader.Load("/dev/null", _memory, RamBase, RamSize).Problem.ShouldNotBeNull();
    }

    [Fact]
    public void AnElfOutsideRamIsRefused() =>
        Load(Elf(0x1000, (0x1000, 0x1000, "x", 1))).Problem.ShouldNotBeNull().Message.ShouldBe("test wants to be at 0x1000, RAM begins at 0x40000000");

    [Fact]
    public void ElfSegmentsThatOverlapAreRefused() =>
        Load(Elf(RamBase, (RamBase, RamBase, "abc", 0x2000), (RamBase + 0x1000, RamBase + 0x1000, "def", 0x1000))).Problem.ShouldNotBeNull().Message.ShouldContain("overlap");

    [Fact]
    public void AnElfCutAnywhereIsDiagnosed()
    {
        byte[] elf = Elf(RamBase, (RamBase, RamBase, "abcdef", 0x2000));
        for (int length = 4; length < elf.Length; length++)
        {
            Load(elf[..length]).Problem.ShouldNotBeNull().Kind.ShouldBe(ProblemKind.CorruptInput);
        }
    }

    [Fact]
    public void TheInitrdGoesToHalfOfSmallMemory()
    {
        (ulong start, ulong end) = BootLayout.LoadInitrd(new MemoryStream(new byte[100]), "i", _memory, RamBase, RamSize, RamBase + 0x300000).Value;
        start.ShouldBe(RamBase + (8 << 20));
        end.ShouldBe(start + 100);
    }

    [Fact]
    public void TheInitrdGoesTo128MegabytesOfLargeMemory() => BootLayout.InitrdStart(RamBase, 1UL << 30, RamBase + 0x300000).ShouldBe(RamBase + (128UL << 20));

    [Fact]
    public void TheInitrdNeverOverlapsTheKernel() => BootLayout.InitrdStart(RamBase, RamSize, RamBase + 0xa00001).ShouldBe(RamBase + 0xa01000);

    [Fact]
    public void AnInitrdThatDoesNotFitIsRefused()
    {
        Problem problem = BootLayout.LoadInitrd(new MemoryStream(new byte[9 << 20]), "big.cpio", _memory, RamBase, RamSize, RamBase).Problem.ShouldNotBeNull();
        problem.Message.ShouldStartWith("the initrd big.cpio needs memory from 0x40800000");
        problem.Advice.ShouldBe("give more with --memory");
    }

    [Fact]
    public void TheDeviceTreeLiesBehindTheInitrdAtTwoMegabytes()
    {
        BootLayout.PlaceDeviceTree(new byte[64], _memory, RamBase, RamSize, RamBase + 0x300000, RamBase + 0x900001).Value.ShouldBe(RamBase + 0xa00000);
        BootLayout.PlaceDeviceTree(new byte[64], _memory, RamBase, RamSize, RamBase + 0x300000, RamBase + RamSize).Problem.ShouldNotBeNull();
        BootLayout.PlaceDeviceTree(new byte[3 << 20], _memory, RamBase, RamSize, RamBase, null).Problem.ShouldNotBeNull().Message.ShouldContain("boot protocol");
    }

    internal static byte[] Image(int length, ulong imageSize, ulong textOffset = 0, ulong flags = 0xa)
    {
        byte[] image = new byte[length];
        new Random(1).NextBytes(image);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(8), textOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(16), imageSize);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(24), flags);
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        BinaryPrimitives.WriteUInt16LittleEndian(image, 0);
        return image;
    }

    internal static byte[] Elf(ulong entry, params (ulong Virtual, ulong Physical, string Contents, ulong Memory)[] segments)
    {
        MemoryStream stream = new();
        BinaryWriter writer = new(stream);
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((ushort)2);
        writer.Write((ushort)183);
        writer.Write(1);
        writer.Write(entry);
        writer.Write(64UL);
        writer.Write(0UL);
        writer.Write(0);
        writer.Write((ushort)64);
        writer.Write((ushort)56);
        writer.Write((ushort)segments.Length);
        writer.Write(0);
        writer.Write((ushort)0);
        ulong offset = 64 + 56 * (ulong)segments.Length;
        foreach ((ulong address, ulong physical, string contents, ulong memory) in segments)
        {
            writer.Write(1);
            writer.Write(7);
            writer.Write(offset);
            writer.Write(address);
            writer.Write(physical);
            writer.Write((ulong)contents.Length);
            writer.Write(memory);
            writer.Write(0x1000UL);
            offset += (ulong)contents.Length;
        }

        foreach ((_, _, string contents, _) in segments)
        {
            writer.Write(Encoding.ASCII.GetBytes(contents));
        }

        return stream.ToArray();
    }

    private static byte[] Gzip(byte[] bytes)
    {
        MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    private Result<LoadedKernel> Load(byte[] file) => KernelLoader.Load(new MemoryStream(file), "test", _memory, RamBase, RamSize);
}
