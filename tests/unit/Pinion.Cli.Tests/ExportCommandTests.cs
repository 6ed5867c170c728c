using System.CommandLine;
using System.Text.Json;
using Pinion.Cli.Guests;
using Pinion.Trace;
using Pinion.Trace.Exports;
using Pinion.Trace.Symbols;

namespace Pinion.Cli.Tests;

public sealed class ExportCommandTests : IDisposable
{
    private static readonly ExportCommand.Inputs s_alone = new(new([], null));
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
    public void ACopyOfAProcesssMapsAndAnotherTraceCompleteTheTrace()
    {
        File.WriteAllText(InFolder("maps"), "00400000-00401000 r-xp 00000000 00:02 6 /bin/bench\n");
        ExportCommand.Run(Raw(), new PerfDataExporter(), InFolder("first"), With(["60=" + InFolder("maps")], null), _output, _error).ShouldBe(ExitCodes.Success);
        ExportCommand.Run(Raw(), new PerfDataExporter(), InFolder("second"), With([], InFolder("first")), _output, _error).ShouldBe(ExitCodes.Success);

        TraceFile.TryRead(InFolder("second"), out SpeTrace trace, out string error).ShouldBeTrue(error);
        trace.Mappings.ShouldContain(new TraceMapping(60, 0x40_0000, 0x1000, 0, "/bin/bench"));
        trace.Tasks.ShouldContain(new TraceTask(60, 60, "bench", 60));
        _error.ToString().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("maps")]
    [InlineData("=maps")]
    [InlineData("x=maps")]
    [InlineData("-1=maps")]
    public void MapsOfNoProcessAreAUsageError(string option)
    {
        ExportCommand.Run(Raw(), new Fake(), InFolder("out"), With([option], null), _output, _error).ShouldBe(ExitCodes.Usage);

        _error.ToString().ShouldBe($"pinion: --maps {option}: give PID=PATH, with the number of the process in the guest\n");
    }

    [Fact]
    public void FilesThatCompleteTheTraceMustBeThere()
    {
        ExportCommand.Run(Raw(), new Fake(), InFolder("out"), With(["60=" + InFolder("none")], null), _output, _error).ShouldBe(ExitCodes.Usage);
        ExportCommand.Run(Raw(), new Fake(), InFolder("out"), With([], InFolder("none")), _output, _error).ShouldBe(ExitCodes.Usage);

        _error.ToString().Split('\n').Count(line => line.Contains(InFolder("none"), StringComparison.Ordinal)).ShouldBe(2);
        File.Exists(InFolder("out")).ShouldBeFalse();
    }

    [Fact]
    public void ALineOfMapsThatIsNoneIsDiagnosedAndTheRestUsed()
    {
        File.WriteAllText(InFolder("maps"), "nonsense\n");

        ExportCommand.Run(Raw(), new Fake(), InFolder("out"), With(["60=" + InFolder("maps")], null), _output, _error).ShouldBe(ExitCodes.CorruptInput);

        _error.ToString().ShouldBe($"pinion: {InFolder("maps")}: offset 0x0: not a line of /proc/PID/maps\n");
        File.Exists(InFolder("out")).ShouldBeTrue();
    }

    [Fact]
    public void TheInputMayBeReplaced()
    {
        string path = Raw();

        ExportCommand.Run(path, new Fake(), path, s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        File.ReadAllText(path).ShouldBe("raw: 1 records");
    }

    [Fact]
    public void FormatsMayAskForSourceLines()
    {
        Assert.SkipWhen(AddrToLine.FindPrograms().Count == 0, "needs addr2line: apt-get install binutils-aarch64-linux-gnu");
        File.WriteAllBytes(InFolder("demo.elf"), GuestSources.Demo);
        ElfImage image = ElfImage.Read(GuestSources.Demo, "demo.elf", new Diagnoses(), InFolder("demo.elf"));
        ulong branchy = image.Symbols.Symbols.Single(symbol => symbol.Name == "branchy").Start;
        SourceLine? line = null;

        ExportCommand.Run(Raw(), new Fake(request => line = request.Lines?.Find(image, branchy)), InFolder("out"), s_alone, _output, _error).ShouldBe(ExitCodes.Success);

        line.ShouldNotBeNull();
        line.Value.ToString().ShouldStartWith("workloads.c:");
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
        ExportCommand.Create().Parse(["--list"]).Errors.ShouldBeEmpty();
        ExportCommand.Create().Parse([Raw(), "--to", "bolt", "--image", "a", "--weight", "latency", "--cpu", "0"]).Errors.ShouldBeEmpty();
        ExportCommand.Create().Parse([Raw(), "--to", "collapsed", "--weight", "bytes"]).Errors.Count.ShouldBe(1);
    }

    [Fact]
    public void TheListNamesEveryFormatAndWhatReadsIt()
    {
        Invoke(["--list"]).ShouldBe(ExitCodes.Success);

        _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(TraceExporters.All.Count);
        TraceExporters.All.ShouldAllBe(one => _output.ToString().Contains(one.Description, StringComparison.Ordinal));
    }

    [Fact]
    public void OptionsChooseSamplesAndWeights()
    {
        Invoke([Raw(), "--to", "collapsed"]).ShouldBe(ExitCodes.Success);
        Invoke([Raw(), "--to", "collapsed", "--class", "load"]).ShouldBe(ExitCodes.Success);
        Invoke([Raw(), "--to", "collapsed", "--weight", "latency"]).ShouldBe(ExitCodes.Success);
        Invoke([Raw(), "--to", "collapsed", "--class", "word"]).ShouldBe(ExitCodes.Usage);

        _output.ToString().ShouldBe("[unknown];[unknown];[no PC] 1\n");
        _error.ToString().ShouldStartWith("pinion: --class has no choice 'word'");
    }

    [Fact]
    public void WhatAFormatLeavesOutIsSaid()
    {
        Invoke([Raw(), "--to", "bolt", "--image", "program"]).ShouldBe(ExitCodes.Success);

        _error.ToString().ShouldBe($"pinion: {InFolder("raw")}: no taken branch is in program\n");
    }

    [Fact]
    public void EveryFormatOfTheDemosCaptureHasTheProfilesTotals()
    {
        string demo = InFolder("demo.spe");
        DemoCommand.Create().Parse(["--output", demo]).Invoke(Configuration()).ShouldBe(ExitCodes.Success);
        var symbols = new SymbolFiles([Path.Combine(DemoGuestTests.RepositoryRoot(), "guests", "demo", "pinion-demo.elf")], null);
        TraceFile.TryRead(demo, out SpeTrace trace, out _).ShouldBeTrue();
        Trace.Profiles.ProfileCounts total = Trace.Profiles.Profile.Build(trace, symbols.Load(trace, _error, out _)).Total;
        total.Samples.ShouldBeGreaterThan(10_000);

        foreach (ITraceExporter format in TraceExporters.All)
        {
            ExportCommand.Run(demo, format, InFolder(format.Name), new(symbols), _output, _error).ShouldBe(ExitCodes.Success);
        }

        _error.ToString().ShouldBeEmpty();
        File.ReadAllLines(InFolder("collapsed")).Sum(line => long.Parse(line.Split(' ')[^1])).ShouldBe(total.Samples);
        File.ReadLines(InFolder("csv")).Count().ShouldBe((int)total.Samples + 1);
        JsonSum("speedscope", root => root.GetProperty("profiles").EnumerateArray().SelectMany(profile => profile.GetProperty("weights").EnumerateArray())).ShouldBe(total.Samples);
        JsonSum("firefox", root => root.GetProperty("threads").EnumerateArray().SelectMany(thread => thread.GetProperty("samples").GetProperty("weight").EnumerateArray())).ShouldBe(total.Samples);
        File.ReadAllLines(InFolder("bolt")).ShouldContain(line => line.StartsWith("B ffff8000", StringComparison.Ordinal));
        TraceFile.TryRead(InFolder("perf.data"), out SpeTrace again, out _).ShouldBeTrue();
        Trace.Profiles.Profile.Build(again, symbols.Load(again, _error, out _)).Total.Samples.ShouldBe(total.Samples);
    }

    private long JsonSum(string name, Func<JsonElement, IEnumerable<JsonElement>> weights)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(InFolder(name)));
        return weights(json.RootElement).Sum(weight => weight.GetInt64());
    }

    private int Invoke(string[] arguments) => ExportCommand.Create().Parse(arguments).Invoke(Configuration());

    private InvocationConfiguration Configuration() => new() { Output = _output, Error = _error };

    private static ExportCommand.Inputs With(string[] maps, string? metadata) => new(new([], null) { Metadata = new(maps, metadata) });

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
