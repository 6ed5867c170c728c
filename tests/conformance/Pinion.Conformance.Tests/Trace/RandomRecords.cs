using System.Buffers.Binary;
using Pinion.Arm.Spe;

namespace Pinion.Conformance.Tests.Trace;

/// <summary>Streams of packets and records made from a seed.</summary>
internal sealed class RandomRecords(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Packets of every kind with random payloads, in any order; <paramref name="damage"/> is the share of random bytes among them.</summary>
    public byte[] Packets(int count, double damage)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            if (_random.NextDouble() < damage)
            {
                Random(bytes, 1 + _random.Next(4));
                continue;
            }

            Packet(bytes);
        }

        // perf takes 2x 00 for a packet that no version of the architecture has.
        for (int i = 0; i + 1 < bytes.Count; i++)
        {
            bytes[i] = (bytes[i] & 0xFC) == SpePacketHeader.Extended && bytes[i + 1] == 0 ? (byte)0x30 : bytes[i];
        }

        return [.. bytes];
    }

    /// <summary>A record as the fixed layout holds it: one of load, store, atomic, branch and others, at EL0 or EL1, with a timestamp.</summary>
    public SpeRecord Record(ulong timestamp, uint context)
    {
        SpeRecord record = default;
        bool kernel = _random.Next(2) == 0;
        record.SetPc(kernel ? 0xFFFF_8000_8000_0000 + ((ulong)_random.Next(0x100_0000) * 4) : 0x40_0000 + ((ulong)_random.Next(0x1000) * 4), kernel ? 1 : 0);
        record.SetContextEl1(context);
        record.SetEvents((SpeEvents)_random.Next(0x1000) | SpeEvents.Retired);
        record.SetLatency((ushort)_random.Next(0x10000), (ushort)_random.Next(0x10000));
        record.SetTimestamp(timestamp);
        switch (_random.Next(4))
        {
            case 0:
                record.SetOperation(SpeOperationClass.Branch, (byte)_random.Next(3));
                record.SetBranchTarget(0x40_0000 + ((ulong)_random.Next(0x1000) * 4), 0);
                break;
            case 1:
                record.SetOperation(SpeOperationClass.Other, (byte)_random.Next(2));
                break;
            default:
                bool store = _random.Next(2) == 0;
                record.SetOperation(SpeOperationClass.LoadStore, store ? SpeOperation.GeneralStore : SpeOperation.GeneralLoad);
                record.SetDataVirtual(0xFFFF_0000_0000_0000 | (ulong)_random.NextInt64(1L << 40));
                record.SetDataPhysical((ulong)_random.NextInt64(1L << 36));
                record.SetTranslationLatency((ushort)_random.Next(100));
                if (!store)
                {
                    record.SetDataSource((SpeDataSource)_random.Next(16));
                }

                break;
        }

        return record;
    }

    private void Packet(List<byte> bytes)
    {
        switch (_random.Next(12))
        {
            case 0:
                bytes.AddRange(new byte[1 + _random.Next(40)]);
                break;
            case 1:
                bytes.Add(SpePacketHeader.End);
                break;
            case 2:
                bytes.Add(SpePacketHeader.Timestamp);
                Random(bytes, 8);
                break;
            case 3:
                Sized(bytes, SpePacketHeader.Events8);
                break;
            case 4:
                Sized(bytes, SpePacketHeader.DataSource8);
                break;
            case 5:
                bytes.Add((byte)(SpePacketHeader.Context | _random.Next(4)));
                Random(bytes, 4);
                break;
            case 6 or 7:
                bytes.Add((byte)(SpePacketHeader.Operation | _random.Next(4)));
                Random(bytes, 1);
                break;
            case 8 or 9:
                Indexed(bytes, SpePacketHeader.Address, 8);
                break;
            default:
                Indexed(bytes, SpePacketHeader.Counter, 2);
                break;
        }
    }

    private void Sized(List<byte> bytes, byte header)
    {
        int log = _random.Next(4);
        bytes.Add((byte)(header | (log << 4)));

        // Few bits set, so that single events show.
        var payload = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, (1ul << _random.Next(64)) | (uint)_random.Next(0x10000));
        bytes.AddRange(payload[..(1 << log)]);
    }

    private void Indexed(List<byte> bytes, byte header, int size)
    {
        if (_random.Next(4) == 0)
        {
            bytes.Add((byte)(SpePacketHeader.Extended | _random.Next(4)));
        }

        bytes.Add((byte)(header | _random.Next(8)));
        Random(bytes, size);
    }

    private void Random(List<byte> bytes, int count)
    {
        var random = new byte[count];
        _random.NextBytes(random);
        bytes.AddRange(random);
    }
}
