using System.Text.Json;
using Pinion.Arm.Spe;
using Pinion.Trace.Exports;
using Pinion.Trace.Profiles;
using static Pinion.Trace.Tests.Exports.ExportTestData;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests.Exports;

/// <summary>What holds for every format.</summary>
public sealed class TraceExporterTests
{
    public static TheoryData<string> Formats => [.. TraceExporters.All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void TheSameTraceGivesTheSameBytes(string format)
    {
        // Each stretch of a megabyte is a thread's; which of them is first is chance.
        SpeTrace trace = TraceWith([]);
        for (int i = 0; i < 4; i++)
        {
            SpeRecord[] records =
            [
                .. Enumerable.Range(0, 1 << 14).Select(j => Sample(
                    0x7000_0000 + (ulong)(4 * ((i + 1) * j % 100)), context: j % 3 == 0 ? 51u : 60u, total: (ushort)j, timestamp: (ulong)(1 + (4 * j) + i))),
            ];
            trace.Buffers.Add(Stretch(i, Fixed(records)));
        }

        byte[] first = Export(Exporter(format), trace);

        Export(Exporter(format), trace).ShouldBe(first);
        Export(Exporter(format), trace).ShouldBe(first);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void ATraceWithNothingIsWritten(string format) => Should.NotThrow(() => Export(Exporter(format), TraceWith([])));

    [Theory]
    [MemberData(nameof(Formats))]
    public void ADamagedTraceIsWrittenAsFarAsItGoes(string format)
    {
        byte[] whole = Export(new PerfDataExporter(), Everything());
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. whole];
            for (int j = 0; j < 8; j++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            Should.NotThrow(() => Export(Exporter(format), TraceFile.Parse(damaged.AsMemory(0, random.Next(damaged.Length)))), $"damage {i}");
        }
    }

    [Fact]
    public void AFilterChoosesWhatIsWritten()
    {
        ExportRequest loads = RequestOf(Everything()) with { Filter = new() { Classes = new HashSet<ProfileClass> { ProfileClass.Load } } };

        Export(new CollapsedExporter(), loads).ShouldBe("bench (51);bench;main 1\n"u8.ToArray());
        JsonDocument.Parse(Export(new FirefoxExporter(), loads)).RootElement.GetProperty("threads").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public void PerfDataSaysThatItHasNoFilter()
    {
        var notes = new List<string>();

        Export(new PerfDataExporter(), RequestOf(Everything()) with { Filter = new() { MinimumLatency = 5 }, Note = notes.Add });

        notes.ShouldBe(["perf.data holds the records as they are, all of them: the filters are not applied"]);
    }

    private static ITraceExporter Exporter(string name) => TraceExporters.All.Single(one => one.Name == name);
}
