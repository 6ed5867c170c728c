using System.Buffers.Binary;
using System.Globalization;
using Pinion.Arm.Spe;

namespace Pinion.Trace.PerfData;

/// <summary>What a written perf.data file says about its recording.</summary>
public sealed record PerfDataOptions
{
    /// <summary>MIDR_EL1; perf takes the meaning of data sources from it. 0 where unknown.</summary>
    public ulong Midr { get; init; }

    /// <summary>Conversion of timestamps; a multiplier of 0 for records without timestamps.</summary>
    public TimeConversion Time { get; init; }

    /// <summary>Records have physical addresses.</summary>
    public bool HasPhysicalAddresses { get; init; } = true;

    /// <summary>CPUs of the traced machine.</summary>
    public int CpuCount { get; init; } = 1;

    /// <summary>Operations between samples.</summary>
    public ulong Period { get; init; }

    /// <summary>Version of the metadata of AUX data: 1, which every perf reads, or 2, which perf 6.13 and later read.</summary>
    public int MetadataVersion { get; init; } = 1;

    /// <summary>Streams are of threads, not of CPUs.</summary>
    public bool IsPerThread { get; init; }

    /// <summary>Name of the traced machine.</summary>
    public string? HostName { get; init; }

    /// <summary>Release of the traced kernel.</summary>
    public string? KernelRelease { get; init; }

    /// <summary>Version of perf, or of what else made the trace.</summary>
    public string? RecorderVersion { get; init; }

    /// <summary>Command line of the recording.</summary>
    public string? CommandLine { get; init; }
}

/// <summary>
/// Writes a perf.data file that perf 6.1 and later decode as if `perf record -e arm_spe//` had made it: an SPE event, a dummy event for what else happens, a TIME_CONV record where there are timestamps
/// (perf divides by zero without one). Everything goes to the output at once; only build ids and an index of the streams' stretches are kept. An output that cannot seek gets what perf pipes.
/// </summary>
public sealed class PerfDataWriter
{
    private const uint SpePmuType = 8;
    private const ulong SpeId = 100;
    private const ulong TrackingId = 200;

    private readonly PerfDataOptions _options;
    private readonly PerfDataStream _stream;
    private readonly RecordBuilder _body = new();
    private readonly SortedDictionary<string, (uint ProcessId, string Id)> _buildIds = new(StringComparer.Ordinal);

    /// <summary>Starts a file on <paramref name="output"/>, which stays open.</summary>
    public PerfDataWriter(Stream output, PerfDataOptions options)
    {
        _options = options;
        WrittenEvent[] events = [SpeEvent(), TrackingEvent()];
        _stream = new(output, events, Features(events));
        if (HasTime)
        {
            const byte Yes = 1;
            _body.Clear().U64(options.Time.Shift).U64(options.Time.Multiplier).U64(options.Time.Zero).U64(0).U64((1ul << 56) - 1).Bytes([Yes, Yes]).Zero(6);
            _stream.Record(PerfRecordType.TimeConv, 0, _body.Written);
        }

        WriteAuxtraceInfo();
    }

    private bool HasTime => _options.Time.Multiplier != 0;

    /// <summary>Adds a mapping; one of the kernel where its process is uint.MaxValue: perf finds the kernel's functions and its modules' through those.</summary>
    public void Add(in TraceMapping mapping)
    {
        const uint ReadExecute = 5;
        const uint Private = 2;
        bool isKernel = mapping.ProcessId == uint.MaxValue;
        _body.Clear().U32(mapping.ProcessId).U32(isKernel ? 0 : mapping.ProcessId).U64(mapping.Start).U64(mapping.Length).U64(mapping.FileOffset);
        if (!isKernel)
        {
            _body.U32(0).U32(0).U64(0).U64(0).U32(ReadExecute).U32(Private);
        }

        _body.Text(mapping.Path);
        AddSampled(isKernel ? PerfRecordType.Mmap : PerfRecordType.Mmap2, isKernel ? PerfDataFormat.MiscKernel : PerfDataFormat.MiscUser, mapping.ProcessId, mapping.ProcessId, mapping.Time, 0);
        if (mapping.BuildId is not null)
        {
            _buildIds.TryAdd(PerfBuildIds.FileOf(mapping), (mapping.ProcessId, mapping.BuildId));
        }
    }

    /// <summary>Adds the name of a thread, or that it was forked where it has none; Context packets match its number.</summary>
    public void Add(in TraceTask task)
    {
        if (task.Name is null)
        {
            // Before the recording perf only lists what there is: nothing is inherited then, for the mappings come by themselves.
            ushort misc = task.Time == 0 ? PerfDataFormat.MiscExec : (ushort)0;
            _body.Clear().U32(task.ProcessId).U32(task.ParentProcessId).U32(task.ThreadId).U32(task.ParentProcessId).U64(task.Time);
            AddSampled(PerfRecordType.Fork, misc, task.ParentProcessId, task.ParentProcessId, task.Time, 0);
            return;
        }

        _body.Clear().U32(task.ProcessId).U32(task.ThreadId).Text(task.Name);
        ushort exec = task.IsExec ? PerfDataFormat.MiscExec : (ushort)0;
        AddSampled(PerfRecordType.Comm, (ushort)(PerfDataFormat.MiscUser | exec), task.ProcessId, task.ThreadId, task.Time, 0);
    }

    /// <summary>Adds that a CPU changes to a thread of process <paramref name="processId"/>. What ran before is not known, and not needed.</summary>
    public void Add(in TraceSwitch change, uint processId)
    {
        _body.Clear().U32(processId).U32(change.ThreadId);
        AddSampled(PerfRecordType.SwitchCpuWide, PerfDataFormat.MiscUser | PerfDataFormat.MiscSwitchOut, uint.MaxValue, uint.MaxValue, change.Time, change.Cpu);
    }

    /// <summary>Adds that records were lost.</summary>
    public void Add(in TraceLoss loss)
    {
        string kind = loss.Kind;
        ulong flag = TraceLossKinds.Flags.FirstOrDefault(one => one.Kind == kind).Flag;
        if (flag == 0)
        {
            _body.Clear().U64(SpeId).U64(1);
            AddSampled(PerfRecordType.Lost, 0, uint.MaxValue, uint.MaxValue, loss.Time, loss.Cpu);
        }
        else
        {
            _body.Clear().U64(0).U64(0).U64(flag);
            AddSampled(PerfRecordType.Aux, 0, uint.MaxValue, uint.MaxValue, loss.Time, loss.Cpu);
        }
    }

    /// <summary>Adds a stretch of a stream's records; padding packets fill it to a multiple of 8 bytes.</summary>
    /// <param name="index">Number of the stream: of a CPU its own, of a thread any that no other stream has.</param>
    /// <param name="cpu">CPU; -1 for the stream of a thread.</param>
    /// <param name="threadId">Thread; -1 where the records tell.</param>
    /// <param name="streamOffset">Bytes of this stream before this stretch.</param>
    /// <param name="records">Packets.</param>
    /// <param name="firstContext">Context packet to put before the first record: perf takes its thread for all that follow until another tells.</param>
    /// <param name="written">Told of each part of <paramref name="records"/> (offset, bytes) that was written.</param>
    /// <returns>Bytes that the stream has grown by.</returns>
    public int AddRecords(int index, int cpu, int threadId, ulong streamOffset, ReadOnlySpan<byte> records, uint? firstContext = null, Action<int, int>? written = null)
    {
        Span<byte> head = stackalloc byte[8];
        head.Clear();
        head[0] = SpePacketHeader.Context;
        BinaryPrimitives.WriteUInt32LittleEndian(head[1..], firstContext ?? 0);
        head = firstContext is null ? [] : head;
        int padding = -records.Length & 7;
        int size = head.Length + records.Length + padding;
        _body.Clear().U64((ulong)size).U64(streamOffset).U64(0).U32((uint)index).U32((uint)threadId).U32((uint)cpu).U32(0);
        _stream.Auxtrace(_body.Written, head, records, padding, written);
        return size;
    }

    /// <summary>Completes the file.</summary>
    public void Finish()
    {
        byte[] ids = BuildIds();
        if (_stream.IsPipe)
        {
            int at = 0;
            while (LittleEndian.TryU16(ids, (ulong)at + 6, out ushort size))
            {
                LittleEndian.TryU16(ids, (ulong)at + 4, out ushort misc);
                _stream.Record(PerfRecordType.HeaderBuildId, misc, ids.AsSpan(at + PerfDataFormat.RecordHeaderSize, size - PerfDataFormat.RecordHeaderSize));
                at += size;
            }
        }

        _stream.Finish(ids.Length == 0 ? [] : [(PerfFeature.BuildId, ids)]);
    }

    private WrittenEvent SpeEvent()
    {
        PerfSample sample = TrackingSample() | PerfSample.DataSource | (_options.HasPhysicalAddresses ? PerfSample.PhysicalAddress : 0);
        ulong config = (HasTime ? SpeEventFormat.TimestampEnable : 0) | (_options.HasPhysicalAddresses ? SpeEventFormat.PhysicalAddressEnable : 0);
        return new(Attr(SpePmuType, config, _options.Period, sample, PerfAttrFlags.SampleIdAll), SpeId, $"arm_spe_0/{SpeEventFormat.Text(new(config, 0, 0, 0, 0))}/");
    }

    private WrittenEvent TrackingEvent()
    {
        const uint Software = 1;
        const ulong Dummy = 9;
        const PerfAttrFlags Flags = PerfAttrFlags.SampleIdAll | PerfAttrFlags.ExcludeKernel | PerfAttrFlags.ExcludeHypervisor | PerfAttrFlags.Mmap | PerfAttrFlags.Mmap2 | PerfAttrFlags.Comm
            | PerfAttrFlags.CommExec | PerfAttrFlags.Task | PerfAttrFlags.ContextSwitch;
        return new(Attr(Software, Dummy, 1, TrackingSample(), Flags), TrackingId, "dummy:u");
    }

    private PerfSample TrackingSample() => PerfSample.Ip | PerfSample.ThreadId | PerfSample.Cpu | PerfSample.Identifier | (HasTime ? PerfSample.Time : 0);

    private static byte[] Attr(uint type, ulong config, ulong period, PerfSample sample, PerfAttrFlags flags)
    {
        RecordBuilder attr = new RecordBuilder().U32(type).U32(PerfDataFormat.AttrSize).U64(config).U64(period).U64((ulong)sample).U64(0).U64((ulong)flags);
        return attr.Zero(PerfDataFormat.AttrSize - attr.Length).Written.ToArray();
    }

    private IEnumerable<(PerfFeature Feature, byte[] Content)> Features(WrittenEvent[] events)
    {
        (PerfFeature Feature, string? Text)[] texts =
        [
            (PerfFeature.HostName, _options.HostName),
            (PerfFeature.OsRelease, _options.KernelRelease),
            (PerfFeature.Version, _options.RecorderVersion),
            (PerfFeature.Arch, "aarch64"),
            (PerfFeature.CpuId, _options.Midr == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"0x{_options.Midr:x16}")),
        ];
        foreach ((PerfFeature feature, string? text) in texts)
        {
            if (text is not null)
            {
                yield return (feature, new RecordBuilder().FeatureText(text).Written.ToArray());
            }
        }

        yield return (PerfFeature.NrCpus, new RecordBuilder().U32((uint)_options.CpuCount).U32((uint)_options.CpuCount).Written.ToArray());
        if (_options.CommandLine is not null)
        {
            yield return (PerfFeature.CommandLine, new RecordBuilder().U32(1).FeatureText(_options.CommandLine).Written.ToArray());
        }

        RecordBuilder descriptions = new RecordBuilder().U32((uint)events.Length).U32(PerfDataFormat.AttrSize);
        foreach (WrittenEvent one in events)
        {
            descriptions.Bytes(one.Attr).U32(1).FeatureText(one.Name).U64(one.Id);
        }

        yield return (PerfFeature.EventDescription, descriptions.Written.ToArray());
    }

    private void WriteAuxtraceInfo()
    {
        ulong perCpu = _options.IsPerThread ? 0u : 1u;
        _body.Clear().U32(PerfDataFormat.ArmSpe).U32(0);
        if (_options.MetadataVersion == 1)
        {
            _body.U64(SpePmuType).U64(perCpu);
        }
        else
        {
            // Version, words of the header behind it, PMU, CPUs; for each CPU what AuxtraceReader reads. The shortest interval and the events that can be filtered are not known: 0.
            const ulong Version = 2;
            const ulong HeaderWords = 4;
            const ulong CpuWords = 4;
            _body.U64(Version).U64(HeaderWords).U64(SpePmuType).U64((ulong)_options.CpuCount);
            for (int cpu = 0; cpu < _options.CpuCount; cpu++)
            {
                _body.U64(PerfDataFormat.CpuBlock).U64((ulong)cpu).U64(CpuWords).U64(_options.Midr).U64(SpePmuType).U64(0).U64(0);
            }
        }

        _stream.Record(PerfRecordType.AuxtraceInfo, 0, _body.Written);
    }

    /// <summary>The feature: entries that look like records, sorted by path.</summary>
    private byte[] BuildIds()
    {
        var feature = new RecordBuilder();
        var entry = new RecordBuilder();
        foreach ((string path, (uint process, string text)) in _buildIds)
        {
            if (text.Length is < 2 or > 2 * PerfDataFormat.BuildIdSize || !TryHex(text, out byte[] id))
            {
                continue;
            }

            bool isKernel = process == uint.MaxValue;
            entry.Clear().U32(isKernel ? process : 0).Bytes(id).Zero(PerfDataFormat.BuildIdSize - id.Length).U32((uint)id.Length).Text(path);
            ushort misc = (ushort)((isKernel ? PerfDataFormat.MiscKernel : PerfDataFormat.MiscUser) | PerfDataFormat.MiscBuildIdSize);
            feature.U32(0).U16(misc).U16((ushort)(PerfDataFormat.RecordHeaderSize + entry.Length)).Bytes(entry.Written);
        }

        return feature.Written.ToArray();
    }

    private static bool TryHex(string text, out byte[] bytes)
    {
        bytes = new byte[text.Length / 2];
        return Convert.FromHexString(text, bytes, out _, out int written) == System.Buffers.OperationStatus.Done && written == bytes.Length;
    }

    private void AddSampled(PerfRecordType type, ushort misc, uint processId, uint threadId, ulong time, int cpu)
    {
        // sample_id, in the order of the events' sample_type.
        _body.U32(processId).U32(threadId);
        if (HasTime)
        {
            _body.U64(time);
        }

        _stream.Record(type, misc, _body.U32((uint)cpu).U32(0).U64(TrackingId).Written);
    }
}
