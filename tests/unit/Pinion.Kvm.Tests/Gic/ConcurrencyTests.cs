using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Gic;

namespace Pinion.Kvm.Tests.Gic;

public sealed class ConcurrencyTests
{
    private sealed class Host : IVgicHost
    {
        private readonly bool[] _irq = new bool[4];

        public int VcpuCount => 4;

        public void SetLines(int vcpu, bool irq, bool fiq) => Volatile.Write(ref _irq[vcpu], irq);

        public bool Irq(int vcpu) => Volatile.Read(ref _irq[vcpu]);
    }

    [Fact]
    public void VcpusThatSendEachOtherSgisLoseNoneAndDoNotLockUp()
    {
        const int Rounds = 5_000;
        var host = new Host();
        var gic = new VgicV3(host);
        for (int i = 0; i < 4; i++)
        {
            gic.AddVcpu(i).ShouldBe(0);
        }

        Set(gic, 0, 2, TestGic.DistributorBase);
        Set(gic, 0, 3, TestGic.RedistributorBase);
        Set(gic, 4, 0, 0);
        ulong control = 2;
        gic.TryAccess(TestGic.DistributorBase, 4, true, ref control, 0).ShouldBeTrue();

        int[] received = new int[4];
        var threads = new Thread[4];
        for (int i = 0; i < 4; i++)
        {
            int me = i;
            threads[i] = new Thread(() =>
            {
                // Ping-pong: an SGI is sent only after the one before it was taken, so none may merge with another.
                var cpu = gic.CpuInterface(me);
                cpu.Write(SysRegId.ICC_PMR_EL1, 0xF0);
                cpu.Write(SysRegId.ICC_IGRPEN1_EL1, 1);
                int partner = me ^ 1;
                if ((me & 1) == 0)
                {
                    cpu.Write(SysRegId.ICC_SGI1R_EL1, ((ulong)me << 24) | (1UL << partner));
                }

                for (int round = 0; round < Rounds; round++)
                {
                    ulong intid;
                    do
                    {
                        intid = host.Irq(me) ? cpu.Read(SysRegId.ICC_IAR1_EL1) : 1023;
                        Thread.Yield();
                    }
                    while (intid == 1023);
                    if ((int)intid == partner)
                    {
                        received[me]++;
                    }

                    cpu.Write(SysRegId.ICC_EOIR1_EL1, intid);
                    cpu.Write(SysRegId.ICC_SGI1R_EL1, ((ulong)me << 24) | (1UL << partner));
                }
            })
            {
                IsBackground = true,
            };
        }

        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join(TimeSpan.FromMinutes(5)).ShouldBeTrue("locked up"));
        received.ShouldBe([Rounds, Rounds, Rounds, Rounds]);
    }

    private static unsafe void Set(VgicV3 gic, uint group, ulong attr, ulong value) => gic.SetAttr(group, attr, (nint)(&value)).ShouldBe(0);
}
