using System.Globalization;
using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class OneRegTests
{
    private static string? Reference
    {
        get
        {
            for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            {
                string candidate = Path.Combine(at.FullName, "..", "shared", "reference", "kvm", "genuine-kvm-neoverse-n1.txt");
                if (File.Exists(candidate))
                {
                    return candidate;
                }
            }

            return null;
        }
    }

    /// <summary>
    /// Registers of genuine KVM on this CPU that are not here: AArch32's (DACR32, IFSR32, FPEXC32, DBGVCR32), and those of extensions that the CPU lacks but its
    /// KVM 6.12 lists all the same (TCR2, PIRE0, PIR, DISR with RAS), and breakpoints are listed by the number that exists.
    /// </summary>
    private static readonly HashSet<ulong> s_notHere =
    [
        0x603000000013E180, 0x603000000013E281, 0x603000000013E298, 0x603000000013A038,
        0x603000000013C103, 0x603000000013C512, 0x603000000013C513,
    ];

    [Theory]
    [InlineData("psci", KvmVcpuFeatures.None)]
    [InlineData("psci+pmu", KvmVcpuFeatures.PmuV3)]
    public void TheRegisterListIsGenuineKvms(string set, KvmVcpuFeatures features)
    {
        if (Reference is not { } file)
        {
            Assert.Skip("needs ../shared/reference/kvm beside the repository");
            return;
        }

        HashSet<ulong> expected = [];
        foreach (string line in File.ReadLines(file))
        {
            string[] parts = line.Split(' ');
            if (parts.Length >= 3 && parts[0] == set)
            {
                expected.Add(ulong.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
        }

        expected.Count.ShouldBeGreaterThan(250);
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(features);
        ulong[] ids = vcpu.GetRegList();
        ids.Distinct().Count().ShouldBe(ids.Length);
        expected.Except(ids).Except(s_notHere).Select(id => id.ToString("x")).ShouldBeEmpty();
        ids.Except(expected).Select(id => id.ToString("x")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(KvmVcpuFeatures.None)]
    [InlineData(KvmVcpuFeatures.PmuV3 | KvmVcpuFeatures.Spe)]
    public void EveryListedRegisterCanBeReadAndWrittenBack(KvmVcpuFeatures features)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu(features);
        byte[] value = new byte[16];
        byte[] again = new byte[16];
        foreach (ulong id in vcpu.GetRegList())
        {
            int size = RegisterId.SizeOf(id);
            vcpu.GetOneReg(id, value.AsSpan(0, size)).ShouldBe(0, id.ToString("x"));
            vcpu.SetOneReg(id, value.AsSpan(0, size)).ShouldBe(0, id.ToString("x"));
            vcpu.GetOneReg(id, again.AsSpan(0, size)).ShouldBe(0);
            if (id != RegisterId.TimerCnt && id != RegisterId.PhysicalTimerCnt)
            {
                again.AsSpan(0, size).SequenceEqual(value.AsSpan(0, size)).ShouldBeTrue(id.ToString("x"));
            }
        }
    }

    /// <summary>Reset values as genuine KVM shows them, where the CPU does not decide.</summary>
    [Theory]
    [InlineData(0x6030000000100042, 0x3C5)]
    [InlineData(0x6030000000100040, 0)]
    [InlineData(0x6030000000140000, 0x10001)]
    [InlineData(0x603000000013C005, 0x80000000)]
    [InlineData(0x603000000013C082, 0)]
    [InlineData(0x603000000013C100, 0x1DE7EC7EDBADC0DE)]
    [InlineData(0x603000000013C102, 0)]
    [InlineData(0x603000000013C290, 0x1DE7EC7EDBADC0DE)]
    [InlineData(0x603000000013C510, 0x1DE7EC7EDBADC0DE)]
    [InlineData(0x603000000013C600, 0)]
    [InlineData(0x603000000013C684, 0x1DE7EC7EDBADC0DE)]
    [InlineData(0x603000000013DF19, 0)]
    [InlineData(0x603000000013DF02, 0)]
    public void ResetValuesAreGenuineKvms(ulong id, ulong expected)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.GetOneReg(id, out ulong value).ShouldBe(0);
        value.ShouldBe(expected);
    }

    [Theory]
    [InlineData(0x7030000000100040UL, -Errno.EINVAL)] // another architecture
    [InlineData(0x6020000000100040UL, -Errno.EINVAL)] // PC with 32 bits
    [InlineData(0x6030000000100041UL, -Errno.EINVAL)] // inside a register
    [InlineData(0x6030000000100052UL, -Errno.EINVAL)] // the gap before V0
    [InlineData(0x60300000001000D8UL, -Errno.ENOENT)] // past the structure
    [InlineData(0x603000000013FFFFUL, -Errno.ENOENT)]
    [InlineData(0x602000000013C000UL, -Errno.ENOENT)] // MIDR with 32 bits
    [InlineData(0x6030000000140004UL, -Errno.ENOENT)]
    [InlineData(0x602000000011000EUL, -Errno.ENOENT)]
    [InlineData(0x6030000000990000UL, -Errno.ENOENT)]
    [InlineData(0x6070000000100040UL, -Errno.EINVAL)]
    public void UnknownIdsAreRefusedAsKvmDoes(ulong id, int expected)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        byte[] room = new byte[1024];
        fixed (byte* address = room)
        {
            KvmOneReg reg = new() { Id = id, Addr = (ulong)address };
            vcpu.Ioctl(KvmIoctl.GetOneReg, (nint)(&reg)).ShouldBe(expected);
            vcpu.Ioctl(KvmIoctl.SetOneReg, (nint)(&reg)).ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData(0x3C5UL, 0)]
    [InlineData(0x3C4UL, 0)]
    [InlineData(0x0UL, 0)]
    [InlineData(0x3C9UL, -Errno.EINVAL)] // EL2h
    [InlineData(0x1D3UL, -Errno.EINVAL)] // AArch32 Supervisor
    public void PstateTakesTheModesThatExist(ulong pstate, int expected)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.SetOneReg(RegisterId.Pstate, pstate).ShouldBe(expected);
    }

    [Fact]
    public void IdentificationMayBeWrittenOnlyWithWhatItSays()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        ulong id = RegisterId.System(SysRegTable.Get(SysRegId.ID_AA64ISAR0_EL1).Encoding);
        vcpu.GetOneReg(id, out ulong value).ShouldBe(0);
        vcpu.SetOneReg(id, value).ShouldBe(0);
        vcpu.SetOneReg(id, value + 1).ShouldBe(-Errno.EINVAL);
        vcpu.Kick();
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.SetOneReg(id, value).ShouldBe(0);
        vcpu.SetOneReg(id, value + 1).ShouldBe(-Errno.EBUSY);
    }

    [Fact]
    public void TheListSaysHowLongItIsWhenItDoesNotFit()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        int count = vcpu.GetRegList().Length;
        ulong[] list = new ulong[count + 1];
        fixed (ulong* address = list)
        {
            vcpu.Ioctl(KvmIoctl.GetRegList, (nint)address).ShouldBe(-Errno.E2BIG);
            list[0].ShouldBe((ulong)count);
            vcpu.Ioctl(KvmIoctl.GetRegList, (nint)address).ShouldBe(0);
            list[1].ShouldBe(RegisterId.X(0));
        }
    }

    [Fact]
    public void VectorRegistersAre128Bits()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        byte[] value = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        vcpu.SetOneReg(RegisterId.V(31), value).ShouldBe(0);
        byte[] read = new byte[16];
        vcpu.GetOneReg(RegisterId.V(31), read).ShouldBe(0);
        read.ShouldBe(value);
        vcpu.GetOneReg(RegisterId.V(31), out ulong _).ShouldBe(-Errno.EINVAL);
    }

    [Fact]
    public void FirmwareBitmapsCanBeReducedUntilTheFirstRun()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.SetOneReg(RegisterId.FirmwareFeatures(0), 1UL).ShouldBe(-Errno.EINVAL);
        vcpu.SetOneReg(RegisterId.FirmwareFeatures(2), 0UL).ShouldBe(0);
        vcpu.Kick();
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.SetOneReg(RegisterId.FirmwareFeatures(2), 1UL).ShouldBe(-Errno.EBUSY);
        vcpu.SetOneReg(RegisterId.FirmwareFeatures(2), 0UL).ShouldBe(0);
    }

    [Fact]
    public void TheVirtualCountCanBeSet()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.SetOneReg(RegisterId.TimerCnt, 1UL << 40).ShouldBe(0);
        vcpu.GetOneReg(RegisterId.TimerCnt, out ulong count).ShouldBe(0);
        count.ShouldBeInRange(1UL << 40, (1UL << 40) + (62_500_000UL * 60));
    }
}
