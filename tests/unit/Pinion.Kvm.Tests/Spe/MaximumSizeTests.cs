using Pinion.Arm.Spe;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>
/// KVM_ARM_VCPU_SPE_MAX_BUFFER_SIZE of both forms of the sixth posting: each row breaks one rule, or several, and the first of the posting's order answers (patches 14 and 33).
/// </summary>
public sealed class MaximumSizeTests
{
    private const uint Group = 3;
    private const ulong Spu = 1;
    private const ulong MaxSize = 2;
    private const ulong Odd = 0x800;
    private const ulong NotEncodable = 0x40_1000;
    private const ulong FourMiB = 0x40_0000;

    /// <summary>What is true when the attribute is set.</summary>
    [Flags]
    public enum State
    {
        None = 0,
        NoFeature = 1 << 0,
        BadAddress = 1 << 1,
        HasRun = 1 << 2,
        NoSpu = 1 << 3,

        /// <summary>Another vCPU chose 4 MiB.</summary>
        Chosen = 1 << 4,

        /// <summary>The unit has a maximum of 2 MiB.</summary>
        Finite = 1 << 5,

        /// <summary>RLIMIT_MEMLOCK refuses everything.</summary>
        NoMemory = 1 << 6,

        Initialized = 1 << 7,
    }

    public static TheoryData<State, ulong, int, int> Rows { get; } = new()
    {
        // State, size, errno of v6, errno of v6-rfc.
        { State.None, FourMiB, 0, 0 },
        { State.None, 0, 0, 0 },
        { State.NoFeature | State.BadAddress, FourMiB, Errno.ENODEV, Errno.ENODEV },
        { State.Initialized | State.BadAddress | State.HasRun, FourMiB, Errno.EBUSY, Errno.EBUSY },
        { State.BadAddress, FourMiB, Errno.EFAULT, Errno.EFAULT },
        { State.BadAddress | State.HasRun | State.NoSpu, FourMiB, Errno.EFAULT, Errno.EFAULT },
        { State.HasRun, FourMiB, Errno.EBUSY, Errno.EBUSY },
        { State.HasRun | State.NoSpu, Odd, Errno.EBUSY, Errno.EBUSY },
        { State.HasRun | State.Chosen, FourMiB, Errno.EBUSY, Errno.EBUSY },
        { State.NoSpu, Odd, Errno.EINVAL, Errno.EINVAL },
        { State.Chosen, Odd, Errno.EINVAL, Errno.EINVAL },
        { State.NoSpu, FourMiB, Errno.ENODEV, Errno.ENODEV },
        { State.NoSpu, NotEncodable, Errno.ENODEV, Errno.ENODEV },
        { State.NoSpu | State.NoMemory, FourMiB, Errno.ENODEV, Errno.ENODEV },
        { State.Chosen, NotEncodable, Errno.EINVAL, Errno.EINVAL },
        { State.Chosen, 2 * FourMiB, Errno.EINVAL, Errno.EINVAL },
        { State.Chosen, 0, Errno.EINVAL, Errno.EINVAL },
        { State.Chosen, FourMiB, 0, 0 },

        // As posted the second vCPU's value is answered before the charge.
        { State.Chosen | State.NoMemory, FourMiB, Errno.ENOMEM, 0 },
        { State.Chosen | State.NoMemory, 2 * FourMiB, Errno.EINVAL, Errno.EINVAL },
        { State.None, NotEncodable, Errno.EDOM, Errno.EDOM },
        { State.Finite, NotEncodable, Errno.EDOM, Errno.EDOM },
        { State.NoMemory, NotEncodable, Errno.EDOM, Errno.EDOM },
        { State.None, 1UL << 52, Errno.EDOM, Errno.EDOM },
        { State.Finite, FourMiB, Errno.ERANGE, Errno.ERANGE },
        { State.Finite, 0, Errno.ERANGE, Errno.ERANGE },
        { State.Finite | State.NoMemory, FourMiB, Errno.ERANGE, Errno.ERANGE },
        { State.Finite, FourMiB / 2, 0, 0 },
        { State.NoMemory, FourMiB, Errno.ENOMEM, Errno.ENOMEM },
        { State.Finite | State.NoMemory, FourMiB / 2, Errno.ENOMEM, Errno.ENOMEM },

        // Nothing is charged for no limit.
        { State.NoMemory, 0, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void TheFirstRuleThatIsBrokenAnswers(State state, ulong size, int v6, int rfc)
    {
        Check(SpeSeries.V6, state, size, v6);
        Check(SpeSeries.V6Rfc, state, size, rfc);
    }

    private static void Check(SpeSeries series, State state, ulong size, int errno)
    {
        SpeProfile profile = SpeProfile.Honest;
        if (state.HasFlag(State.Finite))
        {
            MaxBuffSize.TryEncode(FourMiB / 2, out ushort encoded).ShouldBeTrue();
            profile = profile with { Pmbidr = profile.Pmbidr.WithMaxBuffSize(encoded) };
        }

        using TestVm test = new(options: new KvmOptions { SpeSeries = series, SpeProfile = profile });
        KvmVcpuFeatures features = state.HasFlag(State.NoFeature) ? KvmVcpuFeatures.None : KvmVcpuFeatures.Spe;
        Vcpu first = test.AddVcpu(features);
        Vcpu second = test.AddVcpu(features);
        test.AddGic();
        if (!state.HasFlag(State.NoSpu) && !state.HasFlag(State.NoFeature))
        {
            TestVm.Set(first, Group, Spu, 0).ShouldBe(0);
        }

        if (state.HasFlag(State.Chosen))
        {
            TestVm.Set(first, Group, MaxSize, FourMiB).ShouldBe(0);
        }

        second.Spe.Initialized = state.HasFlag(State.Initialized);
        test.Vm.HasRanOnce = state.HasFlag(State.HasRun);
        ulong charged = test.Host.LockedBytes;
        if (state.HasFlag(State.NoMemory))
        {
            test.Host.Limit = 0;
        }

        int result = state.HasFlag(State.BadAddress)
            ? second.SetAttr(new KvmDeviceAttr { Group = Group, Attr = MaxSize, Addr = 16 })
            : TestVm.Set(second, Group, MaxSize, size);
        result.ShouldBe(-errno, $"{series} {state} {size:x}");
        if (errno != 0)
        {
            test.Host.LockedBytes.ShouldBe(charged);
        }
        else if (TestVm.Get(second, Group, MaxSize, out ulong read) == 0)
        {
            read.ShouldBe(size);
        }
    }

    [Theory]
    [InlineData(SpeSeries.V6)]
    [InlineData(SpeSeries.V6Rfc)]
    public void UntilItIsSetThereIsNoSize(SpeSeries series)
    {
        using TestVm test = new(options: new KvmOptions { SpeSeries = series });
        Vcpu vcpu = test.AddVcpu(KvmVcpuFeatures.Spe);
        TestVm.Get(vcpu, Group, MaxSize, out ulong _).ShouldBe(-Errno.EINVAL);
        vcpu.GetAttr(new KvmDeviceAttr { Group = Group, Attr = MaxSize, Addr = 16 }).ShouldBe(-Errno.EINVAL); // before EFAULT
        vcpu.HasAttr(new KvmDeviceAttr { Group = Group, Attr = MaxSize }).ShouldBe(0);
        TestVm.Set(vcpu, Group, Spu, 0).ShouldBe(0);
        TestVm.Set(vcpu, Group, MaxSize, 0UL).ShouldBe(0);
        TestVm.Get(vcpu, Group, MaxSize, out ulong size).ShouldBe(0);
        size.ShouldBe(0UL);
        vcpu.GetAttr(new KvmDeviceAttr { Group = Group, Attr = MaxSize, Addr = 16 }).ShouldBe(-Errno.EFAULT);
    }

    /// <summary>Both vCPU files are configured at once: one size wins, and nothing is charged twice for a vCPU.</summary>
    [Theory]
    [InlineData(SpeSeries.V6, 2)]
    [InlineData(SpeSeries.V6Rfc, 1)]
    public void ConcurrentSettersAgree(SpeSeries series, int charges)
    {
        for (int round = 0; round < 50; round++)
        {
            using TestVm test = new(options: new KvmOptions { SpeSeries = series });
            Vcpu[] vcpus = [test.AddVcpu(KvmVcpuFeatures.Spe), test.AddVcpu(KvmVcpuFeatures.Spe)];
            TestVm.Set(vcpus[0], Group, Spu, 0).ShouldBe(0);
            int[] results = new int[2];
            Parallel.For(0, 2, i => results[i] = TestVm.Set(vcpus[i], Group, MaxSize, 0x1_0000UL));
            results.ShouldBe([0, 0]);
            test.Host.LockedBytes.ShouldBe((ulong)charges * 0x1_0000);
        }
    }
}
