using System.Runtime.InteropServices;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class HostileGuestTests
{
    /// <summary>Whatever a guest executes ends in something KVM_RUN can return, never in an exception of ours.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomCodeEndsInAnExitOrAKick(int seed)
    {
        Random random = new(seed);
        for (int round = 0; round < 40; round++)
        {
            using TestVm test = new(options: new KvmOptions { Deterministic = true, Quantum = 1000 });
            Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.PmuV3 | KvmVcpuFeatures.Spe);
            test.AddGic();
            TestVm.Set(vcpu, 0, 0, 23).ShouldBe(0);
            TestVm.Set(vcpu, 0, 1, 0).ShouldBe(0);
            TestVm.Set(vcpu, 3, 0, 21).ShouldBe(0);
            TestVm.Set(vcpu, 3, 1, 0).ShouldBe(0);
            TestVm.Set(vcpu, 3, 2, 0x10000UL).ShouldBe(0);
            TestVm.Set(vcpu, 3, 3, 0).ShouldBe(0);
            Span<uint> words = MemoryMarshal.CreateSpan(ref *(uint*)test.Ram, 0x4000);
            for (int i = 0; i < words.Length; i++)
            {
                words[i] = Word(random);
            }

            foreach (ulong id in vcpu.GetRegList())
            {
                if (RegisterId.SizeOf(id) == 8)
                {
                    // Most of these are refused or masked; what sticks is the guest's starting point.
                    vcpu.SetOneReg(id, random.Next(3) == 0 ? TestVm.RamBase + ((ulong)random.Next(0x10000) & ~7UL) : (ulong)random.NextInt64());
                }
            }

            vcpu.SetOneReg(RegisterId.Pstate, 0x3C5UL).ShouldBe(0);
            vcpu.SetOneReg(RegisterId.Pc, TestVm.RamBase + 0x800).ShouldBe(0);
            int exits = 0;
            using System.Threading.Timer kick = new(_ => vcpu.Kick(), null, 10, Timeout.Infinite);
            int result = 0;
            while (result == 0 && exits++ < 200)
            {
                result = vcpu.Run();
                if (vcpu.RunArea->ExitReason == KvmExit.Mmio)
                {
                    vcpu.RunArea->Mmio.Value = (ulong)random.NextInt64();
                }
            }

            result.ShouldBeOneOf(0, -Errno.EINTR, -Errno.ENOSYS);
            vcpu.RunArea->ExitReason.ShouldNotBe(KvmExit.InternalError);
            using WaitHandle done = new ManualResetEvent(false);
            kick.Dispose(done);
            done.WaitOne();
        }
    }

    /// <summary>Random words are mostly UNDEFINED; a share of system instructions, loads and stores gets further.</summary>
    private static uint Word(Random random)
    {
        var word = (uint)random.NextInt64();
        return random.Next(4) switch
        {
            0 => 0xD500_0000 | (word & 0x003F_FFFF),
            1 => 0xF900_0000 | (word & 0x007F_FFFF),
            2 => 0x9100_0000 | (word & 0x007F_FFFF),
            _ => word,
        };
    }
}
