using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

public sealed class SpePacketReaderTests
{
    [Theory]
    [InlineData("00", SpePacketKind.Padding, 0, 0x0)]
    [InlineData("01", SpePacketKind.End, 0, 0x0)]
    [InlineData("71 01 02 03 04 05 06 07 08", SpePacketKind.Timestamp, 0, 0x0807_0605_0403_0201)]
    [InlineData("42 81", SpePacketKind.Events, 0, 0x81)]
    [InlineData("52 02 10", SpePacketKind.Events, 0, 0x1002)]
    [InlineData("62 01 02 03 84", SpePacketKind.Events, 0, 0x8403_0201)]
    [InlineData("72 00 00 00 00 00 00 01 00", SpePacketKind.Events, 0, 0x0001_0000_0000_0000)]
    [InlineData("43 0e", SpePacketKind.DataSource, 0, 0xE)]
    [InlineData("53 0a 01", SpePacketKind.DataSource, 0, 0x10A)]
    [InlineData("64 d2 04 00 00", SpePacketKind.Context, 0, 0x4D2)]
    [InlineData("65 d2 04 00 80", SpePacketKind.Context, 1, 0x8000_04D2)]
    [InlineData("48 01", SpePacketKind.Operation, 0, 1)]
    [InlineData("49 16", SpePacketKind.Operation, 1, 0x16)]
    [InlineData("4a 02", SpePacketKind.Operation, 2, 2)]
    [InlineData("b0 04 01 08 10 00 80 ff a0", SpePacketKind.Address, 0, 0xA0FF_8000_1008_0104)]
    [InlineData("b7 00 00 00 00 00 00 00 00", SpePacketKind.Address, 7, 0)]
    [InlineData("98 f5 01", SpePacketKind.Counter, 0, 501)]
    [InlineData("9c 02 00", SpePacketKind.Counter, 4, 2)]
    [InlineData("20 9b 05 00", SpePacketKind.Counter, 3, 5)]
    [InlineData("21 b0 01 00 00 00 00 00 00 00", SpePacketKind.Address, 8, 1)]
    [InlineData("23 b7 01 00 00 00 00 00 00 00", SpePacketKind.Address, 31, 1)]
    [InlineData("22 99 ff ff", SpePacketKind.Counter, 17, 0xFFFF)]
    public void APacketIsReadWhole(string vector, SpePacketKind kind, int index, ulong payload)
    {
        byte[] bytes = SpeRecordVectors.Bytes(vector);
        var reader = new SpePacketReader(bytes);

        reader.TryRead(out SpePacket packet).ShouldBeTrue();

        (packet.Kind, (int)packet.Index, packet.Payload, packet.Size, packet.Offset).ShouldBe((kind, index, payload, bytes.Length, 0));
        reader.TryRead(out _).ShouldBeFalse();
        reader.BadBytes.ShouldBe(0);
    }

    [Theory]
    [InlineData("02")]
    [InlineData("1f")]
    [InlineData("20")]
    [InlineData("20 01")]
    [InlineData("ff")]
    [InlineData("71 00")]
    [InlineData("b0 00 00")]
    [InlineData("20 b0 00")]
    public void WhatIsNoPacketIsOneBadByte(string vector)
    {
        var reader = new SpePacketReader(SpeRecordVectors.Bytes(vector));

        reader.TryRead(out SpePacket packet).ShouldBeTrue();

        packet.Kind.ShouldBe(SpePacketKind.Bad);
        packet.Size.ShouldBe(1);
        reader.Offset.ShouldBe(1);
    }

    [Fact]
    public void EveryByteOfAnyInputBelongsToExactlyOnePacket()
    {
        var random = new Random(20_260);
        var bytes = new byte[257];
        for (int round = 0; round < 20_000; round++)
        {
            Span<byte> input = bytes.AsSpan(0, random.Next(bytes.Length));
            random.NextBytes(input);
            var reader = new SpePacketReader(input);
            int next = 0;
            int bad = 0;
            while (reader.TryRead(out SpePacket packet))
            {
                packet.Offset.ShouldBe(next);
                next += packet.Size;
                bad += packet.Kind == SpePacketKind.Bad ? 1 : 0;
            }

            next.ShouldBe(input.Length);
            reader.BadBytes.ShouldBe(bad);
        }
    }
}
