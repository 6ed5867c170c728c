using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Gic;

namespace Pinion.Fuzz.Tests;

public sealed unsafe class GicFuzzTests
{
    private sealed class Host : IVgicHost
    {
        public int VcpuCount { get; set; }

        public void SetLines(int vcpu, bool irq, bool fiq)
        {
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void NoTrafficFromGuestOrVmmMakesTheControllerThrow(int seed)
    {
        var random = new Random(seed);
        for (int machine = 0; machine < 20; machine++)
        {
            var host = new Host();
            var gic = new VgicV3(host, random.Next(32, 53));
            int vcpus = 0;
            for (int step = 0; step < 20_000; step++)
            {
                ulong value = Value(random);
                switch (random.Next(10))
                {
                    case 0 or 1 or 2:
                        ulong at = random.Next(3) switch
                        {
                            0 => 0x0800_0000UL + (uint)random.Next(0x10000),
                            1 => 0x080A_0000UL + (uint)random.Next(0x100000),
                            _ => Value(random),
                        };
                        gic.TryAccess(at, 1 << random.Next(4), random.Next(2) == 0, ref value, random.Next(-1, 9));
                        break;
                    case 3 or 4 when vcpus > 0:
                        gic.CpuInterface(random.Next(vcpus)).Write((SysRegId)random.Next((int)SysRegId.Count), value);
                        break;
                    case 5 when vcpus > 0:
                        gic.CpuInterface(random.Next(vcpus)).Read((SysRegId)random.Next((int)SysRegId.Count));
                        break;
                    case 6:
                        ulong attr = random.Next(4) == 0 ? Value(random) : ((ulong)random.Next(4) << 32) | (uint)random.Next(0x20000);
                        uint group = (uint)random.Next(10);
                        nint address = random.Next(16) == 0 ? 0 : (nint)(&value);
                        int result = random.Next(3) switch
                        {
                            0 => gic.SetAttr(group, attr, address),
                            1 => gic.GetAttr(group, attr, address),
                            _ => gic.HasAttr(group, attr),
                        };
                        result.ShouldBeInRange(-34, 0);
                        break;
                    case 7:
                        gic.SetPpi(random.Next(-1, 9), random.Next(-1, 40), random.Next(2) == 0);
                        gic.SetSpi(random.Next(-1, 1100), random.Next(2) == 0);
                        break;
                    case 8 when vcpus < 8 && step > 100:
                        host.VcpuCount++;
                        if (gic.AddVcpu(vcpus) == 0)
                        {
                            vcpus++;
                        }
                        else
                        {
                            host.VcpuCount--;
                        }

                        break;
                    case 9 when step is > 200 and < 1000:
                        ulong distributor = 0x0800_0000;
                        ulong redistributor = 0x080A_0000;
                        gic.SetAttr(0, 2, (nint)(&distributor));
                        gic.SetAttr(0, 3, (nint)(&redistributor));
                        gic.SetAttr(4, 0, 0);
                        break;
                }
            }
        }
    }

    private static ulong Value(Random random) => random.Next(6) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1UL << random.Next(64),
        3 => (uint)random.Next(1100),
        4 => (uint)random.NextInt64(),
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
    };
}
