using System.Buffers.Binary;
using Pinion.Vmm.DeviceTree;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.DeviceTree;

public sealed class FdtTests
{
    [Fact]
    public void DtcReadsBackWhatTheWriterWrote()
    {
        using TemporaryDirectory directory = new();
        File.WriteAllBytes(directory["a.dtb"], Sample());
        (int code, string source, string error) = Tool.Run("dtc", "device-tree-compiler", "-I", "dtb", "-O", "dts", directory["a.dtb"]);
        code.ShouldBe(0, error);
        error.ShouldBeEmpty();
        source.ShouldContain("/memreserve/\t0x0000000048000000 0x0000000000001000;");
        source.ShouldContain("compatible = \"a,b\\0c,d\";");
        source.ShouldContain("reg = <0x00 0x40000000 0x01 0x00>;");
        source.ShouldContain("#address-cells = <0x02>;");
        source.ShouldContain("dma-coherent;");
        source.ShouldContain("bytes = [01 02 03];");
    }

    [Fact]
    public void TheReaderReadsWhatDtcWrote()
    {
        using TemporaryDirectory directory = new();
        File.WriteAllText(directory["a.dts"], """
            /dts-v1/;
            /memreserve/ 0x1000 0x2000;
            / { #address-cells = <2>; compatible = "x,y"; n@1 { reg = <1 2>; leaf { flag; }; }; empty {}; };
            """);
        Tool.Run("dtc", "device-tree-compiler", "-I", "dts", "-O", "dtb", "-o", directory["a.dtb"], directory["a.dts"]).ExitCode.ShouldBe(0);
        FdtTree tree = FdtReader.Read(File.ReadAllBytes(directory["a.dtb"]), "a.dtb").Value;
        tree.Reservations.ShouldBe([(0x1000UL, 0x2000UL)]);
        tree.Root.FindCell("#address-cells").ShouldBe(2u);
        tree.Root.FindString("compatible").ShouldBe("x,y");
        tree.Root.Child("n").ShouldNotBeNull().Find("reg").ShouldBe([0, 0, 0, 1, 0, 0, 0, 2]);
        tree.Root.Child("n@1")!.Child("leaf")!.Find("flag").ShouldBe([]);
        tree.Root.Child("empty").ShouldNotBeNull().Properties.ShouldBeEmpty();
    }

    [Fact]
    public void WritingATreeAgainGivesTheSameBytes()
    {
        byte[] blob = Sample();
        FdtReader.Read(blob, "sample").Value.ToBlob().ShouldBe(blob);
    }

    [Fact]
    public void PatchingReplacesTheCommandLineInitrdAndMemory()
    {
        FdtTree tree = FdtReader.Read(Sample(), "sample").Value;
        tree.Patch("sample", "console=ttyAMA0", (0x48000000, 0x48100000), (0x40000000, 0x20000000)).ShouldBeNull();
        FdtNode root = FdtReader.Read(tree.ToBlob(), "again").Value.Root;
        root.Child("chosen")!.FindString("bootargs").ShouldBe("console=ttyAMA0");
        BinaryPrimitives.ReadUInt64BigEndian(root.Child("chosen")!.Find("linux,initrd-end")).ShouldBe(0x48100000UL);
        root.Children.Count(c => c.Name.StartsWith("memory", StringComparison.Ordinal)).ShouldBe(1);
        root.Child("memory")!.Find("reg").ShouldBe([0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0]);
    }

    [Fact]
    public void PatchingWithoutAnInitrdRemovesAnOldOne()
    {
        FdtTree tree = FdtReader.Read(Sample(), "sample").Value;
        tree.Patch("sample", null, (1, 2), (0x40000000, 0x20000000)).ShouldBeNull();
        tree.Patch("sample", null, null, (0x40000000, 0x20000000)).ShouldBeNull();
        tree.Root.Child("chosen")!.Find("linux,initrd-start").ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 0x12345678u, "magic number")]
    [InlineData(4, 0x7fffffffu, "says that it has")]
    [InlineData(8, 0xfffffff0u, "structure block")]
    [InlineData(12, 0xfffffff0u, "strings block")]
    [InlineData(16, 0x7ffffff8u, "memory reservations")]
    [InlineData(20, 3u, "version 3")]
    [InlineData(36, 8u, "ends")]
    public void AWrongHeaderIsDiagnosedWithItsOffset(int offset, uint value, string message)
    {
        byte[] blob = Sample();
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(offset), value);
        Problem problem = FdtReader.Read(blob, "bad.dtb").Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.CorruptInput);
        problem.Message.ShouldStartWith("bad.dtb: ");
        problem.Message.ShouldContain(message);
        problem.Message.ShouldContain("offset ");
    }

    [Fact]
    public void EveryTruncationIsDiagnosed()
    {
        byte[] blob = Sample();
        for (int length = 0; length < blob.Length; length++)
        {
            FdtReader.Read(blob.AsSpan(0, length), "cut").Problem.ShouldNotBeNull();
        }
    }

    [Fact]
    public void NestingWithoutEndIsRefused()
    {
        FdtWriter writer = new();
        for (int i = 0; i < 100; i++)
        {
            writer.BeginNode(i == 0 ? "" : "n");
        }

        for (int i = 0; i < 100; i++)
        {
            writer.EndNode();
        }

        FdtReader.Read(writer.Finish(), "deep").Problem.ShouldNotBeNull().Message.ShouldContain("deep");
    }

    [Fact]
    public void APropertyBehindAChildNodeIsAProgrammingError()
    {
        FdtWriter writer = new();
        writer.BeginNode("");
        writer.BeginNode("child");
        writer.EndNode();
        Should.Throw<InvalidOperationException>(() => writer.Flag("late"));
    }

    private static byte[] Sample()
    {
        FdtWriter writer = new();
        writer.Reserve(0x48000000, 0x1000);
        writer.BeginNode("");
        writer.Cells("#address-cells", 2);
        writer.Cells("#size-cells", 2);
        writer.Strings("compatible", "a,b", "c,d");
        writer.BeginNode("chosen");
        writer.Strings("bootargs", "old");
        writer.EndNode();
        writer.BeginNode("memory@40000000");
        writer.Strings("device_type", "memory");
        writer.Cells64("reg", 0x40000000, 0x100000000);
        writer.EndNode();
        writer.BeginNode("device@8000000");
        writer.Cells64("reg", 0x8000000, 0x10000);
        writer.Flag("dma-coherent");
        writer.Bytes("bytes", [1, 2, 3]);
        writer.EndNode();
        writer.EndNode();
        return writer.Finish();
    }
}
