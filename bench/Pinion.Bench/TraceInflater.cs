using System.Buffers.Binary;

namespace Pinion.Bench;

/// <summary>Makes a perf.data file larger: its AUXTRACE records, which hold the packets, are repeated; everything else stays as it is.</summary>
internal static class TraceInflater
{
    private const int AuxtraceType = 71;
    private const int AuxtraceFeature = 18;
    private const int FeatureTable = 72;
    private const int DataOffsetAt = 40;
    private const int DataSizeAt = 48;

    /// <summary>Writes <paramref name="source"/> with at least <paramref name="size"/> bytes to <paramref name="target"/>.</summary>
    public static void Inflate(string source, string target, long size)
    {
        byte[] file = File.ReadAllBytes(source);
        int start = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(DataOffsetAt));
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(DataSizeAt));
        var records = new List<(int Offset, int Length, bool Packets)>();
        long packets = 0;
        for (int at = start; at < start + length;)
        {
            bool aux = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at)) == AuxtraceType;
            int bytes = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 6)) + (aux ? (int)BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(at + 8)) : 0);
            records.Add((at, bytes, aux));
            packets += aux ? bytes : 0;
            at += bytes;
        }

        if (packets == 0)
        {
            Stop.Because($"{source} holds no AUX data");
        }

        long copies = Math.Max(1, (size - file.Length + packets) / packets);
        long grown = (copies - 1) * packets;
        using FileStream output = File.Create(target);
        byte[] header = file[..start];
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(DataSizeAt), length + grown);

        // The index of AUXTRACE records names places that are others now; perf does without it.
        header[FeatureTable + (AuxtraceFeature / 8)] &= unchecked((byte)~(1 << (AuxtraceFeature % 8)));
        output.Write(header);
        foreach ((int offset, int bytes, bool aux) in records.Where(record => !record.Packets))
        {
            output.Write(file, offset, bytes);
        }

        for (long copy = 0; copy < copies; copy++)
        {
            foreach ((int offset, int bytes, bool aux) in records.Where(record => record.Packets))
            {
                byte[] record = file[offset..(offset + bytes)];

                // Offset in the CPU's stream: each copy goes on where the one before ended.
                BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(16), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(16)) + (copy * packets));
                output.Write(record);
            }
        }

        WriteFeatures(file, start + length, grown, output);
    }

    /// <summary>The table of features behind the data and what it leads to, all of it so much further on, without the entry of the index.</summary>
    private static void WriteFeatures(byte[] file, int table, long moved, FileStream output)
    {
        int entries = 0;
        for (int feature = 0; feature < 256; feature++)
        {
            if ((file[FeatureTable + (feature / 8)] & (1 << (feature % 8))) == 0)
            {
                continue;
            }

            byte[] entry = file[(table + (16 * entries))..(table + (16 * entries) + 16)];
            entries++;
            if (feature != AuxtraceFeature)
            {
                BinaryPrimitives.WriteInt64LittleEndian(entry, BinaryPrimitives.ReadInt64LittleEndian(entry) + moved);
                output.Write(entry);
            }
        }

        // The entry that is left out leaves its room, so that the rest moves by as much as the data grew.
        output.Write(new byte[(file[FeatureTable + (AuxtraceFeature / 8)] & (1 << (AuxtraceFeature % 8))) != 0 ? 16 : 0]);
        output.Write(file.AsSpan(table + (16 * entries)));
    }
}
