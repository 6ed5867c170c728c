using Pinion.Arm.A64;

namespace Pinion.Arm.Tests.A64;

/// <summary>A few words a form; the whole table against objdump is in the conformance tests. The texts are objdump's.</summary>
public sealed class A64DisassemblerTests
{
    [Theory]
    [InlineData(0xD503201Fu, "hint\t#0x0")]
    [InlineData(0xD65F03C0u, "ret")]
    [InlineData(0xD5033FDFu, "isb")]
    [InlineData(0xD5033F9Fu, "dsb\tsy")]
    [InlineData(0x91400421u, "add\tx1, x1, #0x1, lsl #12")]
    [InlineData(0x8B2067FFu, "add\tsp, sp, x0, lsl #1")]
    [InlineData(0xEB21603Fu, "subs\txzr, x1, x1, uxtx")]
    [InlineData(0x92401021u, "and\tx1, x1, #0x1f")]
    [InlineData(0x36000001u, "tbz\tw1, #0, 0x400000")]
    [InlineData(0x17FFFFFFu, "b\t0x3ffffc")]
    [InlineData(0xF0FFFFE1u, "adrp\tx1, 0x3ff000")]
    [InlineData(0xD5380003u, "mrs\tx3, midr_el1")]
    [InlineData(0xD53BFFE3u, "mrs\tx3, s3_3_c15_c15_7")]
    [InlineData(0xD50B7523u, "sys\t#3, C7, C5, #1, x3")]
    [InlineData(0x2F05E6A1u, "movi\td1, #0xff00ffff00ff00ff")]
    [InlineData(0x00001234u, "udf\t#4660")]
    [InlineData(0xFFFFFFFFu, ".inst\t0xffffffff ; undefined")]
    public void AWordReadsAsObjdumpPrintsIt(uint word, string text)
    {
        A64Disassembler.Format(word, 0x40_0000).ShouldBe(text);
    }

    [Fact]
    public void EveryRowHasAText()
    {
        var random = new Random(1);
        for (int i = 1; i < A64Table.Count; i++)
        {
            A64Encoding row = A64Table.Encoding((A64Id)i);
            for (int k = 0; k < 50; k++)
            {
                uint word = ((uint)random.NextInt64(1L << 32) & ~row.Mask) | row.Value;
                A64Disassembler.Format(word, 0).ShouldNotContain("{2}");
            }
        }
    }
}
