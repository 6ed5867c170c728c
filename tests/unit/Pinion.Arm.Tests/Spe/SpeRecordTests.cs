using FsCheck;
using FsCheck.Fluent;
using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

public sealed class SpeRecordTests
{
    private const SpeFields Latencies = SpeFields.TotalLatency | SpeFields.IssueLatency;

    [Fact]
    public void AUserLoadFromDramDecodes()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.UserLoadFromDram);

        record.Pc.ShouldBe(0x400100ul);
        record.ExceptionLevel.ShouldBe(0);
        SpeAddress.NonSecure(record.PcPayload).ShouldBeTrue();
        record.ContextEl1.ShouldBe(0x4D2u);
        record.Has(SpeFields.ContextEl2).ShouldBeFalse();
        record.IsLoad.ShouldBeTrue();
        record.Operation.ShouldBe(SpeOperation.GeneralLoad);
        record.Events.ShouldBe(
            SpeEvents.Retired | SpeEvents.L1DataAccess | SpeEvents.L1DataRefill | SpeEvents.TlbAccess | SpeEvents.LastLevelAccess | SpeEvents.LastLevelMiss);
        (record.IssueLatency, record.TotalLatency, record.TranslationLatency).ShouldBe(((ushort)337, (ushort)501, (ushort)1));
        record.DataVirtual.ShouldBe(0xFFFF_8000_1234ul);
        record.DataPhysical.ShouldBe(0x8800_1234ul);
        record.DataSource.ShouldBe((ushort)SpeDataSource.Dram);
        record.Timestamp.ShouldBe(1_001_000ul);
    }

    [Fact]
    public void AKernelStoreHasASignExtendedPcAndNoPhysicalAddress()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.KernelStore);

        record.Pc.ShouldBe(0xFFFF_8000_1008_0104);
        record.ExceptionLevel.ShouldBe(1);
        record.IsStore.ShouldBeTrue();
        record.DataVirtual.ShouldBe(0xFFFF_0000_1234_5678);
        record.Has(SpeFields.DataPhysical).ShouldBeFalse();
        record.Has(SpeFields.DataSource).ShouldBeFalse();
    }

    [Fact]
    public void ATakenBranchHasATarget()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.TakenMispredictedBranch);

        record.IsBranch.ShouldBeTrue();
        record.Operation.ShouldBe(SpeOperation.BranchConditional);
        record.BranchTarget.ShouldBe(0x400100ul);
        record.Events.ShouldBe(SpeEvents.Retired | SpeEvents.Mispredicted);
    }

    [Fact]
    public void ANotTakenBranchEndsWithAnEndPacket()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.NotTakenBranchWithoutTimestamp);

        record.Events.ShouldBe(SpeEvents.Retired | SpeEvents.NotTaken);
        record.Has(SpeFields.Timestamp).ShouldBeFalse();
        record.Has(SpeFields.BranchTarget).ShouldBeFalse();
    }

    [Fact]
    public void PackedRecordsDecode()
    {
        SpeRecord alu = SpeRecordVectors.Record(SpeRecordVectors.PackedAlu);
        alu.OperationClass.ShouldBe(SpeOperationClass.Other);
        alu.Fields.ShouldBe(SpeFields.Pc | SpeFields.Operation | SpeFields.Events | Latencies);

        SpeRecord atomic = SpeRecordVectors.Record(SpeRecordVectors.PackedAtomic);
        atomic.IsAtomic.ShouldBeTrue();
        atomic.IsLoad.ShouldBeTrue();
        atomic.Operation.ShouldBe(SpeOperation.Extended(store: false, atomic: true, acquireRelease: true));
        SpeAddress.ToVirtual(atomic.PreviousBranchTargetPayload).ShouldBe(0x4002F0ul);
        atomic.DataSource.ShouldBe((ushort)SpeDataSource.LocalCluster);
        atomic.Events.HasFlag(SpeEvents.L2DataMiss | SpeEvents.CacheDataModified | SpeEvents.Snooped).ShouldBeTrue();
    }

    [Fact]
    public void AnSveGatherTellsItsVectorLength()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.SveGather);

        SpeOperation.IsSveLoadStore(record.Operation).ShouldBeTrue();
        SpeOperation.SveVectorLength(record.Operation).ShouldBe(256);
        record.Events.HasFlag(SpeEvents.PartialPredicate).ShouldBeTrue();
    }

    [Fact]
    public void ANotRetiredRecordHasNothingButEventsAndTimestamp()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.NotRetired);

        record.Fields.ShouldBe(SpeFields.Events | SpeFields.Timestamp);
        record.Events.ShouldBe(SpeEvents.None);
    }

    [Fact]
    public void AnExceptionReturnGoesToAnotherExceptionLevel()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.ExceptionReturn);

        record.ExceptionLevel.ShouldBe(1);
        SpeAddress.ExceptionLevel(record.BranchTargetPayload).ShouldBe(0);
        record.Operation.ShouldBe(SpeOperation.BranchIndirect);
    }

    [Fact]
    public void AFaultingLoadHasTheExceptionEvent()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.FaultingLoad);

        record.Events.ShouldBe(SpeEvents.Exception | SpeEvents.Retired | SpeEvents.TlbAccess | SpeEvents.TlbWalk);
        record.Has(SpeFields.DataVirtual).ShouldBeFalse();
    }

    [Theory]
    [InlineData(SpeRecordVectors.UserLoadFromDram)]
    [InlineData(SpeRecordVectors.KernelStore)]
    [InlineData(SpeRecordVectors.TakenMispredictedBranch)]
    [InlineData(SpeRecordVectors.NotTakenBranchWithoutTimestamp)]
    public void TheFixedLayoutWritesARecordBackByteForByte(string vector)
    {
        SpeRecord record = SpeRecordVectors.Record(vector);
        var bytes = new byte[SpeRecordWriter.FixedSize];

        SpeRecordWriter.WriteFixed64(record, bytes);

        bytes.ShouldBe(SpeRecordVectors.Bytes(vector));
    }

    [Fact]
    public void TheFixedLayoutWritesTheTailOfARealRecord()
    {
        byte[] tail = SpeRecordVectors.Bytes(SpeRecordVectors.RealNeoverseN1Tail);
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.RealNeoverseN1Tail);
        var bytes = new byte[SpeRecordWriter.FixedSize];

        SpeRecordWriter.WriteFixed64(record, bytes);

        tail.Length.ShouldBe(SpeRecordWriter.FixedSize - 0x13);
        bytes[0x13..].ShouldBe(tail);
    }

    [Fact]
    public void TheFixedLayoutOverwritesWhateverWasThere()
    {
        var bytes = new byte[SpeRecordWriter.FixedSize];
        bytes.AsSpan().Fill(0xFF);

        SpeRecordWriter.WriteFixed64(default, bytes);

        bytes[0x37].ShouldBe(SpePacketHeader.End);
        bytes[0x37] = 0;
        bytes.ShouldAllBe(b => b == 0);
    }

    [Fact]
    public void AnyRecordTheFixedLayoutHoldsRoundTrips()
    {
        Gen<SpeRecord> records =
            from fields in Gen.Choose(0, 0x7FFF)
            from words in ArbMap.Default.ArbFor<ulong>().Generator.ArrayOf(10)
            select Make((SpeFields)fields, words);

        Prop.ForAll(Arb.From(records), record =>
        {
            var bytes = new byte[SpeRecordWriter.FixedSize];
            SpeRecordWriter.WriteFixed64(record, bytes);
            var reader = new SpeRecordReader(bytes);
            return reader.TryRead(out SpeRecord again) && again.Equals(record) && !reader.TryRead(out _) && reader.BadBytes == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    /// <summary>A record that lies in its slots is read at once, any other packet by packet; damage must not make a difference.</summary>
    [Fact]
    public void DamagedRecordsAreReadAlikeByBothWays()
    {
        var random = new Random(77);
        int whole = 0;
        for (int i = 0; i < 200_000; i++)
        {
            var words = new ulong[10];
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.AsSpan()));
            var bytes = new byte[2 * SpeRecordWriter.FixedSize];
            SpeRecordWriter.WriteFixed64(Make((SpeFields)(0x7FFF & ~(random.Next(4) == 0 ? random.Next(0x8000) : 0)), words), bytes);
            SpeRecordWriter.WriteFixed64(Make((SpeFields)0x7FFF, words), bytes.AsSpan(SpeRecordWriter.FixedSize));
            for (int flips = random.Next(3); flips > 0; flips--)
            {
                bytes[random.Next(SpeRecordWriter.FixedSize)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)0;
            }

            var fast = new SpeRecordReader(bytes);
            var slow = new SpeRecordReader(bytes);
            bool more = true;
            while (more)
            {
                more = fast.TryRead(out SpeRecord expected);
                slow.TryReadPackets(out SpeRecord record).ShouldBe(more);
                record.ShouldBe(expected);
                slow.Damage.ShouldBe(fast.Damage);
                whole += more && fast.Damage.Size == 0 ? 1 : 0;
            }
        }

        whole.ShouldBeGreaterThan(100_000);
    }

    [Fact]
    public void ThePackedLayoutWritesItsPacketsInOrder()
    {
        SpeRecord record = SpeRecordVectors.Record(SpeRecordVectors.PackedAtomic);
        var bytes = new byte[128];
        bytes.AsSpan().Fill(0xFF);
        SpeRecordWriter.WritePacked(record, 64, bytes).ShouldBe(128);

        // The packets of the example, in the order of the Arm ARM's pseudocode.
        bytes.ShouldBe(SpeRecordVectors.Bytes(
            "64 4d 00 00 00 | 98 5f 00 | 99 04 00 | 9a 01 00 | b0 00 03 40 00 00 00 00 80 | b2 08 20 00 90 ff ff 00 00 | b3 08 20 00 90 00 00 00 80 | b4 f0 02 40 00 00 00 00 80 |"
            + "53 0a 00 | 49 16 | 62 1e 01 b8 00 | 71 10 4a 0f 00*5 | 00*59"));
    }

    [Fact]
    public void AnyRecordRoundTripsThroughThePackedLayout()
    {
        Gen<(SpeRecord Record, int Alignment)> records =
            from fields in Gen.Choose(0, 0x7FFF)
            from words in ArbMap.Default.ArbFor<ulong>().Generator.ArrayOf(10)
            from shift in Gen.Choose(0, 7)
            select (MakePacked((SpeFields)fields, words), 1 << shift);

        Prop.ForAll(Arb.From(records), sample =>
        {
            var bytes = new byte[256];
            int size = SpeRecordWriter.WritePacked(sample.Record, sample.Alignment, bytes);
            var reader = new SpeRecordReader(bytes.AsSpan(0, size));
            return size % sample.Alignment == 0 && size < SpeRecordWriter.PackedMaximum + sample.Alignment
                && reader.TryRead(out SpeRecord again) && again.Equals(sample.Record) && !reader.TryRead(out _) && reader.BadBytes == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
    }

    /// <summary>Of any fields: target and data address have places of their own, events 32 bits.</summary>
    private static SpeRecord MakePacked(SpeFields fields, ulong[] words)
    {
        SpeRecord record = Make(fields, words);
        record.Fields = fields;
        record.DataVirtual = fields.HasFlag(SpeFields.DataVirtual) ? words[9] : 0;
        record.PreviousBranchTargetPayload = fields.HasFlag(SpeFields.PreviousBranchTarget) ? words[7] : 0;
        record.AlternateClockIssueLatency = fields.HasFlag(SpeFields.AlternateClockIssueLatency) ? (ushort)(words[6] >> 48) : (ushort)0;
        record.Events = fields.HasFlag(SpeFields.Events) ? (SpeEvents)(uint)words[5] : 0;
        record.DataSource = fields.HasFlag(SpeFields.DataSource) ? (ushort)words[4] : (ushort)0;
        return record;
    }

    private static SpeRecord Make(SpeFields fields, ulong[] words)
    {
        SpeRecord record = default;
        fields &= ~(SpeFields.PreviousBranchTarget | SpeFields.AlternateClockIssueLatency);
        if (fields.HasFlag(SpeFields.BranchTarget))
        {
            fields &= ~SpeFields.DataVirtual;
            record.BranchTargetPayload = words[1];
        }
        else if (fields.HasFlag(SpeFields.DataVirtual))
        {
            record.DataVirtual = words[1];
        }

        record.Fields = fields;
        record.PcPayload = fields.HasFlag(SpeFields.Pc) ? words[0] : 0;
        record.DataPhysicalPayload = fields.HasFlag(SpeFields.DataPhysical) ? words[2] : 0;
        record.ContextEl1 = fields.HasFlag(SpeFields.ContextEl1) ? (uint)words[3] : 0;
        record.ContextEl2 = fields.HasFlag(SpeFields.ContextEl2) ? (uint)(words[3] >> 32) : 0;
        record.Operation = fields.HasFlag(SpeFields.Operation) ? (byte)words[4] : (byte)0;
        record.OperationClass = fields.HasFlag(SpeFields.Operation) ? (SpeOperationClass)((words[4] >> 8) & 3) : 0;
        record.Events = fields.HasFlag(SpeFields.Events) ? (SpeEvents)(ushort)words[5] : 0;
        record.TotalLatency = fields.HasFlag(SpeFields.TotalLatency) ? (ushort)words[6] : (ushort)0;
        record.IssueLatency = fields.HasFlag(SpeFields.IssueLatency) ? (ushort)(words[6] >> 16) : (ushort)0;
        record.TranslationLatency = fields.HasFlag(SpeFields.TranslationLatency) ? (ushort)(words[6] >> 32) : (ushort)0;
        record.DataSource = fields.HasFlag(SpeFields.DataSource) ? (byte)words[7] : (ushort)0;
        record.Timestamp = fields.HasFlag(SpeFields.Timestamp) ? words[8] : 0;
        return record;
    }
}
