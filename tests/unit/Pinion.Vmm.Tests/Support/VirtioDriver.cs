using System.Buffers.Binary;
using Pinion.Vmm.Devices.Virtio;

namespace Pinion.Vmm.Tests.Support;

/// <summary>A guest's driver for one virtio-mmio device with one queue, straight from the specification.</summary>
internal sealed class VirtioDriver
{
    public const ulong Descriptors = 0x40001000;
    public const ulong Avail = 0x40002000;
    public const ulong Used = 0x40003000;
    public const ulong Buffers = 0x40010000;

    private readonly TestMemory _memory;
    private readonly VirtioMmio _device;
    private ushort _nextAvail;
    private ushort _nextUsed;

    public VirtioDriver(TestMemory memory, VirtioMmio device, ushort size = 8, ulong features = 1UL << 32)
    {
        _memory = memory;
        _device = device;
        Size = size;
        Write(0x70, 0);
        Write(0x70, 1);
        Write(0x70, 3);
        Write(0x24, 0);
        Write(0x20, (uint)features);
        Write(0x24, 1);
        Write(0x20, (uint)(features >> 32));
        Write(0x70, 11);
        Write(0x30, 0);
        Write(0x38, size);
        Write64(0x80, Descriptors);
        Write64(0x90, Avail);
        Write64(0xa0, Used);
        Write(0x44, 1);
        Write(0x70, 15);
    }

    public ushort Size { get; }

    public uint Status => (uint)_device.Read(0x70, 4);

    public void Write(ulong offset, uint value) => _device.Write(offset, 4, value);

    public void Descriptor(int index, ulong address, uint length, ushort flags, ushort next, ulong table = Descriptors)
    {
        Span<byte> raw = _memory.At(table + (ulong)index * 16, 16);
        BinaryPrimitives.WriteUInt64LittleEndian(raw, address);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[8..], length);
        BinaryPrimitives.WriteUInt16LittleEndian(raw[12..], flags);
        BinaryPrimitives.WriteUInt16LittleEndian(raw[14..], next);
    }

    /// <summary>Announces a chain and notifies.</summary>
    public void Submit(ushort head)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_memory.At(Avail + 4 + 2 * (ulong)(_nextAvail % Size), 2), head);
        BinaryPrimitives.WriteUInt16LittleEndian(_memory.At(Avail + 2, 2), ++_nextAvail);
        Write(0x50, 0);
    }

    /// <summary>The next used entry, or null.</summary>
    public (uint Id, uint Length)? TakeUsed()
    {
        if (BinaryPrimitives.ReadUInt16LittleEndian(_memory.At(Used + 2, 2)) == _nextUsed)
        {
            return null;
        }

        Span<byte> entry = _memory.At(Used + 4 + 8 * (ulong)(_nextUsed++ % Size), 8);
        return (BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]));
    }

    private void Write64(ulong offset, ulong value)
    {
        Write(offset, (uint)value);
        Write(offset + 4, (uint)(value >> 32));
    }
}
