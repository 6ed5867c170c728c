using FsCheck;
using FsCheck.Fluent;
using Pinion.Arm.Spe;
using Pinion.Trace.Exports;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using static Pinion.Trace.Tests.TraceTestData;

namespace Pinion.Trace.Tests.Exports;

/// <summary>Small traces with a bit of everything, and what exporters make of them.</summary>
internal static class ExportTestData
{
    /// <summary>Two processes that run the same program, one of which has two threads and renames itself; the kernel; code that nobody knows; a record with nothing.</summary>
    public static SpeTrace Everything()
    {
        SpeRecord empty = default;
        empty.SetEvents(SpeEvents.None);
        SpeRecord taken = Sample(0x7000_010C, operationClass: SpeOperationClass.Branch, operation: SpeOperation.BranchConditional, events: SpeEvents.Retired | SpeEvents.Mispredicted, context: 51, timestamp: 2000);
        taken.SetBranchTarget(0x7000_0100, 0);
        SpeRecord load = Sample(
            0x7000_0100, operationClass: SpeOperationClass.LoadStore, operation: SpeOperation.GeneralLoad, total: 100, issue: 10, context: 51, source: SpeDataSource.Dram, timestamp: 1000);
        load.SetDataVirtual(0xFFFF_1234);
        load.SetDataPhysical(0x8800_1234);
        load.SetTranslationLatency(7);
        return TraceWith(
            [
                load,
                taken,
                Sample(0x7000_0104, context: 52, timestamp: 3000),
                Sample(0x7000_0104, context: 52, timestamp: 9000),
                Sample(0x7100_0104, context: 60, timestamp: 1500),
                Sample(0xFFFF_8000_8000_0010, level: 1, context: 51, timestamp: 4000),
                Sample(0x10, timestamp: 5000),
                empty,
            ]);
    }

    /// <summary>A stretch of a CPU's stream that is a file of its own.</summary>
    public static SpeBuffer Stretch(int cpu, byte[] bytes) => new(cpu, -1, 0, 0, new TraceBytes(bytes), bytes.Length);

    /// <summary>A trace of two CPUs, which take turns, with processes 51 (threads 51 and 52) and 60.</summary>
    public static SpeTrace TraceWith(IReadOnlyList<SpeRecord> records)
    {
        const int Cpus = 2;
        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default), Time = TimeConversion.FromFrequency(1_000_000_000), Period = 1024 };
        for (int cpu = 0; cpu < Cpus; cpu++)
        {
            SpeRecord[] own = [.. records.Where((_, index) => index % Cpus == cpu)];
            trace.Buffers.Add(Stretch(cpu, Fixed(own)));
        }

        trace.Tasks.Add(new(51, 51, "bench", 51));
        trace.Tasks.Add(new(51, 52, "worker", 51));
        trace.Tasks.Add(new(51, 52, "wor;\"k,2", 51) { Time = 8000 });
        trace.Tasks.Add(new(60, 60, "other", 60));
        trace.Mappings.Add(new(51, 0x7000_0000, 0x1000, 0, "/usr/bin/bench") { BuildId = "0123456789abcdef0123456789abcdef01234567" });
        trace.Mappings.Add(new(60, 0x7100_0000, 0x1000, 0, "/usr/bin/bench"));
        return trace;
    }

    public static SampleSource SourceOf(SpeTrace trace)
    {
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(SymbolTests.Elf(), "bench", new Diagnoses()));
        resolver.AddKernel(new SymbolTable("[kernel]", [new(0xFFFF_8000_8000_0000, 0x100, "do_one")]));
        return new(trace, resolver);
    }

    public static ExportRequest RequestOf(SpeTrace trace) => new(SourceOf(trace));

    public static byte[] Export(ITraceExporter exporter, ExportRequest request)
    {
        using var stream = new MemoryStream();
        exporter.Write(request, stream);
        return stream.ToArray();
    }

    public static byte[] Export(ITraceExporter exporter, SpeTrace trace) => Export(exporter, RequestOf(trace));

    /// <summary>Checks <paramref name="check"/> on traces of any records: each number is one, so that a counterexample shrinks to few and simple ones.</summary>
    public static void ForAnyTrace(Action<SpeTrace, ProfileCounts> check) => Prop.ForAll(
        ArbMap.Default.ArbFor<uint[]>(),
        seeds =>
        {
            SpeTrace trace = TraceWith([.. seeds.Select(seed => RecordOf(seed))]);
            check(trace, Profile.Build(SourceOf(trace), new ProfileOptions()).Total);
        }).QuickCheckThrowOnFailure();

    private static SpeRecord RecordOf(uint seed)
    {
        ulong[] places = [0x7000_0100, 0x7000_0104, 0x7000_010C, 0x7000_0800, 0x7100_0104, 0xFFFF_8000_8000_0010, 0xFFFF_8000_8000_0200, 0x10];
        uint?[] contexts = [null, 51, 52, 60, 99, 0];
        var random = new Random((int)seed);
        SpeRecord record = default;
        if (random.Next(8) != 0)
        {
            ulong pc = places[random.Next(places.Length)];
            record.SetPc(pc, SymbolResolver.IsKernel(pc) ? 1 : 0);
        }

        if (contexts[random.Next(contexts.Length)] is uint context)
        {
            record.SetContextEl1(context);
        }

        if (random.Next(8) != 0)
        {
            record.SetLatency((ushort)random.Next(4096), (ushort)random.Next(64));
        }

        if (random.Next(2) != 0)
        {
            record.SetTranslationLatency((ushort)random.Next(100));
        }

        record.SetEvents((SpeEvents)random.Next(1 << 11));
        switch (random.Next(4))
        {
            case 0:
                record.SetOperation(SpeOperationClass.Branch, (byte)random.Next(3));
                record.SetBranchTarget(places[random.Next(places.Length)], 0);
                break;
            case 1:
                record.SetOperation(SpeOperationClass.LoadStore, (byte)random.Next(64));
                record.SetDataVirtual((ulong)random.NextInt64());
                record.SetDataSource((SpeDataSource)random.Next(32));
                break;
            case 2:
                record.SetOperation(SpeOperationClass.Other, (byte)random.Next(8));
                break;
        }

        if (random.Next(8) != 0)
        {
            record.SetTimestamp((ulong)random.Next(1, 20_000));
        }

        return record;
    }
}
