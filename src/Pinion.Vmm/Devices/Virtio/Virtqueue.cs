using System.Buffers.Binary;

namespace Pinion.Vmm.Devices.Virtio;

/// <summary>
/// The device's side of a split virtqueue (virtio 1.2, 2.7). The driver may write anything to the rings at any time: every field is copied before it is checked, every
/// address is checked against RAM, chains are bounded. A queue that makes no sense is <see cref="Broken"/> and stays so until reset.
/// </summary>
internal sealed class Virtqueue(IGuestMemory memory, ushort maximumSize)
{
    private const int DescriptorSize = 16;
    private const ushort FlagNext = 1;
    private const ushort FlagWrite = 2;
    private const ushort FlagIndirect = 4;
    private const ushort AvailNoInterrupt = 1;

    private ushort _nextAvail;
    private ushort _nextUsed;
    private ushort _signalledUsed;
    private bool _signalledValid;

    /// <summary>Largest number of entries; a power of two.</summary>
    public ushort MaximumSize { get; } = maximumSize;

    /// <summary>Entries that the driver chose.</summary>
    public ushort Size { get; set; } = maximumSize;

    public ulong DescriptorTable { get; set; }

    public ulong AvailRing { get; set; }

    public ulong UsedRing { get; set; }

    public bool Ready { get; private set; }

    /// <summary>VIRTIO_F_EVENT_IDX was negotiated.</summary>
    public bool EventIndex { get; set; }

    /// <summary>The driver broke the rules.</summary>
    public bool Broken { get; private set; }

    /// <summary>Takes the queue into use; false when its size or an address is not allowed, or a ring is not in RAM.</summary>
    public bool Enable()
    {
        Ready = Size != 0 && Size <= MaximumSize && (Size & (Size - 1)) == 0
            && (DescriptorTable & 15) == 0 && (AvailRing & 1) == 0 && (UsedRing & 3) == 0
            && memory.TryGetSpan(DescriptorTable, (ulong)Size * DescriptorSize, out _)
            && memory.TryGetSpan(AvailRing, 6 + 2UL * Size, out _)
            && memory.TryGetSpan(UsedRing, 6 + 8UL * Size, out _);
        return Ready;
    }

    public void Disable() => Ready = false;

    public void Reset()
    {
        Ready = false;
        Broken = false;
        EventIndex = false;
        Size = MaximumSize;
        DescriptorTable = AvailRing = UsedRing = 0;
        _nextAvail = _nextUsed = _signalledUsed = 0;
        _signalledValid = false;
    }

    /// <summary>Takes the next chain of buffers into <paramref name="chain"/>; false when there is none, or the queue is broken.</summary>
    public bool TryPop(DescriptorChain chain)
    {
        if (!Ready || Broken)
        {
            return false;
        }

        if (EventIndex)
        {
            // avail_event, behind the used ring: notify us about every buffer. Written before the index is looked at again, or a notification may get lost.
            Write16(UsedRing + 4 + 8UL * Size, _nextAvail);
            Thread.MemoryBarrier();
        }

        ushort index = Read16(AvailRing + 2);
        ushort waiting = (ushort)(index - _nextAvail);
        if (Broken || waiting == 0)
        {
            return false;
        }

        if (waiting > Size)
        {
            Broken = true;
            return false;
        }

        // The entries are read after the index that announced them.
        Thread.MemoryBarrier();
        ushort head = Read16(AvailRing + 4 + 2UL * (ulong)(_nextAvail & (Size - 1)));
        if (!Collect(head, chain))
        {
            Broken = true;
            return false;
        }

        _nextAvail++;
        return true;
    }

    /// <summary>Gives a chain back with <paramref name="written"/> bytes in its writable buffers.</summary>
    public void Push(DescriptorChain chain, uint written)
    {
        ulong entry = UsedRing + 4 + 8UL * (ulong)(_nextUsed & (Size - 1));
        Write32(entry, chain.Head);
        Write32(entry + 4, written);
        _nextUsed++;

        // The entry must be visible before the index that announces it.
        Thread.MemoryBarrier();
        Write16(UsedRing + 2, _nextUsed);
    }

    /// <summary>Whether the driver wants an interrupt for what was pushed since the last question.</summary>
    public bool TakeInterruptWish()
    {
        if (Broken || !Ready)
        {
            return false;
        }

        Thread.MemoryBarrier();
        ushort old = _signalledUsed;
        bool valid = _signalledValid;
        _signalledUsed = _nextUsed;
        _signalledValid = true;
        if (valid && old == _nextUsed)
        {
            return false;
        }

        if (!EventIndex)
        {
            return (Read16(AvailRing) & AvailNoInterrupt) == 0;
        }

        // used_event lies behind the avail ring; 2.7.10 gives the comparison.
        ushort wanted = Read16(AvailRing + 4 + 2UL * Size);
        return !valid || (ushort)(_nextUsed - wanted - 1) < (ushort)(_nextUsed - old);
    }

    private bool Collect(ushort head, DescriptorChain chain)
    {
        chain.Clear(head);
        ulong table = DescriptorTable;
        uint entries = Size;
        uint index = head;
        bool indirect = false;
        uint steps = 0;
        while (true)
        {
            // A chain visits a descriptor once: more steps than entries is a loop.
            if (index >= entries || steps++ >= entries || !memory.TryGetSpan(table + index * DescriptorSize, DescriptorSize, out Span<byte> raw))
            {
                return false;
            }

            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(raw);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]);
            ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(raw[12..]);
            ushort next = BinaryPrimitives.ReadUInt16LittleEndian(raw[14..]);
            if ((flags & FlagIndirect) != 0)
            {
                // 2.7.5.3: not nested, not chained on, a whole number of descriptors, and no more of them than the queue has.
                uint count = length / DescriptorSize;
                if (indirect || (flags & FlagNext) != 0 || length % DescriptorSize != 0 || count == 0 || count > MaximumSize
                    || !memory.TryGetSpan(address, length, out _))
                {
                    return false;
                }

                indirect = true;
                table = address;
                entries = count;
                index = 0;
                steps = 0;
                continue;
            }

            if (length != 0 && !chain.Add(address, length, (flags & FlagWrite) != 0, memory))
            {
                return false;
            }

            if ((flags & FlagNext) == 0)
            {
                return true;
            }

            index = next;
        }
    }

    private ushort Read16(ulong address)
    {
        if (memory.TryGetSpan(address, 2, out Span<byte> span))
        {
            return BinaryPrimitives.ReadUInt16LittleEndian(span);
        }

        Broken = true;
        return 0;
    }

    private void Write16(ulong address, ushort value)
    {
        if (memory.TryGetSpan(address, 2, out Span<byte> span))
        {
            BinaryPrimitives.WriteUInt16LittleEndian(span, value);
        }
        else
        {
            Broken = true;
        }
    }

    private void Write32(ulong address, uint value)
    {
        if (memory.TryGetSpan(address, 4, out Span<byte> span))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(span, value);
        }
        else
        {
            Broken = true;
        }
    }
}
