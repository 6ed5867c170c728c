using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe class PsciTests
{
    private const ulong NotSupported = unchecked((ulong)-1);
    private const ulong InvalidParameters = unchecked((ulong)-2);
    private const ulong AlreadyOn = unchecked((ulong)-4);

    /// <summary>What KVM answers a guest; the first three are what Debian's kernel asks first.</summary>
    [Theory]
    [InlineData(0x8400_0000, 0, 0, 0x1_0001)]
    [InlineData(0x8400_0006, 0, 0, 2)]
    [InlineData(0x8400_000A, 0x8000_0000, 0, 0)]
    [InlineData(0x8400_000A, 0xC400_0001, 0, 0)]
    [InlineData(0x8400_000A, 0xC400_000E, 0, NotSupported)]
    [InlineData(0x8400_000A, 0xC400_0012, 0, 0)]
    [InlineData(0x8400_000A, 0x8400_0008, 0, 0)]
    [InlineData(0x8400_000A, 0x1234, 0, NotSupported)]
    [InlineData(0x8000_0000, 0, 0, 0x1_0001)]
    [InlineData(0x8000_0001, 0x8000_0000, 0, 0)]
    [InlineData(0x8000_0001, 0x8000_8000, 0, 1)]
    [InlineData(0x8000_0001, 0x8000_7FFF, 0, InvalidParameters)] // NOT_REQUIRED has the same number
    [InlineData(0x8000_0001, 0x8000_3FFF, 0, 1)]
    [InlineData(0x8000_0001, 0x8400_0050, 0, NotSupported)]
    [InlineData(0xC400_0003, 0, 0, AlreadyOn)]
    [InlineData(0xC400_0003, 7, 0, InvalidParameters)]
    [InlineData(0xC400_0003, 0x1_0000_0000_0000, 0, InvalidParameters)]
    [InlineData(0xC400_0004, 0, 0, 0)]
    [InlineData(0xC400_0004, 1, 0, 1)]
    [InlineData(0xC400_0004, 1, 1, 0)]
    [InlineData(0xC400_0004, 9, 0, InvalidParameters)]
    [InlineData(0xC400_0004, 0, 4, InvalidParameters)]
    [InlineData(0xC400_0012, 1, 0, InvalidParameters)]
    [InlineData(0x1234_5678, 0, 0, NotSupported)]
    [InlineData(0xC500_0020, 0, 0, NotSupported)]
    public void CallsAnswerAsKvms(ulong function, ulong x1, ulong x2, ulong expected)
    {
        foreach (uint conduit in (uint[])[Code.Hvc, Code.Smc])
        {
            using TestVm test = new();
            Vcpu vcpu = test.AddVcpu();
            test.Vm.CreateVcpu(1, out Vcpu? off).ShouldBe(0);
            off!.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.PowerOff)).ShouldBe(0);
            Call(test, vcpu, function, x1, x2, conduit).ShouldBe(expected);
        }
    }

    [Fact]
    public void AnotherImmediateIsNotSupported()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        Call(test, vcpu, 0x8400_0000, 0, 0, Code.Hvc | (1 << 5)).ShouldBe(NotSupported);
    }

    [Theory]
    [InlineData(0x8400_0008, 0, KvmSystemEvent.Shutdown, 0)]
    [InlineData(0x8400_0009, 0, KvmSystemEvent.Reset, 0)]
    [InlineData(0xC400_0012, 0, KvmSystemEvent.Reset, 1)]
    public void SystemCallsStopAllVcpusAndTellUserSpace(ulong function, ulong x1, KvmSystemEvent what, ulong flags)
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        Vcpu second = test.AddVcpu();
        test.Load(vcpu, Code.Hvc, Code.Loop);
        TestVm.SetX(vcpu, 0, function);
        TestVm.SetX(vcpu, 1, x1);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.SystemEvent);
        vcpu.RunArea->SystemEvent.Type.ShouldBe((uint)what);
        vcpu.RunArea->SystemEvent.NData.ShouldBe(1u);
        vcpu.RunArea->SystemEvent.Data[0].ShouldBe(flags);
        second.GetMpState(out KvmMpState state).ShouldBe(0);
        state.ShouldBe(KvmMpState.Stopped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CpuOnStartsTheOtherVcpuAtItsEntryWithItsContext(bool deterministic)
    {
        using TestVm test = new(options: new KvmOptions { Deterministic = deterministic });
        Vcpu first = test.AddVcpu();
        test.Vm.CreateVcpu(1, out Vcpu? second).ShouldBe(0);
        second!.Init(TestVm.InitWith(KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.PowerOff)).ShouldBe(0);
        TestVm.SetX(second, 5, 99);

        // The second reports x0 to the device and goes off; the first waits for its word in memory.
        test.LoadAt(second, 0x1000, Code.Movz(1, 0x0900, 16), Code.Str(0, 1), Code.Movz(2, 0x4000, 16), Code.Movk(2, 0x8000, 0), Code.Str(0, 2), Code.Movz(0, 2), Code.Movk(0, 0x8400, 16), Code.Hvc);
        second.SetOneReg(RegisterId.Pc, 0UL).ShouldBe(0);
        test.Load(first, Code.Hvc, Code.Ldr(4, 3), 0xB400_0004 | (0x7FFFFu << 5), Code.Str(4, 6), Code.Loop);
        TestVm.SetX(first, 0, 0xC400_0003);
        TestVm.SetX(first, 1, 1);
        TestVm.SetX(first, 2, TestVm.RamBase + 0x1000);
        TestVm.SetX(first, 3, TestVm.RamBase + 0x8000);
        TestVm.SetX(first, 6, TestVm.Device);

        // X2 is the entry and X3 the context: so the context is the address of the word, too.
        ulong seen = 0;
        Thread thread = new(() =>
        {
            while (second.Run() == 0 && second.RunArea->ExitReason == KvmExit.Mmio)
            {
                seen = second.RunArea->Mmio.Value;
            }
        });
        thread.Start();
        first.Run().ShouldBe(0);
        first.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        first.RunArea->Mmio.Value.ShouldBe(TestVm.RamBase + 0x8000);
        TestVm.X(first, 0).ShouldBe(0UL);
        second.Kick();
        thread.Join();
        seen.ShouldBe(TestVm.RamBase + 0x8000);
        TestVm.X(second, 5).ShouldBe(0UL);
    }

    [Fact]
    public void WithoutThePsciFeatureOnly01IsServed()
    {
        using TestVm test = new();
        test.Vm.CreateVcpu(0, out Vcpu? vcpu).ShouldBe(0);
        vcpu!.Init(TestVm.InitWith(KvmVcpuFeatures.None)).ShouldBe(0);
        vcpu.GetOneReg(RegisterId.PsciVersion, out ulong version).ShouldBe(0);
        version.ShouldBe(1UL);
        Call(test, vcpu, 0x8400_0000, 0, 0, Code.Hvc).ShouldBe(NotSupported);
        vcpu.SetOneReg(RegisterId.PsciVersion, 0x1_0001UL).ShouldBe(-Errno.EINVAL);
    }

    [Fact]
    public void AnOlderVersionHasNoFeaturesCall()
    {
        using TestVm test = new();
        Vcpu vcpu = test.AddVcpu();
        vcpu.SetOneReg(RegisterId.PsciVersion, 2UL).ShouldBe(0);
        Call(test, vcpu, 0x8400_0000, 0, 0, Code.Hvc).ShouldBe(2UL);
        Call(test, vcpu, 0x8400_000A, 0x8400_0000, 0, Code.Hvc).ShouldBe(NotSupported);
        vcpu.SetOneReg(RegisterId.PsciVersion, 1UL).ShouldBe(-Errno.EINVAL);
        vcpu.SetOneReg(RegisterId.PsciVersion, 0x1_0000UL).ShouldBe(0);
        Call(test, vcpu, 0x8400_000A, 0xC400_0012, 0, Code.Hvc).ShouldBe(NotSupported);
        vcpu.SetOneReg(RegisterId.PsciVersion, 0x9_0000UL).ShouldBe(-Errno.EINVAL);
    }

    /// <summary>Executes one call; a device access behind it brings the answer out.</summary>
    private static ulong Call(TestVm test, Vcpu vcpu, ulong function, ulong x1, ulong x2, uint conduit)
    {
        test.Load(vcpu, conduit, Code.Str(0, 9));
        TestVm.SetX(vcpu, 0, function);
        TestVm.SetX(vcpu, 1, x1);
        TestVm.SetX(vcpu, 2, x2);
        TestVm.SetX(vcpu, 9, TestVm.Device);
        vcpu.Run().ShouldBe(0);
        vcpu.RunArea->ExitReason.ShouldBe(KvmExit.Mmio);
        ulong answer = vcpu.RunArea->Mmio.Value;

        // The store is done with the next KVM_RUN.
        vcpu.RunArea->ImmediateExit = 1;
        vcpu.Run().ShouldBe(-Errno.EINTR);
        vcpu.RunArea->ImmediateExit = 0;
        return answer;
    }
}
