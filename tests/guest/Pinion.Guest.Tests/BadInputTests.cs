using System.Buffers.Binary;
using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>What a user can get wrong: one line that says it, the documented exit code, and nothing left behind.</summary>
public sealed class BadInputTests : IDisposable
{
    private const int Usage = 1;
    private const int Corrupt = 2;
    private const int HostResource = 4;

    private readonly TemporaryDirectory _directory = new();

    private string Kernel => _directory.Write("kernel.bin", FlatGuest.Reporting(0));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void AKernelThatIsMissing() => Refused(Usage, "missing/Image", "-k", _directory.File("missing/Image"));

    [Fact]
    public void AKernelThatIsADirectory() => Refused(Usage, _directory.Path, "-k", _directory.Path);

    [Fact]
    public void NoKernelAtAll() => Refused(Usage, "--kernel");

    [Fact]
    public void AKernelThatIsTruncated() =>
        Refused(Corrupt, "ends at offset 1048576", "-k", _directory.Write("Image", Image(announced: 4 << 20, actual: 1 << 20)));

    [Fact]
    public void AKernelThatEndsInItsHeader() => Refused(Corrupt, "not an arm64 kernel", "-k", _directory.Write("Image", Image(4 << 20, 4 << 20).AsSpan(0, 40)));

    [Fact]
    public void AKernelThatIsEmpty() => Refused(Corrupt, "not an arm64 kernel", "-k", _directory.Write("Image", ""));

    [Fact]
    public void AKernelThatIsForAnotherMachine() => Refused(Corrupt, "not an arm64 kernel", "-k", Environment.ProcessPath!);

    [Fact]
    public void AKernelThatIsText() => Refused(Corrupt, "not an arm64 kernel", "-k", _directory.Write("Image", new string('x', 4096)));

    [Fact]
    public void AKernelWhoseCompressionIsDamaged() => Refused(Corrupt, "gzip", "-k", _directory.Write("Image.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));

    [Fact]
    public void AnInitrdThatIsMissing() => Refused(Usage, "initrd.cpio", "-k", Kernel, "-i", _directory.File("initrd.cpio"));

    [Fact]
    public void AnInitrdThatDoesNotFit()
    {
        // It goes to half of the memory, and there is not enough behind it.
        string initrd = _directory.Write("initrd.cpio", new byte[40 << 20]);
        Refused(Usage, "--memory", "-k", Kernel, "-i", initrd, "-m", "64M");
    }

    [Fact]
    public void AKernelThatDoesNotFit() => Refused(Usage, "--memory", "-k", _directory.Write("large.bin", new byte[80 << 20]), "-m", "64M");

    [Fact]
    public void ADeviceTreeThatIsNone() => Refused(Corrupt, "tree.dtb", "-k", Kernel, "--dtb", _directory.Write("tree.dtb", "this is no device tree, however long it may be"));

    [Fact]
    public void ADeviceTreeThatIsTruncated()
    {
        string whole = _directory.File("whole.dtb");
        PinionProgram.Run(PinionProgram.Short, "run", "-m", "64M", "--dump-dtb", whole).ExitCode.ShouldBe(0);
        Refused(Corrupt, "half.dtb", "-k", Kernel, "--dtb", _directory.Write("half.dtb", File.ReadAllBytes(whole).AsSpan(0, 1000)));
    }

    [Fact]
    public void MoreMemoryThanTheHostCanMap() => Refused(HostResource, "guest memory", "-k", Kernel, "-m", "100000G");

    [Fact]
    public void MoreMemoryThanTheBoardHasRoomFor() => Refused(Usage, "of memory", "-k", Kernel, "-m", "1M");

    [Theory]
    [InlineData("-c", "0")]
    [InlineData("-c", "9")]
    [InlineData("-c", "many")]
    [InlineData("-m", "lots")]
    [InlineData("--spe-irq", "40")]
    [InlineData("--spe-max-buffer", "5000")]
    [InlineData("--timing", "window:x")]
    [InlineData("--share", "nocolon")]
    [InlineData("--guest", "plan9")]
    [InlineData("--no-such-option", "")]
    public void AnOptionThatMakesNoSense(string option, string value) =>
        Refused(Usage, option == "--guest" || option is "-c" || option is "-m" ? value : option, value.Length == 0 ? [option] : option == "--guest" ? [option, value] : ["-k", Kernel, option, value]);

    [Fact]
    public void ADirectoryToShareThatDoesNotExist() => Refused(Usage, "cannot share", "-k", Kernel, "--share", $"{_directory.File("nowhere")}:tag");

    [Fact]
    public void ACaptureThatCannotBeWritten()
    {
        string capture = _directory.File("nowhere/capture.spe");
        Refused(Usage, capture, "-k", Kernel, "--spe-capture", capture);
    }

    [Fact]
    public void ACountOfTheTruthThatCannotBeWritten()
    {
        string truth = _directory.File("nowhere/truth.csv");
        Refused(Usage, truth, "-k", Kernel, "--truth", truth);
    }

    [Fact]
    public void ACaptureOnAFullDisk()
    {
        if (!File.Exists("/dev/full"))
        {
            Assert.Skip("needs /dev/full");
        }

        Refused(Usage, "/dev/full", "-k", Kernel, "--spe-capture", "/dev/full");
    }

    [Theory]
    [InlineData("report")]
    [InlineData("decode")]
    public void ATraceThatIsMissing(string command) => ShouldBeRefused(PinionProgram.Run(PinionProgram.Short, command, _directory.File("missing.spe")), Usage, "missing.spe");

    [Theory]
    [InlineData("report")]
    [InlineData("decode")]
    public void ATraceThatIsCorrupt(string command)
    {
        // Address packets, then bytes that begin no packet.
        byte[] trace = [0xb0, 1, 2, 3, 4, 5, 6, 7, 0x80, 0x01, .. Enumerable.Repeat((byte)0x3f, 200)];
        ProgramResult run = PinionProgram.Run(PinionProgram.Short, command, _directory.Write("trace.spe", trace));

        run.ShouldHaveNoTrouble();
        run.ExitCode.ShouldBe(Corrupt, run.Report);
        run.Error.ShouldContain("trace.spe", Case.Sensitive, run.Report);
    }

    [Fact]
    public void ACaptureThatIsCutOff()
    {
        string capture = _directory.File("demo.spe");
        ProgramResult demo = PinionProgram.Run(PinionProgram.Boot, "run", "-k", DemoGuest.Write(_directory), "-m", "128M", "--deterministic", "--spe-capture", capture);
        demo.ExitCode.ShouldBe(0, demo.Report);
        byte[] whole = File.ReadAllBytes(capture);
        whole.Length.ShouldBeGreaterThan(10_000);

        ProgramResult run = PinionProgram.Run(PinionProgram.Short, "decode", _directory.Write("cut.spe", whole.AsSpan(0, (whole.Length / 2) + 5)));
        run.ShouldHaveNoTrouble();
        run.ExitCode.ShouldBe(Corrupt, run.Report);
        run.Output.ShouldContain("PC 0x");
        run.Error.ShouldContain("cut.spe");
    }

    /// <summary>The header of an arm64 Image (Documentation/arm64/booting.rst) and zeros behind it.</summary>
    private static byte[] Image(int announced, int actual)
    {
        byte[] image = new byte[actual];
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(16), announced);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(24), 0xa);
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        return image;
    }

    private void Refused(int code, string reason, params string[] arguments)
    {
        ShouldBeRefused(PinionProgram.Run(PinionProgram.Short, ["run", .. arguments]), code, reason);
        Directory.Exists(_directory.File("nowhere")).ShouldBeFalse("nothing is left behind");
    }

    private static void ShouldBeRefused(ProgramResult run, int code, string reason)
    {
        run.ShouldHaveNoTrouble();
        run.ExitCode.ShouldBe(code, run.Report);
        run.Output.ShouldBeEmpty();
        string[] lines = run.Error.TrimEnd('\n').Split('\n');
        lines[0].ShouldStartWith("pinion: ");
        lines[0].ShouldContain(reason, Case.Sensitive);

        // A command line that does not parse is followed by where to read about it.
        (lines.Length == 1 || (lines.Length == 2 && lines[1].StartsWith("pinion: see pinion", StringComparison.Ordinal))).ShouldBeTrue(run.Error);
    }
}
