using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class ConcurrencyTests
{
    /// <summary>Kicks from several threads never get lost, and never leave a vCPU stuck, whatever it is doing.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void KicksAreNeverLost(bool deterministic)
    {
        using TestVm test = new(options: new KvmOptions { Deterministic = deterministic, Quantum = 500 });
        Vcpu[] vcpus = [.. Enumerable.Range(0, 3).Select(_ => test.AddVcpu())];
        uint[][] programs = [[Code.Wfi, Code.Branch(-1)], [Code.Loop], [Code.Nop, Code.Wfi, Code.Branch(-2)]];
        for (int i = 0; i < vcpus.Length; i++)
        {
            test.LoadAt(vcpus[i], (ulong)i * 0x1000, programs[i]);
        }

        const int Rounds = 200;
        Thread[] runners = [.. vcpus.Select(vcpu => Start(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                vcpu.Run().ShouldBe(-Errno.EINTR);
            }
        }))];
        Thread kicker = Start(() =>
        {
            while (runners.Any(r => r.IsAlive))
            {
                foreach (Vcpu vcpu in vcpus)
                {
                    vcpu.Kick();
                }

                Thread.Yield();
            }
        });
        foreach (Thread runner in runners)
        {
            runner.Join(TimeSpan.FromSeconds(60)).ShouldBeTrue();
        }

        kicker.Join();
    }

    /// <summary>While a guest reads through it, a slot is taken away and given back: the guest sees memory or a device, never something stale.</summary>
    [Fact]
    public void ASlotCanComeAndGoUnderARunningGuest()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        test.Word(0x8000) = 0x5EED;
        KvmUserspaceMemoryRegion region = TestVm.Region(5, 0x2000_0000, 4096, test.Ram + 0x8000);
        KvmUserspaceMemoryRegion none = TestVm.Region(5, 0, 0, 0);
        test.Load(vcpu, Code.Ldr(2, 1), Code.Branch(-1));
        TestVm.SetX(vcpu, 1, 0x2000_0000);
        ulong device = 0, wrong = 0;
        using CancellationTokenSource stop = new();
        Thread runner = Start(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                int result = vcpu.Run();
                if (result == 0)
                {
                    vcpu.RunArea->Mmio.Value = 0xD;
                    device++;
                }

                ulong seen = vcpu.Pe.GetX(2);
                wrong += seen is 0 or 0xD or 0x5EED ? 0UL : 1UL;
            }
        });
        for (int i = 0; i < 300; i++)
        {
            test.Vm.SetUserMemoryRegion(region).ShouldBe(0);
            Thread.SpinWait(2000);
            test.Vm.SetUserMemoryRegion(none).ShouldBe(0);
            Thread.SpinWait(2000);
        }

        // Gone for good: from now on the guest must meet the device.
        Volatile.Write(ref device, 0);
        SpinWait.SpinUntil(() => Volatile.Read(ref device) > 0, TimeSpan.FromSeconds(20)).ShouldBeTrue();
        stop.Cancel();
        vcpu.Kick();
        runner.Join();
        wrong.ShouldBe(0UL);
    }

    private static Thread Start(Action action)
    {
        Thread thread = new(() => action()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
