using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// The record of an ordinary sample in the fixed layout, written in one go. <see cref="SampleRecordBuilder"/> and <see cref="SpeRecordWriter"/> make the same of it in three steps that serve every profile and every
/// filter; this is for the many.
/// </summary>
internal static unsafe class FixedRecord
{
    /// <summary>Writes the 64 bytes at <paramref name="to"/>; latencies are within the unit's counters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Write(byte* to, in ObservedOperation operation, in OperationInfo info, SpeEvents events, in OperationTiming timing, bool physical, bool context)
    {
        Vector256.Store(Vector256<byte>.Zero, to);
        Vector256.Store(Vector256<byte>.Zero, to + Vector256<byte>.Count);
        Address(to, SpeRecordWriter.PcSlot, SpeAddressIndex.Pc, SpeAddress.Instruction(operation.Pc, operation.El));
        if (context)
        {
            to[SpeRecordWriter.ContextEl1Slot] = SpePacketHeader.Context;
            Unsafe.WriteUnaligned(to + SpeRecordWriter.ContextEl1Slot + 1, operation.ContextId);
        }

        to[SpeRecordWriter.OperationSlot] = (byte)(SpePacketHeader.Operation | (byte)info.Class);
        to[SpeRecordWriter.OperationSlot + 1] = info.Payload;
        to[SpeRecordWriter.EventsSlot] = SpePacketHeader.Events16;
        Unsafe.WriteUnaligned(to + SpeRecordWriter.EventsSlot + 1, (ushort)events);
        Counter(to, SpeRecordWriter.IssueLatencySlot, SpeCounterIndex.IssueLatency, timing.Issue);
        Counter(to, SpeRecordWriter.TotalLatencySlot, SpeCounterIndex.TotalLatency, timing.Total);
        if (info.IsBranch)
        {
            if ((operation.Flags & (ObservedFlags.Taken | ObservedFlags.TookException)) == ObservedFlags.Taken)
            {
                Address(to, SpeRecordWriter.DataVirtualOrTargetSlot, SpeAddressIndex.BranchTarget, SpeAddress.Instruction(operation.NextPc, operation.NextEl));
            }
        }
        else if (info.IsLoadOrStore && operation.Has(ObservedFlags.HasVa))
        {
            bool exception = operation.Has(ObservedFlags.TookException);
            Address(to, SpeRecordWriter.DataVirtualOrTargetSlot, SpeAddressIndex.DataVirtual, operation.Va);
            if (!exception || (events & SpeEvents.TlbWalk) != 0)
            {
                Counter(to, SpeRecordWriter.TranslationLatencySlot, SpeCounterIndex.TranslationLatency, timing.Translation);
            }

            if (!exception)
            {
                if (physical && operation.Has(ObservedFlags.HasPa))
                {
                    Address(to, SpeRecordWriter.DataPhysicalSlot, SpeAddressIndex.DataPhysical, SpeAddress.Physical(operation.Pa));
                }

                if (info.IsLoad && (events & SpeEvents.L1DataAccess) != 0)
                {
                    to[SpeRecordWriter.DataSourceSlot] = SpePacketHeader.DataSource8;
                    to[SpeRecordWriter.DataSourceSlot + 1] = (byte)timing.Source;
                }
            }
        }

        to[SpeRecordWriter.EndSlot] = SpePacketHeader.End;
    }

    /// <summary>Puts a timestamp in place of the End packet.</summary>
    public static void Stamp(byte* to, ulong count)
    {
        to[SpeRecordWriter.EndSlot] = SpePacketHeader.Timestamp;
        Unsafe.WriteUnaligned(to + SpeRecordWriter.EndSlot + 1, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Address(byte* to, int slot, int index, ulong payload)
    {
        to[slot] = (byte)(SpePacketHeader.Address | index);
        Unsafe.WriteUnaligned(to + slot + 1, payload);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Counter(byte* to, int slot, int index, ushort cycles)
    {
        to[slot] = (byte)(SpePacketHeader.Counter | index);
        Unsafe.WriteUnaligned(to + slot + 1, cycles);
    }
}
