using System.Buffers.Binary;

namespace Pinion.Guest.Tests.Support;

/// <summary>
/// Flat binaries that do one thing, with exception vectors that print ESR_EL1 and FAR_EL1 (16 hexadecimal digits each) on the serial port and power off by PSCI. They start at EL1 with
/// the MMU off.
/// </summary>
internal static class FlatGuest
{
    private const int VectorsAt = 0x800;
    private const int BodyAt = 0x1000;
    private const int ExceptionAt = 0x78;

    private static readonly uint[] s_harness =
    [
        0x10004000, // start:     adr  x0, vectors
        0xd518c000, //            msr  vbar_el1, x0
        0xd5033fdf, //            isb
        0x1007ffa1, //            adr  x1, start + 0x10000
        0x9100003f, //            mov  sp, x1
        0x140003fb, //            b    body
        0x52a12009, // report:    mov  w9, #0x09000000      PL011
        0xaa1403ea, //            mov  x10, x20
        0x94000009, //            bl   hex
        0xaa1503ea, //            mov  x10, x21
        0x94000007, //            bl   hex
        0x5280014a, //            mov  w10, #'\n'
        0xb900012a, //            str  w10, [x9]
        0x52800100, //            mov  w0, #0x8
        0x72b08000, //            movk w0, #0x8400, lsl #16  SYSTEM_OFF
        0xd4000002, //            hvc  #0
        0x14000000, //            b    .
        0x5280020b, // hex:       mov  w11, #16
        0x93caf14a, // digit:     ror  x10, x10, #60
        0x12000d4c, //            and  w12, w10, #15
        0x1100c18d, //            add  w13, w12, #'0'
        0x11015d8e, //            add  w14, w12, #'a' - 10
        0x7100299f, //            cmp  w12, #10
        0x1a8e31ad, //            csel w13, w13, w14, lo
        0xb900012d, //            str  w13, [x9]
        0x5100056b, //            sub  w11, w11, #1
        0x35ffff0b, //            cbnz w11, digit
        0x5280040d, //            mov  w13, #' '
        0xb900012d, //            str  w13, [x9]
        0xd65f03c0, //            ret
        0xd5385214, // exception: mrs  x20, esr_el1
        0xd5386015, //            mrs  x21, far_el1
        0x17ffffe6, //            b    report
    ];

    /// <summary>A binary whose vectors report, and which then executes <paramref name="body"/>.</summary>
    public static byte[] Reporting(params ReadOnlySpan<uint> body)
    {
        byte[] image = new byte[BodyAt + (4 * body.Length) + 4];
        Put(image, 0, s_harness);
        for (int vector = 0; vector < 16; vector++)
        {
            int at = VectorsAt + (vector * 0x80);
            Put(image, at, [0x14000000 | (((uint)(ExceptionAt - at) >> 2) & 0x3FFFFFF)]);
        }

        Put(image, BodyAt, body);
        return image;
    }

    /// <summary>A binary that is nothing but <paramref name="code"/>; its vectors are at address 0, where nothing is.</summary>
    public static byte[] Bare(params ReadOnlySpan<uint> code)
    {
        byte[] image = new byte[4 * code.Length];
        Put(image, 0, code);
        return image;
    }

    private static void Put(byte[] image, int at, ReadOnlySpan<uint> words)
    {
        foreach (uint word in words)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), word);
            at += 4;
        }
    }
}
