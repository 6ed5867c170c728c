using Pinion.Vmm.Board;
using Pinion.Vmm.Devices;
using Pinion.Vmm.DeviceTree;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.Board;

public sealed class VirtBoardTests
{
    private readonly TestMemory _memory = new(MemoryMap.Ram, 1 << 16);

    [Fact]
    public void DtcFindsNothingToComplainAbout()
    {
        using TemporaryDirectory directory = new();
        File.WriteAllBytes(directory["board.dtb"], Tree(new VirtBoardOptions { Cpus = 4, SpeIntid = 21, Shares = [new SharedDirectory(directory.Path, "t")] }));
        (int code, string source, string error) = Tool.Run("dtc", "device-tree-compiler", "-I", "dtb", "-O", "dts", directory["board.dtb"]);
        code.ShouldBe(0);
        error.ShouldBeEmpty();
        source.ShouldContain("pl011@9000000");
        source.ShouldContain("pl031@9010000");
        source.ShouldContain("virtio_mmio@a000000");
        source.ShouldContain("virtio_mmio@a000200");
        source.ShouldContain("cpu@3");
        source.ShouldNotContain("cpu@4");
    }

    [Fact]
    public void TheProfilingUnitIsAPrivateLevelInterrupt()
    {
        FdtNode root = Read(new VirtBoardOptions { SpeIntid = 21 });
        FdtNode node = root.Child("spe-pmu").ShouldNotBeNull();
        node.FindString("compatible").ShouldBe("arm,statistical-profiling-extension-v1");
        node.Find("interrupts").ShouldBe([0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 4]);
        root.Child("pmu")!.Find("interrupts").ShouldBe([0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 4]);
        Read(new VirtBoardOptions()).Child("spe-pmu").ShouldBeNull();
    }

    [Fact]
    public void ThereIsNoKaslrSeedUnlessAskedFor()
    {
        Read(new VirtBoardOptions()).Child("chosen")!.Find("kaslr-seed").ShouldBeNull();
        Read(new VirtBoardOptions { KaslrSeed = 5 }).Child("chosen")!.Find("kaslr-seed").ShouldBe([0, 0, 0, 0, 0, 0, 0, 5]);
    }

    [Fact]
    public void ChosenNamesTheConsoleCommandLineAndInitrd()
    {
        FdtNode chosen = Read(new VirtBoardOptions()).Child("chosen")!;
        chosen.FindString("stdout-path").ShouldBe("/pl011@9000000");
        chosen.FindString("bootargs").ShouldBe("console=ttyAMA0");
        chosen.Find("linux,initrd-end").ShouldBe([0, 0, 0, 0, 0x48, 0, 0x10, 0]);
    }

    [Fact]
    public void EveryInterruptOfADeviceIsWithinTheController()
    {
        using VirtBoard board = Create(new VirtBoardOptions(), out List<uint> spis);
        spis.ShouldBe([1, 2, 16]);
        (MemoryMap.VirtioSpi + MemoryMap.VirtioSlots + 32).ShouldBeLessThanOrEqualTo(MemoryMap.InterruptCount);
        board.Bus.Read(MemoryMap.Virtio + 8, 4, out ulong device).ShouldBeTrue();
        device.ShouldBe(4u);
        board.Bus.Read(MemoryMap.Uart + 0xfe0, 4, out ulong id).ShouldBeTrue();
        id.ShouldBe(0x11u);
    }

    [Theory]
    [InlineData(0, 256, 21, "--cpus")]
    [InlineData(9, 256, 21, "--cpus")]
    [InlineData(1, 8, 21, "--memory")]
    [InlineData(1, 256 << 10, 21, "--memory")]
    [InlineData(1, 256, 15, "--spe-irq")]
    [InlineData(1, 256, 32, "--spe-irq")]
    public void OptionsOutOfRangeNameTheOptionToChange(int cpus, int megabytes, uint intid, string option)
    {
        VirtBoardOptions options = new() { Cpus = cpus, Memory = (ulong)megabytes << 20, SpeIntid = intid };
        Problem problem = VirtBoard.Create(options, _memory, _ => new RecordingLine(), new NoOutput(), null, TimeProvider.System).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Usage);
        problem.Advice.ShouldContain(option);
    }

    [Fact]
    public void SharesNeedDirectoriesAndTagsOfTheirOwn()
    {
        using TemporaryDirectory directory = new();
        Problem(new SharedDirectory(directory["missing"], "a")).ShouldContain("cannot share");
        Problem(new SharedDirectory(directory.Path, "a"), new SharedDirectory(directory.Path, "a")).ShouldBe("two shares have the tag 'a'; give each share a tag of its own");

        string Problem(params SharedDirectory[] shares) =>
            VirtBoard.Create(new VirtBoardOptions { Shares = shares }, _memory, _ => new RecordingLine(), new NoOutput(), null, TimeProvider.System).Problem.ShouldNotBeNull().ToString();
    }

    [Theory]
    [InlineData("/tmp/x:tag", "/tmp/x", "tag")]
    [InlineData("a:b:tag", "a:b", "tag")]
    [InlineData("dir:", null, null)]
    [InlineData(":tag", null, null)]
    [InlineData("dir", null, null)]
    [InlineData("dir:a/b", null, null)]
    public void AShareIsADirectoryAndATag(string text, string? path, string? tag)
    {
        Result<SharedDirectory> result = SharedDirectory.Parse(text);
        if (path is null)
        {
            result.Problem.ShouldNotBeNull().Kind.ShouldBe(ProblemKind.Usage);
        }
        else
        {
            result.Value.ShouldBe(new SharedDirectory(path, tag!));
        }
    }

    private FdtNode Read(VirtBoardOptions options) => FdtReader.Read(Tree(options), "board").Value.Root;

    private byte[] Tree(VirtBoardOptions options)
    {
        using VirtBoard board = Create(options, out _);
        return board.BuildDeviceTree("console=ttyAMA0", (0x48000000, 0x48001000));
    }

    private VirtBoard Create(VirtBoardOptions options, out List<uint> spis)
    {
        List<uint> asked = [];
        spis = asked;
        return VirtBoard.Create(options, _memory, Line, new NoOutput(), null, TimeProvider.System).Value;

        RecordingLine Line(uint spi)
        {
            asked.Add(spi);
            return new RecordingLine();
        }
    }

    private sealed class NoOutput : ISerialOutput
    {
        public void Put(byte value)
        {
        }
    }
}
