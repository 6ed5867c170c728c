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

    /// <summary>Reads 1, 2, 4 or 8 bytes; false, with zeroes, where nothing answers.</summary>
    public bool Read(ulong address, int size, out ulong value)
    {
        IMmioDevice? device = Find(address, size, out ulong offset);
        if (device is null)
        {
            Interlocked.Increment(ref _unclaimed);
            value = 0;
            return false;
        }

        value = device.Read(offset, size);
        value = size >= 8 ? value : value & ((1UL << (size * 8)) - 1);
        return true;
    }

    /// <summary>Writes 1, 2, 4 or 8 bytes; false where nothing answers.</summary>
    public bool Write(ulong address, int size, ulong value)
    {
        IMmioDevice? device = Find(address, size, out ulong offset);
        if (device is null)
        {
            Interlocked.Increment(ref _unclaimed);
            return false;
        }

        device.Write(offset, size, value);
        return true;
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
