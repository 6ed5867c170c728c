using System.Globalization;
using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace;
using Pinion.Trace.Packets;
using Pinion.Trace.PerfData;
using Pinion.Trace.Symbols;

namespace Pinion.Conformance.Tests.Trace;

/// <summary>Pinion's traces against perf: the same packets, the same samples.</summary>
public sealed class PerfTests : IDisposable
{
    private const string Package = "linux-perf";
    private const ulong NeoverseN1 = 0x413F_D0C1;
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.0)]
    [InlineData(3, 0.02)]
    [InlineData(4, 0.3)]
    public void PacketsAreDumpedAsPerfDumpsThem(int seed, double damage)
    {
        var random = new RandomRecords(seed);
        byte[][] streams = [.. Enumerable.Range(0, 8).Select(_ => random.Packets(2500, damage))];
        Save(writer =>
        {
            for (int cpu = 0; cpu < streams.Length; cpu++)
            {
                writer.AddRecords(cpu, cpu, -1, 0, streams[cpu]);
            }
        });

        string[] theirs = PerfDump();

        var ours = new StringBuilder();
        SpeTrace trace = TraceFile.Parse(File.ReadAllBytes(_path));
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            ours.Append(PacketDump.Text(buffer.Bytes.Span));
        }

        trace.Buffers.Count.ShouldBe(streams.Length);
        string[] lines = ours.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBeGreaterThan(15_000);
        Differences(lines, theirs).ShouldBeEmpty();
        lines.Length.ShouldBe(theirs.Length);
    }

    [Fact]
    public void EveryOperationTypeIsDumpedAsPerfDumpsIt()
    {
        var packets = new List<byte>();
        for (int header = SpePacketHeader.Operation; header < SpePacketHeader.Operation + 4; header++)
        {
            for (int payload = 0; payload < 256; payload++)
            {
                packets.AddRange([(byte)header, (byte)payload]);
            }
        }

        Save(writer => writer.AddRecords(0, 0, -1, 0, [.. packets]));
        PacketDump.Text([.. packets]).Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(PerfDump());
    }

    [Fact]
    public void PerfFindsEveryMemoryAccessOfAWrittenFile()
    {
        var random = new RandomRecords(7);
        SpeRecord[] records = [.. Enumerable.Range(0, 3000).Select(i => random.Record(1_000_000 + ((ulong)i * 25), 1234))];
        Save(writer => writer.AddRecords(0, 2, -1, 0, Bytes(records)));

        string output = Oracle.Run(
            "perf", Package, "script", "-i", _path, "--itrace=M", "-F", "comm,tid,cpu,time,ip,addr,weight,phys_addr", "--ns");

        string[] expected = [.. records.Where(r => r.IsLoad || r.IsStore).Select(Expected)];
        expected.Length.ShouldBeGreaterThan(1000);
        string[] found = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Squeeze)];
        found.ShouldBe(expected);

        static string Expected(SpeRecord r)
        {
            ulong nanoseconds = r.Timestamp * 40;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"bench 1234 [002] {nanoseconds / 1_000_000_000}.{nanoseconds % 1_000_000_000:d9}: {PerfAddress(r.DataVirtual):x} {r.TotalLatency} {r.Pc:x} {r.DataPhysical:x}");
        }
    }

    [Fact]
    public void PerfReadsTheSameTimeConversion()
    {
        Save(writer => writer.AddRecords(0, 0, -1, 0, [SpePacketHeader.End]), frequency: 19_200_000);

        string output = Oracle.Run("perf", Package, "report", "-D", "-i", _path);

        TimeConversion time = TimeConversion.FromFrequency(19_200_000);
        string squeezed = Squeeze(output.Replace("\n", " | ", StringComparison.Ordinal));
        squeezed.ShouldContain($"Time Shift {time.Shift} |");
        squeezed.ShouldContain($"Time Muliplier {time.Multiplier} |");
    }

    [Fact]
    public void PerfNamesTheSameFunctions()
    {
        string folder = Directory.CreateTempSubdirectory("pinion-perf").FullName;
        try
        {
            string program = Path.Combine(folder, "program");
            string source = program + ".c";
            File.WriteAllText(source, "#include <stdio.h>\nint main(int c, char **v) { printf(\"%d\", c); return 0; }\n");
            Oracle.Run("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "-static-pie", "-o", program, source);
            const ulong Base = 0xAAAA_0000_0000;
            var mapping = new TraceMapping(1234, Base, 0x10_0000, 0, program);
            var random = new Random(11);
            SpeRecord[] records = [.. Enumerable.Range(0, 2000).Select(i => Load(Base + ((ulong)random.Next(0x1_0000) * 4), 1_000_000 + ((ulong)i * 25)))];
            Save(writer =>
            {
                writer.Add(mapping);
                writer.AddRecords(0, 0, -1, 0, Bytes(records));
            });

            // One line a sample: address, function. perf makes up names for stubs in .plt, which has no symbols.
            string output = Oracle.Run("perf", Package, "script", "-i", _path, "--itrace=M", "-F", "ip,sym");
            string[][] theirs = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

            SpeTrace trace = TraceFile.Parse(File.ReadAllBytes(_path));
            var resolver = new SymbolResolver(trace);
            ElfImage image = ElfImage.Read(File.ReadAllBytes(program), "program", trace.Diagnoses);
            resolver.AddImage(image);
            trace.Diagnoses.List.ShouldBeEmpty();
            theirs.Length.ShouldBe(records.Length);
            string[] ours = [.. records.Select(r => resolver.Resolve(r.Pc, 1234).Symbol)];
            ours.Count(name => name != Location.Unknown).ShouldBeGreaterThan(1000);
            string[] perf = [.. theirs.Select(cells => cells[1].EndsWith("@plt", StringComparison.Ordinal) ? Location.Unknown : cells[1])];
            ours.Zip(perf, records).Where(t => t.First != t.Second).Select(t => $"{t.Third.Pc:x}: {t.First}, perf {t.Second}").ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static SpeRecord Load(ulong pc, ulong timestamp)
        {
            SpeRecord record = default;
            record.SetPc(pc, 0);
            record.SetContextEl1(1234);
            record.SetOperation(SpeOperationClass.LoadStore, SpeOperation.GeneralLoad);
            record.SetEvents(SpeEvents.Retired | SpeEvents.L1DataAccess);
            record.SetDataVirtual(0x1000);
            record.SetTimestamp(timestamp);
            return record;
        }
    }

    /// <summary>perf restores byte 7 of a data address when bits 55:52 are all ones, and drops it otherwise.</summary>
    private static ulong PerfAddress(ulong address) => ((address >> 52) & 0xF) == 0xF ? address | (0xFFul << 56) : address & SpeAddress.AddressMask;

    private static string[] Differences(string[] ours, string[] theirs) =>
        [.. ours.Zip(theirs).Where(pair => pair.First != pair.Second).Select(pair => $"\nours   {pair.First}\ntheirs {pair.Second}").Take(10)];

    private static string Squeeze(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static byte[] Bytes(SpeRecord[] records)
    {
        var bytes = new byte[records.Length * SpeRecordWriter.FixedSize];
        for (int i = 0; i < records.Length; i++)
        {
            SpeRecordWriter.WriteFixed64(records[i], bytes.AsSpan(i * SpeRecordWriter.FixedSize));
        }

        return bytes;
    }

    private void Save(Action<PerfDataWriter> add, ulong frequency = 25_000_000)
    {
        using FileStream file = File.Create(_path);
        var writer = new PerfDataWriter(file, new() { Midr = NeoverseN1, Time = TimeConversion.FromFrequency(frequency), CpuCount = 8, Period = 1024 });
        writer.Add(new TraceTask(1234, 1234, "bench", 1234));
        add(writer);
        writer.Finish();
    }

    /// <summary>The packet lines of `perf report -D`.</summary>
    private string[] PerfDump()
    {
        string output = Oracle.Run("perf", Package, "report", "-D", "-i", _path);
        var lines = new List<string>();
        bool inside = false;
        foreach (string line in output.Split('\n'))
        {
            if (line.StartsWith(". ... ARM SPE data", StringComparison.Ordinal))
            {
                inside = true;
            }
            else if (!line.StartsWith(".  ", StringComparison.Ordinal))
            {
                inside = false;
            }
            else if (inside)
            {
                lines.Add(line);
            }
        }

        return [.. lines];
    }
}
