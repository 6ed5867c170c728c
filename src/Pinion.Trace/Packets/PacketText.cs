using System.Text;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Packets;

/// <summary>The meaning of one packet in the words perf 6.1 uses.</summary>
internal static class PacketText
{
    private static readonly (SpeEvents Event, byte[] Name)[] s_events =
    [
        (SpeEvents.Exception, " EXCEPTION-GEN"u8.ToArray()),
        (SpeEvents.Retired, " RETIRED"u8.ToArray()),
        (SpeEvents.L1DataAccess, " L1D-ACCESS"u8.ToArray()),
        (SpeEvents.L1DataRefill, " L1D-REFILL"u8.ToArray()),
        (SpeEvents.TlbAccess, " TLB-ACCESS"u8.ToArray()),
        (SpeEvents.TlbWalk, " TLB-REFILL"u8.ToArray()),
        (SpeEvents.NotTaken, " NOT-TAKEN"u8.ToArray()),
        (SpeEvents.Mispredicted, " MISPRED"u8.ToArray()),
        (SpeEvents.LastLevelAccess, " LLC-ACCESS"u8.ToArray()),
        (SpeEvents.LastLevelMiss, " LLC-REFILL"u8.ToArray()),
        (SpeEvents.RemoteAccess, " REMOTE-ACCESS"u8.ToArray()),
        (SpeEvents.Alignment, " ALIGNMENT"u8.ToArray()),
        (SpeEvents.PartialPredicate, " SVE-PARTIAL-PRED"u8.ToArray()),
        (SpeEvents.EmptyPredicate, " SVE-EMPTY-PRED"u8.ToArray()),
    ];

    /// <summary>The meaning of <paramref name="packet"/>, as a text of its own.</summary>
    public static string Of(in SpePacket packet)
    {
        Span<byte> bytes = stackalloc byte[PacketDump.LongestLine];
        var line = new Utf8Line(bytes);
        Append(ref line, packet);
        return Encoding.ASCII.GetString(bytes[..line.Length]);
    }

    public static void Append(ref Utf8Line line, in SpePacket packet)
    {
        ulong payload = packet.Payload;
        switch (packet.Kind)
        {
            case SpePacketKind.End:
                line.Append("END"u8);
                break;
            case SpePacketKind.Timestamp:
                line.Append("TS "u8);
                line.Decimal((long)payload);
                break;
            case SpePacketKind.Events:
                AppendEvents(ref line, (SpeEvents)payload);
                break;
            case SpePacketKind.DataSource:
                line.Append("DATA-SOURCE "u8);
                line.Decimal((long)payload);
                break;
            case SpePacketKind.Context:
                line.Append("CONTEXT 0x"u8);
                line.Hex(payload);
                line.Append(" el"u8);
                line.Decimal(packet.Index + 1);
                break;
            case SpePacketKind.Operation:
                AppendOperation(ref line, (SpeOperationClass)packet.Index, (byte)payload);
                break;
            case SpePacketKind.Address:
                AppendAddress(ref line, packet.Index, payload);
                break;
            case SpePacketKind.Counter:
                AppendCounter(ref line, packet.Index, payload);
                break;
            case SpePacketKind.Padding:
                line.Append("PAD"u8);
                break;
            default:
                line.Append("Bad packet!"u8);
                break;
        }
    }

    private static void AppendEvents(ref Utf8Line line, SpeEvents events)
    {
        line.Append("EV"u8);
        foreach ((SpeEvents one, byte[] name) in s_events)
        {
            if ((events & one) != 0)
            {
                line.Append(name);
            }
        }
    }

    private static void AppendOperation(ref Utf8Line line, SpeOperationClass operationClass, byte payload)
    {
        switch (operationClass)
        {
            case SpeOperationClass.Other when SpeOperation.IsSveOther(payload):
                line.Append("SVE-OTHER EVLEN "u8);
                line.Decimal(SpeOperation.SveVectorLength(payload));
                line.Append((payload & 0x02) != 0 ? " FP"u8 : ""u8);
                line.Append((payload & 0x04) != 0 ? " PRED"u8 : ""u8);
                break;
            case SpeOperationClass.Other:
                line.Append((payload & SpeOperation.OtherConditional) != 0 ? "OTHER COND-SELECT"u8 : "OTHER INSN-OTHER"u8);
                break;
            case SpeOperationClass.LoadStore:
                line.Append((payload & SpeOperation.Store) != 0 ? "ST"u8 : "LD"u8);
                AppendLoadStore(ref line, payload);
                break;
            case SpeOperationClass.Branch:
                line.Append((byte)'B');
                line.Append((payload & SpeOperation.BranchConditional) != 0 ? " COND"u8 : ""u8);
                line.Append((payload & ~SpeOperation.BranchConditional) == SpeOperation.BranchIndirect ? " IND"u8 : ""u8);
                break;
            default:
                line.Append("OP-TYPE 0x"u8);
                line.Hex(payload);
                line.Append(" ("u8);
                line.Decimal((int)operationClass);
                line.Append((byte)')');
                break;
        }
    }

    private static void AppendLoadStore(ref Utf8Line line, byte payload)
    {
        if (SpeOperation.IsExtended(payload))
        {
            line.Append(SpeOperation.IsAtomic(payload) ? " AT"u8 : ""u8);
            line.Append(SpeOperation.IsExclusive(payload) ? " EXCL"u8 : ""u8);
            line.Append(SpeOperation.IsAcquireRelease(payload) ? " AR"u8 : ""u8);
            return;
        }

        if (SpeOperation.IsSveLoadStore(payload))
        {
            line.Append(" EVLEN "u8);
            line.Decimal(SpeOperation.SveVectorLength(payload));
            line.Append((payload & 0x04) != 0 ? " PRED"u8 : ""u8);
            line.Append((payload & 0x80) != 0 ? " SG"u8 : ""u8);
            return;
        }

        line.Append((payload & ~SpeOperation.Store) switch
        {
            SpeOperation.GeneralLoad => " GP-REG"u8,
            SpeOperation.SimdFpLoad => " SIMD-FP"u8,
            SpeOperation.UnspecifiedLoad => " UNSPEC-REG"u8,
            SpeOperation.NestedRead => " NV-SYSREG"u8,
            _ => ""u8,
        });
    }

    private static void AppendAddress(ref Utf8Line line, int index, ulong payload)
    {
        ulong address = payload & SpeAddress.AddressMask;
        int nonSecure = SpeAddress.NonSecure(payload) ? 1 : 0;
        switch (index)
        {
            case SpeAddressIndex.Pc or SpeAddressIndex.BranchTarget:
                line.Append(index == SpeAddressIndex.Pc ? "PC 0x"u8 : "TGT 0x"u8);
                line.Hex(address);
                line.Append(" el"u8);
                line.Decimal(SpeAddress.ExceptionLevel(payload));
                line.Append(" ns="u8);
                line.Decimal(nonSecure);
                break;
            case SpeAddressIndex.DataVirtual:
                line.Append("VA 0x"u8);
                line.Hex(payload);
                break;
            case SpeAddressIndex.DataPhysical:
                int tagChecked = SpeAddress.TagChecked(payload) ? 1 : 0;
                line.Append("PA 0x"u8);
                line.Hex(address);
                line.Append(" ns="u8);
                line.Decimal(nonSecure);
                line.Append(" ch="u8);
                line.Decimal(tagChecked);
                line.Append(" pat="u8);
                line.Hex((ulong)SpeAddress.PhysicalTag(payload));
                break;
            default:
                line.Append("ADDR 0x"u8);
                line.Hex(payload);
                line.Append(" ("u8);
                line.Decimal(index);
                line.Append((byte)')');
                break;
        }
    }

    private static void AppendCounter(ref Utf8Line line, int index, ulong cycles)
    {
        line.Append("LAT "u8);
        line.Decimal((long)cycles);
        line.Append((byte)' ');
        line.Append(index switch
        {
            SpeCounterIndex.TotalLatency => "TOT"u8,
            SpeCounterIndex.IssueLatency => "ISSUE"u8,
            SpeCounterIndex.TranslationLatency => "XLAT"u8,
            _ => ""u8,
        });
    }
}
