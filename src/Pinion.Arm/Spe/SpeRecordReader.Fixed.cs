using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pinion.Arm.Spe;

/// <content>Records in the fixed layout of 64 bytes, which most units write: recognised as a whole and read by offset.</content>
public ref partial struct SpeRecordReader
{
    private const ulong ContextSlot = 0xFF_FFFF_FFFF;

    /// <summary>
    /// Reads a record whose packets all lie in the slots of <see cref="SpeRecordWriter.WriteFixed64"/>. False, with nothing consumed, for anything else: then packets are read one by one. What
    /// both ways answer is the same, for an absent slot must be all zero, that is, padding.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadFixed(out SpeRecord record)
    {
        Unsafe.SkipInit(out record);
        ReadOnlySpan<byte> rest = _packets.Rest;
        if (rest.Length < SpeRecordWriter.FixedSize)
        {
            return false;
        }

        // Sound: all offsets below lie within the 64 bytes that were just checked.
        ref byte b = ref MemoryMarshal.GetReference(rest);
        byte end = At(ref b, SpeRecordWriter.EndSlot);
        byte operation = At(ref b, SpeRecordWriter.OperationSlot);
        if (b != SpePacketHeader.Address
            || (end != SpePacketHeader.Timestamp && (end != SpePacketHeader.End || U64(ref b, SpeRecordWriter.EndSlot + 1) != 0))
            || (uint)(operation - SpePacketHeader.Operation) > (uint)SpeOperationClass.Branch
            || At(ref b, SpeRecordWriter.EventsSlot) != SpePacketHeader.Events16
            || At(ref b, SpeRecordWriter.IssueLatencySlot) != (SpePacketHeader.Counter | SpeCounterIndex.IssueLatency)
            || At(ref b, SpeRecordWriter.TotalLatencySlot) != (SpePacketHeader.Counter | SpeCounterIndex.TotalLatency)
            || (U32(ref b, SpeRecordWriter.DataSourceSlot) & 0xFFFF_0000) != 0)
        {
            return false;
        }

        const SpeFields Always = SpeFields.Pc | SpeFields.Operation | SpeFields.Events | SpeFields.TotalLatency | SpeFields.IssueLatency;
        SpeFields fields = Always;
        record = default;
        if (end == SpePacketHeader.Timestamp)
        {
            record.Timestamp = U64(ref b, SpeRecordWriter.EndSlot + 1);
            fields |= SpeFields.Timestamp;
        }

        ulong context = U64(ref b, SpeRecordWriter.ContextEl1Slot) & ContextSlot;
        if ((byte)context == SpePacketHeader.Context)
        {
            record.ContextEl1 = (uint)(context >> 8);
            fields |= SpeFields.ContextEl1;
        }
        else if (context != 0)
        {
            return false;
        }

        context = U64(ref b, SpeRecordWriter.ContextEl2Slot) & ContextSlot;
        if ((byte)context == (SpePacketHeader.Context | 1))
        {
            record.ContextEl2 = (uint)(context >> 8);
            fields |= SpeFields.ContextEl2;
        }
        else if (context != 0)
        {
            return false;
        }

        byte header = At(ref b, SpeRecordWriter.DataVirtualOrTargetSlot);
        ulong payload = U64(ref b, SpeRecordWriter.DataVirtualOrTargetSlot + 1);
        switch (header)
        {
            case SpePacketHeader.Address | SpeAddressIndex.DataVirtual:
                record.DataVirtual = payload;
                fields |= SpeFields.DataVirtual;
                break;
            case SpePacketHeader.Address | SpeAddressIndex.BranchTarget:
                record.BranchTargetPayload = payload;
                fields |= SpeFields.BranchTarget;
                break;
            default:
                if (header != 0 || payload != 0)
                {
                    return false;
                }

                break;
        }

        uint translation = U32(ref b, SpeRecordWriter.TranslationLatencySlot) & 0xFF_FFFF;
        if ((byte)translation == (SpePacketHeader.Counter | SpeCounterIndex.TranslationLatency))
        {
            record.TranslationLatency = (ushort)(translation >> 8);
            fields |= SpeFields.TranslationLatency;
        }
        else if (translation != 0)
        {
            return false;
        }

        header = At(ref b, SpeRecordWriter.DataPhysicalSlot);
        payload = U64(ref b, SpeRecordWriter.DataPhysicalSlot + 1);
        if (header == (SpePacketHeader.Address | SpeAddressIndex.DataPhysical))
        {
            record.DataPhysicalPayload = payload;
            fields |= SpeFields.DataPhysical;
        }
        else if (header != 0 || payload != 0)
        {
            return false;
        }

        ushort source = U16(ref b, SpeRecordWriter.DataSourceSlot);
        if ((byte)source == SpePacketHeader.DataSource8)
        {
            record.DataSource = (ushort)(source >> 8);
            fields |= SpeFields.DataSource;
        }
        else if (source != 0)
        {
            return false;
        }

        record.PcPayload = U64(ref b, SpeRecordWriter.PcSlot + 1);
        record.OperationClass = (SpeOperationClass)(operation & 3);
        record.Operation = At(ref b, SpeRecordWriter.OperationSlot + 1);
        record.Events = (SpeEvents)U16(ref b, SpeRecordWriter.EventsSlot + 1);
        record.IssueLatency = U16(ref b, SpeRecordWriter.IssueLatencySlot + 1);
        record.TotalLatency = U16(ref b, SpeRecordWriter.TotalLatencySlot + 1);
        record.Fields = fields;
        _last = _packets.Offset;
        _packets.Skip(SpeRecordWriter.FixedSize);
        return true;
    }

    private static byte At(ref byte b, int offset) => Unsafe.Add(ref b, offset);

    private static ushort U16(ref byte b, int offset) => LittleEndian(Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref b, offset)));

    private static uint U32(ref byte b, int offset) => LittleEndian(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref b, offset)));

    private static ulong U64(ref byte b, int offset) => LittleEndian(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref b, offset)));

    private static ushort LittleEndian(ushort value) => BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);

    private static uint LittleEndian(uint value) => BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);

    private static ulong LittleEndian(ulong value) => BitConverter.IsLittleEndian ? value : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(value);
}
