using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Pinion.Trace.PerfData;

/// <summary>What a written perf.data file says about its event.</summary>
/// <param name="Midr">MIDR_EL1; perf takes the meaning of data sources from it.</param>
/// <param name="TimerFrequency">Hz of the counter behind timestamps; 0 for a trace without timestamps.</param>
/// <param name="CpuCount">CPUs of the traced machine.</param>
/// <param name="Period">Operations between samples.</param>
public readonly record struct PerfDataOptions(ulong Midr, ulong TimerFrequency, int CpuCount, ulong Period);

/// <summary>
/// Writes a perf.data file that perf 6.1 and later decode as if `perf record -e arm_spe//` had made it: one SPE event, metadata version 1 (every perf reads
/// it), a TIME_CONV record where there are timestamps (perf divides by zero without one).
/// </summary>
public sealed class PerfDataWriter
{
    private const uint SpePmuType = 8;
    private const ulong EventId = 100;
    private const ulong SampleIp = 1 << 0;
    private const ulong SampleTid = 1 << 1;
    private const ulong SampleTime = 1 << 2;
    private const ulong SampleCpu = 1 << 7;
    private const ulong SampleDataSource = 1 << 15;
    private const ulong SampleIdentifier = 1 << 16;
    private const ulong SamplePhysicalAddress = 1 << 19;
    private const ulong SampleIdAll = 1ul << 18;
    private const ulong ConfigTimestamp = 1ul << 0;
    private const ulong ConfigPhysicalAddress = 1ul << 1;

    private readonly PerfDataOptions _options;
    private readonly MemoryStream _data = new();
    private readonly List<long> _auxtraceOffsets = [];

    public PerfDataWriter(in PerfDataOptions options)
    {
        _options = options;
        if (HasTime)
        {
            AddTimeConversion(TimeConversion.FromFrequency(options.TimerFrequency));
        }

        AddAuxtraceInfo();
    }

    private bool HasTime => _options.TimerFrequency != 0;

    private static int DataOffset => PerfDataFormat.HeaderSize + 8 + PerfDataFormat.AttrEntrySize;

    /// <summary>Adds where the kernel's text lies; perf resolves kernel addresses relative to it.</summary>
    public void AddKernelMapping(ulong start, ulong length)
    {
        var body = new RecordBuilder();
        body.U32(uint.MaxValue).U32(0).U64(start).U64(length).U64(start).Text("[kernel.kallsyms]_text");
        AddSampled(PerfRecordType.Mmap, PerfDataFormat.MiscKernel, body, uint.MaxValue, 0);
    }

    /// <summary>Adds the name of a thread; CONTEXTIDR_EL1 values match <paramref name="threadId"/>.</summary>
    public void AddTask(uint processId, uint threadId, string name)
    {
        var body = new RecordBuilder();
        body.U32(processId).U32(threadId).Text(name);
        AddSampled(PerfRecordType.Comm, PerfDataFormat.MiscUser, body, processId, threadId);
    }

    /// <summary>Adds an executable mapping of a process.</summary>
    public void AddMapping(in TraceMapping mapping)
    {
        const uint ReadExecute = 5;
        const uint Private = 2;
        var body = new RecordBuilder();
        body.U32(mapping.ProcessId).U32(mapping.ProcessId).U64(mapping.Start).U64(mapping.Length).U64(mapping.FileOffset);
        body.U32(0).U32(0).U64(0).U64(0).U32(ReadExecute).U32(Private).Text(mapping.Path);
        AddSampled(PerfRecordType.Mmap2, PerfDataFormat.MiscUser, body, mapping.ProcessId, mapping.ProcessId);
    }

    /// <summary>Adds a stretch of one CPU's records; padding packets fill it to a multiple of 8 bytes.</summary>
    /// <param name="cpu">CPU number.</param>
    /// <param name="streamOffset">Bytes of this CPU's stream before this stretch.</param>
    /// <param name="records">Packets.</param>
    public void AddRecords(int cpu, ulong streamOffset, ReadOnlySpan<byte> records)
    {
        int padding = -records.Length & 7;
        var body = new RecordBuilder();
        body.U64((ulong)(records.Length + padding)).U64(streamOffset).U64(0).U32((uint)cpu).U32(uint.MaxValue).U32((uint)cpu).U32(0);
        _auxtraceOffsets.Add(DataOffset + _data.Length);
        Add(PerfRecordType.Auxtrace, 0, body);
        _data.Write(records);
        _data.Write(stackalloc byte[padding]);
    }

    /// <summary>Writes the file.</summary>
    public void Save(Stream output)
    {
        var attr = new RecordBuilder();
        ulong sampleType = SampleIp | SampleTid | SampleCpu | SampleDataSource | SampleIdentifier | SamplePhysicalAddress | (HasTime ? SampleTime : 0);
        ulong config = ConfigPhysicalAddress | (HasTime ? ConfigTimestamp : 0);
        attr.U32(SpePmuType).U32(PerfDataFormat.AttrSize).U64(config).U64(_options.Period).U64(sampleType).U64(0).U64(SampleIdAll);
        attr.Zero(PerfDataFormat.AttrSize - attr.Length);
        attr.U64(PerfDataFormat.HeaderSize).U64(8);

        (PerfFeature Feature, byte[] Content)[] features =
        [
            (PerfFeature.Arch, FeatureText("aarch64")),
            (PerfFeature.NrCpus, new RecordBuilder().U32((uint)_options.CpuCount).U32((uint)_options.CpuCount).ToArray()),
            (PerfFeature.CpuId, FeatureText(string.Create(CultureInfo.InvariantCulture, $"0x{_options.Midr:x16}"))),
            (PerfFeature.Auxtrace, AuxtraceIndex()),
        ];

        var header = new RecordBuilder();
        header.Bytes(PerfDataFormat.Magic).U64(PerfDataFormat.HeaderSize).U64(PerfDataFormat.AttrEntrySize);
        header.U64(PerfDataFormat.HeaderSize + 8).U64(PerfDataFormat.AttrEntrySize);
        header.U64((ulong)DataOffset).U64((ulong)_data.Length).U64(0).U64(0);
        ulong bitmap = features.Aggregate(0ul, (bits, feature) => bits | (1ul << (int)feature.Feature));
        header.U64(bitmap).U64(0).U64(0).U64(0);
        header.U64(EventId);

        output.Write(header.ToArray());
        output.Write(attr.ToArray());
        _data.WriteTo(output);
        WriteFeatures(output, features);
    }

    private void WriteFeatures(Stream output, (PerfFeature Feature, byte[] Content)[] features)
    {
        var table = new RecordBuilder();
        ulong offset = (ulong)(DataOffset + _data.Length + (features.Length * 16));
        foreach ((_, byte[] content) in features)
        {
            table.U64(offset).U64((ulong)content.Length);
            offset += (ulong)content.Length;
        }

        output.Write(table.ToArray());
        foreach ((_, byte[] content) in features)
        {
            output.Write(content);
        }
    }

    private byte[] AuxtraceIndex()
    {
        var index = new RecordBuilder();
        index.U64((ulong)_auxtraceOffsets.Count);
        foreach (long offset in _auxtraceOffsets)
        {
            index.U64((ulong)offset).U64(PerfDataFormat.AuxtraceSize);
        }

        return index.ToArray();
    }

    private static byte[] FeatureText(string text)
    {
        const int Unit = 64;
        int length = (text.Length + 1 + Unit - 1) / Unit * Unit;
        var feature = new RecordBuilder();
        feature.U32((uint)length).Bytes(Encoding.UTF8.GetBytes(text));
        return feature.Zero(4 + length - feature.Length).ToArray();
    }

    private void AddTimeConversion(TimeConversion time)
    {
        const byte Yes = 1;
        var body = new RecordBuilder();
        body.U64(time.Shift).U64(time.Multiplier).U64(time.Zero).U64(0).U64((1ul << 56) - 1).Bytes([Yes, Yes]).Zero(6);
        Add(PerfRecordType.TimeConv, 0, body);
    }

    private void AddAuxtraceInfo()
    {
        const ulong PerCpuMmaps = 1;
        Add(PerfRecordType.AuxtraceInfo, 0, new RecordBuilder().U32(PerfDataFormat.ArmSpe).U32(0).U64(SpePmuType).U64(PerCpuMmaps));
    }

    private void AddSampled(PerfRecordType type, ushort misc, RecordBuilder body, uint processId, uint threadId)
    {
        // sample_id, in the order of the event's sample_type.
        body.U32(processId).U32(threadId);
        if (HasTime)
        {
            body.U64(0);
        }

        Add(type, misc, body.U32(0).U32(0).U64(EventId));
    }

    private void Add(PerfRecordType type, ushort misc, RecordBuilder body)
    {
        Span<byte> header = stackalloc byte[PerfDataFormat.RecordHeaderSize];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], misc);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)(PerfDataFormat.RecordHeaderSize + body.Length));
        _data.Write(header);
        _data.Write(body.ToArray());
    }
}
