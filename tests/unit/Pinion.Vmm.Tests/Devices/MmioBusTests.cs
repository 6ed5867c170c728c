using Pinion.Vmm.Devices;
using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Tests.Devices;

public sealed class MmioBusTests
{
    [Fact]
    public void AnAccessReachesTheDeviceThatOwnsTheAddress()
    {
        MmioBus bus = new(new Echo(0x2000, 0x1000), new Echo(0x1000, 0x200), new Echo(0x1200, 0x200));
        Read(bus, 0x1000, 4).ShouldBe(0x10000000u);
        Read(bus, 0x13f8, 4).ShouldBe(0x120001f8u);
        Read(bus, 0x2ffc, 4).ShouldBe(0x20000ffcu);
        bus.Unclaimed.ShouldBe(0);
    }

    [Theory]
    [InlineData(0xfff)]
    [InlineData(0x1400)]
    [InlineData(0x1ffe)]
    [InlineData(0x2ffe)]
    [InlineData(0x3000)]
    [InlineData(ulong.MaxValue)]
    public void NobodysAddressIsNotAnsweredAndIsCounted(ulong address)
    {
        MmioBus bus = new(new Echo(0x1000, 0x400), new Echo(0x2000, 0x1000));
        bus.Read(address, 4, out ulong value).ShouldBeFalse();
        value.ShouldBe(0u);
        bus.Write(address, 4, 1).ShouldBeFalse();
        bus.Unclaimed.ShouldBe(2);
    }

    [Fact]
    public void AReadHasNoMoreBitsThanItsSize() => Read(new MmioBus(new Echo(0x1000, 0x400)), 0x1010, 1).ShouldBe(0x10u);

    [Fact]
    public void DevicesThatOverlapAreAProgrammingError() => Should.Throw<ArgumentException>(() => new MmioBus(new Echo(0x1000, 0x400), new Echo(0x13ff, 1)));

    private static ulong Read(MmioBus bus, ulong address, int size)
    {
        bus.Read(address, size, out ulong value).ShouldBeTrue();
        return value;
    }

    private sealed class Echo(ulong address, ulong size) : IMmioDevice
    {
        public ulong Base => address;

        public ulong Size => size;

        public ulong Read(ulong offset, int size) => (address << 16) | offset;

        public void Write(ulong offset, int size, ulong value)
        {
        }

        public void WriteNode(FdtWriter fdt)
        {
        }
    }
}
