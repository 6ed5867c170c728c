using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Store.Tests;

/// <summary>A trace in which every sample has an address and a thread of its own.</summary>
internal static class WideTrace
{
    private const ulong Kernel = 0xFFFF_8000_8000_0000;

    /// <summary>Packets of so many samples with <paramref name="apart"/> different addresses and threads.</summary>
    public static byte[] Bytes(int samples, int apart)
    {
        var bytes = new byte[samples * SpeRecordWriter.FixedSize];
        for (int i = 0; i < samples; i++)
        {
            SpeRecord record = default;
            record.SetPc(Kernel + ((ulong)(i % apart) * 4), 1);
            record.SetContextEl1((uint)(i % apart) + 1000);
            record.SetEvents(SpeEvents.Retired);
            record.SetTimestamp((ulong)i);
            SpeRecordWriter.WriteFixed64(record, bytes.AsSpan(i * SpeRecordWriter.FixedSize));
        }

        return bytes;
    }

    /// <summary>So many samples; the last few thousand are on CPU 1.</summary>
    public static SampleSource Make(int samples)
    {
        byte[] bytes = Bytes(samples, samples);
        var trace = new SpeTrace { Format = "wide", Source = new TraceBytes(bytes) };
        int first = (samples - 5000) * SpeRecordWriter.FixedSize;
        trace.Buffers.Add(new(0, -1, 0, 0, trace.Source, first));
        trace.Buffers.Add(new(1, -1, 0, first, trace.Source, bytes.Length - first));
        var resolver = new SymbolResolver(trace);
        resolver.AddKernel(Kallsyms.Read("ffff800080000000 T _text\nffff800080100400 T late\nffff800080100800 T latest\n"u8, "[kernel]", trace.Diagnoses));
        return new(trace, resolver);
    }
}
