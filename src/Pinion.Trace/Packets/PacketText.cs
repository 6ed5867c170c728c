using System.Globalization;
using System.Text;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Packets;

/// <summary>The meaning of one packet in the words perf 6.1 uses.</summary>
internal static class PacketText
{
    private static readonly (SpeEvents Event, string Name)[] s_events =
    [
        (SpeEvents.Exception, "EXCEPTION-GEN"),
        (SpeEvents.Retired, "RETIRED"),
        (SpeEvents.L1DataAccess, "L1D-ACCESS"),
        (SpeEvents.L1DataRefill, "L1D-REFILL"),
        (SpeEvents.TlbAccess, "TLB-ACCESS"),
        (SpeEvents.TlbWalk, "TLB-REFILL"),
        (SpeEvents.NotTaken, "NOT-TAKEN"),
        (SpeEvents.Mispredicted, "MISPRED"),
        (SpeEvents.LastLevelAccess, "LLC-ACCESS"),
        (SpeEvents.LastLevelMiss, "LLC-REFILL"),
        (SpeEvents.RemoteAccess, "REMOTE-ACCESS"),
        (SpeEvents.Alignment, "ALIGNMENT"),
        (SpeEvents.PartialPredicate, "SVE-PARTIAL-PRED"),
        (SpeEvents.EmptyPredicate, "SVE-EMPTY-PRED"),
    ];

    public static void Append(StringBuilder line, in SpePacket packet)
    {
        ulong payload = packet.Payload;
        switch (packet.Kind)
        {
            case SpePacketKind.End:
                line.Append("END");
                break;
            case SpePacketKind.Timestamp:
                line.Append(CultureInfo.InvariantCulture, $"TS {(long)payload}");
                break;
            case SpePacketKind.Events:
                AppendEvents(line, (SpeEvents)payload);
                break;
            case SpePacketKind.DataSource:
                line.Append(CultureInfo.InvariantCulture, $"DATA-SOURCE {(long)payload}");
                break;
            case SpePacketKind.Context:
                line.Append(CultureInfo.InvariantCulture, $"CONTEXT 0x{payload:x} el{packet.Index + 1}");
                break;
            case SpePacketKind.Operation:
                AppendOperation(line, (SpeOperationClass)packet.Index, (byte)payload);
                break;
            case SpePacketKind.Address:
                AppendAddress(line, packet.Index, payload);
                break;
            case SpePacketKind.Counter:
                AppendCounter(line, packet.Index, payload);
                break;
            case SpePacketKind.Padding:
                line.Append("PAD");
                break;
            default:
                line.Append("Bad packet!");
                break;
        }
    }

    private static void AppendEvents(StringBuilder line, SpeEvents events)
    {
        line.Append("EV");
        foreach ((SpeEvents one, string name) in s_events)
        {
            if ((events & one) != 0)
            {
                line.Append(' ').Append(name);
            }
        }
    }

    private static void AppendOperation(StringBuilder line, SpeOperationClass operationClass, byte payload)
    {
        switch (operationClass)
        {
            case SpeOperationClass.Other when SpeOperation.IsSveOther(payload):
                line.Append(CultureInfo.InvariantCulture, $"SVE-OTHER EVLEN {SpeOperation.SveVectorLength(payload)}");
                line.Append((payload & 0x02) != 0 ? " FP" : "");
                line.Append((payload & 0x04) != 0 ? " PRED" : "");
                break;
            case SpeOperationClass.Other:
                line.Append((payload & SpeOperation.OtherConditional) != 0 ? "OTHER COND-SELECT" : "OTHER INSN-OTHER");
                break;
            case SpeOperationClass.LoadStore:
                line.Append((payload & SpeOperation.Store) != 0 ? "ST" : "LD");
                AppendLoadStore(line, payload);
                break;
            case SpeOperationClass.Branch:
                line.Append('B');
                line.Append((payload & SpeOperation.BranchConditional) != 0 ? " COND" : "");
                line.Append((payload & ~SpeOperation.BranchConditional) == SpeOperation.BranchIndirect ? " IND" : "");
                break;
            default:
                line.Append(CultureInfo.InvariantCulture, $"OP-TYPE 0x{payload:x} ({(int)operationClass})");
                break;
        }
    }

    private static void AppendLoadStore(StringBuilder line, byte payload)
    {
        if (SpeOperation.IsExtended(payload))
        {
            line.Append(SpeOperation.IsAtomic(payload) ? " AT" : "");
            line.Append(SpeOperation.IsExclusive(payload) ? " EXCL" : "");
            line.Append(SpeOperation.IsAcquireRelease(payload) ? " AR" : "");
            return;
        }

        if (SpeOperation.IsSveLoadStore(payload))
        {
            line.Append(CultureInfo.InvariantCulture, $" EVLEN {SpeOperation.SveVectorLength(payload)}");
            line.Append((payload & 0x04) != 0 ? " PRED" : "");
            line.Append((payload & 0x80) != 0 ? " SG" : "");
            return;
        }

        line.Append((payload & ~SpeOperation.Store) switch
        {
            SpeOperation.GeneralLoad => " GP-REG",
            SpeOperation.SimdFpLoad => " SIMD-FP",
            SpeOperation.UnspecifiedLoad => " UNSPEC-REG",
            SpeOperation.NestedRead => " NV-SYSREG",
            _ => "",
        });
    }

    private static void AppendAddress(StringBuilder line, int index, ulong payload)
    {
        ulong address = payload & SpeAddress.AddressMask;
        int nonSecure = SpeAddress.NonSecure(payload) ? 1 : 0;
        switch (index)
        {
            case SpeAddressIndex.Pc or SpeAddressIndex.BranchTarget:
                string name = index == SpeAddressIndex.Pc ? "PC" : "TGT";
                line.Append(CultureInfo.InvariantCulture, $"{name} 0x{address:x} el{SpeAddress.ExceptionLevel(payload)} ns={nonSecure}");
                break;
            case SpeAddressIndex.DataVirtual:
                line.Append(CultureInfo.InvariantCulture, $"VA 0x{payload:x}");
                break;
            case SpeAddressIndex.DataPhysical:
                int tagChecked = SpeAddress.TagChecked(payload) ? 1 : 0;
                line.Append(CultureInfo.InvariantCulture, $"PA 0x{address:x} ns={nonSecure} ch={tagChecked} pat={SpeAddress.PhysicalTag(payload):x}");
                break;
            default:
                line.Append(CultureInfo.InvariantCulture, $"ADDR 0x{payload:x} ({index})");
                break;
        }
    }

    private static void AppendCounter(StringBuilder line, int index, ulong cycles)
    {
        line.Append(CultureInfo.InvariantCulture, $"LAT {cycles} ");
        line.Append(index switch
        {
            SpeCounterIndex.TotalLatency => "TOT",
            SpeCounterIndex.IssueLatency => "ISSUE",
            SpeCounterIndex.TranslationLatency => "XLAT",
            _ => "",
        });
    }
}
