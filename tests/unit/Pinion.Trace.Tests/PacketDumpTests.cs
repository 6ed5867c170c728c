using System.Buffers;
using System.Text;
using Pinion.Trace.Packets;

namespace Pinion.Trace.Tests;

public sealed class PacketDumpTests
{
    [Fact]
    public void PacketsArePrintedAsPerfPrintsThem()
    {
        byte[] bytes = Convert.FromHexString(
            "B00001400000000080" + "64D2040000" + "0000000000" + "4900" + "521E03" + "995101" + "98F501" + "B234120080FFFF0000" + "9A0100" + "B33412008800000080" + "430E"
            + "0000" + "7128460F0000000000");

        Dump(bytes).ShouldBe(
            """
            .  00000000:  b0 00 01 40 00 00 00 00 80                      PC 0x400100 el0 ns=1
            .  00000009:  64 d2 04 00 00                                  CONTEXT 0x4d2 el1
            .  0000000e:  00 00 00 00 00                                  PAD
            .  00000013:  49 00                                           LD GP-REG
            .  00000015:  52 1e 03                                        EV RETIRED L1D-ACCESS L1D-REFILL TLB-ACCESS LLC-ACCESS LLC-REFILL
            .  00000018:  99 51 01                                        LAT 337 ISSUE
            .  0000001b:  98 f5 01                                        LAT 501 TOT
            .  0000001e:  b2 34 12 00 80 ff ff 00 00                      VA 0xffff80001234
            .  00000027:  9a 01 00                                        LAT 1 XLAT
            .  0000002a:  b3 34 12 00 88 00 00 00 80                      PA 0x88001234 ns=1 ch=0 pat=0
            .  00000033:  43 0e                                           DATA-SOURCE 14
            .  00000035:  00 00                                           PAD
            .  00000037:  71 28 46 0f 00 00 00 00 00                      TS 1001000

            """);
    }

    [Fact]
    public void PaddingFillsLinesOfSixteenBytes() => Dump(new byte[17]).ShouldBe(
        """
        .  00000000:  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 PAD
        .  00000010:  00                                              PAD

        """);

    [Fact]
    public void DamageIsPrintedByteByByteAndEachRunOfItDiagnosed()
    {
        byte[] damaged = [0x01, 0xFF, 0x01, 0x71, 0x00, 0xFE, 0xFF];
        var text = new ArrayBufferWriter<byte>();
        var diagnoses = new Diagnoses();

        new PacketDump(text).Write(damaged, 0x1_0000_0000, 0x500, diagnoses);

        Encoding.UTF8.GetString(text.WrittenSpan).ShouldContain(".  100000001:  ff                                              Bad packet!\n");
        diagnoses.List.ShouldBe([new(0x501, "1 byte is part of no packet"), new(0x503, "1 byte is part of no packet"), new(0x505, "2 bytes are part of no packet")]);
    }

    private static string Dump(byte[] bytes) => PacketDump.Text(bytes);
}
