using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Capture;
using Pinion.Trace.Truth;

namespace Pinion.Cli.Tests;

public sealed class CompareTruthCommandTests : IDisposable
{
    private const string Truth =
        """
        el,contextid,pc,count,class,recorded,collided,filtered,discarded,lost,not_taken,exceptions
        0,7,0x400100,6000,load,6,0,0,0,0,0,0
        0,7,0x400104,4000,branch,3,1,0,0,0,3000,0
        # run timing=window:32 profile=honest in_flight=1 uncounted=0
        # unit cpu=0 population=10000 stopped=0 recorded=9 collided=1 filtered=0 discarded=0 lost=0
        # setting contextid=7 interval=999 jitter=0 spacing=1000 filters=0x0 selected=10
        # end rows=2

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-cli").FullName;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FunctionsStandBesideTheTruthWithWhatBecameOfTheSelected()
    {
        Run(Truth, new TruthView(), new()).ShouldBe(ExitCodes.Success, _error.ToString());

        string[] lines = _output.ToString().Split('\n');
        lines[0].ShouldBe("# 10000 operations executed, 9 sampled: one in 1111.1");
        lines.ShouldContain("# unit: of 10 selected, one in 1000.0: 1 (10.00%) collided, 0 (0.00%) filtered, 0 (0.00%) discarded, 0 (0.00%) not taken by the buffer, 9 (90.00%) recorded");
        lines.ShouldContain(line => line.StartsWith("   10000  100.000%  100.000%", StringComparison.Ordinal) && line.EndsWith("[unknown]  [unknown]", StringComparison.Ordinal));
        lines.ShouldContain(line => line.StartsWith("   10000   60.000%", StringComparison.Ordinal) && line.EndsWith("load, of operations", StringComparison.Ordinal));
        lines.ShouldContain(line => line.EndsWith("not taken, of branches", StringComparison.Ordinal));
        lines.ShouldNotContain(line => line.Contains("0x400100", StringComparison.Ordinal));
    }

    [Fact]
    public void InstructionsHaveTheirAddressesAndEventsTheirRows()
    {
        Run(Truth, new TruthView(TruthUnit.Instruction), new(Top: 1, Measures: true)).ShouldBe(ExitCodes.Success, _error.ToString());

        string text = _output.ToString();
        text.ShouldContain("# shares of instructions; 1 more rows, --top shows them\n");
        text.ShouldContain("  0x400100  [unknown]  [unknown]\n");
        text.ShouldNotContain("0x400104");
        text.Split('\n').ShouldContain(line => line.Contains("load, of operations  0x400100", StringComparison.Ordinal));
    }

    [Fact]
    public void JsonHasAllRows()
    {
        Run(Truth, new TruthView(TruthUnit.Instruction), new(Top: 1, Json: true)).ShouldBe(ExitCodes.Success, _error.ToString());

        JsonElement root = JsonDocument.Parse(_output.ToString()).RootElement;
        root.GetProperty("collided").GetUInt64().ShouldBe(1ul);
        root.GetProperty("spacing").GetDouble().ShouldBe(1000);
        root.GetProperty("loss").GetDouble().ShouldBe(0.1, 1e-9);
        root.GetProperty("notes").EnumerateArray().Select(note => note.GetProperty("kind").GetString()).ShouldContain("collisions");
        JsonElement[] rows = [.. root.GetProperty("rows").EnumerateArray()];
        rows.Select(row => row.GetProperty("pc").GetString()).ShouldBe(["0x400100", "0x400104"]);
        rows[1].GetProperty("selected").GetUInt64().ShouldBe(4ul);
        rows[1].GetProperty("measures").EnumerateArray().Select(measure => measure.GetProperty("name").GetString()).ShouldContain("not taken, of branches");
    }

    [Fact]
    public void ADamagedTruthIsDiagnosedAndTheRestCompared()
    {
        Run(Truth.Replace("0x400104,4000", "0x400104,x", StringComparison.Ordinal), new TruthView(), new()).ShouldBe(ExitCodes.CorruptInput);

        _error.ToString().ShouldContain("offset 0x80: a line is no count of an operation\n");
        _output.ToString().ShouldStartWith("# 6000 operations executed");
    }

    [Fact]
    public void WhatCannotBeComparedIsAProblem()
    {
        Run("", new TruthView(), new()).ShouldBe(ExitCodes.CorruptInput);
        _error.ToString().ShouldContain("has no counts to compare\n");
        Run(Truth, new TruthView(Contexts: new HashSet<uint> { 8 }), new()).ShouldBe(ExitCodes.CorruptInput);
        _error.ToString().ShouldContain("has no records to compare; is --context the process that was recorded?\n");
        CompareTruthCommand.Run(Capture(), Path.Combine(_folder, "missing"), new([], null), new TruthView(), new(), _output, _error).ShouldBe(ExitCodes.Usage);
        CompareTruthCommand.Run(Path.Combine(_folder, "missing"), Path.Combine(_folder, "missing"), new([], null), new TruthView(), new(), _output, _error).ShouldBe(ExitCodes.Usage);
        _output.ToString().ShouldBeEmpty();
    }

    [Fact]
    public void TheCommandParsesItsOptions()
    {
        CompareTruthCommand.Create().Parse(["trace", "truth", "--instructions", "--events", "--context", "7", "--context", "8", "--interval", "1024", "--top", "5", "--json", "--elf", "x"]).Errors.ShouldBeEmpty();
        CompareTruthCommand.Create().Parse(["trace"]).Errors.Count.ShouldBe(1);
    }

    private int Run(string truth, TruthView view, CompareTruthOutput shown)
    {
        string path = Path.Combine(_folder, "truth.csv");
        File.WriteAllText(path, truth);
        return CompareTruthCommand.Run(Capture(), path, new SymbolFiles([], null), view, shown, _output, _error);
    }

    /// <summary>Six loads, three branches.</summary>
    private string Capture()
    {
        string path = Path.Combine(_folder, "capture.spe");
        CaptureWriter.TryCreate(path, new(0x413F_D0C1, 0x3607F, 25_000_000, 3, 1), out CaptureWriter? writer, out string error).ShouldBeTrue(error);
        using (writer)
        {
            var bytes = new byte[SpeRecordWriter.FixedSize];
            for (int i = 0; i < 9; i++)
            {
                SpeRecord record = default;
                record.SetPc(i < 6 ? 0x40_0100ul : 0x40_0104, 0);
                record.SetOperation(i < 6 ? SpeOperationClass.LoadStore : SpeOperationClass.Branch, 0);
                record.SetEvents(SpeEvents.Retired | (i > 6 ? SpeEvents.NotTaken : SpeEvents.None));
                record.SetContextEl1(7);
                SpeRecordWriter.WriteFixed64(record, bytes);
                writer.Append(0, bytes).ShouldBeTrue();
            }
        }

        return path;
    }
}
