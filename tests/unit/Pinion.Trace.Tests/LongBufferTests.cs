using System.Runtime.InteropServices;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Tests;

/// <summary>A long stretch of a stream becomes several, so that it needs little memory and several threads share it; nobody who reads records or packets notices.</summary>
public sealed class LongBufferTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    public void RecordsAreNotCut(int alignment)
    {
        byte[] stream = Stream(alignment, out int records);
        SpeTrace trace = TraceFile.Parse(stream);

        trace.Buffers.Count.ShouldBe(3);
        RecordScan.Run(trace, () => new Counter()).Sum(counter => counter.Records).ShouldBe(records);
        trace.Diagnoses.List.ShouldBeEmpty();
    }

    [Fact]
    public void EachPartSaysWhereItBelongs()
    {
        byte[] stream = Stream(1, out _);
        SpeTrace trace = TraceFile.Parse(stream);

        ulong next = 0;
        foreach (SpeBuffer buffer in trace.Buffers)
        {
            (buffer.StreamOffset, buffer.Preceding, (ulong)buffer.FileOffset).ShouldBe((next, next, next));
            buffer.Whole.ShouldBe((ulong)stream.Length);
            buffer.Bytes.Length.ShouldBeLessThanOrEqualTo(SpeTrace.LongestBuffer);
            next += (ulong)buffer.Bytes.Length;
        }

        next.ShouldBe((ulong)stream.Length);
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    [InlineData(0xB2)]
    [InlineData(0x42)]
    public void PacketsOfAStretchWithoutRecordsAreNotCut(byte filling)
    {
        var stream = new byte[SpeTrace.LongestBuffer + 100];
        stream.AsSpan().Fill(filling);

        SpeTrace trace = TraceFile.Parse(stream);

        trace.Buffers.Count.ShouldBe(2);
        Packets(trace.Buffers.Select(buffer => buffer.Bytes)).ShouldBe(Packets([stream]));
    }

    [Fact]
    public void PaddingDoesNotHideTheRecordBehindIt()
    {
        byte[] record = TraceTestData.Fixed(TraceTestData.Sample(0x1000));
        SpeTrace trace = TraceFile.Parse((byte[])[.. record, .. new byte[3 * SpeTrace.LongestBuffer], .. record]);

        RecordScan.Run(trace, () => new Counter()).Sum(counter => counter.Records).ShouldBe(2);
        trace.Diagnoses.List.ShouldBeEmpty();
    }

    /// <summary>Records of many sizes, two and a half times as many bytes as stay together.</summary>
    private static byte[] Stream(int alignment, out int records)
    {
        var stream = new byte[SpeTrace.LongestBuffer * 5 / 2];
        var random = new Random(1);
        int end = 0;
        for (records = 0; end < stream.Length - 256; records++)
        {
            SpeRecord record = TraceTestData.Sample(0x1000 + ((ulong)records * 4), context: random.Next(2) == 0 ? 7 : null);
            end += SpeRecordWriter.WritePacked(record, alignment, stream.AsSpan(end));
        }

        return stream[..end];
    }

    /// <summary>Packets of each kind and size.</summary>
    private static Dictionary<(SpePacketKind Kind, int Size), int> Packets(IEnumerable<ReadOnlyMemory<byte>> parts)
    {
        var packets = new Dictionary<(SpePacketKind, int), int>();
        foreach (ReadOnlyMemory<byte> part in parts)
        {
            var reader = new SpePacketReader(part.Span);
            while (reader.TryRead(out SpePacket packet))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(packets, (packet.Kind, packet.Size), out _)++;
            }
        }

        return packets;
    }

    private sealed class Counter : IRecordVisitor
    {
        public int Records { get; private set; }

        public void Visit(in SpeBuffer buffer, in SpeRecord record) => Records++;
    }
}
