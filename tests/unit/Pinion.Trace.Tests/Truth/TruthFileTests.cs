using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Truth;

namespace Pinion.Trace.Tests.Truth;

/// <summary>The file of --truth: what is written is read again, in both versions, and damage is diagnosed where it is.</summary>
public sealed class TruthFileTests
{
    private const string Header = "el,contextid,pc,count";
    private const string FirstRow = "0,77,0x1000,5\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhatIsWrittenIsReadAgain(bool outcomes)
    {
        List<TruthRow> rows = [Row(1, outcomes), Row(2, outcomes)];
        var summary = new TruthSummary { Run = new("window:32", "honest", 4, 17) };
        summary.Units.Add(new(0, 1000, 3, Fates(1)));
        summary.Units.Add(new(1, 2000, 0, Fates(10)));
        summary.Settings.Add(new(77, 1024, true, 1152.5, 0x20002, 5));
        var text = new StringWriter();
        var writer = new TruthWriter(text, outcomes);
        rows.ForEach(writer.Write);
        writer.Finish(summary);

        (List<TruthRow> read, TruthSummary said, Diagnoses diagnoses) = Read(text.ToString());
        diagnoses.List.ShouldBeEmpty();
        read.Select(Text).ShouldBe(rows.Select(Text));
        said.HasClasses.ShouldBeTrue();
        said.HasOutcomes.ShouldBe(outcomes);
        said.Run.ShouldBe(summary.Run);
        said.Settings.ShouldBe(summary.Settings);
        said.Units.Select(Text).ShouldBe(summary.Units.Select(Text));
    }

    [Fact]
    public void TheFirstVersionIsReadStill()
    {
        (List<TruthRow> rows, TruthSummary summary, Diagnoses diagnoses) = Read($"{Header}\n{FirstRow}1,0,0xffff800008000000,9\n");
        rows.Select(row => (row.El, row.ContextId, row.Pc, row.Count, row.Class)).ShouldBe([(0, 77u, 0x1000ul, 5ul, ProfileClass.None), (1, 0u, 0xFFFF_8000_0800_0000ul, 9ul, ProfileClass.None)]);
        summary.HasClasses.ShouldBeFalse();
        summary.HasOutcomes.ShouldBeFalse();
        summary.Run.ShouldBeNull();
        diagnoses.List.ShouldBeEmpty();
    }

    [Fact]
    public void ColumnsAreKnownByTheirNamesInAnyOrder()
    {
        (List<TruthRow> rows, _, Diagnoses diagnoses) = Read("count,moon,pc,class,el,contextid\r\n5,full,0x10,store,1,2\r\n# moonrise at=6\n#\n# end rows=1\n");
        rows.Select(row => (row.El, row.ContextId, row.Pc, row.Count, row.Class)).ShouldBe([(1, 2u, 0x10ul, 5ul, ProfileClass.Store)]);
        diagnoses.List.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "there are no counts")]
    [InlineData("pc,count\n0x1,2\n", "the first line names no column 'el'")]
    [InlineData("el,contextid,pc\n", "the first line names no column 'count'")]
    [InlineData("el,contextid,pc,count,pc\n0,0,0x0,1,0x0\n", "the first line names a column twice")]
    public void AFileOfAnotherKindIsDiagnosed(string text, string message)
    {
        (List<TruthRow> rows, _, Diagnoses diagnoses) = Read(text);
        rows.ShouldBeEmpty();
        diagnoses.List.ShouldBe([new(0, message)]);
    }

    [Theory]
    [InlineData("2,0,0x0,1")]
    [InlineData("0,4294967296,0x0,1")]
    [InlineData("0,0,1000,1")]
    [InlineData("0,0,0x,1")]
    [InlineData("0,0,0x10000000000000000,1")]
    [InlineData("0,0,0x0,18446744073709551616")]
    [InlineData("0,0,0x0,-1")]
    [InlineData("0,0,0x0,+1")]
    [InlineData("0,0,0x0, 1")]
    [InlineData("0,0,0x0,")]
    [InlineData("0,0,0x0")]
    [InlineData("0,0,0x0,1,2")]
    [InlineData(",,,")]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("\u20ac,0,0x0,1")]
    public void ALineThatIsNoRowIsDiagnosedWhereItIsAndTheOthersAreRead(string line)
    {
        (List<TruthRow> rows, _, Diagnoses diagnoses) = Read($"{Header}\n{FirstRow}{line}\n0,77,0x1004,6\n");
        rows.Select(row => row.Count).ShouldBe([5ul, 6ul]);
        diagnoses.List.ShouldBe([new(Header.Length + 1 + FirstRow.Length, "a line is no count of an operation")]);
    }

    [Fact]
    public void AnUnknownClassIsNoRow() => Read($"{Header},class\n0,0,0x0,1,moon\n# end rows=0\n").Diagnoses.List.ShouldBe([new(Header.Length + 7, "a line is no count of an operation")]);

    [Fact]
    public void ALineWithoutEndIsPassedOverInBoundedMemory()
    {
        string before = $"{Header}\n{FirstRow}";
        (List<TruthRow> rows, _, Diagnoses diagnoses) = Read($"{before}{new string('7', 1_000_000)}\n0,77,0x1004,6\n{new string(',', 200_000)}");
        rows.Select(row => row.Count).ShouldBe([5ul, 6ul]);
        diagnoses.List.ShouldBe([new(before.Length, "a line is longer than 4096 bytes"), new(before.Length + 1_000_001 + FirstRow.Length, "a line is longer than 4096 bytes")]);

        // A whole stream without one line.
        var endless = new Diagnoses();
        new TruthReader(new Zeros(100_000_000), endless).TryRead(new()).ShouldBeFalse();
        endless.Count.ShouldBeLessThan(3);
    }

    [Fact]
    public void AFileThatIsCutIsDiagnosedAtItsEnd()
    {
        string text = $"{Header},class\n0,77,0x1000,5,load\n";
        (List<TruthRow> rows, _, Diagnoses diagnoses) = Read(text);
        rows.Count.ShouldBe(1);
        diagnoses.List.ShouldBe([new(text.Length, "the file ends early")]);

        // Lines are missing in the middle.
        (_, _, diagnoses) = Read($"{text}# end rows=2\n");
        diagnoses.List.ShouldBe([new(text.Length, "a line about the run is damaged")]);
    }

    [Theory]
    [InlineData("run timing=full profile=honest in_flight=x uncounted=0")]
    [InlineData("run timing=full")]
    [InlineData("unit cpu=0 population=1 stopped=0 recorded=1 collided=0 filtered=0 discarded=0")]
    [InlineData("unit cpu=99999999999 population=1 stopped=0 recorded=1 collided=0 filtered=0 discarded=0 lost=0")]
    [InlineData("setting contextid=1 interval=1024 jitter=2 spacing=1025 filters=0x0 selected=1")]
    [InlineData("setting contextid=1 interval=1024 jitter=1 spacing=0 filters=0x0 selected=1")]
    [InlineData("setting contextid=1 interval=1024 jitter=1 spacing=NaN filters=0x0 selected=1")]
    [InlineData("setting contextid=1 interval=1024 jitter=1 spacing=1025 filters=0 selected=1")]
    [InlineData("end")]
    public void ADamagedLineAboutTheRunIsDiagnosed(string line)
    {
        (_, TruthSummary summary, Diagnoses diagnoses) = Read($"{Header}\n{FirstRow}# {line}\n");
        diagnoses.List.ShouldBe([new(Header.Length + 1 + FirstRow.Length, "a line about the run is damaged")]);
        summary.Run.ShouldBeNull();
        summary.Settings.ShouldBeEmpty();
        summary.Units.ShouldBeEmpty();
    }

    [Fact]
    public void AFileWithMoreLinesAboutTheRunThanARunHasIsDiagnosed()
    {
        string line = "# unit cpu=0 population=1 stopped=0 recorded=1 collided=0 filtered=0 discarded=0 lost=0\n";
        (_, TruthSummary summary, Diagnoses diagnoses) = Read($"{Header}\n{FirstRow}{string.Concat(Enumerable.Repeat(line, 70_000))}");
        summary.Units.Count.ShouldBe(1 << 16);
        diagnoses.Count.ShouldBe(70_000 - (1 << 16));
    }

    [Fact]
    public void MutatedFilesAreReadToTheirEndsWithoutAnException()
    {
        var text = new StringWriter();
        var writer = new TruthWriter(text, outcomes: true);
        writer.Write(Row(1, outcomes: true));
        writer.Write(Row(2, outcomes: true));
        var summary = new TruthSummary { Run = new("full", "n1", 0, 0) };
        summary.Units.Add(new(0, 1, 2, Fates(3)));
        summary.Settings.Add(new(7, 4096, false, 4097, 0, 9));
        writer.Finish(summary);
        byte[] whole = Encoding.UTF8.GetBytes(text.ToString());
        var random = new Random(4);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = whole[..random.Next(whole.Length + 1)];
            for (int changes = random.Next(6); changes > 0 && bytes.Length > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : whole[random.Next(whole.Length)];
            }

            var diagnoses = new Diagnoses();
            var reader = new TruthReader(new MemoryStream(bytes), diagnoses);
            var row = new TruthRow();
            int rows = 0;
            while (reader.TryRead(row))
            {
                rows++;
            }

            rows.ShouldBeLessThan(10);
            reader.TryRead(row).ShouldBeFalse();
        }
    }

    private static (List<TruthRow> Rows, TruthSummary Summary, Diagnoses Diagnoses) Read(string text)
    {
        var diagnoses = new Diagnoses();
        var reader = new TruthReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), diagnoses);
        List<TruthRow> rows = [];
        for (TruthRow row = new(); reader.TryRead(row); row = new())
        {
            rows.Add(row);
        }

        return (rows, reader.Summary, diagnoses);
    }

    private static TruthRow Row(uint seed, bool outcomes)
    {
        var row = new TruthRow { El = (int)(seed & 1), ContextId = uint.MaxValue - seed, Pc = 0xFFFF_8000_0000_0000 + seed, Class = ProfileClass.FpSimd, Sums = new(outcomes), Fates = Fates(seed) };
        for (SpeQuantity quantity = 0; quantity < SpeQuantity.Count; quantity++)
        {
            row.Sums.Add(quantity, ulong.MaxValue - (seed * 100) - (ulong)quantity);
        }

        return row;
    }

    private static SampleFates Fates(ulong seed) => new() { [SampleFate.Recorded] = seed, [SampleFate.Collided] = seed + 1, [SampleFate.Filtered] = seed + 2, [SampleFate.Discarded] = seed + 3, [SampleFate.Lost] = seed + 4 };

    private static string Text(TruthRow row) =>
        $"{row.El} {row.ContextId} {row.Pc} {row.Class} {string.Join(' ', Enumerable.Range(0, (int)SpeQuantity.Count).Select(quantity => row.Sums[(SpeQuantity)quantity]))} {Text(row.Fates)}";

    private static string Text(TruthUnitTotals unit) => $"{unit.Cpu} {unit.Population} {unit.Stopped} {Text(unit.Fates)}";

    private static string Text(SampleFates fates) => string.Join(' ', Enumerable.Range(0, (int)SampleFate.Count).Select(fate => fates[(SampleFate)fate]));

    private sealed class Zeros(long length) : Stream
    {
        private long _left = length;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = (int)Math.Min(count, _left);
            buffer.AsSpan(offset, read).Clear();
            _left -= read;
            return read;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
