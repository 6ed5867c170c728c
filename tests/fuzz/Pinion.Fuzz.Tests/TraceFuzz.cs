using Pinion.Trace;

namespace Pinion.Fuzz.Tests;

/// <summary>
/// Damaged and hostile inputs for every reader of the trace room, and for all that is made of what they read: none may throw, run on or take much memory, and what lies before the damage is read as without it.
/// docs/testing.md says how to run more of them.
/// </summary>
public sealed class TraceFuzz
{
    [Fact]
    public void AnyBytesArePackets() => TraceFuzzRun.Run("packets", "packets", TraceFuzzFormats.Packets, () => new PacketTarget());

    [Fact]
    public void AnyBytesAreRecordsAndDamage() => TraceFuzzRun.Run("records", "packets", TraceFuzzFormats.Packets, () => new RecordTarget());

    [Fact]
    public void AnyCaptureGivesATrace() => TraceFuzzRun.Run("capture", "capture", TraceFuzzFormats.Capture, () => new TraceTarget());

    [Fact]
    public void AnyPerfDataGivesATrace() => TraceFuzzRun.Run("perfdata", "perfdata", TraceFuzzFormats.PerfData, () => new TraceTarget());

    [Fact]
    public void AnyElfFileGivesAnImage() => TraceFuzzRun.Run("elf", "elf", TraceFuzzFormats.Elf, () => new ElfTarget());

    [Fact]
    public void AnyTextGivesKernelSymbols() => TraceFuzzRun.Run("kallsyms", "kallsyms", TraceFuzzFormats.Kallsyms, () => new KallsymsTarget());

    [Fact]
    public void AnyTextGivesMappings() => TraceFuzzRun.Run("maps", "maps", TraceFuzzFormats.Maps, () => new MapsTarget());

    [Fact]
    public void AnyTextGivesCounts() => TraceFuzzRun.Run("truth", "truth", TraceFuzzFormats.Truth, () => new TruthTarget());

    /// <summary>A damaged seed would teach nothing about what comes behind the damage.</summary>
    [Fact]
    public void SeedsOfTracesAreWhole()
    {
        foreach ((string corpus, string name, byte[] content) in TraceFuzzSeeds.All.Where(seed => seed.Corpus is "capture" or "perfdata"))
        {
            SpeTrace trace = TraceFile.Parse(content);

            trace.Diagnoses.List.Select(diagnosis => diagnosis.Message).Where(message => !message.Contains("compressed", StringComparison.Ordinal)).ShouldBeEmpty($"{corpus}/{name}");
            trace.Buffers.Sum(buffer => buffer.Bytes.Length).ShouldBe(name == "header" ? 0 : name == "all-chunks" ? 6 * 64 : name == "ours" ? (3 * 64) + 8 : 5 * 64, $"{corpus}/{name}");
            trace.Time.Multiplier.ShouldNotBe(0u, $"{corpus}/{name}");
        }
    }

    /// <summary>Run it when a seed is added or changed: <c>PINION_FUZZ_CORPUS=tests/fuzz/corpus Pinion.Fuzz.Tests -explicit only -method '*WriteTheSeeds'</c>.</summary>
    [Fact(Explicit = true)]
    public void WriteTheSeeds()
    {
        string root = Environment.GetEnvironmentVariable("PINION_FUZZ_CORPUS").ShouldNotBeNull();
        foreach ((string corpus, string name, byte[] content) in TraceFuzzSeeds.All)
        {
            File.WriteAllBytes(Path.Combine(Directory.CreateDirectory(Path.Combine(root, corpus)).FullName, $"{name}.bin"), content);
        }
    }
}
