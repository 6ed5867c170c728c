using System.Runtime.CompilerServices;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

/// <summary>Sizes and offsets against linux/kvm.h and asm/kvm.h.</summary>
public sealed unsafe class UapiLayoutTests
{
    [Fact]
    public void StructuresHaveTheSizesThatTheirRequestNumbersCarry()
    {
        SizeIn(KvmIoctl.SetUserMemoryRegion).ShouldBe(Unsafe.SizeOf<KvmUserspaceMemoryRegion>());
        SizeIn(KvmIoctl.SetUserMemoryRegion2).ShouldBe(Unsafe.SizeOf<KvmUserspaceMemoryRegion2>());
        SizeIn(KvmIoctl.GetDirtyLog).ShouldBe(Unsafe.SizeOf<KvmDirtyLog>());
        SizeIn(KvmIoctl.IrqLine).ShouldBe(Unsafe.SizeOf<KvmIrqLevel>());
        SizeIn(KvmIoctl.EnableCap).ShouldBe(Unsafe.SizeOf<KvmEnableCap>());
        SizeIn(KvmIoctl.CreateDevice).ShouldBe(Unsafe.SizeOf<KvmCreateDevice>());
        SizeIn(KvmIoctl.ArmPreferredTarget).ShouldBe(Unsafe.SizeOf<KvmVcpuInit>());
        SizeIn(KvmIoctl.ArmVcpuInit).ShouldBe(Unsafe.SizeOf<KvmVcpuInit>());
        SizeIn(KvmIoctl.GetOneReg).ShouldBe(Unsafe.SizeOf<KvmOneReg>());
        SizeIn(KvmIoctl.SetDeviceAttr).ShouldBe(Unsafe.SizeOf<KvmDeviceAttr>());
        SizeIn(KvmIoctl.GetVcpuEvents).ShouldBe(Unsafe.SizeOf<KvmVcpuEvents>());
        SizeIn(KvmIoctl.SetMpState).ShouldBe(4);
    }

    [Fact]
    public void TheRunAreaIsLaidOutAsTheKernels()
    {
        Unsafe.SizeOf<KvmRun>().ShouldBe(2352);
        KvmRun run = default;
        Offset(&run, &run.ImmediateExit).ShouldBe(1);
        Offset(&run, &run.ExitReason).ShouldBe(8);
        Offset(&run, &run.Mmio.PhysAddr).ShouldBe(32);
        Offset(&run, run.Mmio.Data).ShouldBe(40);
        Offset(&run, &run.Mmio.Len).ShouldBe(48);
        Offset(&run, &run.Mmio.IsWrite).ShouldBe(52);
        Offset(&run, &run.SystemEvent.Type).ShouldBe(32);
        Offset(&run, &run.SystemEvent.NData).ShouldBe(36);
        Offset(&run, run.SystemEvent.Data).ShouldBe(40);
        Offset(&run, &run.FailEntry.Cpu).ShouldBe(40);
        Offset(&run, &run.ArmNisv.FaultIpa).ShouldBe(40);
        Offset(&run, &run.Rlimit.Excess).ShouldBe(32);
        Offset(&run, &run.Rlimit.RlimitId).ShouldBe(40);
    }

    [Fact]
    public void RegisterIdsAreTheOnesOfGenuineKvm()
    {
        RegisterId.X(1).ShouldBe(0x6030000000100002UL);
        RegisterId.Pc.ShouldBe(0x6030000000100040UL);
        RegisterId.Pstate.ShouldBe(0x6030000000100042UL);
        RegisterId.SpEl1.ShouldBe(0x6030000000100044UL);
        RegisterId.Spsr(4).ShouldBe(0x6030000000100050UL);
        RegisterId.V(0).ShouldBe(0x6040000000100054UL);
        RegisterId.V(31).ShouldBe(0x60400000001000D0UL);
        RegisterId.Fpsr.ShouldBe(0x60200000001000D4UL);
        RegisterId.Fpcr.ShouldBe(0x60200000001000D5UL);
        RegisterId.PsciVersion.ShouldBe(0x6030000000140000UL);
        RegisterId.TimerCnt.ShouldBe(0x603000000013DF1AUL);
        RegisterId.TimerCval.ShouldBe(0x603000000013DF02UL);
        RegisterId.Ccsidr(0).ShouldBe(0x6020000000110000UL);
    }

    [Fact]
    public void AWildAddressIsEfault()
    {
        UserMemory.Read(0, out ulong _).ShouldBe(-Errno.EFAULT);
        UserMemory.Read(0x10, out ulong _).ShouldBe(-Errno.EFAULT);
        UserMemory.Write(8, 1UL).ShouldBe(-Errno.EFAULT);
    }

    private static int SizeIn(uint request) => (int)((request >> 16) & 0x3FFF);

    private static int Offset(void* start, void* field) => (int)((byte*)field - (byte*)start);
}
