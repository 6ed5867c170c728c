using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Cli.Guests;
using Pinion.Trace;
using Pinion.Trace.Capture;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Cli.Tests;

public sealed class TraceCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-cli").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void DecodePrintsThePacketsOfACapture()
    {
        DecodeCommand.Run(Capture(), _output, _error).ShouldBe(ExitCodes.Success);

        string[] lines = _output.ToString().Split('\n');
        lines[0].ShouldBe("cpu 0, stream offset 0x0, file offset 0x58");
        lines[2].ShouldBe(". ... ARM SPE data: size 0x40 bytes");
        lines[3].ShouldBe(".  00000000:  b0 00 01 40 00 00 00 00 80                      PC 0x400100 el0 ns=1");
        _error.ToString().ShouldBeEmpty();
    }

    [Fact]
    public void DecodeOfDamagePrintsTheRestAndTheOffset()
    {
        string path = Write("raw", [0x01, 0xFF, 0x01]);

        DecodeCommand.Run(path, _output, _error).ShouldBe(ExitCodes.CorruptInput);

        _output.ToString().ShouldContain(".  00000002:  01                                              END\n");
        _error.ToString().ShouldBe($"pinion: {path}: offset 0x1: 1 byte is part of no packet\n");
    }

    [Fact]
    public void AMissingFileIsAUsageError()
    {
        string path = Path.Combine(_folder, "missing");

        DecodeCommand.Run(path, _output, _error).ShouldBe(ExitCodes.Usage);
        ReportCommand.Run(path, new SymbolFiles([], null), View.Default, _output, _error).ShouldBe(ExitCodes.Usage);
        ReportCommand.Run(Capture(), new SymbolFiles([path], null), View.Default, _output, _error).ShouldBe(ExitCodes.Usage);
        ReportCommand.Run(Capture(), new SymbolFiles([], path), View.Default, _output, _error).ShouldBe(ExitCodes.Usage);

        _output.ToString().ShouldBeEmpty();
        _error.ToString().Split('\n').Count(line => line.Contains(path, StringComparison.Ordinal)).ShouldBe(4);
    }

    [Fact]
    public void ReportWritesAPageForABrowser()
    {
        string page = Path.Combine(_folder, "page.html");

        HtmlCommand.Run(Capture(), new SymbolFiles([], null), SampleFilter.All, page, _output, _error).ShouldBe(ExitCodes.Success);

        File.ReadAllText(page).ShouldStartWith("<!DOCTYPE html>");
        _output.ToString().ShouldBeEmpty();
        _error.ToString().ShouldBeEmpty();
    }

    [Fact]
    public void APageThatCannotBeWrittenIsAUsageErrorAndOneOfADamagedTraceTellsSo()
    {
        string missing = Path.Combine(_folder, "missing", "page.html");
        HtmlCommand.Run(Capture(), new SymbolFiles([], null), SampleFilter.All, missing, _output, _error).ShouldBe(ExitCodes.Usage);
        _error.ToString().ShouldContain(missing);

        string page = Path.Combine(_folder, "page.html");
        HtmlCommand.Run(Write("raw", [0x01, 0xFF, 0x01]), new SymbolFiles([], null), SampleFilter.All, page, _output, _error).ShouldBe(ExitCodes.CorruptInput);
        File.Exists(page).ShouldBeTrue();
    }

    [Fact]
    public void ReportResolvesKernelSymbolsAndPrintsJson()
    {
        SpeRecord kernel = default;
        kernel.SetPc(0xFFFF_8000_8000_0010, 1);
        string capture = Capture(kernel);
        string symbols = Write("System.map", "ffff800080000000 T _text\n"u8);

        ReportCommand.Run(capture, new SymbolFiles([], symbols), View.Default with { Json = true }, _output, _error).ShouldBe(ExitCodes.Success);

        using JsonDocument json = JsonDocument.Parse(_output.ToString());
        json.RootElement.GetProperty("functions").EnumerateArray().Select(f => f.GetProperty("function").GetString()).ShouldContain("_text");
    }

    [Fact]
    public void ReportFindsSourceLinesInTheGivenFiles()
    {
        Assert.SkipWhen(AddrToLine.FindPrograms().Count == 0, "needs addr2line: apt-get install binutils-aarch64-linux-gnu");
        string elf = Write("demo.elf", GuestSources.Demo);
        SpeRecord inBranchy = default;
        inBranchy.SetPc(ElfImage.Read(GuestSources.Demo, "demo.elf", new Diagnoses()).Symbols.Symbols.Single(symbol => symbol.Name == "branchy").Start, 1);

        ReportCommand.Run(Capture(inBranchy), new SymbolFiles([elf], null), View.Default with { By = ProfileBy.Line }, _output, _error).ShouldBe(ExitCodes.Success);

        _output.ToString().ShouldMatch("demo.elf +branchy +workloads.c:[0-9]+\n");
        _output.ToString().ShouldMatch(@"\[unknown\] +\[unknown\] +\[unknown\]\n");
        _error.ToString().ShouldBeEmpty();
    }

    [Fact]
    public void AnElfOptionWithAnAddressThatIsNoneIsAUsageError()
    {
        ReportCommand.Run(Capture(), new SymbolFiles(["program@xyz"], null), View.Default, _output, _error).ShouldBe(ExitCodes.Usage);

        _error.ToString().ShouldBe("pinion: --elf program@xyz: xyz is no hexadecimal address\n");
    }

    [Fact]
    public void ACorruptElfFileIsDiagnosedAndTheProfileStillPrinted()
    {
        string elf = Write("elf", "not one"u8);

        ReportCommand.Run(Capture(), new SymbolFiles([elf], null), View.Default, _output, _error).ShouldBe(ExitCodes.CorruptInput);

        _error.ToString().ShouldBe($"pinion: {elf}: offset 0x0: not an ELF file\n");
        _output.ToString().ShouldStartWith("# 1 samples;");
    }

    [Fact]
    public void TheCommandsParseTheirOptions()
    {
        DecodeCommand.Create().Parse([Capture()]).Errors.ShouldBeEmpty();
        DecodeCommand.Create().Parse([]).Errors.Count.ShouldBe(1);
        ReportCommand.Create().Parse([Capture(), "--elf", "a", "--elf", "b@0x1000", "--kallsyms", "c", "--debug-dir", "d", "--json"]).Errors.ShouldBeEmpty();
        ReportCommand.Create().Parse([Capture(), "--unknown"]).Errors.Count.ShouldBe(1);
    }

    private string Capture(params SpeRecord[] more)
    {
        SpeRecord record = default;
        record.SetPc(0x40_0100, 0);
        record.SetEvents(SpeEvents.Retired);
        string path = Path.Combine(_folder, "capture.spe");
        CaptureWriter.TryCreate(path, new(0x413F_D0C1, 0x3607F, 25_000_000, 3, 1), out CaptureWriter? writer, out string error).ShouldBeTrue(error);
        using (writer)
        {
            var bytes = new byte[SpeRecordWriter.FixedSize];
            foreach (SpeRecord one in (SpeRecord[])[record, .. more])
            {
                SpeRecordWriter.WriteFixed64(one, bytes);
                writer.Append(0, bytes).ShouldBeTrue();
            }
        }

        return path;
    }

    private string Write(string name, ReadOnlySpan<byte> content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
