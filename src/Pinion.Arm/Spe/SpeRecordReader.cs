namespace Pinion.Arm.Spe;

/// <summary>
/// Assembles records from packets (Arm ARM D18.1): a record ends with its Timestamp or End packet; packets come in any order; padding may be anywhere. Packets this type has no field for are skipped.
/// <para>
/// Damage never mixes two records. A record that has bytes of no packet, or a packet twice (then the end of the one before is lost), is left out. Behind it, reading goes on with a record that lies where
/// records lie, at the alignment of those before and with the same packet first; or, where they have none, with one that follows a whole record.
/// </para>
/// </summary>
public ref partial struct SpeRecordReader
{
    /// <summary>Records of an alignment below this may begin anywhere: that one lies at it tells nothing.</summary>
    private const int LeastAlignment = 16;

    /// <summary>Records of the fixed layout, and of most packed ones, begin at a multiple of this.</summary>
    private const int MostAlignment = 64;

    private SpePacketReader _packets;

    /// <summary>Where the last whole record begins.</summary>
    private int _last;

    private SpeDamage _damage;

    public SpeRecordReader(ReadOnlySpan<byte> bytes) => _packets = new(bytes);

    /// <summary>Offset behind the last record.</summary>
    public readonly int Offset => _packets.Offset;

    /// <summary>Bytes that belong to no packet so far.</summary>
    public readonly int BadBytes => _packets.BadBytes;

    /// <summary>What was left out between the record before and the one that was read last; at the end of the bytes, what was left out behind the last record.</summary>
    public readonly SpeDamage Damage => _damage;

    /// <summary>Reads the next whole record; false at the end of the bytes.</summary>
    public bool TryRead(out SpeRecord record)
    {
        if (!TryReadFixed(out record))
        {
            return TryReadPackets(out record);
        }

        _damage = default;
        return true;
    }

    /// <summary>Reads as <see cref="TryRead"/>, packet by packet whatever the layout. What both answer is the same.</summary>
    internal bool TryReadPackets(out SpeRecord record)
    {
        _damage = default;
        int start = -1;
        int damagedFrom = -1;
        int badBefore = BadBytes;
        bool spoiled = false;
        bool followsWhole = false;
        record = default;
        while (_packets.TryRead(out SpePacket packet))
        {
            switch (packet.Kind)
            {
                case SpePacketKind.Padding:
                    _packets.SkipPadding();
                    continue;
                case SpePacketKind.Bad when start < 0:
                    damagedFrom = damagedFrom < 0 ? packet.Offset : damagedFrom;
                    followsWhole = false;
                    continue;
                case SpePacketKind.Bad:
                    spoiled = true;
                    continue;
            }

            SpeFields before = record.Fields;
            bool twice = Add(ref record, packet) && record.Fields == before;
            if (start < 0)
            {
                start = packet.Offset;
            }
            else if ((twice || spoiled) && IsPlaceOfRecords(packet.Offset) && _packets.At(packet.Offset) == _packets.At(_last))
            {
                // The end of the record before is lost, and here the next one begins.
                damagedFrom = damagedFrom < 0 ? start : damagedFrom;
                start = packet.Offset;
                spoiled = false;
                followsWhole = false;
                record = default;
                Add(ref record, packet);
            }
            else
            {
                spoiled |= twice;
            }

            if (packet.Kind is not (SpePacketKind.End or SpePacketKind.Timestamp))
            {
                continue;
            }

            // Every record has Events; behind damage, what has none is none.
            bool whole = !spoiled && (damagedFrom < 0 || record.Has(SpeFields.Events));
            if (whole && (damagedFrom < 0 || followsWhole || IsPlaceOfRecords(start)))
            {
                _damage = damagedFrom < 0 ? default : new(damagedFrom, start - damagedFrom, BadBytes - badBefore);
                _last = start;
                return true;
            }

            damagedFrom = damagedFrom < 0 ? start : damagedFrom;
            followsWhole = whole;
            start = -1;
            spoiled = false;
            record = default;
        }

        damagedFrom = damagedFrom < 0 ? start : damagedFrom;
        _damage = damagedFrom < 0 ? default : new(damagedFrom, Offset - damagedFrom, BadBytes - badBefore);
        return false;
    }

    private readonly bool IsPlaceOfRecords(int offset)
    {
        int alignment = _last == 0 ? MostAlignment : Math.Min(MostAlignment, _last & -_last);
        return alignment >= LeastAlignment && offset % alignment == 0;
    }

    /// <summary>Puts a packet into its field; false where there is no field for it.</summary>
    private static bool Add(ref SpeRecord record, in SpePacket packet)
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
                return AddAddress(ref record, packet.Index, packet.Payload);
            case SpePacketKind.Counter:
                return AddCounter(ref record, packet.Index, (ushort)packet.Payload);
            default:
                return false;
        }

        return true;
    }

    private static bool AddAddress(ref SpeRecord record, int index, ulong payload)
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
            default:
                return false;
        }

        return true;
    }

    private static bool AddCounter(ref SpeRecord record, int index, ushort cycles)
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
            default:
                return false;
        }

        return true;
    }
}
