using System.Buffers.Binary;
using Pinion.Vmm.Devices.Virtio;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.Devices;

public sealed class VirtioTests
{
    private const ushort Next = 1;
    private const ushort Writable = 2;
    private const ushort Indirect = 4;
    private const uint NeedsReset = 64;

    private readonly TestMemory _memory = new(0x40000000, 1 << 20);
    private readonly RecordingLine _line = new();
    private readonly VirtioMmio _device;

    public VirtioTests()
    {
        _device = new VirtioMmio(0x0a000000, 16, _line, _memory, new VirtioRng(7));
    }

    [Fact]
    public void TheRegistersNameAModernDevice()
    {
        _device.Read(0, 4).ShouldBe(0x74726976u);
        _device.Read(4, 4).ShouldBe(2u);
        _device.Read(8, 4).ShouldBe(4u);
        _device.Read(0x34, 4).ShouldBe(8u);
        _device.Write(0x14, 4, 1);
        _device.Read(0x10, 4).ShouldBe(1u);
    }

    [Fact]
    public void ARequestIsAnsweredAndInterrupts()
    {
        VirtioDriver driver = new(_memory, _device);
        driver.Descriptor(0, VirtioDriver.Buffers, 64, Writable, 0);
        driver.Submit(0);
        driver.TakeUsed().ShouldBe((0u, 64u));
        _memory.At(VirtioDriver.Buffers, 64).IndexOfAnyExcept((byte)0).ShouldBeGreaterThanOrEqualTo(0);
        _line.Level.ShouldBeTrue();
        _device.Read(0x60, 4).ShouldBe(1u);
        driver.Write(0x64, 1);
        _line.Level.ShouldBeFalse();
    }

    [Fact]
    public void ASeededGeneratorRepeats()
    {
        byte[] first = RandomBytes(new VirtioMmio(0x0a000000, 16, _line, _memory, new VirtioRng(7)));
        byte[] second = RandomBytes(new VirtioMmio(0x0a000000, 16, _line, _memory, new VirtioRng(7)));
        byte[] other = RandomBytes(new VirtioMmio(0x0a000000, 16, _line, _memory, new VirtioRng(8)));
        second.ShouldBe(first);
        other.ShouldNotBe(first);
    }

    [Fact]
    public void AnIndirectTableOfSeveralBuffersIsFilledInOrder()
    {
        VirtioDriver driver = new(_memory, _device, features: (1UL << 32) | (1UL << 28));
        const ulong table = VirtioDriver.Buffers + 0x1000;
        driver.Descriptor(0, VirtioDriver.Buffers, 8, Writable | Next, 2, table);
        driver.Descriptor(2, VirtioDriver.Buffers + 0x100, 8, Writable, 0, table);
        driver.Descriptor(3, table, 48, Indirect, 0);
        driver.Submit(3);
        driver.TakeUsed().ShouldBe((3u, 16u));
        _memory.At(VirtioDriver.Buffers + 0x100, 8).IndexOfAnyExcept((byte)0).ShouldBeGreaterThanOrEqualTo(0);
    }

    [Fact]
    public void TheRingWrapsAroundManyTimes()
    {
        VirtioDriver driver = new(_memory, _device);
        for (int i = 0; i < 70_000; i++)
        {
            driver.Descriptor(i % 8, VirtioDriver.Buffers, 4, Writable, 0);
            driver.Submit((ushort)(i % 8));
            driver.TakeUsed().ShouldBe(((uint)(i % 8), 4u));
        }
    }

    [Fact]
    public void NoInterruptIsSentWhenTheDriverAsksForNone()
    {
        VirtioDriver driver = new(_memory, _device);
        BinaryPrimitives.WriteUInt16LittleEndian(_memory.At(VirtioDriver.Avail, 2), 1);
        driver.Descriptor(0, VirtioDriver.Buffers, 4, Writable, 0);
        driver.Submit(0);
        driver.TakeUsed().ShouldNotBeNull();
        _line.Level.ShouldBeFalse();
    }

    [Fact]
    public void WithEventIndexTheInterruptComesAtTheWantedEntry()
    {
        VirtioDriver driver = new(_memory, _device, features: (1UL << 32) | (1UL << 29));
        driver.Descriptor(0, VirtioDriver.Buffers, 4, Writable, 0);
        driver.Submit(0);
        driver.Write(0x64, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(_memory.At(VirtioDriver.Avail + 4 + 16, 2), 3);
        driver.Submit(0);
        driver.Submit(0);
        _line.Level.ShouldBeFalse();
        driver.Submit(0);
        _line.Level.ShouldBeTrue();

        // avail_event tells the driver to notify about the very next buffer.
        BinaryPrimitives.ReadUInt16LittleEndian(_memory.At(VirtioDriver.Used + 4 + 64, 2)).ShouldBe((ushort)4);
    }

    [Theory]
    [InlineData(0x3fffffff, 64, Writable, 0, "a buffer below RAM")]
    [InlineData(0x400fffff, 64, Writable, 0, "a buffer over the end of RAM")]
    [InlineData(unchecked((long)0xffffffffffffffff), 64, Writable, 0, "a buffer that wraps")]
    [InlineData(0x40010000, 64, Writable | Next, 0, "a loop")]
    [InlineData(0x40010000, 64, Writable | Next, 8, "a next descriptor outside the table")]
    [InlineData(0x40010000, 64, Indirect | Next, 1, "an indirect descriptor that goes on")]
    [InlineData(0x40010000, 63, Indirect, 0, "an indirect table of odd size")]
    [InlineData(0x40010000, 0, Indirect, 0, "an empty indirect table")]
    [InlineData(0x40010000, 16 * 64, Indirect, 0, "an indirect table larger than the queue")]
    public void AWrongChainStopsTheQueueAndAsksForAReset(long address, int length, int flags, ushort next, string because)
    {
        VirtioDriver driver = new(_memory, _device);
        driver.Descriptor(0, (ulong)address, (uint)length, (ushort)flags, next);
        driver.Submit(0);
        driver.TakeUsed().ShouldBeNull(because);
        (driver.Status & NeedsReset).ShouldBe(NeedsReset, because);
        _device.Read(0x60, 4).ShouldBe(2u, because);

        VirtioDriver again = new(_memory, _device);
        _memory.At(VirtioDriver.Used, 100).Clear();
        again.Descriptor(0, VirtioDriver.Buffers, 4, Writable, 0);
        again.Submit(0);
        again.TakeUsed().ShouldBe((0u, 4u), because);
    }

    [Fact]
    public void AnAvailIndexTooFarAheadStopsTheQueue()
    {
        VirtioDriver driver = new(_memory, _device);
        BinaryPrimitives.WriteUInt16LittleEndian(_memory.At(VirtioDriver.Avail + 2, 2), 9);
        driver.Write(0x50, 0);
        (driver.Status & NeedsReset).ShouldBe(NeedsReset);
    }

    [Fact]
    public void AReadableBufferBehindAWritableOneStopsTheQueue()
    {
        VirtioDriver driver = new(_memory, _device);
        driver.Descriptor(0, VirtioDriver.Buffers, 4, Writable | Next, 1);
        driver.Descriptor(1, VirtioDriver.Buffers, 4, 0, 0);
        driver.Submit(0);
        (driver.Status & NeedsReset).ShouldBe(NeedsReset);
    }

    [Fact]
    public void RingsOutsideRamAreRefused()
    {
        VirtioDriver driver = new(_memory, _device);
        driver.Write(0x44, 0);
        driver.Write(0x84, 0xffffffff);
        driver.Write(0x44, 1);
        _device.Read(0x44, 4).ShouldBe(0u);
        (driver.Status & NeedsReset).ShouldBe(NeedsReset);
    }

    [Fact]
    public void ADriverWithoutVersion1DoesNotGetFeaturesOk()
    {
        VirtioDriver driver = new(_memory, _device, features: 0);
        (driver.Status & 8).ShouldBe(0u);
    }

    [Fact]
    public void TheMountTagIsInTheConfigurationSpace()
    {
        using TemporaryDirectory directory = new();
        using Virtio9p share = new(Vmm.Devices.NineP.NinePServer.Open(directory.Path).Value, "host");
        VirtioMmio device = new(0x0a000000, 16, _line, _memory, share);
        device.Read(8, 4).ShouldBe(9u);
        device.Read(0x100, 2).ShouldBe(4u);
        device.Read(0x102, 4).ShouldBe(BinaryPrimitives.ReadUInt32LittleEndian("host"u8));
        device.Read(0x104, 8).ShouldBe(BinaryPrimitives.ReadUInt16LittleEndian("st"u8));
        device.Read(0x1ff, 8).ShouldBe(0u);
    }

    private byte[] RandomBytes(VirtioMmio device)
    {
        _memory.At(VirtioDriver.Used, 100).Clear();
        VirtioDriver driver = new(_memory, device);
        driver.Descriptor(0, VirtioDriver.Buffers, 61, Writable, 0);
        _memory.At(VirtioDriver.Avail, 100).Clear();
        driver.Submit(0);
        return _memory.At(VirtioDriver.Buffers, 61).ToArray();
    }
}
