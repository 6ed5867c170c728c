using System.Buffers.Binary;
using Pinion.Arm.Spe;
using Pinion.Trace.Capture;

namespace Pinion.Bench;

/// <summary>Large traces that nobody records: what is told apart is different in each record, or everything is in tiny parts.</summary>
internal static class HostileTraces
{
    private const int Chunk = 8192;
    private const int Cpus = 4;

    /// <summary>A capture in which no two records have an address, a place in code or a thread in common.</summary>
    public static void WriteScattered(string path, long size)
    {
        if (!CaptureWriter.TryCreate(path, new(0x413F_D0C1, 0x3607F, 25_000_000, 3, Cpus), out CaptureWriter? writer, out string error))
        {
            Stop.Because(error);
        }

        using (writer)
        {
            var bytes = new byte[Chunk];
            for (ulong number = 0; writer!.Length < size;)
            {
                int cpu = (int)(number / (Chunk / SpeRecordWriter.FixedSize) % Cpus);
                for (int at = 0; at < Chunk; at += SpeRecordWriter.FixedSize, number++)
                {
                    SpeRecordWriter.WriteFixed64(Scattered(number), bytes.AsSpan(at));
                }

                if (!writer.Append(cpu, bytes))
                {
                    Stop.Because(writer.Error!);
                }
            }
        }
    }

    /// <summary>What perf pipes, with nothing but the smallest records: each a name, a mapping, a switch or a stretch of a single sample, of a thread of its own.</summary>
    public static void WriteCrumbs(string path, long size)
    {
        const uint Switch = 14;
        const uint Comm = 3;
        const uint Mmap = 1;
        const uint Auxtrace = 71;
        using var output = new BufferedStream(File.Create(path), 1 << 20);
        output.Write("PERFILE2"u8);
        Words(16);

        // An event whose records end with thread, time and CPU, without which a switch tells nothing; then the metadata of the profiling unit and the conversion of time.
        const int AttrSize = 112;
        var attr = new byte[AttrSize];
        BinaryPrimitives.WriteUInt32LittleEndian(attr, 9);
        BinaryPrimitives.WriteInt32LittleEndian(attr.AsSpan(4), AttrSize);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(24), 0x86);
        BinaryPrimitives.WriteUInt64LittleEndian(attr.AsSpan(40), 1 << 18);
        Header(64, AttrSize);
        output.Write(attr);
        Header(70, 24);
        Words(4, 9, 1);
        Header(79, 24);
        Words(24, 671_088_640, 0);
        var record = new byte[SpeRecordWriter.FixedSize];
        for (uint thread = 1; output.Position < size; thread++)
        {
            Header(Comm, 40);
            Words(Pair(thread, thread), 0x30_0000_0000ul + thread, Pair(thread, thread), thread, thread % (uint)Cpus);
            Header(Mmap, 64);
            Words(Pair(thread, thread), thread * 0x1000ul, 0x800, 0, 0x3030_0000_0000ul + thread, Pair(thread, thread), thread, thread % (uint)Cpus);
            Header(Switch, 24);
            Words(Pair(thread, thread), thread, thread % (uint)Cpus);
            Header(Auxtrace, 40);
            Words((ulong)record.Length, 0, 0, Pair(0, uint.MaxValue), thread % (uint)Cpus);
            SpeRecordWriter.WriteFixed64(Scattered(thread), record);
            output.Write(record);
        }

        void Header(uint type, int body) => Words(type | ((ulong)(body + 8) << 48));

        void Words(params ReadOnlySpan<ulong> words)
        {
            Span<byte> word = stackalloc byte[8];
            foreach (ulong value in words)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(word, value);
                output.Write(word);
            }
        }

        static ulong Pair(uint low, uint high) => low | ((ulong)high << 32);
    }

    /// <summary>A load of user space; a thing of its own in each way of looking.</summary>
    private static SpeRecord Scattered(ulong number)
    {
        SpeRecord record = default;
        record.SetPc(0x1_0000 + (number * 4), 0);
        record.SetContextEl1((uint)number);
        record.SetOperation(SpeOperationClass.LoadStore, (byte)(number & 1));
        record.SetEvents(SpeEvents.Retired | SpeEvents.L1DataAccess | SpeEvents.TlbAccess);
        record.SetLatency((ushort)(number & 0xFFF), 4);
        record.SetTranslationLatency(1);
        record.SetDataVirtual(0x10_0000_0000 + (number * 4096));
        record.SetDataSource(SpeDataSource.L2);
        record.SetTimestamp(number);
        return record;
    }
}
