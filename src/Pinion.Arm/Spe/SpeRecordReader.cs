namespace Pinion.Arm.Spe;

/// <summary>
/// Assembles records from packets (Arm ARM D18.1): a record ends with its Timestamp or End packet; packets come in any order; padding may be anywhere.
/// A packet that occurs twice in a record replaces the earlier one. Packets this type has no field for are skipped.
/// </summary>
public ref partial struct SpeRecordReader
{
    private SpePacketReader _packets;

    public SpeRecordReader(ReadOnlySpan<byte> bytes) => _packets = new(bytes);

    /// <summary>Offset behind the last record.</summary>
    public readonly int Offset => _packets.Offset;

    /// <summary>Bytes that belong to no packet so far.</summary>
    public readonly int BadBytes => _packets.BadBytes;

    /// <summary>Offset of the first byte that belongs to no packet, or -1.</summary>
    public readonly int FirstBadOffset => _packets.FirstBadOffset;

    /// <summary>Offset of the first packet of a record the bytes end in, or -1.</summary>
    public int CutOffset { get; private set; } = -1;

    /// <summary>Reads the next complete record; false at the end of the bytes.</summary>
    public bool TryRead(out SpeRecord record)
    {
        if (TryReadFixed(out record))
        {
            return true;
        }

        record = default;
        int start = -1;
        while (_packets.TryRead(out SpePacket packet))
        {
            if (packet.Kind is SpePacketKind.Padding or SpePacketKind.Bad)
            {
                _packets.SkipPadding();
                continue;
            }

            start = start < 0 ? packet.Offset : start;
            if (packet.Kind == SpePacketKind.End)
            {
                return true;
            }

            Add(ref record, packet);
            if (packet.Kind == SpePacketKind.Timestamp)
            {
                return true;
            }
        }

        CutOffset = start;
        return false;
    }

    private static void Add(ref SpeRecord record, in SpePacket packet)
    {
        switch (packet.Kind)
        {
            case SpePacketKind.Timestamp:
                record.SetTimestamp(packet.Payload);
                break;
            case SpePacketKind.Events:
                record.SetEvents((SpeEvents)packet.Payload);
                break;
            case SpePacketKind.DataSource:
                record.SetDataSource((SpeDataSource)packet.Payload);
                break;
            case SpePacketKind.Context when packet.Index == 0:
                record.SetContextEl1((uint)packet.Payload);
                break;
            case SpePacketKind.Context when packet.Index == 1:
                record.SetContextEl2((uint)packet.Payload);
                break;
            case SpePacketKind.Operation:
                record.SetOperation((SpeOperationClass)packet.Index, (byte)packet.Payload);
                break;
            case SpePacketKind.Address:
                AddAddress(ref record, packet.Index, packet.Payload);
                break;
            case SpePacketKind.Counter:
                AddCounter(ref record, packet.Index, (ushort)packet.Payload);
                break;
        }
    }

    private static void AddAddress(ref SpeRecord record, int index, ulong payload)
    {
        switch (index)
        {
            case SpeAddressIndex.Pc:
                record.PcPayload = payload;
                record.Fields |= SpeFields.Pc;
                break;
            case SpeAddressIndex.BranchTarget:
                record.BranchTargetPayload = payload;
                record.Fields |= SpeFields.BranchTarget;
                break;
            case SpeAddressIndex.DataVirtual:
                record.SetDataVirtual(payload);
                break;
            case SpeAddressIndex.DataPhysical:
                record.DataPhysicalPayload = payload;
                record.Fields |= SpeFields.DataPhysical;
                break;
            case SpeAddressIndex.PreviousBranchTarget:
                record.PreviousBranchTargetPayload = payload;
                record.Fields |= SpeFields.PreviousBranchTarget;
                break;
        }
    }

    private static void AddCounter(ref SpeRecord record, int index, ushort cycles)
    {
        switch (index)
        {
            case SpeCounterIndex.TotalLatency:
                record.TotalLatency = cycles;
                record.Fields |= SpeFields.TotalLatency;
                break;
            case SpeCounterIndex.IssueLatency:
                record.IssueLatency = cycles;
                record.Fields |= SpeFields.IssueLatency;
                break;
            case SpeCounterIndex.TranslationLatency:
                record.SetTranslationLatency(cycles);
                break;
            case SpeCounterIndex.AlternateClockIssueLatency:
                record.AlternateClockIssueLatency = cycles;
                record.Fields |= SpeFields.AlternateClockIssueLatency;
                break;
        }
    }
}
