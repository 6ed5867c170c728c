namespace Pinion.Vmm.Devices;

/// <summary>Finds the device behind an address. Built once; look-ups take no lock.</summary>
public sealed class MmioBus
{
    private readonly IMmioDevice[] _devices;
    private readonly ulong[] _bases;
    private long _unclaimed;

    /// <summary>A bus with these devices. Ranges that overlap are a programming error.</summary>
    public MmioBus(params IEnumerable<IMmioDevice> devices)
    {
        _devices = [.. devices.OrderBy(d => d.Base)];
        _bases = [.. _devices.Select(d => d.Base)];
        for (int i = 1; i < _devices.Length; i++)
        {
            if (_devices[i].Base - _devices[i - 1].Base < _devices[i - 1].Size)
            {
                throw new ArgumentException($"Devices overlap at 0x{_devices[i].Base:x}.", nameof(devices));
            }
        }
    }

    /// <summary>The devices, by address.</summary>
    public IReadOnlyList<IMmioDevice> Devices => _devices;

    /// <summary>Accesses that found no device.</summary>
    public long Unclaimed => Volatile.Read(ref _unclaimed);

    /// <summary>Reads 1, 2, 4 or 8 bytes; where nothing answers, zeroes.</summary>
    public ulong Read(ulong address, int size)
    {
        IMmioDevice? device = Find(address, size, out ulong offset);
        if (device is not null)
        {
            ulong value = device.Read(offset, size);
            return size >= 8 ? value : value & ((1UL << (size * 8)) - 1);
        }

        Interlocked.Increment(ref _unclaimed);
        return 0;
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes; where nothing answers, the write is dropped.</summary>
    public void Write(ulong address, int size, ulong value)
    {
        IMmioDevice? device = Find(address, size, out ulong offset);
        if (device is not null)
        {
            device.Write(offset, size, value);
            return;
        }

        Interlocked.Increment(ref _unclaimed);
    }

    private IMmioDevice? Find(ulong address, int size, out ulong offset)
    {
        int index = Array.BinarySearch(_bases, address);
        index = index < 0 ? ~index - 1 : index;
        if (index >= 0)
        {
            IMmioDevice device = _devices[index];
            offset = address - device.Base;
            if (offset < device.Size && (ulong)size <= device.Size - offset)
            {
                return device;
            }
        }

        offset = 0;
        return null;
    }
}
