using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>Records byte for byte: examples that perf decodes on a Neoverse N1, and what is collected under which control.</summary>
public sealed class SpuRecordTests
{
    private const uint Ldr = 0xF940_0020;
    private const uint Str = 0xF900_0020;
    private const uint BranchNotEqual = 0x5400_0101;
    private const uint Csel = 0x9A82_0020;
    private const uint Svc = 0xD400_0001;
    private const uint Eret = 0xD69F_03E0;

    private const ulong Sampling = Pmscr.E0SpeMask | Pmscr.E1SpeMask;
    private const ulong Everything = Sampling | Pmscr.CxMask | Pmscr.PaMask | Pmscr.TsMask;
    private const SpeEvents Hit = SpeEvents.L1DataAccess | SpeEvents.TlbAccess;

    [Fact]
    public void AUserLoadFromDram()
    {
        ObservedOperation load = SpuBench.Access(Ldr, 0xFFFF_8000_1234, 0x8800_1234);
        load.ContextId = 0x4D2;
        OperationTiming timing = new()
        {
            Events = Hit | SpeEvents.L1DataRefill | SpeEvents.LastLevelAccess | SpeEvents.LastLevelMiss,
            Issue = 337,
            Total = 501,
            Translation = 1,
            Source = SpeDataSource.Dram,
        };
        Record(load, timing, Everything, time: 1_001_000).ShouldBe(Bytes(
            "b0 00 01 40 00 00 00 00 80 64 d2 04 00 00 00 00 00 00 00 49 00 52 1e 03 99 51 01 98 f5 01 "
            + "b2 34 12 00 80 ff ff 00 00 9a 01 00 b3 34 12 00 88 00 00 00 80 43 0e 00 00 71 28 46 0f 00 00 00 00 00"));
    }

    [Fact]
    public void AKernelStoreWithoutPhysicalAddress()
    {
        ObservedOperation store = SpuBench.Access(Str, 0xFFFF_0000_1234_5678, 0x8800_1678, pc: 0xFFFF_8000_1008_0104);
        store.El = 1;
        store.ContextId = 0x4D2;
        store.Flags |= ObservedFlags.Write;
        OperationTiming timing = new() { Events = Hit, Issue = 2, Total = 6, Translation = 1 };
        Record(store, timing, Everything & ~Pmscr.PaMask, time: 1_001_100).ShouldBe(Bytes(
            "b0 04 01 08 10 00 80 ff a0 64 d2 04 00 00 00 00 00 00 00 49 01 52 16 00 99 02 00 98 06 00 "
            + "b2 78 56 34 12 00 00 ff ff 9a 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 71 8c 46 0f 00 00 00 00 00"));
    }

    [Fact]
    public void ATakenMispredictedBranch()
    {
        ObservedOperation branch = SpuBench.Operation(BranchNotEqual, 0x40_010C);
        branch.NextPc = 0x40_0100;
        branch.ContextId = 0x4D2;
        branch.Flags = ObservedFlags.Taken;
        OperationTiming timing = new() { Events = SpeEvents.Mispredicted, Issue = 2, Total = 3 };
        Record(branch, timing, Everything, time: 1_001_200).ShouldBe(Bytes(
            "b0 0c 01 40 00 00 00 00 80 64 d2 04 00 00 00 00 00 00 00 4a 01 52 82 00 99 02 00 98 03 00 "
            + "b1 00 01 40 00 00 00 00 80 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 71 f0 46 0f 00 00 00 00 00"));
    }

    [Fact]
    public void ANotTakenBranchWithoutTimestamp()
    {
        ObservedOperation branch = SpuBench.Operation(BranchNotEqual, 0x40_010C);
        OperationTiming timing = new() { Issue = 2, Total = 3 };
        Record(branch, timing, Sampling).ShouldBe(Bytes(
            "b0 0c 01 40 00 00 00 00 80 00 00 00 00 00 00 00 00 00 00 4a 01 52 42 00 99 02 00 98 03 00 "
            + "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00"));
    }

    [Fact]
    public void AnExceptionReturnTellsTheExceptionLevelOfItsTarget()
    {
        ObservedOperation eret = SpuBench.Operation(Eret, 0xFFFF_8000_1008_1F00);
        eret.El = 1;
        eret.NextEl = 0;
        eret.NextPc = 0x40_0404;
        eret.Flags = ObservedFlags.Taken;
        SpeRecord record = Parse(Record(eret, default, Sampling));
        record.Operation.ShouldBe(SpeOperation.BranchIndirect);
        record.PcPayload.ShouldBe(0xA0FF_8000_1008_1F00ul);
        record.BranchTargetPayload.ShouldBe(0x8000_0000_0040_0404ul);
        record.Events.ShouldBe(SpeEvents.Retired);
    }

    [Fact]
    public void AnExceptionLeavesOutWhatItDidNotReach()
    {
        ObservedOperation load = SpuBench.Access(Ldr, 0x1234, 0);
        load.Flags = ObservedFlags.HasVa | ObservedFlags.TookException;
        OperationTiming timing = new() { Events = SpeEvents.TlbAccess | SpeEvents.TlbWalk, Total = 60, Translation = 40 };
        SpeRecord record = Parse(Record(load, timing, Everything));
        record.Events.ShouldBe((SpeEvents)0x33);
        record.DataVirtual.ShouldBe(0x1234ul);
        record.TranslationLatency.ShouldBe((ushort)40);
        record.Has(SpeFields.DataPhysical).ShouldBeFalse();
        record.Has(SpeFields.DataSource).ShouldBeFalse();

        ObservedOperation svc = SpuBench.Operation(Svc);
        svc.Flags = ObservedFlags.TookException;
        record = Parse(Record(svc, default, Everything));
        record.OperationClass.ShouldBe(SpeOperationClass.Other);
        record.Events.ShouldBe(SpeEvents.Exception | SpeEvents.Retired);
        record.Has(SpeFields.BranchTarget).ShouldBeFalse();
    }

    [Theory]
    [InlineData(true, SpeEvents.Retired | SpeEvents.NotTaken)]
    [InlineData(false, SpeEvents.Retired)]
    public void AFailedConditionalSelectIsNotTakenUnlessTurnedOff(bool option, SpeEvents expected)
    {
        ObservedOperation select = SpuBench.Operation(Csel);
        select.Flags = ObservedFlags.ConditionFailed;
        SpuBench bench = new(options: new SpuOptions { NotTakenWithoutBranch = option });
        bench.Start(0x100);
        bench.SampleNext(select);
        SpeRecord record = Parse(bench.Records[0]);
        record.Events.ShouldBe(expected);
        record.Operation.ShouldBe(SpeOperation.OtherConditional);
    }

    [Theory]
    [InlineData(Pmscr.PaMask, Pmscr.PaMask, true)]
    [InlineData(Pmscr.PaMask, 0ul, false)]
    [InlineData(0ul, Pmscr.PaMask, false)]
    public void APhysicalAddressNeedsEl1AndEl2ToAllowIt(ulong el1, ulong el2, bool present)
    {
        SpuBench bench = new();
        bench.Spu.PmscrEl2 = el2;
        bench.Start(0x100, Sampling | el1);
        bench.SampleNext(SpuBench.Access(Ldr, 0x1000, 0x8000_0000));
        Parse(bench.Records[0]).Has(SpeFields.DataPhysical).ShouldBe(present);
    }

    [Theory]
    [InlineData(0, 0, 1000ul)]
    [InlineData(0, 1, 1000ul)]
    [InlineData(1, 0, 1000ul)]
    [InlineData(1, 1, 2000ul)]
    [InlineData(3, 0, 1000ul)]
    [InlineData(3, 1, 2000ul)]
    public void ThePhysicalCountNeedsEl1AndEl2ToAskForIt(ulong el2, ulong el1, ulong expected)
    {
        SpuBench bench = new();
        bench.Spu.PmscrEl2 = el2 << 6;
        bench.Start(0x100, Sampling | Pmscr.TsMask | (el1 << 6));
        bench.SampleNext(SpuBench.Operation(SpuBench.Nop));
        Parse(bench.Records[0]).Timestamp.ShouldBe(expected);
    }

    [Fact]
    public void El2AddsItsOwnContext()
    {
        SpuBench bench = new();
        bench.Spu.PmscrEl2 = Pmscr.CxMask;
        bench.Spu.ContextIdEl2 = 77;
        bench.Start(0x100);
        bench.SampleNext(SpuBench.Operation(SpuBench.Nop));
        SpeRecord record = Parse(bench.Records[0]);
        record.Has(SpeFields.ContextEl1).ShouldBeFalse();
        record.ContextEl2.ShouldBe(77u);
    }

    [Theory]
    [InlineData("n1", 0x0FFF)]
    [InlineData("honest", 0xFFFF)]
    public void CountersSaturateAtTheirWidth(string profile, int maximum)
    {
        SpuBench bench = new(profile == "n1" ? SpeProfile.NeoverseN1 : SpeProfile.Honest);
        bench.Start(0x100);
        bench.SampleNext(SpuBench.Operation(SpuBench.Nop), new OperationTiming { Total = ushort.MaxValue, Issue = ushort.MaxValue });
        SpeRecord record = Parse(bench.Records[0]);
        record.TotalLatency.ShouldBe((ushort)maximum);
        record.IssueLatency.ShouldBe((ushort)maximum);
    }

    /// <summary>Operation type payloads with PMSIDR_EL1.{CRR,FPF}, and without.</summary>
    [Theory]
    [InlineData(0x1400_0004u, 0x18, 0x00)] // b
    [InlineData(0x5400_0041u, 0x19, 0x01)] // b.ne
    [InlineData(0xB400_0041u, 0x19, 0x01)] // cbz
    [InlineData(0x9400_0004u, 0x08, 0x00)] // bl
    [InlineData(0xD63F_0020u, 0x0A, 0x02)] // blr
    [InlineData(0xD61F_0020u, 0x1A, 0x02)] // br
    [InlineData(0xD65F_03C0u, 0x12, 0x02)] // ret
    [InlineData(0xD69F_03E0u, 0x1A, 0x02)] // eret
    [InlineData(0x9A82_0020u, 0x01, 0x01)] // csel
    [InlineData(0x1E62_0C20u, 0x03, 0x01)] // fcsel
    [InlineData(0x1E62_2820u, 0x02, 0x00)] // fadd d0, d1, d2
    [InlineData(0x4E62_D420u, 0x06, 0x00)] // fadd v0.2d, v1.2d, v2.2d
    [InlineData(0x4EA2_8420u, 0x04, 0x00)] // add v0.4s, v1.4s, v2.4s
    [InlineData(0xFD40_0020u, 0x04, 0x04)] // ldr d0, [x1]: loads have no such bits
    [InlineData(0x8B02_0020u, 0x00, 0x00)] // add x0, x1, x2
    public void CallsReturnsAndFloatingPointAreToldWhereTheProfileDoes(uint word, byte extended, byte plain)
    {
        foreach ((SpeProfile profile, byte payload) in new[] { (SpeProfile.V1P4, extended), (SpeProfile.Honest, plain), (SpeProfile.NeoverseN1, plain) })
        {
            SpuBench bench = new(profile);
            bench.Start(0x100);
            bench.SampleNext(SpuBench.Operation(word));
            Parse(bench.Records[0]).Operation.ShouldBe(payload, profile.Name);
        }
    }

    [Fact]
    public void APackedRecordEndsAtTheAlignment()
    {
        SpuBench bench = new(SpeProfile.V1P4);
        bench.Start(0x100, Pmscr.E0SpeMask | Pmscr.TsMask | Pmscr.PaMask | Pmscr.CxMask);
        ObservedOperation small = SpuBench.Operation(SpuBench.Nop);
        ObservedOperation large = SpuBench.Access(0xF940_0020, 0x1000, 0x2000);
        large.PreviousTarget = new BranchTarget(0x40_0080, 0);
        bench.SampleNext(small);
        bench.SampleNext(large, new OperationTiming { Events = SpeEvents.L1DataAccess | SpeEvents.L1DataRefill | SpeEvents.L2DataAccess | SpeEvents.L2DataMiss, Source = SpeDataSource.Dram });
        bench.Records.Select(record => record.Length).ShouldBe([64, 128]);
        bench.Spu.Pmbptr.ShouldBe(SpuBench.Buffer + 192);
        SpeRecord record = Parse(bench.Records[1]);
        SpeAddress.ToVirtual(record.PreviousBranchTargetPayload).ShouldBe(0x40_0080ul);
        record.DataSource.ShouldBe((ushort)SpeDataSource.Dram);
        record.Events.HasFlag(SpeEvents.L2DataMiss).ShouldBeTrue();
        Parse(bench.Records[0]).Has(SpeFields.PreviousBranchTarget).ShouldBeFalse("no branch was seen");
    }

    [Fact]
    public void EventsThatAProfileLacksAreNotInItsRecords()
    {
        SpuBench bench = new(SpeProfile.NeoverseN1);
        bench.Start(0x100);
        bench.SampleNext(SpuBench.Operation(0xF940_0020), new OperationTiming { Events = SpeEvents.Alignment | SpeEvents.L2DataAccess | SpeEvents.L1DataAccess });
        Parse(bench.Records[0]).Events.ShouldBe(SpeEvents.Retired | SpeEvents.L1DataAccess);
    }

    private static byte[] Record(in ObservedOperation operation, in OperationTiming timing, ulong pmscr, ulong time = 0)
    {
        SpuBench bench = new() { VirtualCount = time };
        bench.Start(0x100, pmscr);
        bench.SampleNext(operation, timing);
        bench.Memory[..SpeRecordWriter.FixedSize].SequenceEqual(bench.Records.ShouldHaveSingleItem()).ShouldBeTrue();
        return bench.Records[0];
    }

    private static SpeRecord Parse(byte[] bytes)
    {
        SpeRecordReader reader = new(bytes);
        reader.TryRead(out SpeRecord record).ShouldBeTrue();
        return record;
    }

    private static byte[] Bytes(string text) => Convert.FromHexString(text.Replace(" ", string.Empty, StringComparison.Ordinal));
}
