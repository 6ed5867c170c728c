using Pinion.Arm.A64;
using Pinion.Arm.Spe;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

public sealed class OperationTableTests
{
    [Theory]
    [InlineData("ldr x0, [x1]", 0xF9400020, 0x00)]
    [InlineData("ldrb w0, [x1, x2]", 0x38626820, 0x00)]
    [InlineData("ldr x0, label", 0x58000040, 0x00)]
    [InlineData("ldp x0, x1, [x2], #16", 0xA8C10440, 0x00)]
    [InlineData("ldtr x0, [x1]", 0xF8400820, 0x00)]
    [InlineData("str x0, [x1]", 0xF9000020, 0x01)]
    [InlineData("stp x0, x1, [sp, #-16]!", 0xA9BF07E0, 0x01)]
    [InlineData("stnp x0, x1, [x2]", 0xA8000440, 0x01)]
    [InlineData("ldr q0, [x1]", 0x3DC00020, 0x04)]
    [InlineData("ldp d0, d1, [x2]", 0x6D400440, 0x04)]
    [InlineData("ld1 {v0.16b}, [x1]", 0x4C407020, 0x04)]
    [InlineData("ld4 {v0.4s-v3.4s}, [x1], #64", 0x4CDF0820, 0x04)]
    [InlineData("str s0, [x1]", 0xBD000020, 0x05)]
    [InlineData("st1 {v0.b}[0], [x1]", 0x0D000020, 0x05)]
    [InlineData("ldxr x0, [x1]", 0xC85F7C20, 0x0A)]
    [InlineData("stxr w2, x0, [x1]", 0xC8027C20, 0x0B)]
    [InlineData("ldaxr x0, [x1]", 0xC85FFC20, 0x1A)]
    [InlineData("stlxr w2, x0, [x1]", 0xC802FC20, 0x1B)]
    [InlineData("ldar x0, [x1]", 0xC8DFFC20, 0x12)]
    [InlineData("ldapr x0, [x1]", 0xF8BFC020, 0x12)]
    [InlineData("stlr x0, [x1]", 0xC89FFC20, 0x13)]
    [InlineData("ldadd x1, x2, [x3]", 0xF8210062, 0x06)]
    [InlineData("ldaddal x1, x2, [x3]", 0xF8E10062, 0x16)]
    [InlineData("ldaddl x1, x2, [x3]", 0xF8610062, 0x16)]
    [InlineData("stadd x1, [x3]", 0xF821007F, 0x07)]
    [InlineData("staddl x1, [x3]", 0xF861007F, 0x17)]
    [InlineData("ldadda x1, xzr, [x3]", 0xF8A1007F, 0x16)]
    [InlineData("swp x1, xzr, [x3]", 0xF821807F, 0x06)]
    [InlineData("cas x1, x2, [x3]", 0xC8A17C62, 0x06)]
    [InlineData("casal x1, x2, [x3]", 0xC8E1FC62, 0x16)]
    [InlineData("caspl x0, x1, x2, x3, [x4]", 0x4820FC82, 0x16)]
    [InlineData("dc zva, x0", 0xD50B7420, 0x11)]
    public void LoadsAndStoresHaveTheirPayload(string instruction, uint word, byte payload)
    {
        OperationInfo info = Lookup(word);
        info.Class.ShouldBe(SpeOperationClass.LoadStore, instruction);
        info.Payload.ShouldBe(payload, instruction);
        info.IsLoadOrStore.ShouldBeTrue(instruction);
        info.IsLoad.ShouldBe((payload & 1) == 0, instruction);
    }

    [Theory]
    [InlineData("b", 0x14000004, 0x00)]
    [InlineData("bl", 0x94000004, 0x00)]
    [InlineData("b.ne", 0x54000101, 0x01)]
    [InlineData("cbz x0", 0xB4000040, 0x01)]
    [InlineData("tbnz x0, #3", 0x37180040, 0x01)]
    [InlineData("br x1", 0xD61F0020, 0x02)]
    [InlineData("blr x1", 0xD63F0020, 0x02)]
    [InlineData("ret", 0xD65F03C0, 0x02)]
    [InlineData("eret", 0xD69F03E0, 0x02)]
    public void BranchesHaveTheirPayload(string instruction, uint word, byte payload)
    {
        OperationInfo info = Lookup(word);
        info.Class.ShouldBe(SpeOperationClass.Branch, instruction);
        info.Payload.ShouldBe(payload, instruction);
    }

    [Theory]
    [InlineData("add", 0x8B020020, 0x00)]
    [InlineData("csel", 0x9A820020, 0x01)]
    [InlineData("ccmp", 0xFA420820, 0x01)]
    [InlineData("fcsel", 0x1E620C20, 0x01)]
    [InlineData("fccmp", 0x1E620420, 0x01)]
    [InlineData("adc", 0x9A020020, 0x00)]
    [InlineData("fadd d0, d1, d2", 0x1E622820, 0x00)]
    [InlineData("prfm", 0xF9800020, 0x00)]
    [InlineData("dc civac", 0xD50B7E20, 0x00)]
    [InlineData("svc", 0xD4000001, 0x00)]
    [InlineData("isb", 0xD5033FDF, 0x00)]
    [InlineData("mrs", 0xD53BE040, 0x00)]
    [InlineData("wfi", 0xD503207F, 0x00)]
    [InlineData("udf", 0x00000000, 0x00)]
    public void OtherOperationsHaveTheirPayload(string instruction, uint word, byte payload)
    {
        OperationInfo info = Lookup(word);
        info.Class.ShouldBe(SpeOperationClass.Other, instruction);
        info.Payload.ShouldBe(payload, instruction);
        info.FilterTypes.ShouldBe(0ul, instruction);
    }

    [Theory]
    [InlineData("fdiv", 0x1E621820, LatencyClass.FpDivide)]
    [InlineData("fsqrt v", 0x6EE1F820, LatencyClass.FpSquareRoot)]
    [InlineData("fmadd", 0x1F420C20, LatencyClass.FpMultiplyAdd)]
    [InlineData("fmla v", 0x4E22CC20, LatencyClass.FpMultiplyAdd)]
    [InlineData("fmul", 0x1E620820, LatencyClass.FpMultiply)]
    [InlineData("fadd", 0x1E622820, LatencyClass.FpAdd)]
    [InlineData("fcvtzs x0, d1", 0x9E780020, LatencyClass.FpConvert)]
    [InlineData("fmov x0, d1", 0x9E660020, LatencyClass.FpTransferToGeneral)]
    [InlineData("udiv", 0x9AC20820, LatencyClass.Divide)]
    [InlineData("madd", 0x9B020C20, LatencyClass.Multiply)]
    [InlineData("umulh", 0x9BC27C20, LatencyClass.MultiplyHigh)]
    [InlineData("mul v", 0x4EA29C20, LatencyClass.SimdMultiply)]
    [InlineData("add v", 0x4EA28420, LatencyClass.SimdAlu)]
    [InlineData("aese", 0x4E284820, LatencyClass.Crypto)]
    [InlineData("add", 0x91000420, LatencyClass.Alu)]
    internal void LatencyClassesFollowTheMnemonic(string instruction, uint word, LatencyClass expected) => Lookup(word).Latency.ShouldBe(expected, instruction);

    [Theory]
    [InlineData("add x3, x1, x2", 0x8B020023, new[] { 1, 2 }, new[] { 3 })]
    [InlineData("adds x3, x1, #1", 0xB1000423, new[] { 1 }, new[] { 3, 64 })]
    [InlineData("madd x4, x1, x2, x3", 0x9B020C24, new[] { 1, 2, 3 }, new[] { 4 })]
    [InlineData("csel x3, x1, x2, eq", 0x9A820023, new[] { 1, 2, 64 }, new[] { 3 })]
    [InlineData("ccmp x1, x2, #0, eq", 0xFA420020, new[] { 1, 2, 64 }, new[] { 64 })]
    [InlineData("b.ne", 0x54000101, new[] { 64 }, new int[0])]
    [InlineData("cbz x5", 0xB4000045, new[] { 5 }, new int[0])]
    [InlineData("ldr x3, [x1, x2]", 0xF8626823, new[] { 1, 2 }, new[] { 3 })]
    [InlineData("ldp x3, x4, [x1]", 0xA9401023, new[] { 1 }, new[] { 3, 4 })]
    [InlineData("str x3, [x1]", 0xF9000023, new[] { 1, 3 }, new int[0])]
    [InlineData("ldr q3, [x1]", 0x3DC00023, new[] { 1 }, new[] { 35 })]
    [InlineData("ldadd x1, x2, [x3]", 0xF8210062, new[] { 1, 3 }, new[] { 2 })]
    [InlineData("cas x1, x2, [x3]", 0xC8A17C62, new[] { 1, 2, 3 }, new[] { 1 })]
    [InlineData("stxr w2, x0, [x1]", 0xC8027C20, new[] { 0, 1 }, new[] { 2 })]
    [InlineData("fadd d3, d1, d2", 0x1E622823, new[] { 33, 34 }, new[] { 35 })]
    [InlineData("fmla v3, v1, v2", 0x4E22CC23, new[] { 33, 34, 35 }, new[] { 35 })]
    [InlineData("scvtf d3, x1", 0x9E620023, new[] { 1 }, new[] { 35 })]
    [InlineData("fcmp d1, d2", 0x1E622020, new[] { 33, 34 }, new[] { 64 })]
    [InlineData("bl", 0x94000004, new int[0], new[] { 30 })]
    [InlineData("ret", 0xD65F03C0, new[] { 30 }, new int[0])]
    [InlineData("mrs x3", 0xD53BE043, new int[0], new[] { 3 })]
    public void OperandsAreTheRegistersOfTheWord(string instruction, uint word, int[] sources, int[] destinations)
    {
        OperationInfo info = Lookup(word);
        int[] from =
        [
            info.Base1 + (int)((word >> 5) & info.Mask1),
            info.Base2 + (int)((word >> 16) & info.Mask2),
            info.Base3 + (int)((word >> info.Shift3) & info.Mask3),
        ];
        int[] to = [info.Base4 + (int)((word >> info.Shift4) & info.Mask4), info.Base5 + (int)((word >> 10) & info.Mask5)];
        from.Where(r => r != OperationInfo.NoSource).Order().ToArray().ShouldBe(sources, instruction);
        to.Where(r => r != OperationInfo.NoDestination).Order().ToArray().ShouldBe(destinations, instruction);
    }

    [Fact]
    public void EveryRowIsClassified()
    {
        for (int i = 0; i < A64Table.Count; i++)
        {
            OperationInfo info = OperationTable.Row(i);
            info.Class.ShouldBeOneOf(SpeOperationClass.Other, SpeOperationClass.LoadStore, SpeOperationClass.Branch);
            (info.Class == SpeOperationClass.LoadStore).ShouldBe(info.IsLoadOrStore, ((A64Id)i).ToString());
            (info.Class == SpeOperationClass.Branch).ShouldBe(info.IsBranch, ((A64Id)i).ToString());
            ((int)info.Latency).ShouldBeLessThan((int)LatencyClass.Count);
            new[] { info.Base1 + info.Mask1, info.Base2 + info.Mask2, info.Base3 + info.Mask3, info.Base4 + info.Mask4, info.Base5 + info.Mask5 }.Max()
                .ShouldBeLessThan(OperationInfo.RegisterCount);
        }
    }

    private static OperationInfo Lookup(uint word)
    {
        ObservedOperation operation = SpuBench.Operation(word);
        return OperationTable.Lookup(operation);
    }
}
