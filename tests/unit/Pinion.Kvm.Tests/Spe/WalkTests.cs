using Pinion.Arm.SystemRegisters;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe;

/// <summary>Enabling a buffer that is mapped by the guest's own tables: data pages and table pages are pinned, and what the tables do not map is an event.</summary>
public sealed class WalkTests
{
    private const ulong Page = 4096;
    private const ulong S = 1 << 17;
    private const ulong Valid = 1;
    private const ulong Table = 3;
    private const ulong AccessFlag = 1 << 10;
    private const ulong ReadOnly = 1 << 7;

    // Tables and data in guest physical memory, as offsets into RAM.
    private const ulong L1 = 0x1_0000;
    private const ulong L2 = 0x1_1000;
    private const ulong L3 = 0x1_2000;
    private const ulong Data = 0x2_0000;

    /// <summary>39-bit addresses: entry 2 of the first table begins here.</summary>
    private const ulong Va = 0x8000_0000;

    private static SpeMachine WithTables()
    {
        SpeMachine machine = new();
        TestVm test = machine.Test;
        test.Word(L1) = 0 | Valid | AccessFlag;
        test.Word(L1 + 8) = TestVm.RamBase | Valid | AccessFlag;
        test.Word(L1 + 16) = (TestVm.RamBase + L2) | Table;
        test.Word(L2) = (TestVm.RamBase + L3) | Table;
        for (ulong i = 0; i < 8; i++)
        {
            // In reverse, so that neighbours in the buffer are none in memory.
            test.Word(L3 + (i * 8)) = (TestVm.RamBase + Data + ((7 - i) * Page)) | Table | AccessFlag;
        }

        Set(machine, SysRegId.TTBR0_EL1, TestVm.RamBase + L1);
        Set(machine, SysRegId.TCR_EL1, 25 | (1UL << 23) | (2UL << 32) | (25UL << 16) | (2UL << 30));
        Set(machine, SysRegId.MAIR_EL1, 0xFF);
        Set(machine, SysRegId.SCTLR_EL1, 0x30C5_0835);
        return machine;
    }

    private static void Set(SpeMachine machine, SysRegId id, ulong value) =>
        machine.Vcpu.SetOneReg(RegisterId.System(SysRegTable.Get(id).Encoding), value).ShouldBe(0);

    [Fact]
    public void DataAndTablePagesArePinned()
    {
        using SpeMachine machine = WithTables();
        machine.Enable(Va + 0x10, Va + (8 * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe(0UL);
        machine.Test.Host.PinnedBytes.ShouldBe((8 + 3) * Page);
        foreach (ulong table in (ulong[])[L1, L2, L3, Data, Data + (7 * Page)])
        {
            machine.Test.Host.IsLocked(machine.Test.Ram + (nint)table).ShouldBeTrue();
        }

        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Host.PinnedBytes.ShouldBe(0UL);
    }

    /// <summary>The posting's rule: a stage 1 fault is EC 0x24 with the walk's status, the write takes effect, nothing stays pinned.</summary>
    [Theory]
    [InlineData(0, "unmapped", 0x07)]
    [InlineData(5, "unmapped", 0x07)]
    [InlineData(5, "accessflag", 0x0B)]
    [InlineData(5, "readonly", 0x0F)]
    [InlineData(5, "table", 0x06)]
    [InlineData(5, "range", 0x04)]
    public void AStage1FaultOfAnyPageIsAnEvent(int page, string how, int status)
    {
        using SpeMachine machine = WithTables();
        TestVm test = machine.Test;
        ulong at = L3 + ((ulong)page * 8);
        ulong start = Va;
        switch (how)
        {
            case "unmapped":
                test.Word(at) = 0;
                break;
            case "accessflag":
                test.Word(at) &= ~AccessFlag;
                break;
            case "readonly":
                test.Word(at) |= ReadOnly;
                break;
            case "table":
                test.Word(L2) = 0;
                break;
            default:
                start = 0x80_0000_0000;
                break;
        }

        machine.Enable(start, start + (8 * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x24UL << 26) | S | (uint)status);
        machine.Read(SysRegId.PMBLIMITR_EL1).ShouldBe((start + (8 * Page)) | 1);
        test.Host.PinnedBytes.ShouldBe(0UL);
    }

    [Fact]
    public void ATableOrAPageOutsideMemoryIsAStage2Event()
    {
        using SpeMachine machine = WithTables();
        machine.Test.Word(L3 + 8) = 0x2000_0000 | Table | AccessFlag;
        machine.Enable(Va, Va + (2 * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x25UL << 26) | S | 7);
        machine.WriteDone(SysRegId.PMBSR_EL1, 0);
        machine.WriteDone(SysRegId.PMBLIMITR_EL1, 0);
        machine.Test.Word(L2) = 0x2000_0000 | Table;
        machine.Enable(Va, Va + (2 * Page));
        machine.Read(SysRegId.PMBSR_EL1).ShouldBe((0x25UL << 26) | S | 7);
    }

    [Fact]
    public void TwoAddressesOfOnePageAreOnePin()
    {
        using SpeMachine machine = WithTables();
        machine.Test.Word(L3 + 8) = machine.Test.Word(L3);
        machine.Enable(Va, Va + (2 * Page));
        machine.Test.Host.PinnedBytes.ShouldBe((1 + 3) * Page);
    }
}
