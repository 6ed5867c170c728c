using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Devices.Virtio;

/// <summary>
/// The virtio-mmio transport, version 2 (virtio 1.2, 4.2), for devices with one request queue. Requests are served within the notification, on the thread of
/// the vCPU that makes it: a guest that runs deterministically sees its devices do so too.
/// </summary>
public sealed class VirtioMmio : IMmioDevice
{
    /// <summary>Distance between transports, as on QEMU's virt machine.</summary>
    public const ulong Stride = 0x200;

    private const uint Magic = 0x74726976;
    private const uint VersionModern = 2;
    private const uint VendorId = 0x4e4e4950;
    private const ulong ConfigStart = 0x100;

    private const int FeatureIndirectDescriptors = 28;
    private const int FeatureEventIndex = 29;
    private const int FeatureVersion1 = 32;

    private const uint StatusFeaturesOk = 8;
    private const uint StatusDriverOk = 4;
    private const uint StatusNeedsReset = 64;

    private const uint InterruptUsedBuffer = 1;
    private const uint InterruptConfiguration = 2;

    private readonly Lock _lock = new();
    private readonly IVirtioDevice _device;
    private readonly IGuestMemory _memory;
    private readonly IInterruptLine _line;
    private readonly Virtqueue _queue;
    private readonly DescriptorChain _chain = new();
    private readonly uint _spi;
    private readonly ulong _features;
    private ulong _driverFeatures;
    private uint _featureSelect;
    private uint _driverFeatureSelect;
    private uint _queueSelect;
    private uint _status;
    private uint _interrupts;

    internal VirtioMmio(ulong address, uint spi, IInterruptLine line, IGuestMemory memory, IVirtioDevice device)
    {
        Base = address;
        _spi = spi;
        _line = line;
        _memory = memory;
        _device = device;
        _queue = new Virtqueue(memory, device.QueueSize);
        _features = device.Features | (1UL << FeatureVersion1) | (1UL << FeatureIndirectDescriptors) | (1UL << FeatureEventIndex);
    }

    /// <inheritdoc/>
    public ulong Base { get; }

    /// <inheritdoc/>
    public ulong Size => Stride;

    /// <inheritdoc/>
    public ulong Read(ulong offset, int size)
    {
        lock (_lock)
        {
            if (offset >= ConfigStart)
            {
                return ReadConfig(offset - ConfigStart, size);
            }

            return offset switch
            {
                0x00 => Magic,
                0x04 => VersionModern,
                0x08 => _device.DeviceId,
                0x0c => VendorId,
                0x10 => Half(_features, _featureSelect),
                0x34 => _queueSelect == 0 ? _queue.MaximumSize : 0u,
                0x44 => _queueSelect == 0 && _queue.Ready ? 1u : 0,
                0x60 => _interrupts,
                0x70 => _status,

                // No shared memory: length and base are all ones (4.2.2, SHMLenLow to SHMBaseHigh).
                0xb0 or 0xb4 or 0xb8 or 0xbc => uint.MaxValue,
                _ => 0,
            };
        }
    }

    /// <inheritdoc/>
    public void Write(ulong offset, int size, ulong value)
    {
        lock (_lock)
        {
            uint bits = (uint)value;
            switch (offset)
            {
                case 0x14:
                    _featureSelect = bits;
                    break;

                case 0x20:
                    WriteDriverFeatures(bits);
                    break;

                case 0x24:
                    _driverFeatureSelect = bits;
                    break;

                case 0x30:
                    _queueSelect = bits;
                    break;

                case 0x50:
                    if (bits == 0)
                    {
                        Serve();
                    }

                    break;

                case 0x64:
                    _interrupts &= ~bits;
                    break;

                case 0x70:
                    WriteStatus(bits);
                    break;

                default:
                    if (_queueSelect == 0)
                    {
                        WriteQueue(offset, bits);
                    }

                    break;
            }

            _line.Set(_interrupts != 0);
        }
    }

    /// <inheritdoc/>
    public void WriteNode(FdtWriter fdt)
    {
        fdt.BeginNode($"virtio_mmio@{Base:x}");
        fdt.Strings("compatible", "virtio,mmio");
        fdt.Cells64("reg", Base, Size);
        Interrupts.Spi(fdt, _spi);
        fdt.Flag("dma-coherent");
        fdt.EndNode();
    }

    private static uint Half(ulong value, uint select) => select switch { 0 => (uint)value, 1 => (uint)(value >> 32), _ => 0 };

    private static ulong WithHalf(ulong old, bool high, uint value) => high ? (uint)old | ((ulong)value << 32) : (old & ~(ulong)uint.MaxValue) | value;

    private ulong ReadConfig(ulong offset, int size)
    {
        ReadOnlySpan<byte> config = _device.Config;
        ulong value = 0;
        for (int i = 0; i < size && offset + (ulong)i < (ulong)config.Length; i++)
        {
            value |= (ulong)config[(int)offset + i] << (i * 8);
        }

        return value;
    }

    private void WriteDriverFeatures(uint value)
    {
        if ((_status & StatusFeaturesOk) == 0 && _driverFeatureSelect <= 1)
        {
            _driverFeatures = WithHalf(_driverFeatures, _driverFeatureSelect == 1, value);
        }
    }

    private void WriteStatus(uint value)
    {
        if (value == 0)
        {
            Reset();
            return;
        }

        bool agreed = (_driverFeatures & ~_features) == 0 && (_driverFeatures & (1UL << FeatureVersion1)) != 0;
        if ((value & StatusFeaturesOk) != 0 && !agreed)
        {
            value &= ~StatusFeaturesOk;
        }

        _status = (value & 0xff) | (_status & StatusNeedsReset);
        _queue.EventIndex = (_driverFeatures & (1UL << FeatureEventIndex)) != 0;
    }

    private void WriteQueue(ulong offset, uint value)
    {
        // The layout of a queue in use does not change (4.2.2.2).
        if (_queue.Ready && offset != 0x44)
        {
            return;
        }

        switch (offset)
        {
            case 0x38:
                _queue.Size = (ushort)Math.Min(value, ushort.MaxValue);
                break;

            case 0x44 when (value & 1) != 0:
                if (!_queue.Ready && !_queue.Enable())
                {
                    Fail();
                }

                break;

            case 0x44:
                _queue.Disable();
                break;

            case 0x80 or 0x84:
                _queue.DescriptorTable = WithHalf(_queue.DescriptorTable, offset == 0x84, value);
                break;

            case 0x90 or 0x94:
                _queue.AvailRing = WithHalf(_queue.AvailRing, offset == 0x94, value);
                break;

            case 0xa0 or 0xa4:
                _queue.UsedRing = WithHalf(_queue.UsedRing, offset == 0xa4, value);
                break;
        }
    }

    private void Serve()
    {
        if ((_status & (StatusDriverOk | StatusNeedsReset)) != StatusDriverOk)
        {
            return;
        }

        while (_queue.TryPop(_chain))
        {
            _queue.Push(_chain, _device.Handle(_chain, _memory));
        }

        if (_queue.TakeInterruptWish())
        {
            _interrupts |= InterruptUsedBuffer;
        }

        if (_queue.Broken)
        {
            Fail();
        }
    }

    private void Fail()
    {
        _status |= StatusNeedsReset;
        _interrupts |= InterruptConfiguration;
    }

    private void Reset()
    {
        _status = 0;
        _interrupts = 0;
        _driverFeatures = 0;
        _featureSelect = _driverFeatureSelect = _queueSelect = 0;
        _queue.Reset();
        _device.Reset();
    }
}
