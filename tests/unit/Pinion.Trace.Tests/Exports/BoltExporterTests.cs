using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.Exports;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using static Pinion.Trace.Tests.Exports.ExportTestData;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class BoltExporterTests
{
    /// <summary>A loop that is entered by a call, and left by a return.</summary>
    private const string Source =
        """
            .text
            .globl _start, collatz
            .type _start, %function
            .type collatz, %function
        _start:
            mov w0, #27
            bl collatz
            mov x8, #93
            svc #0
            .size _start, . - _start
        collatz:
            mov w1, #0
        1:  add w1, w1, #1
            subs w0, w0, #1
            b.ne 1b
            mov w0, w1
            ret
            .size collatz, . - collatz
        """;

    [Fact]
    public void TakenBranchesAreCountedByAddressInTheImage()
    {
        SpeTrace trace = TraceWith(
            [
                Branch(0x7000_010C, 0x7000_0100),
                Branch(0x7000_010C, 0x7000_0100, SpeEvents.Mispredicted),
                Branch(0x7000_010C, 0x7000_0100, SpeEvents.NotTaken),
                Branch(0x7000_0108, 0x10),
                Branch(0x10, 0x7000_0100),
                Branch(0x10, 0x20),
                Sample(0x7000_0100, context: 51),
            ]);

        Text(RequestOf(trace)).ShouldBe("B X:0 400100 1 0\nB 400108 X:0 1 0\nB 40010c 400100 2 1\n");
    }

    [Fact]
    public void WhatRanFromTheBranchBeforeIsAFallThrough()
    {
        SpeRecord branch = Branch(0x7000_010C, 0x7000_0100);
        branch.SetPreviousBranchTarget(0x7000_0104, 0);
        SpeRecord backwards = Branch(0x7000_0104, 0x7000_0108);
        backwards.SetPreviousBranchTarget(0x7000_0108, 0);
        SpeTrace trace = TraceWith([]);
        var bytes = new byte[2 * SpeRecordWriter.PackedMaximum];
        int length = SpeRecordWriter.WritePacked(branch, 1, bytes);
        length += SpeRecordWriter.WritePacked(backwards, 1, bytes.AsSpan(length));
        trace.Buffers.Add(new(0, 51, 0, 0, new TraceBytes(bytes), length));

        Text(RequestOf(trace)).ShouldBe("B 400104 400108 1 0\nB 40010c 400100 1 0\nF 400104 40010c 1\n");
    }

    [Theory]
    [InlineData("other", "no taken branch is in other")]
    [InlineData(null, "no taken branch is in a program or library at hand: give it with --elf")]
    public void AnImageWithoutBranchesIsSaid(string? image, string note)
    {
        var notes = new List<string>();

        Text(RequestOf(TraceWith([Branch(0x10, 0x20)])) with { Image = image, Note = notes.Add }).ShouldBeEmpty();

        notes.ShouldBe([note]);
    }

    [Fact]
    public void CountsAddUpToTheTakenBranches() => ForAnyTrace((trace, _) =>
    {
        long expected = RecordScan.Run(trace, () => new TakenFromMain(), threads: 1).Sum(visitor => visitor.Count);
        Text(RequestOf(trace) with { Image = "bench" }).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("B 4", StringComparison.Ordinal)).Sum(line => long.Parse(line.Split(' ')[3])).ShouldBe(expected);
    });

    [Fact]
    public void Perf2BoltReadsEveryLineAndFindsTheFunctions()
    {
        using var folder = new TemporaryFolder();
        string assembly = folder.Write("loop.s", Encoding.ASCII.GetBytes(Source + "\n"));
        string program = Path.Combine(folder.Path, "loop");
        ExternalTool.Run("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "-nostdlib", "-static", "-Wl,--emit-relocs", "-o", program, assembly);
        ElfImage image = ElfImage.Read(File.ReadAllBytes(program), "loop", new Diagnoses());
        ulong start = image.Symbols.Symbols.Single(symbol => symbol.Name == "_start").Start;
        ulong loop = image.Symbols.Symbols.Single(symbol => symbol.Name == "collatz").Start;
        SpeTrace trace = TraceWith(
            [
                Branch(start + 4, loop),
                .. Enumerable.Range(0, 26).Select(i => Branch(loop + 12, loop + 4, i == 0 ? SpeEvents.Mispredicted : SpeEvents.None)),
                Branch(loop + 20, start + 8),
            ]);
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(image);
        string branches = folder.Write("branches", Export(new BoltExporter(), new ExportRequest(new SampleSource(trace, resolver))));
        string result = Path.Combine(folder.Path, "result");

        string output = ExternalTool.Run(Perf2Bolt(), "bolt-19", "--pa", "-p", branches, "-o", result, program);

        output.ShouldContain("read 3 aggregated LBR entries");
        output.ShouldContain("traces mismatching disassembled function contents: 0");

        // A return leads to the beginning of no block, and perf2bolt leaves it out.
        File.ReadAllLines(result).ShouldBe(["1 _start 4 1 collatz 0 0 1", "1 collatz c 1 collatz 4 1 26"], ignoreOrder: true);
    }

    /// <summary>perf2bolt looks at the name it is called by, and Debian's links have a version in theirs.</summary>
    private static string Perf2Bolt() =>
        Directory.Exists("/usr/lib") && Directory.GetDirectories("/usr/lib", "llvm-*").Select(folder => Path.Combine(folder, "bin", "perf2bolt")).FirstOrDefault(File.Exists) is string found ? found : "perf2bolt";

    private static SpeRecord Branch(ulong from, ulong to, SpeEvents events = SpeEvents.None)
    {
        SpeRecord record = Sample(from, operationClass: SpeOperationClass.Branch, operation: SpeOperation.BranchConditional, events: SpeEvents.Retired | events, context: 51);
        record.SetBranchTarget(to, 0);
        return record;
    }

    private static string Text(ExportRequest request) => Encoding.ASCII.GetString(Export(new BoltExporter(), request));

    private sealed class TakenFromMain : IRecordVisitor
    {
        public long Count { get; private set; }

        public void Visit(in SpeBuffer buffer, in SpeRecord record)
        {
            bool taken = record.IsBranch && record.Has(SpeFields.Pc | SpeFields.BranchTarget) && (record.Events & SpeEvents.NotTaken) == 0;

            // The program is mapped at 0x70000000 and 0x71000000, and is short.
            bool inMain = record.Has(SpeFields.Pc) && record.Pc is (>= 0x7000_0000 and < 0x7000_0190) or (>= 0x7100_0000 and < 0x7100_0190);
            Count += taken && inMain ? 1 : 0;
        }
    }
}
