using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Tests.Spe.Stress;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>The account over the real host and over a model: both must tell the same story.</summary>
[Collection(Name)]
public sealed unsafe class HostMemoryTests
{
    /// <summary>Of the collection of tests that lock memory of the process: side by side, each would see what the other locks.</summary>
    public const string Name = "locked memory of the process";

    private const ulong Page = 4096;

    [Fact]
    public void VmLckShowsTheWatermarkWhileThePagesComeAndGo()
    {
        using LinuxHostMemory host = new();
        if (host.SetReserve(64 * Page) != 0)
        {
            Assert.Skip("needs RLIMIT_MEMLOCK of 512 KiB or CAP_IPC_LOCK: ulimit -l 512");
        }

        host.SetReserve(0).ShouldBe(0);
        ulong before = LinuxHostMemory.LockedBytes;
        byte* memory = (byte*)NativeMemory.AlignedAlloc(16 * (nuint)Page, (nuint)Page);
        LockedMemory account = new(host);
        account.Charge(8 * Page).ShouldBe(0);
        LinuxHostMemory.LockedBytes.ShouldBe(before + (8 * Page));

        HostRuns pages = new();
        pages.Add((nint)memory, 12 * Page);
        account.Lock(pages).Error.ShouldBe(0);
        LinuxHostMemory.LockedBytes.ShouldBe(before + (12 * Page));
        account.Unlock(pages);
        LinuxHostMemory.LockedBytes.ShouldBe(before + (12 * Page));
        account.Watermark.ShouldBe(12 * Page);
        account.Release();
        LinuxHostMemory.LockedBytes.ShouldBe(before);
        NativeMemory.AlignedFree(memory);
    }

    [Theory]
    [InlineData(SpeSeries.V6, false)]
    [InlineData(SpeSeries.V6, true)]
    [InlineData(SpeSeries.V6Rfc, false)]
    public void AVmThatGoesWithItsBuffersEnabledLeavesVmLckAsItWas(SpeSeries series, bool cached)
    {
        using (LinuxHostMemory room = new())
        {
            if (room.SetReserve(512 * Page) != 0)
            {
                Assert.Skip("needs RLIMIT_MEMLOCK of 2 MiB or CAP_IPC_LOCK: ulimit -l 2048");
            }
        }

        ulong before = LinuxHostMemory.LockedBytes;
        using (StressMachine machine = new(series, 4 * Page, cached, () => new LinuxHostMemory()))
        {
            ulong watermark = Check(machine);
            watermark.ShouldBe((series == SpeSeries.V6Rfc ? 4UL : 16UL) * Page);
            for (int vcpu = 0; vcpu < StressMachine.VcpuCount; vcpu++)
            {
                machine.EnterSpace(vcpu, StressMachine.Spaces - 1);
                for (ulong step = 0; step < 6; step++)
                {
                    ulong pointer = StressMachine.Data + ((((ulong)vcpu * 6) + step) * Page);
                    Write(machine, vcpu, SysRegId.PMBLIMITR_EL1, 0);
                    Write(machine, vcpu, SysRegId.PMBPTR_EL1, pointer);
                    Write(machine, vcpu, SysRegId.PMBLIMITR_EL1, (pointer + (4 * Page)) | 1);
                    ulong now = Check(machine);
                    now.ShouldBeGreaterThanOrEqualTo(watermark);
                    watermark = now;
                }
            }

            machine.Vm.Spe.Account.Locked.ShouldBeGreaterThanOrEqualTo(16 * Page);
            machine.Invalidate(StressMachine.Data + (5 * Page), Page, MmuEvent.Unmap);
            Check(machine).ShouldBe(watermark);
        }

        LinuxHostMemory.LockedBytes.ShouldBe(before);

        ulong Check(StressMachine machine)
        {
            LinuxHostMemory.LockedBytes.ShouldBe(before + machine.Vm.Spe.Account.Watermark);
            return machine.Vm.Spe.Account.Watermark;
        }

        static void Write(StressMachine machine, int vcpu, SysRegId id, ulong value)
        {
            machine.Start(vcpu, id, value);
            machine.Run(vcpu, out _).ShouldBe(RunEnd.Done);
        }
    }

    [Fact]
    public void AHoleIsEfaultAndNotALimit()
    {
        using LinuxHostMemory host = new();
        host.Lock(0x1000, Page).ShouldBe(-Errno.EFAULT);
    }

    [Fact]
    public void RandomPinsKeepTheInvariantsWhateverFails()
    {
        Random random = new(1);
        for (int round = 0; round < 200; round++)
        {
            DeterministicHostMemory host = new() { Limit = Page * (ulong)random.Next(8, 64) };
            host.FailLock = (_, _) => random.Next(8) == 0 ? Errno.ENOMEM : 0;
            LockedMemory account = new(host);
            List<HostRuns> sets = [];
            HashSet<nint> used = [];
            ulong watermark = 0;
            for (int step = 0; step < 60; step++)
            {
                if (sets.Count > 0 && random.Next(3) == 0)
                {
                    int which = random.Next(sets.Count);
                    account.Unlock(sets[which]);
                    used.ExceptWith(PagesOf(sets[which]));
                    sets.RemoveAt(which);
                }
                else
                {
                    HostRuns wanted = new();
                    for (int i = random.Next(1, 12); i > 0; i--)
                    {
                        nint page = random.Next(1, 200) * (nint)Page;
                        if (!used.Contains(page) && !PagesOf(wanted).Contains(page))
                        {
                            wanted.Add(page, Page);
                        }
                    }

                    LockedMemory.Result result = account.Lock(wanted);
                    if (result.Error == 0)
                    {
                        used.UnionWith(PagesOf(wanted));
                        sets.Add(wanted);
                        watermark = Math.Max(watermark, (ulong)used.Count * Page);
                    }
                    else
                    {
                        result.Missing.ShouldBeGreaterThan(0UL);
                        (result.Missing % Page).ShouldBe(0UL);
                    }
                }

                account.Locked.ShouldBe((ulong)used.Count * Page);
                account.Watermark.ShouldBe(watermark);
                host.PinnedBytes.ShouldBe(account.Locked);
                host.LockedBytes.ShouldBe(account.Watermark);
                host.LockedBytes.ShouldBeLessThanOrEqualTo(host.Limit);
            }
        }
    }

    private static IEnumerable<nint> PagesOf(HostRuns runs) =>
        runs.Runs.SelectMany(run => Enumerable.Range(0, (int)(run.Bytes / Page)).Select(i => run.Address + (i * (nint)Page)));
}
