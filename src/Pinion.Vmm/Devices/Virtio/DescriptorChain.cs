namespace Pinion.Vmm.Devices.Virtio;

/// <summary>The buffers of one request: first what the device reads, then what it writes. Used again for every request.</summary>
internal sealed class DescriptorChain
{
    private readonly List<(ulong Address, uint Length)> _readable = [];
    private readonly List<(ulong Address, uint Length)> _writable = [];

    /// <summary>Index of the first descriptor: the name of the chain in the used ring.</summary>
    public ushort Head { get; private set; }

    /// <summary>Bytes to read.</summary>
    public ulong ReadableLength { get; private set; }

    /// <summary>Room to write.</summary>
    public ulong WritableLength { get; private set; }

    public void Clear(ushort head)
    {
        Head = head;
        _readable.Clear();
        _writable.Clear();
        ReadableLength = WritableLength = 0;
    }

    /// <summary>Adds a buffer; false when it is outside RAM, or readable after a writable one (2.7.4.2).</summary>
    public bool Add(ulong address, uint length, bool writable, IGuestMemory memory)
    {
        if (!memory.TryGetSpan(address, length, out _) || (!writable && _writable.Count > 0))
        {
            return false;
        }

        if (writable)
        {
            _writable.Add((address, length));
            WritableLength += length;
        }
        else
        {
            _readable.Add((address, length));
            ReadableLength += length;
        }

        return true;
    }

    /// <summary>Copies the readable bytes from their start: the number copied.</summary>
    public int CopyFrom(IGuestMemory memory, Span<byte> target)
    {
        int done = 0;
        foreach ((ulong address, uint length) in _readable)
        {
            int count = (int)Math.Min(length, (uint)(target.Length - done));
            if (count == 0 || !memory.TryGetSpan(address, (ulong)count, out Span<byte> span))
            {
                break;
            }

            span.CopyTo(target[done..]);
            done += count;
        }

        return done;
    }

    /// <summary>Copies to the start of the writable buffers: the number copied.</summary>
    public int CopyTo(IGuestMemory memory, ReadOnlySpan<byte> source)
    {
        int done = 0;
        foreach ((ulong address, uint length) in _writable)
        {
            int count = (int)Math.Min(length, (uint)(source.Length - done));
            if (count == 0 || !memory.TryGetSpan(address, (ulong)count, out Span<byte> span))
            {
                break;
            }

            source.Slice(done, count).CopyTo(span);
            done += count;
        }

        return done;
    }
}
