using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

public sealed class SpuBufferTests
{
    private const int RecordSize = 64;
    private const int RecordsPerPage = SpuBench.PageSize / RecordSize;
    private const ulong BufferFilled = Pmbsr.SMask | 1;

    private static readonly ObservedOperation s_nop = SpuBench.Operation(SpuBench.Nop);

    [Fact]
    public void ThePageAlignedBufferFillsExactlyToItsLimit()
    {
        SpuBench bench = new();
        bench.Start(0x100, pages: 1);
        for (int i = 1; i <= RecordsPerPage; i++)
        {
            bench.Spu.Pmbsr.ShouldBe(0ul);
            bench.SampleNext(s_nop);
            bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + (ulong)(i * RecordSize));
        }

        bench.Spu.Pmbsr.ShouldBe(BufferFilled);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + SpuBench.PageSize);
        bench.Spu.IrqPending.ShouldBeTrue();
        bench.Spu.Enabled.ShouldBeFalse();
        bench.Spu.Distance.ShouldBe(ulong.MaxValue);
        bench.Memory[SpuBench.PageSize..].IndexOfAnyExcept((byte)0).ShouldBe(-1);
        bench.Records.Count.ShouldBe(RecordsPerPage);
        bench.Memory[..SpuBench.PageSize].SequenceEqual(bench.Records.SelectMany(r => r).ToArray()).ShouldBeTrue();
    }

    [Fact]
    public void TheInterruptHandlersWritesAreTakenWhileEnabledAndClearingServiceResumesAtOnce()
    {
        SpuBench bench = new();
        bench.Start(0x100, pages: 1);
        for (int i = 0; i < RecordsPerPage; i++)
        {
            bench.SampleNext(s_nop);
        }

        // The order of Linux's interrupt handler: pointer, limit with E set, status, all with S still 1.
        bench.Spu.Write(SysRegId.PMBPTR_EL1, SpuBench.Buffer + SpuBench.PageSize);
        bench.Spu.Write(SysRegId.PMBLIMITR_EL1, (SpuBench.Buffer + (2 * SpuBench.PageSize)) | Pmblimitr.EMask);
        bench.Spu.Enabled.ShouldBeFalse();
        bench.Spu.Write(SysRegId.PMBSR_EL1, 0);
        bench.Spu.Enabled.ShouldBeTrue();
        bench.SampleNext(s_nop);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + SpuBench.PageSize + RecordSize);
    }

    [Fact]
    public void AFullBufferKeepsCollisionAndDataLoss()
    {
        SpuBench bench = new();
        bench.Start(0x100, pages: 1);
        bench.Spu.Pmbptr = SpuBench.Buffer + SpuBench.PageSize - RecordSize;
        bench.Spu.Pmbsr = Pmbsr.CollMask | Pmbsr.DlMask;
        bench.SampleNext(s_nop);
        bench.Spu.Pmbsr.ShouldBe(BufferFilled | Pmbsr.CollMask | Pmbsr.DlMask);
    }

    [Fact]
    public void WithoutRoomTheFirstRecordFindsTheBufferFull()
    {
        SpuBench bench = new();
        bench.Start(0x100, pages: 1);
        bench.Spu.Pmbptr = SpuBench.Buffer + SpuBench.PageSize;
        bench.SampleNext(s_nop);
        bench.Spu.Pmbsr.ShouldBe(BufferFilled);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + SpuBench.PageSize);
        bench.Records.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(SpuBench.Buffer + 8)]
    [InlineData(SpuBench.Buffer & 0x00FF_FFFF_FFFF_FFFF)]
    public void AMisplacedPointerTakesAnAlignmentFault(ulong pointer)
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Pmbptr = pointer;
        bench.SampleNext(s_nop);
        bench.Spu.Pmbsr.ShouldBe(Pmbsr.SMask | (0x24ul << Pmbsr.EcShift) | 0x21);
        bench.Spu.Pmbptr.ShouldBe(pointer);
    }

    [Theory]
    [InlineData(false, 0x07, 0x24)]
    [InlineData(true, 0x0F, 0x25)]
    public void AFaultStopsWithItsClassAndStatusAndThePointerAtTheFaultingAddress(bool stage2, byte status, int eventClass)
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Fault = new SpuFault(stage2, status);
        bench.FaultingPage = 1;
        for (int i = 0; i <= RecordsPerPage; i++)
        {
            bench.Spu.Pmbsr.ShouldBe(0ul);
            bench.SampleNext(s_nop);
        }

        // The record starts at the faulting address, so none is partial and DL stays clear.
        bench.Spu.Pmbsr.ShouldBe(Pmbsr.SMask | ((ulong)eventClass << Pmbsr.EcShift) | status);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + SpuBench.PageSize);
        bench.Records.Count.ShouldBe(RecordsPerPage);
    }

    [Fact]
    public void ARecordAcrossPagesIsWrittenUpToTheFaultAndDataIsLost()
    {
        // Alignment of 32 bytes lets a 64-byte record cross a page.
        SpeProfile profile = SpeProfile.Honest with { Pmbidr = new Pmbidr(0x25) };
        SpuBench bench = new(profile);
        bench.Start(0x100);
        bench.Spu.Pmbptr = SpuBench.Buffer + SpuBench.PageSize - 32;
        bench.Fault = new SpuFault(false, 0x07);
        bench.FaultingPage = 1;
        bench.SampleNext(s_nop);
        bench.Spu.Pmbsr.ShouldBe(Pmbsr.SMask | Pmbsr.DlMask | (0x24ul << Pmbsr.EcShift) | 0x07);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + SpuBench.PageSize);
        bench.Memory[SpuBench.PageSize - 32].ShouldBe((byte)0xB0);
        bench.Records.ShouldBeEmpty();
    }

    [Fact]
    public void DiscardModeFiltersAndCountsButWritesNothing()
    {
        SpuBench bench = new();
        bench.Start(0x100);
        bench.Spu.Pmbptr = 0;
        bench.Spu.Pmblimitr = Pmblimitr.EMask | (2ul << 1);
        for (int i = 0; i < 10; i++)
        {
            bench.SampleNext(s_nop);
        }

        bench.Spu.SampleFeed.ShouldBe(10ul);
        bench.Spu.SampleFiltrate.ShouldBe(10ul);
        bench.Spu.Pmbsr.ShouldBe(0ul);
        bench.Spu.Pmbptr.ShouldBe(0ul);
        bench.Records.ShouldBeEmpty();
    }

    [Fact]
    public void ASelectionWhileASampleIsInFlightCollides()
    {
        SpuBench bench = new(options: new SpuOptions { OperationsPerCycleInFlight = 4 });
        bench.Start(0x100);
        OperationTiming slow = new() { Total = 100 };

        // In flight for 400 operations: the selection after 257 collides, the one after 514 does not.
        bench.SampleNext(s_nop, slow);
        bench.Spu.Pmbsr.ShouldBe(0ul);
        bench.SampleNext(s_nop, slow);
        bench.Spu.Pmbsr.ShouldBe(Pmbsr.CollMask);
        bench.Spu.SampleCollision.ShouldBe(1ul);
        bench.Spu.IrqPending.ShouldBeFalse();
        bench.SampleNext(s_nop, slow);
        bench.Spu.SampleFeed.ShouldBe(2ul);
        bench.Records.Count.ShouldBe(2);
    }

    [Fact]
    public void WithoutAWindowInFlightNothingCollides()
    {
        SpuBench bench = new();
        bench.Start(0x100);
        for (int i = 0; i < 20; i++)
        {
            bench.SampleNext(s_nop, new OperationTiming { Total = ushort.MaxValue });
        }

        bench.Spu.SampleCollision.ShouldBe(0ul);
        bench.Spu.Pmbsr.ShouldBe(0ul);
    }

    [Fact]
    public void SampleCountsAreTheMembersDividedByIntervalPlusOne()
    {
        SpuBench bench = new();
        bench.Start(0x100 | 1);
        const int Samples = 200;
        for (int i = 0; i < Samples; i++)
        {
            bench.SampleNext(s_nop);
        }

        ((double)bench.Spu.SamplePop / Samples).ShouldBe(257, tolerance: 257 * 0.02);
    }
}
