namespace Pinion.Trace.PerfData;

/// <summary>An event to be written: its attributes, its identifier, its name.</summary>
internal sealed record WrittenEvent(byte[] Attr, ulong Id, string Name);

/// <summary>
/// The two forms of a perf.data file, written from front to back. Where the output can seek, the header is completed at the end; where it cannot, everything is a record, as perf record -o - writes it.
/// </summary>
internal sealed class PerfDataStream
{
    private const int FlushSize = 1 << 16;

    private readonly Stream _output;
    private readonly long _start;
    private readonly IReadOnlyList<WrittenEvent> _events;
    private readonly RecordBuilder _pending = new();
    private readonly List<(PerfFeature Feature, byte[] Content)> _features;
    private readonly List<long> _auxtraceOffsets = [];
    private long _flushed;

    /// <summary>Writes what comes before the records. Features are of the header, in any order.</summary>
    public PerfDataStream(Stream output, IReadOnlyList<WrittenEvent> events, IEnumerable<(PerfFeature Feature, byte[] Content)> features)
    {
        _output = output;
        _events = events;
        _features = [.. features];
        IsPipe = !output.CanSeek;
        if (IsPipe)
        {
            _pending.Bytes(PerfDataFormat.Magic).U64(PerfDataFormat.PipeHeaderSize);
            foreach (WrittenEvent one in events)
            {
                Record(PerfRecordType.HeaderAttr, 0, new RecordBuilder().Bytes(one.Attr).U64(one.Id).Written);
            }

            foreach ((PerfFeature feature, byte[] content) in _features)
            {
                Record(PerfRecordType.HeaderFeature, 0, new RecordBuilder().U64((ulong)feature).Bytes(content).Written);
            }
        }
        else
        {
            _start = output.Position;
            _pending.Zero(PerfDataFormat.HeaderSize);
            foreach (WrittenEvent one in events)
            {
                _pending.U64(one.Id);
            }

            for (int i = 0; i < events.Count; i++)
            {
                _pending.Bytes(events[i].Attr).U64((ulong)(PerfDataFormat.HeaderSize + (i * 8))).U64(8);
            }
        }
    }

    /// <summary>What is written cannot be changed: features that are known at the end only become records.</summary>
    public bool IsPipe { get; }

    private int AttrsOffset => PerfDataFormat.HeaderSize + (_events.Count * 8);

    private int DataOffset => AttrsOffset + (_events.Count * PerfDataFormat.AttrEntrySize);

    private long Position => _flushed + _pending.Length;

    public void Record(PerfRecordType type, ushort misc, ReadOnlySpan<byte> body)
    {
        _pending.U32((uint)type).U16(misc).U16((ushort)(PerfDataFormat.RecordHeaderSize + body.Length)).Bytes(body);
        if (_pending.Length >= FlushSize)
        {
            Flush();
        }
    }

    /// <summary>An AUXTRACE record, <paramref name="head"/>, its data and <paramref name="padding"/> bytes; <paramref name="written"/> is told of each part of the data that was written.</summary>
    public void Auxtrace(ReadOnlySpan<byte> body, ReadOnlySpan<byte> head, ReadOnlySpan<byte> data, int padding, Action<int, int>? written)
    {
        _auxtraceOffsets.Add(Position);
        Record(PerfRecordType.Auxtrace, 0, body);
        _pending.Bytes(head);
        Flush();
        const int Part = 1 << 20;
        for (int at = 0; at < data.Length; at += Part)
        {
            ReadOnlySpan<byte> part = data.Slice(at, Math.Min(Part, data.Length - at));
            _output.Write(part);
            _flushed += part.Length;
            written?.Invoke(at, part.Length);
        }

        _pending.Zero(padding);
    }

    /// <summary>Completes the file with features that are known at the end only.</summary>
    public void Finish(IEnumerable<(PerfFeature Feature, byte[] Content)> features)
    {
        if (IsPipe)
        {
            Flush();
            return;
        }

        long dataEnd = Position;
        (PerfFeature Feature, byte[] Content)[] all = [.. _features.Concat(features).Append((Feature: PerfFeature.Auxtrace, Content: AuxtraceIndex())).OrderBy(one => one.Feature)];
        long offset = dataEnd + (all.Length * 16);
        foreach ((_, byte[] content) in all)
        {
            _pending.U64((ulong)offset).U64((ulong)content.Length);
            offset += content.Length;
        }

        foreach ((_, byte[] content) in all)
        {
            _pending.Bytes(content);
        }

        Flush();
        ulong bitmap = all.Aggregate(0ul, (bits, one) => bits | (1ul << (int)one.Feature));
        long end = _output.Position;
        _output.Position = _start;
        _output.Write(Header((ulong)(dataEnd - DataOffset), bitmap));
        _output.Position = end;
    }

    private ReadOnlySpan<byte> Header(ulong dataSize, ulong bitmap) => new RecordBuilder()
        .Bytes(PerfDataFormat.Magic).U64(PerfDataFormat.HeaderSize).U64(PerfDataFormat.AttrEntrySize)
        .U64((ulong)AttrsOffset).U64((ulong)(_events.Count * PerfDataFormat.AttrEntrySize))
        .U64((ulong)DataOffset).U64(dataSize)
        .U64(0).U64(0)
        .U64(bitmap).U64(0).U64(0).U64(0).Written;

    private byte[] AuxtraceIndex()
    {
        RecordBuilder index = new RecordBuilder().U64((ulong)_auxtraceOffsets.Count);
        foreach (long offset in _auxtraceOffsets)
        {
            index.U64((ulong)offset).U64(PerfDataFormat.AuxtraceSize);
        }

        return index.Written.ToArray();
    }

    private void Flush()
    {
        _output.Write(_pending.Written);
        _flushed += _pending.Length;
        _pending.Clear();
    }
}
