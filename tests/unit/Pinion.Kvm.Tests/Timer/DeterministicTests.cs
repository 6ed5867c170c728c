using System.Runtime.InteropServices;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Timer;

public sealed unsafe class DeterministicTests
{
    private static readonly KvmOptions s_options = new() { Deterministic = true, Quantum = 1000 };

    [Fact]
    public void AnInstructionIsANanosecond()
    {
        using TestVm test = new(options: s_options);
        Vcpu vcpu = test.AddVcpu();

        // 2 * 80,000 instructions of loop and a few around it: 10,000 counts of 16 ns.
        test.Load(vcpu, Code.Mrs(3, SysRegId.CNTVCT_EL0), Code.SubsImmediate(2, 2, 1), Code.BranchNotZero(2, -1), Code.Mrs(4, SysRegId.CNTVCT_EL0), Code.Str(3, 9));
        TestVm.SetX(vcpu, 2, 80_000);
        TestVm.SetX(vcpu, 9, TestVm.Device);
        vcpu.Run().ShouldBe(0);
        TestVm.X(vcpu, 3).ShouldBe(0UL);
        TestVm.X(vcpu, 4).ShouldBe(10_000UL);
    }

    [Fact]
    public void AWaitSkipsToTheTimerWithoutSleeping()
    {
        using TestVm test = new(options: s_options);
        Vcpu vcpu = test.AddVcpu();
        test.AddGic();

        // An hour of virtual time: 62.5 MHz * 3600 s.
        const ulong Hour = 62_500_000UL * 3600;
        test.Load(vcpu, Code.Msr(SysRegId.CNTV_CVAL_EL0, 1), Code.Movz(3, 1), Code.Msr(SysRegId.CNTV_CTL_EL0, 3), Code.Wfi, Code.Mrs(4, SysRegId.CNTVCT_EL0), Code.Str(4, 9));
        TestVm.SetX(vcpu, 1, Hour);
        TestVm.SetX(vcpu, 9, TestVm.Device);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->Mmio.Value.ShouldBeInRange(Hour, Hour + 2);
    }

    /// <summary>Three vCPUs take tickets from one counter without any synchronisation; who gets which is the schedule, made visible.</summary>
    [Fact]
    public void ARaceBetweenVcpusHasOneOutcomeAtAnyHostLoad()
    {
        ulong[] quiet = Race(disturb: false);
        quiet.Distinct().Count().ShouldBeGreaterThan(1);
        for (int i = 0; i < 5; i++)
        {
            Race(disturb: true).ShouldBe(quiet);
        }
    }

    private static ulong[] Race(bool disturb)
    {
        const int Vcpus = 3;
        const ulong Tickets = 2000;
        using TestVm test = new(options: s_options);
        Vcpu[] vcpus = [.. Enumerable.Range(0, Vcpus).Select(_ => test.AddVcpu())];

        // loop: x4 = *x1; x4++; *x1 = x4; (x6 += 8) [x6] = x4; x2--; until 0; then report to the device.
        uint[] code =
        [
            Code.Ldr(4, 1), Code.AddImmediate(4, 4, 1), Code.Str(4, 1), Code.Str(4, 6), Code.AddImmediate(6, 6, 8),
            Code.SubsImmediate(2, 2, 1), Code.BranchNotZero(2, -6), Code.Str(4, 9), Code.Movz(0, 2), Code.Movk(0, 0x8400, 16), Code.Hvc,
        ];
        for (int i = 0; i < Vcpus; i++)
        {
            test.LoadAt(vcpus[i], (ulong)i * 0x1000, code);
            TestVm.SetX(vcpus[i], 1, TestVm.RamBase + 0x8000);
            TestVm.SetX(vcpus[i], 2, Tickets);
            TestVm.SetX(vcpus[i], 6, TestVm.RamBase + 0x1_0000 + ((ulong)i * 0x1_0000));
            TestVm.SetX(vcpus[i], 9, TestVm.Device);
        }

        using CancellationTokenSource stop = new();
        Thread[] noise = disturb ? [.. Enumerable.Range(0, 4).Select(_ => Background(() => Spin(stop.Token)))] : [];
        Random random = new(disturb ? Environment.TickCount : 0);
        Thread[] threads = [.. vcpus.Select(vcpu =>
        {
            int delay = disturb ? random.Next(20) : 0;
            return Background(() =>
            {
                Thread.Sleep(delay);
                while (true)
                {
                    int result = vcpu.Run();
                    if (result != 0 || vcpu.RunArea->ExitReason != KvmExit.Mmio)
                    {
                        return;
                    }

                    Thread.Sleep(delay / 4);
                }
            });
        })];

        // A vCPU that powered itself off stays in KVM_RUN until it is kicked.
        foreach (Vcpu vcpu in vcpus)
        {
            SpinWait.SpinUntil(() => vcpu.PowerState == KvmMpState.Stopped, TimeSpan.FromSeconds(60)).ShouldBeTrue();
        }

        foreach (Vcpu vcpu in vcpus)
        {
            vcpu.Kick();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        stop.Cancel();
        foreach (Thread thread in noise)
        {
            thread.Join();
        }

        return [.. MemoryMarshal.CreateSpan(ref test.Word(0x1_0000), Vcpus * 0x1_0000 / 8)];
    }

    private static void Spin(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Thread.SpinWait(1000);
        }
    }

    private static Thread Background(Action action)
    {
        Thread thread = new(() => action()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
