using static Pinion.Trace.Tests.PerfDataBytes;

namespace Pinion.Trace.Tests;

/// <summary>What each record of a perf.data file tells.</summary>
public sealed class PerfDataReaderTests
{
    private static readonly byte[] s_event = Event(SpePmu, TidTimeCpuIdentifier, SampleIdAll, 1024, [3], ids: 17);

    [Fact]
    public void TheEndOfARecordTellsItsTime()
    {
        byte[] comm = Record(3, [.. Words(Pair(60, 61)), .. Padded("bench", 16), .. End(61, 5000, 2)], misc: 1 << 13);
        byte[] mmap = Record(10, [.. Words(Pair(60, 61), 0x40_0000, 0x2000, 0x1000, 0, 7, 0, Pair(5, 2)), .. Padded("/bin/bench", 16), .. End(61, 6000, 2)]);

        SpeTrace trace = Read(s_event, comm, mmap);

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Tasks.ShouldBe([new(60, 61, "bench", 60) { Time = 5000, IsExec = true }]);
        trace.Mappings.ShouldBe([new(60, 0x40_0000, 0x2000, 0x1000, "/bin/bench") { Time = 6000 }]);
    }

    [Fact]
    public void EventsWithDifferentEndsAreToldApartByTheirIdentifier()
    {
        // The second event's records have no CPU.
        byte[] other = Event(1, 0x1_0006, SampleIdAll, ids: 18);
        byte[] ofTheFirst = Record(3, [.. Words(Pair(60, 60)), .. Padded("one", 8), .. Words(Pair(60, 60), 5000, 2, 17)]);
        byte[] ofTheSecond = Record(3, [.. Words(Pair(61, 61)), .. Padded("two", 8), .. Words(Pair(61, 61), 6000, 18)]);

        Read(s_event, other, ofTheFirst, ofTheSecond).Tasks.Select(t => (t.Name, t.Time)).ShouldBe([("one", 5000ul), ("two", 6000ul)]);
    }

    [Fact]
    public void TheIdInTheMiddleOfAnEndIsFound()
    {
        // TID, TIME, ID, STREAM_ID, CPU, as perf before IDENTIFIER.
        byte[] oldEvent = Event(SpePmu, 0x2C6, SampleIdAll, ids: 17);
        byte[] other = Event(1, 0x2C2, SampleIdAll, ids: 18);
        byte[] ofTheFirst = Record(14, Words(Pair(60, 60), 5000, 17, 99, 3));
        byte[] ofTheSecond = Record(14, Words(Pair(60, 60), 18, 99, 4));

        Read(oldEvent, other, ofTheFirst, ofTheSecond).Switches.ShouldBe([new(3, 60, 5000), new(4, 60, 0)]);
    }

    [Fact]
    public void WithoutSampleIdAllNothingIsTakenForATime()
    {
        byte[] comm = Record(3, [.. Words(Pair(60, 60)), .. Padded("bench", 16), .. End(60, 5000, 2)]);

        Read(Event(SpePmu, TidTimeCpuIdentifier, 0), comm).Tasks.ShouldBe([new(60, 60, "bench", 60)]);
    }

    [Fact]
    public void AForkTellsTheParentAndItsOwnTime()
    {
        byte[] fork = Record(7, Words(Pair(60, 51), Pair(60, 51), 7000));

        Read(fork).Tasks.ShouldBe([new(60, 60, null, 51) { Time = 7000 }]);
    }

    [Fact]
    public void ACpusSwitchNamesTheThreadThatRunsNext()
    {
        byte[] first = Record(12, [.. Words(Pair(60, 60)), .. End(60, 4000, 1)]);
        byte[] leaves = Record(15, [.. Words(Pair(70, 71)), .. End(60, 5000, 1)], misc: 1 << 13);
        byte[] arrives = Record(15, [.. Words(Pair(60, 60)), .. End(71, 5001, 1)]);

        Read(s_event, first, leaves, arrives).Switches.ShouldBe([new(1, 60, 4000), new(1, 71, 5000)]);
    }

    [Fact]
    public void AThreadsSwitchSaysWhenItArrives()
    {
        byte[] leaves = Record(14, End(60, 5000, 1), misc: 1 << 13);
        byte[] arrives = Record(14, End(60, 6000, 2));

        Read(s_event, leaves, arrives).Switches.ShouldBe([new(2, 60, 6000)]);
    }

    [Fact]
    public void TheCpuOfAnIdentifierIsReadFromTheIndex()
    {
        byte[] spe = Event(SpePmu, 0x1_0006, SampleIdAll, ids: 17);
        byte[] index = Record(69, Words(1, 17, 0, 5, ulong.MaxValue));
        byte[] arrives = Record(14, Words(Pair(60, 60), 6000, 17));

        Read(spe, index, arrives).Switches.ShouldBe([new(5, 60, 6000)]);
    }

    [Fact]
    public void FlagsOfAuxDataAndLostRecordsAreLosses()
    {
        byte[] aux = Record(11, [.. Words(0, 0x1000, 1 | 2 | 8), .. End(60, 5000, 1)]);
        byte[] lost = Record(2, [.. Words(17, 3), .. End(60, 6000, 2)]);

        Read(s_event, aux, lost).Losses.ShouldBe([new(1, 5000, "truncated"), new(1, 5000, "collision"), new(2, 6000, "lost")]);
    }

    [Fact]
    public void BuildIdsComeWithAMappingOrByThePath()
    {
        byte[] id = [.. Enumerable.Range(1, 20).Select(i => (byte)i)];
        byte[] withId = Record(10, [.. Words(Pair(60, 60), 0x40_0000, 0x2000, 0, 4 | (0xDDCCBBAAul << 32), 0, 0, 0), .. Padded("/bin/one", 16)], misc: 1 << 14);
        byte[] kernel = Record(1, [.. Words(uint.MaxValue, 0xFFFF_8000_0000_0000, 0x1000, 0), .. Padded("[kernel.kallsyms]_text", 24)]);
        byte[] module = Record(1, [.. Words(uint.MaxValue, 0xFFFF_7000_0000_0000, 0x1000, 0), .. Padded("[9p]", 8)]);
        byte[] byPath = Record(67, [.. BitConverter.GetBytes(-1), .. id, 0, 0, 0, 0, .. Padded("[kernel.kallsyms]", 24)]);
        byte[] shorter = Record(67, [.. BitConverter.GetBytes(-1), .. id, 16, 0, 0, 0, .. Padded("[9p]", 8)], misc: 1 << 15);

        Read(withId, kernel, module, byPath, shorter).Mappings.Select(m => m.BuildId)
            .ShouldBe(["aabbccdd", "0102030405060708090a0b0c0d0e0f1011121314", "0102030405060708090a0b0c0d0e0f10"]);
    }

    [Fact]
    public void FeaturesBecomeFacts()
    {
        SpeTrace trace = Read(
            Feature(3, FeatureText("guest")),
            Feature(4, FeatureText("6.1.0-56-arm64")),
            Feature(7, [8, 0, 0, 0, 4, 0, 0, 0]),
            Feature(9, FeatureText("0x00000000410fd0c0")),
            Feature(11, [3, 0, 0, 0, .. FeatureText("perf"), .. FeatureText("record"), .. FeatureText("sh -c true")]),
            Feature(12, [1, 0, 0, 0, 64, 0, 0, 0, .. new byte[64], 0, 0, 0, 0, .. FeatureText("arm_spe_0//")]),
            Feature(255, 1, 2, 3));

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Midr.ShouldBe(0x410F_D0C0ul);
        trace.Facts.ShouldBe(
        [
            new("host name", "guest"), new("kernel release", "6.1.0-56-arm64"), new("CPUs", "4 online of 8"), new("CPU identifier", "0x00000000410fd0c0"),
            new("command line", "perf record 'sh -c true'"), new("event", "arm_spe_0//"),
        ]);
    }

    [Fact]
    public void TheEventOfTheProfilingUnitTellsPeriodAndSettings()
    {
        byte[] dummy = Event(1, TidTimeCpuIdentifier, SampleIdAll, 1);
        byte[] spe = Event(SpePmu, TidTimeCpuIdentifier, SampleIdAll, 1024, [0x8_0000_0003 | (1ul << 33), 0x2E, 30, 0x80, 1]);

        SpeTrace trace = Read(dummy, spe, Record(70, Words(4, SpePmu, 1)));

        trace.Period.ShouldBe(1024ul);
        trace.Facts.ShouldBe(
            [new("settings", "ts_enable=1,pa_enable=1,load_filter=1,discard=1,event_filter=0x2e,min_latency=30,inv_event_filter=0x80,inv_data_src_filter=0x1")]);
    }

    [Fact]
    public void TimesOfAClockThatTimestampsDoNotConvertToAreLeftOut()
    {
        byte[] spe = Event(SpePmu, TidTimeCpuIdentifier, SampleIdAll | (1ul << 25), clock: 1);
        byte[] comm = Record(3, [.. Words(Pair(60, 60)), .. Padded("bench", 16), .. End(60, 5000, 2)]);
        byte[] arrives = Record(14, End(60, 6000, 2));

        SpeTrace trace = Read(spe, comm, arrives);

        trace.Tasks.ShouldBe([new(60, 60, "bench", 60)]);
        trace.Switches.ShouldBeEmpty();
        trace.Facts.ShouldBe([new("clock", "CLOCK_MONOTONIC")]);
    }

    [Fact]
    public void MetadataOfVersionTwoTellsAboutEachCpu()
    {
        const ulong Block = 0x1010_1010_1010_1010;
        byte[] info = Words(
            4, 2, 4, SpePmu, 3, Block, 0, 4, 0x410F_D490, uint.MaxValue, 0, 0, Block, 1, 4, 0x413F_D0C1, SpePmu, 256, 0xFF, Block, 2, 4, 0x413F_D0C1, SpePmu, 256, 0xFF);

        SpeTrace trace = Read(Event(SpePmu, 0, 0, 4096), Record(70, info));

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Midr.ShouldBe(0x413F_D0C1ul);
        trace.Period.ShouldBe(4096ul);
        trace.Facts.ShouldContain(new KeyValuePair<string, string>("profiling unit", "CPU 1, 2: MIDR_EL1 0x413fd0c1, interval from 256, event filter 0xff"));
    }

    [Fact]
    public void TheFirstMetadataOfVersionTwoHasThreeWordsForACpu()
    {
        byte[] info = Words(4, 2, 4, SpePmu, 2, 0x1010_1010_1010_1010, 0, 3, 0x410F_D490, SpePmu, 1024, 0x1010_1010_1010_1010, 1, 3, 0x410F_D490, SpePmu, 1024);

        SpeTrace trace = Read(Record(70, info));

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Facts.ShouldBe([new("profiling unit", "CPU 0, 1: MIDR_EL1 0x410fd490, interval from 1024")]);
    }

    [Fact]
    public void MetadataOfMoreCpusThanThereAreIsDiagnosed()
    {
        byte[] info = Words(4, 2, 4, SpePmu, 1_000_000, 0x1010_1010_1010_1010, 0, 3, 0x410F_D490, SpePmu, 1024);

        Read(Record(70, info)).Diagnoses.List.Select(d => d.Message).ShouldBe(["the metadata of AUX data has 1 CPUs, not 1000000"]);
    }

    [Fact]
    public void TheStreamOfAThreadNamesTheThread()
    {
        byte[] auxtrace = Record(71, Words(8, 0x40, 0, 77ul << 32, uint.MaxValue));

        SpeTrace trace = Read(auxtrace, [0x42, 0x02, 0x01, 0, 0, 0, 0, 0]);

        trace.Diagnoses.List.ShouldBeEmpty();
        trace.Buffers.Select(b => (b.Cpu, b.ThreadId, b.StreamOffset, b.Bytes.Length)).ShouldBe([(-1, 77, 0x40ul, 8)]);
    }

    [Fact]
    public void AuxDataOfAnotherKindIsNotTakenForRecords() =>
        Read(Record(70, Words(1, SpePmu, 1)), Record(71, Words(8, 0, 0, ulong.MaxValue, 0)), new byte[8]).Buffers.ShouldBeEmpty();

    [Fact]
    public void CompressedRecordsAreRefusedOnceWithAWayOut() =>
        Read(Record(81, new byte[8]), Record(83, new byte[8])).Diagnoses.List.ShouldBe(
            [new(16, "the records are compressed (perf record -z) and are not read; record without -z")]);

    [Theory]
    [InlineData("2ELIFREP", "a perf.data file of a big-endian machine is not read")]
    [InlineData("PERFFILE", "a perf.data file of version 1, from before Linux 3.1, is not read")]
    public void FilesOfOtherMachinesAndTimesAreRefusedByName(string magic, string message) =>
        TraceFile.Parse(Padded(magic, 104)).Diagnoses.List.ShouldBe([new(0, message)]);

    [Fact]
    public void RecordsInADirectoryAreRefusedByName() =>
        Read(Feature(24, new byte[8])).Diagnoses.List.Select(d => d.Message).ShouldBe(["the records lie in other files of a directory (perf record --threads) and are not read"]);

    [Fact]
    public void TheFormatsOfTracepointsInAPipeArePassedOver() =>
        Read(Record(66, Words(13)), new byte[16], Record(3, [.. Words(Pair(60, 60)), .. Padded("bench", 8)])).Tasks.Count.ShouldBe(1);

    [Theory]
    [InlineData(3, 4)]
    [InlineData(7, 16)]
    [InlineData(10, 40)]
    [InlineData(1, 24)]
    [InlineData(11, 8)]
    [InlineData(64, 8)]
    [InlineData(67, 8)]
    [InlineData(79, 8)]
    [InlineData(80, 0)]
    public void ARecordThatIsTooShortIsDiagnosed(uint type, int size) => Read(Record(type, new byte[size])).Diagnoses.List.Count.ShouldBe(1);

    [Fact]
    public void AHostileNumberOfLossesIsCutWithOneDiagnosis()
    {
        byte[] aux = Record(11, Words(0, 0, 1 | 4 | 8));
        var records = new byte[aux.Length * 30_000];
        for (int at = 0; at < records.Length; at += aux.Length)
        {
            aux.CopyTo(records, at);
        }

        SpeTrace trace = Read(records);

        trace.Losses.Count.ShouldBe(1 << 16);
        trace.Diagnoses.List.Select(d => d.Message).ShouldBe(["more than 65536 losses; those from here on are left out"]);
    }

    [Fact]
    public void AHostileNumberOfEventsIsCut() => Read([.. Enumerable.Repeat(s_event, 5000)]).Diagnoses.Count.ShouldBe(5000 - 4096);

    private static SpeTrace Read(params byte[][] records) => TraceFile.Parse(Piped(records));
}
