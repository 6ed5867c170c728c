using System.Globalization;
using System.Text;
using Pinion.Arm.Spe;
using Pinion.Trace.PerfData;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

/// <summary>Traces with several CPUs and processes, drawn from a seed: kernel functions with symbols, programs without, loads with a data source, branches, skewed latencies.</summary>
internal static class SyntheticTrace
{
    public const ulong KernelBase = 0xFFFF_8000_1000_0000;
    public const ulong ProgramBase = 0x40_0000;
    public const int FunctionSize = 0x100;
    public const ulong Period = 1024;

    private const ulong TimerFrequency = 1_000_000_000;

    private static readonly SpeDataSource[] s_sources = [SpeDataSource.L1Data, SpeDataSource.L1Data, SpeDataSource.L1Data, SpeDataSource.L2, SpeDataSource.SystemCache, SpeDataSource.Dram, SpeDataSource.Remote];

    /// <summary>A perf.data file, read.</summary>
    /// <param name="samples">Records.</param>
    /// <param name="seed">The same seed gives the same trace.</param>
    /// <param name="cpus">CPUs.</param>
    /// <param name="names">Names of the processes' threads; their numbers are 100 and up.</param>
    /// <param name="functions">Names of kernel functions.</param>
    public static SampleSource Make(int samples, int seed = 1, int cpus = 2, string[]? names = null, string[]? functions = null)
    {
        names ??= ["init", "worker", "worker", "shell"];
        functions ??= [.. Enumerable.Range(0, 24).Select(i => string.Create(CultureInfo.InvariantCulture, $"function_{i}"))];
        var random = new Random(seed);
        using var file = new MemoryStream();
        var writer = new PerfDataWriter(file, new() { Midr = 0x410F_D0C0, Time = TimeConversion.FromFrequency(TimerFrequency), CpuCount = cpus, Period = Period });
        writer.Add(new TraceMapping(uint.MaxValue, KernelBase, 0x1000_0000, KernelBase, "[kernel.kallsyms]_text"));
        for (uint process = 0; process < names.Length; process++)
        {
            writer.Add(new TraceTask(100 + process, 100 + process, names[process], 100 + process));
            writer.Add(new TraceMapping(100 + process, ProgramBase, 0x10_0000, 0, $"/usr/bin/program{process % 2}"));
        }

        const int Chunk = 2000;
        byte[] bytes = new byte[Chunk * SpeRecordWriter.FixedSize];
        ulong[] offsets = new ulong[cpus];
        ulong[] times = new ulong[cpus];
        for (int done = 0; done < samples;)
        {
            int cpu = random.Next(cpus);
            int count = Math.Min(Chunk, samples - done);
            for (int i = 0; i < count; i++)
            {
                times[cpu] += (ulong)random.Next(500, 1500);
                SpeRecordWriter.WriteFixed64(Draw(random, names.Length, functions.Length, times[cpu]), bytes.AsSpan(i * SpeRecordWriter.FixedSize));
            }

            ReadOnlySpan<byte> records = bytes.AsSpan(0, count * SpeRecordWriter.FixedSize);
            writer.AddRecords(cpu, cpu, -1, offsets[cpu], records);
            offsets[cpu] += (ulong)records.Length;
            done += count;
        }

        writer.Finish();
        SpeTrace trace = TraceFile.Parse(file.ToArray());
        var resolver = new SymbolResolver(trace);
        string kallsyms = string.Concat(functions.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $"{KernelBase + (ulong)(i * FunctionSize):x16} T {name}\n")));
        resolver.AddKernel(Kallsyms.Read(Encoding.UTF8.GetBytes(kallsyms), "[kernel]", new Diagnoses()));
        resolver.AddImage(ElfImage.Read(Program(), "program0", new Diagnoses()));
        return new SampleSource(trace, resolver);
    }

    /// <summary>An executable with one segment and no symbols.</summary>
    private static byte[] Program()
    {
        byte[] file = new byte[64 + 56];
        "\u007fELF\u0002\u0001"u8.CopyTo(file);
        Put(16, 2);
        Put(32, 64);
        Put(54, 56);
        Put(56, 1);
        Put(64, 1 | (7ul << 32));
        Put(64 + 16, ProgramBase);
        Put(64 + 32, 0x10_0000);
        Put(64 + 40, 0x10_0000);
        return file;

        void Put(int at, ulong value)
        {
            for (; value != 0; value >>= 8)
            {
                file[at++] = (byte)value;
            }
        }
    }

    private static SpeRecord Draw(Random random, int processes, int functions, ulong time)
    {
        SpeRecord record = default;
        record.SetContextEl1((uint)(100 + random.Next(processes)));
        record.SetTimestamp(time);
        if (random.Next(50) != 0)
        {
            // Squares: few functions have most of the samples.
            int function = (int)(functions * random.NextDouble() * random.NextDouble());
            bool kernel = random.Next(2) == 0;
            ulong offset = (ulong)(random.Next(16) * 4);
            record.SetPc((kernel ? KernelBase : ProgramBase) + ((ulong)function * FunctionSize) + offset, kernel ? 1 : 0);
        }

        int total = 2 + (int)Math.Min(60_000, Math.Exp(random.NextDouble() * random.NextDouble() * 11));
        record.SetLatency((ushort)total, (ushort)(total / 2));
        SpeEvents events = SpeEvents.Retired;
        switch (random.Next(5))
        {
            case 0:
                SpeDataSource source = s_sources[random.Next(s_sources.Length)];
                record.SetOperation(SpeOperationClass.LoadStore, SpeOperation.GeneralLoad);
                record.SetDataSource(source);
                record.SetTranslationLatency((ushort)random.Next(20));
                Access(random, ref record);
                events |= SpeEvents.L1DataAccess | (source == SpeDataSource.L1Data ? SpeEvents.None : SpeEvents.L1DataRefill) | (source == SpeDataSource.Dram ? SpeEvents.LastLevelMiss | SpeEvents.TlbWalk : SpeEvents.None);
                break;
            case 1:
                record.SetOperation(SpeOperationClass.LoadStore, SpeOperation.GeneralStore);
                Access(random, ref record);
                break;
            case 2:
                record.SetOperation(SpeOperationClass.LoadStore, SpeOperation.Extended(store: false, atomic: true));
                Access(random, ref record);
                break;
            case 3:
                record.SetOperation(SpeOperationClass.Branch, SpeOperation.BranchConditional);
                events |= random.Next(4) == 0 ? SpeEvents.Mispredicted : SpeEvents.None;
                break;
            default:
                record.SetOperation(SpeOperationClass.Other, 0);
                break;
        }

        record.SetEvents(events);
        return record;
    }

    private static void Access(Random random, ref SpeRecord record)
    {
        ulong address = (ulong)(random.Next(40) * random.Next(40) * 8);
        record.SetDataVirtual(0x7F00_0000 + address);
        record.SetDataPhysical(0x4000_0000 + address);
    }
}
