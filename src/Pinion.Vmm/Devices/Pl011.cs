using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Devices;

/// <summary>
/// Arm PrimeCell PL011 UART (DDI 0183), the guest's console. It transmits at once: its transmit FIFO is always empty. The baud rate has no meaning.
/// </summary>
public sealed class Pl011 : IMmioDevice
{
    private const uint PeripheralId = 0x00141011;
    private const int FifoDepth = 16;

    /// <summary>Reads of FR one after the other, with nothing between, that only a loop waiting for input makes: printing polls FR at most twice in a row.</summary>
    private const int PollingReads = 64;

    private const uint InterruptReceive = 1 << 4;
    private const uint InterruptTransmit = 1 << 5;
    private const uint InterruptReceiveTimeout = 1 << 6;
    private const uint InterruptAll = 0x7ff;

    private const uint FlagReceiveEmpty = 1 << 4;
    private const uint FlagReceiveFull = 1 << 6;
    private const uint FlagTransmitEmpty = 1 << 7;

    private const uint LineFifoEnable = 1 << 4;

    private const uint ControlEnable = 1 << 0;
    private const uint ControlLoopback = 1 << 7;
    private const uint ControlTransmit = 1 << 8;
    private const uint ControlReceive = 1 << 9;

    private readonly Lock _lock = new();
    private readonly uint _spi;
    private readonly uint _clock;
    private readonly IInterruptLine _line;
    private readonly ISerialOutput _output;
    private readonly Queue<byte> _fifo = new(FifoDepth);
    private readonly Queue<byte> _waiting = new();
    private readonly Action _onInputTaken;
    private uint _lineControl;
    private uint _control = ControlTransmit | ControlReceive;
    private uint _fifoLevels = 0x12;
    private uint _integerBaud;
    private uint _fractionalBaud;
    private uint _lowPower;
    private uint _dma;
    private uint _mask;
    private uint _raw;
    private int _flagReads;

    /// <summary>A port that prints to <paramref name="output"/>. <paramref name="onInputTaken"/> is called when all offered input has been taken.</summary>
    public Pl011(ulong address, uint spi, uint clockHandle, IInterruptLine line, ISerialOutput output, Action? onInputTaken = null)
    {
        Base = address;
        _spi = spi;
        _clock = clockHandle;
        _line = line;
        _output = output;
        _onInputTaken = onInputTaken ?? (() => { });
    }

    /// <inheritdoc/>
    public ulong Base { get; }

    /// <inheritdoc/>
    public ulong Size => 0x1000;

    private int Depth => (_lineControl & LineFifoEnable) != 0 ? FifoDepth : 1;

    /// <summary>UARTIFLS receive field: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO; reserved values as 7/8.</summary>
    private int ReceiveLevel => (_lineControl & LineFifoEnable) == 0 ? 1 : ((_fifoLevels >> 3) & 7) switch { 0 => 2, 1 => 4, 2 => 8, 3 => 12, _ => 14 };

    /// <summary>
    /// A driver empties the FIFO when it opens the port, and throws away what it finds. So that piped input is not lost, bytes enter the FIFO only when somebody
    /// waits for them: a driver with the receive interrupts on, or a loop that polls the flags.
    /// </summary>
    private bool Listening => (_control & (ControlEnable | ControlReceive)) == (ControlEnable | ControlReceive)
        && ((_mask & (InterruptReceive | InterruptReceiveTimeout)) != 0 || _flagReads >= PollingReads);

    /// <summary>Offers bytes typed by the user; all of them are kept until the guest reads them.</summary>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (byte value in bytes)
            {
                _waiting.Enqueue(value);
            }

            FillFifo();
            UpdateLine();
        }
    }

    /// <summary>Bytes offered and not yet read by the guest.</summary>
    public int PendingInput
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + _fifo.Count;
            }
        }
    }

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        lock (_lock)
        {
            _flagReads = offset == 0x18 ? Math.Min(_flagReads + 1, PollingReads) : offset == 0 ? _flagReads : 0;
            uint value = offset switch
            {
                0x00 => ReadData(),
                0x18 => Flags(),
                0x20 => _lowPower,
                0x24 => _integerBaud,
                0x28 => _fractionalBaud,
                0x2c => _lineControl,
                0x30 => _control,
                0x34 => _fifoLevels,
                0x38 => _mask,
                0x3c => _raw,
                0x40 => _raw & _mask,
                0x48 => _dma,
                >= PrimeCellId.First => (uint)PrimeCellId.Read(offset, PeripheralId),
                _ => 0,
            };
            UpdateLine();
            return value;
        }
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        lock (_lock)
        {
            uint bits = (uint)value;
            _flagReads = 0;
            switch (offset)
            {
                case 0x00:
                    Transmit((byte)bits);
                    break;

                case 0x20:
                    _lowPower = bits & 0xff;
                    break;

                case 0x24:
                    _integerBaud = bits & 0xffff;
                    break;

                case 0x28:
                    _fractionalBaud = bits & 0x3f;
                    break;

                case 0x2c:
                    WriteLineControl(bits & 0xff);
                    break;

                case 0x30:
                    _control = bits & 0xff87;
                    break;

                case 0x34:
                    _fifoLevels = bits & 0x3f;
                    break;

                case 0x38:
                    _mask = bits & InterruptAll;
                    break;

                case 0x44:
                    _raw &= ~bits;
                    break;

                case 0x48:
                    _dma = bits & 7;
                    break;
            }

            FillFifo();
            UpdateLine();
        }
    }

    /// <inheritdoc/>
    public void WriteNode(FdtWriter fdt)
    {
        fdt.BeginNode($"pl011@{Base:x}");
        fdt.Strings("compatible", "arm,pl011", "arm,primecell");
        fdt.Cells64("reg", Base, Size);
        Interrupts.Spi(fdt, _spi);
        fdt.Cells("clocks", _clock, _clock);
        fdt.Strings("clock-names", "uartclk", "apb_pclk");
        fdt.EndNode();
    }

    private uint Flags()
    {
        FillFifo();
        uint flags = FlagTransmitEmpty;
        flags |= _fifo.Count == 0 ? FlagReceiveEmpty : 0;
        flags |= _fifo.Count >= Depth ? FlagReceiveFull : 0;
        return flags;
    }

    private uint ReadData()
    {
        _fifo.TryDequeue(out byte value);
        FillFifo();
        if (_fifo.Count < ReceiveLevel)
        {
            _raw &= ~InterruptReceive;
        }

        if (_fifo.Count == 0)
        {
            _raw &= ~InterruptReceiveTimeout;
        }

        return value;
    }

    private void Transmit(byte value)
    {
        if ((_control & ControlLoopback) != 0)
        {
            if (_fifo.Count < Depth)
            {
                _fifo.Enqueue(value);
                OnReceived();
            }
        }
        else
        {
            // A PL011 with CR.TXE or CR.UARTEN off sends nothing; but early consoles rely on firmware that has set them, and here is no firmware.
            _output.Put(value);
        }

        // The FIFO went from one byte to empty: it passed its trigger level.
        _raw |= InterruptTransmit;
    }

    private void WriteLineControl(uint value)
    {
        if (((_lineControl ^ value) & LineFifoEnable) != 0)
        {
            _fifo.Clear();
            _raw &= ~(InterruptReceive | InterruptReceiveTimeout);
        }

        _lineControl = value;
    }

    private void FillFifo()
    {
        if (_waiting.Count == 0 || !Listening)
        {
            return;
        }

        bool any = false;
        while (_fifo.Count < Depth && _waiting.TryDequeue(out byte value))
        {
            _fifo.Enqueue(value);
            any = true;
        }

        if (any)
        {
            OnReceived();
            if (_waiting.Count == 0)
            {
                _onInputTaken();
            }
        }
    }

    private void OnReceived()
    {
        if (_fifo.Count >= ReceiveLevel)
        {
            _raw |= InterruptReceive;
        }

        // Nothing follows within 32 bit times: bytes arrive in bursts here, each of which ends at once.
        _raw |= InterruptReceiveTimeout;
    }

    private void UpdateLine() => _line.Set((_raw & _mask) != 0);
}
