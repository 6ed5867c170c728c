using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>Something goes wrong at each single step of a guest's life with a buffer: nothing is left behind, whatever it is and wherever it happens.</summary>
public sealed unsafe class InjectionTests
{
    private const ulong Page = 4096;
    private const ulong Data = 0x40_0000;
    private const ulong Va = GuestTables.Va + (500 * Page);

    public enum What
    {
        LockRefused,
        LockWithoutMemory,
        ReserveRefused,
        LimitLowered,
        MemoryUnmapped,
        MemoryMigrated,
        SlotDeleted,
    }

    [Theory]
    [InlineData(SpeSeries.V6, true)]
    [InlineData(SpeSeries.V6, false)]
    [InlineData(SpeSeries.V6Rfc, false)]
    public void AtEveryStepOfTheHost(SpeSeries series, bool cache)
    {
        foreach (What what in Enum.GetValues<What>())
        {
            int steps = 0;
            for (int at = 0; at == 0 || at <= steps; at++)
            {
                // The first round only counts.
                steps = Math.Max(steps, Life(series, cache, what, at));
            }

            steps.ShouldBeGreaterThan(5);
        }
    }

    /// <summary>Two vCPUs enable, move, and disable buffers that share tables and pages; at operation <paramref name="at"/> of the host it happens.</summary>
    /// <returns>Operations of the host.</returns>
    private static int Life(SpeSeries series, bool cache, What what, int at)
    {
        SpeMachine machine = new(2, 8 * Page, ram: 8 << 20, new KvmOptions { SpeSeries = series }, pinCache: cache);
        DeterministicHostMemory host = machine.Test.Host;
        List<Thread> others = [];
        try
        {
            GuestTables tables = new(machine.Test);
            tables.Map(Va, Data, 64);
            Vcpu first = machine.Vcpu;
            Vcpu second = machine.Vm.Vcpus[1];
            int begun = host.Steps;
            bool happens = false;
            host.FailLock = (_, _) => happens && what == What.LockRefused ? Errno.ENOMEM : happens && what == What.LockWithoutMemory ? Errno.EFAULT : 0;
            host.FailReserve = _ => happens && what == What.ReserveRefused ? Errno.ENOMEM : 0;
            host.AtStep = step =>
            {
                happens = at != 0 && step.Number - begun == at && !step.After;
                if (happens)
                {
                    Happen(machine, what, others);
                }
            };

            ulong watermark = 0;
            Set(first, Va, 8);
            Set(second, Va + (4 * Page), 8);
            Set(first, Va + (2 * Page), 8);
            Off(second);
            Set(second, Va + (20 * Page), 8);
            Off(first);
            Set(first, Va, 8);
            Off(first);
            Off(second);
            Set(second, Va, 8);
            Off(second);
            int steps = host.Steps - begun;
            others.ForEach(thread => thread.Join());
            host.AtStep = null;
            host.Limit = ulong.MaxValue;
            Check();
            return steps;

            void Set(Vcpu vcpu, ulong va, ulong pages)
            {
                Do(vcpu, SysRegId.PMBPTR_EL1, va);
                Do(vcpu, SysRegId.PMBLIMITR_EL1, (va + (pages * Page)) | 1);
            }

            void Off(Vcpu vcpu)
            {
                Do(vcpu, SysRegId.PMBLIMITR_EL1, 0);
                Do(vcpu, SysRegId.PMBSR_EL1, 0);
            }

            void Do(Vcpu vcpu, SysRegId id, ulong value)
            {
                int result = machine.Write(id, value, vcpu);
                for (int exits = 0; result == 0 && vcpu.RunArea->ExitReason == KvmExit.Rlimit; exits++)
                {
                    exits.ShouldBeLessThan(100);
                    vcpu.RunArea->Rlimit.Excess.ShouldBeGreaterThan(0UL);
                    (vcpu.RunArea->Rlimit.Excess % Page).ShouldBe(0UL);
                    Check();
                    host.Limit = Math.Max(host.Limit, host.LockedBytes) is var limit && limit > ulong.MaxValue - (1 << 20) ? limit : limit + vcpu.RunArea->Rlimit.Excess;
                    result = vcpu.Run();
                }

                result.ShouldBe(0);
                vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
                Check();
            }

            void Check()
            {
                machine.Vm.Spe.CheckInvariants().ShouldBeNull();
                LockedMemory account = machine.Vm.Spe.Account;
                account.Watermark.ShouldBeGreaterThanOrEqualTo(watermark);
                watermark = account.Watermark;
            }
        }
        finally
        {
            machine.Dispose();
            host.LockedBytes.ShouldBe(0UL);
        }
    }

    /// <summary>In the middle of an operation of the host, with the pin lock held: what needs that lock is for another thread, and comes right after.</summary>
    private static void Happen(SpeMachine machine, What what, List<Thread> others)
    {
        switch (what)
        {
            case What.LimitLowered:
                machine.Test.Host.Limit = 4 * Page;
                break;
            case What.MemoryUnmapped:
            case What.MemoryMigrated:
                Start(() => machine.Vm.InvalidateRange(machine.Test.Ram + (nint)Data, 6 * Page, what == What.MemoryUnmapped ? MmuEvent.Unmap : MmuEvent.Migrate));
                break;
            case What.SlotDeleted:
                Start(() => machine.Vm.SetUserMemoryRegion(TestVm.Region(7, 0x9000_0000, Page, machine.Test.Ram)).ShouldBe(0));
                break;
        }

        void Start(ThreadStart action)
        {
            Thread thread = new(action);
            others.Add(thread);
            thread.Start();
        }
    }
}
