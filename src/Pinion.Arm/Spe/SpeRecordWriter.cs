using System.Buffers.Binary;
using System.Diagnostics;

namespace Pinion.Arm.Spe;

/// <summary>Writes records as a profiling unit does.</summary>
public static class SpeRecordWriter
{
    /// <summary>Bytes of a record in <see cref="SpeRecordLayout.FixedSlots"/>.</summary>
    public const int FixedSize = 64;

    /// <summary>Bytes of the largest packed record, before padding.</summary>
    public const int PackedMaximum = (5 * AddressSize) + (2 * ContextSize) + (4 * CounterSize) + 3 + 2 + 5 + 9;

    private const int AddressSize = 9;
    private const int ContextSize = 5;
    private const int CounterSize = 3;

    internal const int PcSlot = 0x00;
    internal const int ContextEl1Slot = 0x09;
    internal const int ContextEl2Slot = 0x0E;
    internal const int OperationSlot = 0x13;
    internal const int EventsSlot = 0x15;
    internal const int IssueLatencySlot = 0x18;
    internal const int TotalLatencySlot = 0x1B;
    internal const int DataVirtualOrTargetSlot = 0x1E;
    internal const int TranslationLatencySlot = 0x27;
    internal const int DataPhysicalSlot = 0x2A;
    internal const int DataSourceSlot = 0x33;
    internal const int EndSlot = 0x37;

    /// <summary>
    /// Writes <paramref name="record"/> in the fixed layout of Neoverse N1 into the first 64 bytes of <paramref name="destination"/>: every packet at its own
    /// offset, zero where it is absent, 16 bits of events, 8 bits of data source, an End packet where there is no timestamp. Branch target and data
    /// address share a slot; no operation has both. Previous branch target and alternate-clock latency have no slot.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="destination">At least 64 bytes.</param>
    public static void WriteFixed64(in SpeRecord record, Span<byte> destination)
    {
        Span<byte> bytes = destination[..FixedSize];
        bytes.Clear();
        SpeFields fields = record.Fields;
        Debug.Assert((fields & (SpeFields.BranchTarget | SpeFields.DataVirtual)) != (SpeFields.BranchTarget | SpeFields.DataVirtual), "one slot for both");

        if ((fields & SpeFields.Pc) != 0)
        {
            WriteAddress(bytes[PcSlot..], SpeAddressIndex.Pc, record.PcPayload);
        }

        if ((fields & SpeFields.ContextEl1) != 0)
        {
            WriteContext(bytes[ContextEl1Slot..], 0, record.ContextEl1);
        }

        if ((fields & SpeFields.ContextEl2) != 0)
        {
            WriteContext(bytes[ContextEl2Slot..], 1, record.ContextEl2);
        }

        if ((fields & SpeFields.Operation) != 0)
        {
            bytes[OperationSlot] = (byte)(SpePacketHeader.Operation | (byte)record.OperationClass);
            bytes[OperationSlot + 1] = record.Operation;
        }

        if ((fields & SpeFields.Events) != 0)
        {
            bytes[EventsSlot] = SpePacketHeader.Events16;
            BinaryPrimitives.WriteUInt16LittleEndian(bytes[(EventsSlot + 1)..], (ushort)record.Events);
        }

        if ((fields & SpeFields.IssueLatency) != 0)
        {
            WriteCounter(bytes[IssueLatencySlot..], SpeCounterIndex.IssueLatency, record.IssueLatency);
        }

        if ((fields & SpeFields.TotalLatency) != 0)
        {
            WriteCounter(bytes[TotalLatencySlot..], SpeCounterIndex.TotalLatency, record.TotalLatency);
        }

        if ((fields & SpeFields.BranchTarget) != 0)
        {
            WriteAddress(bytes[DataVirtualOrTargetSlot..], SpeAddressIndex.BranchTarget, record.BranchTargetPayload);
        }
        else if ((fields & SpeFields.DataVirtual) != 0)
        {
            WriteAddress(bytes[DataVirtualOrTargetSlot..], SpeAddressIndex.DataVirtual, record.DataVirtual);
        }

        if ((fields & SpeFields.TranslationLatency) != 0)
        {
            WriteCounter(bytes[TranslationLatencySlot..], SpeCounterIndex.TranslationLatency, record.TranslationLatency);
        }

        if ((fields & SpeFields.DataPhysical) != 0)
        {
            WriteAddress(bytes[DataPhysicalSlot..], SpeAddressIndex.DataPhysical, record.DataPhysicalPayload);
        }

        if ((fields & SpeFields.DataSource) != 0)
        {
            bytes[DataSourceSlot] = SpePacketHeader.DataSource8;
            bytes[DataSourceSlot + 1] = (byte)record.DataSource;
        }

        if ((fields & SpeFields.Timestamp) != 0)
        {
            bytes[EndSlot] = SpePacketHeader.Timestamp;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(EndSlot + 1)..], record.Timestamp);
        }
        else
        {
            bytes[EndSlot] = SpePacketHeader.End;
        }
    }

    /// <summary>
    /// Writes <paramref name="record"/> with its packets one behind the other, in the order of the Arm ARM's pseudocode (J1.1): contexts, counters, addresses, data source, operation, events, and the
    /// timestamp or an End packet; zero up to the next multiple of <paramref name="alignment"/>. Events take 32 bits, the data source 16.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="alignment">A power of two, in bytes.</param>
    /// <param name="destination">At least <see cref="PackedMaximum"/> bytes, rounded up to the alignment.</param>
    /// <returns>Bytes written, padding included.</returns>
    public static int WritePacked(in SpeRecord record, int alignment, Span<byte> destination)
    {
        SpeFields fields = record.Fields;
        int at = 0;
        if ((fields & SpeFields.ContextEl1) != 0)
        {
            WriteContext(destination[at..], 0, record.ContextEl1);
            at += ContextSize;
        }

        if ((fields & SpeFields.ContextEl2) != 0)
        {
            WriteContext(destination[at..], 1, record.ContextEl2);
            at += ContextSize;
        }

        Counter(SpeFields.TotalLatency, SpeCounterIndex.TotalLatency, record.TotalLatency, destination);
        Counter(SpeFields.IssueLatency, SpeCounterIndex.IssueLatency, record.IssueLatency, destination);
        Counter(SpeFields.TranslationLatency, SpeCounterIndex.TranslationLatency, record.TranslationLatency, destination);
        Counter(SpeFields.AlternateClockIssueLatency, SpeCounterIndex.AlternateClockIssueLatency, record.AlternateClockIssueLatency, destination);
        Address(SpeFields.Pc, SpeAddressIndex.Pc, record.PcPayload, destination);
        Address(SpeFields.BranchTarget, SpeAddressIndex.BranchTarget, record.BranchTargetPayload, destination);
        Address(SpeFields.DataVirtual, SpeAddressIndex.DataVirtual, record.DataVirtual, destination);
        Address(SpeFields.DataPhysical, SpeAddressIndex.DataPhysical, record.DataPhysicalPayload, destination);
        Address(SpeFields.PreviousBranchTarget, SpeAddressIndex.PreviousBranchTarget, record.PreviousBranchTargetPayload, destination);
        if ((fields & SpeFields.DataSource) != 0)
        {
            destination[at] = SpePacketHeader.DataSource16;
            BinaryPrimitives.WriteUInt16LittleEndian(destination[(at + 1)..], record.DataSource);
            at += 3;
        }

        if ((fields & SpeFields.Operation) != 0)
        {
            destination[at] = (byte)(SpePacketHeader.Operation | (byte)record.OperationClass);
            destination[at + 1] = record.Operation;
            at += 2;
        }

        if ((fields & SpeFields.Events) != 0)
        {
            destination[at] = SpePacketHeader.Events32;
            BinaryPrimitives.WriteUInt32LittleEndian(destination[(at + 1)..], (uint)record.Events);
            at += 5;
        }

        if ((fields & SpeFields.Timestamp) != 0)
        {
            destination[at] = SpePacketHeader.Timestamp;
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(at + 1)..], record.Timestamp);
            at += 9;
        }
        else
        {
            destination[at++] = SpePacketHeader.End;
        }

        int end = (at + alignment - 1) & -alignment;
        destination[at..end].Clear();
        return end;

        void Counter(SpeFields field, int index, ushort cycles, Span<byte> bytes)
        {
            if ((fields & field) != 0)
            {
                WriteCounter(bytes[at..], index, cycles);
                at += CounterSize;
            }
        }

        void Address(SpeFields field, int index, ulong payload, Span<byte> bytes)
        {
            if ((fields & field) != 0)
            {
                WriteAddress(bytes[at..], index, payload);
                at += AddressSize;
            }
        }
    }

    private static void WriteAddress(Span<byte> slot, int index, ulong payload)
    {
        slot[0] = (byte)(SpePacketHeader.Address | index);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[1..], payload);
    }

    private static void WriteContext(Span<byte> slot, int index, uint contextId)
    {
        slot[0] = (byte)(SpePacketHeader.Context | index);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[1..], contextId);
    }

    private static void WriteCounter(Span<byte> slot, int index, ushort cycles)
    {
        slot[0] = (byte)(SpePacketHeader.Counter | index);
        BinaryPrimitives.WriteUInt16LittleEndian(slot[1..], cycles);
    }
}
