using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Devices;

/// <summary>Arm PrimeCell PL031 real-time clock (DDI 0224): seconds since 1970, with an alarm.</summary>
public sealed class Pl031 : IMmioDevice, IDisposable
{
    private const uint PeripheralId = 0x00041031;
    private const uint LateSeconds = 3600;

    private readonly Lock _lock = new();
    private readonly uint _clock;
    private readonly uint _spi;
    private readonly IInterruptLine _line;
    private readonly TimeProvider _time;
    private readonly ITimer _alarm;
    private uint _offset;
    private uint _match;
    private uint _load;
    private bool _mask;
    private bool _raw;

    /// <summary>A clock that reads <paramref name="time"/>. <paramref name="clockHandle"/>: phandle of the APB clock.</summary>
    public Pl031(ulong address, uint spi, uint clockHandle, IInterruptLine line, TimeProvider time)
    {
        Base = address;
        _spi = spi;
        _clock = clockHandle;
        _line = line;
        _time = time;
        _alarm = time.CreateTimer(_ => OnAlarm(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public ulong Base { get; }

    /// <inheritdoc/>
    public ulong Size => 0x1000;

    private uint Now => (uint)_time.GetUtcNow().ToUnixTimeSeconds() + _offset;

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        lock (_lock)
        {
            return offset switch
            {
                0x00 => Now,
                0x04 => _match,
                0x08 => _load,
                0x0c => 1,
                0x10 => _mask ? 1u : 0,
                0x14 => _raw ? 1u : 0,
                0x18 => _raw && _mask ? 1u : 0,
                >= PrimeCellId.First => PrimeCellId.Read(offset, PeripheralId),
                _ => 0,
            };
        }
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        lock (_lock)
        {
            switch (offset)
            {
                case 0x04:
                    _match = (uint)value;
                    Arm();
                    break;

                case 0x08:
                    _load = (uint)value;
                    _offset += _load - Now;
                    Arm();
                    break;

                case 0x10:
                    _mask = (value & 1) != 0;
                    break;

                case 0x1c when (value & 1) != 0:
                    _raw = false;
                    break;
            }

            _line.Set(_raw && _mask);
        }
    }

    /// <inheritdoc/>
    public void WriteNode(FdtWriter fdt)
    {
        fdt.BeginNode($"pl031@{Base:x}");
        fdt.Strings("compatible", "arm,pl031", "arm,primecell");
        fdt.Cells64("reg", Base, Size);
        Interrupts.Spi(fdt, _spi);
        fdt.Cells("clocks", _clock);
        fdt.Strings("clock-names", "apb_pclk");
        fdt.EndNode();
    }

    /// <inheritdoc/>
    public void Dispose() => _alarm.Dispose();

    private void Arm()
    {
        // The counter wraps at 32 bits, as the register does.
        uint seconds = _match - Now;
        _alarm.Change(TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue / 1000)), Timeout.InfiniteTimeSpan);
    }

    private void OnAlarm()
    {
        lock (_lock)
        {
            // A timer takes at most 24 days and may fire a little late, and the clock may have been set since it was started.
            if (Now - _match > LateSeconds)
            {
                Arm();
                return;
            }

            _raw = true;
            _line.Set(_raw && _mask);
        }
    }
}
