namespace Pinion.Trace.Tests;

public sealed class TraceMetadataTests
{
    private const string Maps =
        """
        00400000-00485000 r-xp 00000000 00:02 6                                  /bin/bench
        00494000-00499000 r--p 00084000 00:02 6                                  /bin/bench
        0c2de000-0c300000 rw-p 00000000 00:00 0                                  [heap]
        ffff8e200000-ffff8e300000 r-xp 00010000 fe:01 1234                       /lib/a name (deleted)
        ffff8e400000-ffff8e401000 r-xp 00000000 00:00 0
        ffff8e501000-ffff8e502000 r-xp 00000000 00:00 0                          [vdso]

        """;

    [Fact]
    public void TheCodeOfAProcessIsReadFromItsMaps()
    {
        SpeTrace trace = Trace();
        var diagnoses = new Diagnoses();

        TraceMetadata.AddProcMaps(trace, 60, System.Text.Encoding.UTF8.GetBytes(Maps), diagnoses);

        diagnoses.List.ShouldBeEmpty();
        trace.Mappings.ShouldBe(
            [new(60, 0x40_0000, 0x8_5000, 0, "/bin/bench"), new(60, 0xFFFF_8E20_0000, 0x10_0000, 0x1_0000, "/lib/a name"), new(60, 0xFFFF_8E50_1000, 0x1000, 0, "[vdso]")]);
        trace.Tasks.ShouldBe([new(60, 60, "bench", 60)]);
    }

    [Fact]
    public void ANameThatIsKnownStays()
    {
        SpeTrace trace = Trace();
        trace.Tasks.Add(new(60, 60, "worker", 60));

        TraceMetadata.AddProcMaps(trace, 60, System.Text.Encoding.UTF8.GetBytes(Maps), new Diagnoses());

        trace.Tasks.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("00400000-00485000")]
    [InlineData("00400000-00400000 r-xp 00000000 00:02 6 /bin/bench")]
    [InlineData("00400000-00485000 r-xp zz 00:02 6 /bin/bench")]
    [InlineData("-00485000 r-xp 0 00:02 6 /bin/bench")]
    [InlineData("00400000-00485000 rx 0 00:02 6 /bin/bench")]
    public void ALineThatIsNoneIsDiagnosedWithItsOffset(string line)
    {
        SpeTrace trace = Trace();
        var diagnoses = new Diagnoses();

        TraceMetadata.AddProcMaps(trace, 60, System.Text.Encoding.UTF8.GetBytes($"1000-2000 r-xp 0 0:0 0 /x\n{line}\n"), diagnoses);

        diagnoses.List.ShouldBe([new(26, "not a line of /proc/PID/maps")]);
        trace.Mappings.Count.ShouldBe(1);
    }

    [Fact]
    public void AnotherTraceOfTheRunTellsTheProcessesAndTheClock()
    {
        SpeTrace trace = Trace();
        trace.Time = TimeConversion.FromFrequency(62_500_000);
        trace.Facts.Add(new("host name", "mine"));
        SpeTrace other = Trace();
        other.Time = new(21, 33_554_432, 5_000_000);
        other.Period = 1024;
        other.Midr = 0x413F_D0C1;
        other.Tasks.Add(new(60, 60, "bench", 60) { Time = 7 });
        other.Mappings.Add(new(60, 0x40_0000, 0x1000, 0, "/bin/bench") { Time = 8 });
        other.Switches.Add(new(0, 60, 9));
        other.Facts.AddRange([new("host name", "theirs"), new("kernel release", "6.1")]);

        TraceMetadata.Merge(trace, other);

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Time.ShouldBe(other.Time);
        trace.Period.ShouldBe(1024ul);
        trace.Midr.ShouldBe(0x413F_D0C1ul);
        trace.Tasks.ShouldBe(other.Tasks);
        trace.Mappings.ShouldBe(other.Mappings);
        trace.Switches.ShouldBe(other.Switches);
        trace.Facts.ShouldBe([new("host name", "mine"), new("kernel release", "6.1")]);
    }

    [Fact]
    public void TimesOfAnotherCounterAreNotUsed()
    {
        SpeTrace trace = Trace();
        trace.Time = TimeConversion.FromFrequency(25_000_000);
        SpeTrace other = Trace();
        other.Time = TimeConversion.FromFrequency(62_500_000);
        other.Tasks.Add(new(60, 60, "bench", 60) { Time = 7 });
        other.Switches.Add(new(0, 60, 9));

        TraceMetadata.Merge(trace, other);

        trace.Diagnoses.List.ShouldBe([new(0, "the other trace's counter runs at another rate: its times are not used")]);
        trace.Time.ShouldBe(TimeConversion.FromFrequency(25_000_000));
        trace.Tasks.ShouldBe([new(60, 60, "bench", 60)]);
        trace.Switches.ShouldBeEmpty();
    }

    private static SpeTrace Trace() => new() { Format = "test", Source = new TraceBytes(default) };
}
