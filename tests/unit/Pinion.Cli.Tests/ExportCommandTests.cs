using Pinion.Trace;
using Pinion.Trace.Exports;

namespace Pinion.Cli.Tests;

public sealed class ExportCommandTests : IDisposable
{
    private static readonly ExportCommand.Inputs s_alone = new(new([], null), MetadataFiles.None);
    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-export").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void EveryFormatHasANameOfItsOwnAndADescription()
    {
        TraceExporters.All.Select(one => one.Name).ShouldBeUnique();
        TraceExporters.All.ShouldAllBe(one => one.Name.Length > 0 && one.Description.Length > 0 && !one.Name.Contains(' '));
    }

    [Fact]
    public void TheFileAppearsWhenItIsComplete()
    {
        string path = InFolder("out");

        ExportCommand.Run(Raw(), new Fake(_ => File.Exists(path).ShouldBeFalse()), path, s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        File.ReadAllText(path).ShouldBe("raw: 1 records");
        Directory.GetFiles(_folder).Length.ShouldBe(2);
        _output.ToString().ShouldBeEmpty();
    }

    [Fact]
    public void TheInputMayBeReplaced()
    {
        string path = Raw();

        ExportCommand.Run(path, new Fake(), path, s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        File.ReadAllText(path).ShouldBe("raw: 1 records");
    }

    [Fact]
    public void ALinkStaysALink()
    {
        File.WriteAllText(InFolder("target"), "old");
        File.CreateSymbolicLink(InFolder("link"), InFolder("target"));

        ExportCommand.Run(Raw(), new Fake(), InFolder("link"), s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        File.ReadAllText(InFolder("target")).ShouldBe("raw: 1 records");
        new FileInfo(InFolder("link")).LinkTarget.ShouldNotBeNull();
    }

    [Fact]
    public void ADeviceIsWrittenTo()
    {
        ExportCommand.Run(Raw(), new Fake(), "/dev/null", s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        File.Exists("/dev/null.part").ShouldBeFalse();
        new FileInfo("/dev/null").Length.ShouldBe(0);
    }

    [Fact]
    public void WithoutAPathTheResultIsStandardOutput()
    {
        ExportCommand.Run(Raw(), new Fake(), null, s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        _output.ToString().ShouldBe("raw: 1 records");
    }

    [Fact]
    public void AFileThatCannotBeMadeIsAUsageError()
    {
        ExportCommand.Run(Raw(), new Fake(), InFolder("no/such/folder"), s_alone, _output, _error).ShouldBe(ExitCodes.Usage);

        _error.ToString().ShouldStartWith($"pinion: cannot write {InFolder("no/such/folder")}: ");
    }

    [Fact]
    public void AHostThatTakesNoMoreIsToldAndLeavesNothingBehind()
    {
        ExportCommand.Run(Raw(), new Fake(_ => throw new IOException("No space left on device")), InFolder("out"), s_alone, _output, _error).ShouldBe(ExitCodes.HostResource);

        _error.ToString().ShouldBe($"pinion: cannot write {InFolder("out")}: No space left on device\n");
        Directory.GetFiles(_folder).Length.ShouldBe(1);
    }

    [Fact]
    public void ADamagedTraceIsExportedAsFarAsItGoes()
    {
        var format = new Fake(request => request.Source.Trace.Diagnoses.Add(5, "something is wrong"));

        ExportCommand.Run(Raw(), format, InFolder("out"), s_alone, _output, _error).ShouldBe(ExitCodes.CorruptInput);

        File.Exists(InFolder("out")).ShouldBeTrue();
        _error.ToString().ShouldBe($"pinion: {InFolder("raw")}: offset 0x5: something is wrong\n");
    }

    [Fact]
    public void TheCommandParsesItsOptions()
    {
        ExportCommand.Create().Parse([Raw(), "--to", "perf.data", "-o", "out", "--elf", "a"]).Errors.ShouldBeEmpty();
        ExportCommand.Create().Parse([Raw()]).Errors.Count.ShouldBe(1);
        ExportCommand.Create().Parse([Raw(), "--to", "nothing"]).Errors.Count.ShouldBe(1);
    }

    private string InFolder(string name) => Path.Combine(_folder, name);

    private string Raw()
    {
        File.WriteAllBytes(InFolder("raw"), [0x42, 0x02, 0x01]);
        return InFolder("raw");
    }

    /// <summary>Writes how many records there are.</summary>
    private sealed class Fake(Action<ExportRequest>? before = null) : ITraceExporter
    {
        public string Name => "fake";

        public string Description => "for tests";

        public bool IsText => true;

        public void Write(ExportRequest request, Stream output)
        {
            before?.Invoke(request);
            int records = RecordScan.Run(request.Source.Trace, () => new Counter()).Sum(counter => counter.Count);
            output.Write(System.Text.Encoding.UTF8.GetBytes($"{request.FileName}: {records} records"));
        }
    }

    private sealed class Counter : IRecordVisitor
    {
        public int Count { get; private set; }

        public void Visit(in SpeBuffer buffer, in Arm.Spe.SpeRecord record) => Count++;
    }
}
