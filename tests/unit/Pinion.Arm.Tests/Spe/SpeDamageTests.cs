using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

/// <summary>Reading goes on behind damage, and no record is made of parts of two.</summary>
public sealed class SpeDamageTests
{
    private const int Size = SpeRecordWriter.FixedSize;
    private const int Records = 8;

    /// <summary>The record that is damaged; several before it and behind it are not.</summary>
    private const int Damaged = 3;

    [Fact]
    public void WithoutDamageThereIsNone()
    {
        byte[] stream = Stream(1, out _);
        var reader = new SpeRecordReader(stream);

        for (int i = 0; i < Records; i++)
        {
            reader.TryRead(out _).ShouldBeTrue();
            reader.Damage.ShouldBe(default);
        }

        reader.TryRead(out _).ShouldBeFalse();
        reader.Damage.ShouldBe(default);
    }

    [Fact]
    public void ARecordWithABadByteIsLeftOutAndTheNextOneRead()
    {
        byte[] stream = Fixed();
        stream[(Damaged * Size) + 9] = 0xFF;

        Read(stream).ShouldBe([0, 1, 2, 4, 5, 6, 7]);
        DamageOf(stream).Single().Offset.ShouldBe(Damaged * Size);
        DamageOf(stream).Single().Size.ShouldBe(Size);
        DamageOf(stream).Single().BadBytes.ShouldBeGreaterThan(0);
    }

    /// <summary>The Timestamp's header becomes that of a data source of 8 bytes, so the two records look like one.</summary>
    [Fact]
    public void ARecordWhoseEndIsLostTakesNothingFromTheNextOne()
    {
        byte[] stream = Fixed();
        stream[(Damaged * Size) + 0x37] = 0x73;

        Read(stream).ShouldBe([0, 1, 2, 4, 5, 6, 7]);
        DamageOf(stream).ShouldBe([new(Damaged * Size, Size, 0)]);
    }

    [Fact]
    public void AnEndThatBecamePaddingIsMissed()
    {
        byte[] one = SpeRecordVectors.Bytes(SpeRecordVectors.NotTakenBranchWithoutTimestamp);
        one.Length.ShouldBe(Size);
        one[0x37].ShouldBe(SpePacketHeader.End);
        byte[] stream = [.. one, .. one, .. one];
        stream[Size + 0x37] = SpePacketHeader.Padding;

        DamageOf(stream).ShouldBe([new(Size, Size, 0)]);
    }

    [Fact]
    public void RecordsThatLieAnywhereAreTakenAgainWhenOneFollowsAWholeOne()
    {
        var reader = new SpeRecordReader(SpeRecordVectors.Bytes("42 02 01 | ff fe | 42 04 01 | 42 08 01 | 42 10"));

        reader.TryRead(out SpeRecord first).ShouldBeTrue();
        reader.Damage.ShouldBe(default);
        reader.TryRead(out SpeRecord second).ShouldBeTrue();
        reader.Damage.ShouldBe(new(3, 5, 2));
        reader.TryRead(out _).ShouldBeFalse();
        reader.Damage.ShouldBe(new(11, 2, 0));

        (first.Events, second.Events).ShouldBe(((SpeEvents)2, (SpeEvents)8));
    }

    [Fact]
    public void GarbageThatLooksLikePacketsIsNotPartOfTheNextRecord()
    {
        // What was a timestamp ends the record early, and leaves a data source that nobody wrote.
        byte[] stream = Fixed();
        SpeRecordVectors.Bytes("ff 01 43 0e 00*5").CopyTo(stream.AsSpan((Damaged * Size) + 0x37));

        Read(stream).ShouldBe([0, 1, 2, 5, 6, 7]);
        DamageOf(stream).ShouldBe([new(Damaged * Size, 2 * Size, 1)]);
    }

    [Fact]
    public void LostBytesShiftWhereRecordsLie()
    {
        byte[] stream = Fixed();
        byte[] shifted = [.. stream.AsSpan(0, (Damaged * Size) + 0x10), .. stream.AsSpan((Damaged * Size) + 0x1B)];

        Read(shifted)[^2..].ShouldBe([6, 7]);
        Read(shifted)[..3].ShouldBe([0, 1, 2]);
    }

    /// <summary>Each bit of a record in turn: what comes before is read, what comes behind soon is, and nothing that is read has parts of two records.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(64, 1)]
    [InlineData(16, 1)]
    [InlineData(1, 3)]
    public void AnyOneBitMayBeDamaged(int alignment, int lost)
    {
        byte[] stream = Stream(alignment, out int[] starts);
        for (int bit = starts[Damaged] * 8; bit < starts[Damaged + 1] * 8; bit++)
        {
            byte[] damaged = [.. stream];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            List<int> read = Read(damaged);

            read.Take(Damaged).ShouldBe([0, 1, 2], $"bit {bit}");
            read.Where(one => one > Damaged).ShouldBe(Enumerable.Range(0, Records).Where(one => one > Damaged && read.Contains(one)), $"bit {bit}");
            read.Count(one => one > Damaged).ShouldBeGreaterThanOrEqualTo(Records - Damaged - lost, $"bit {bit}");
        }
    }

    /// <summary>The numbers of the records that are read; a record that has parts of several fails.</summary>
    private static List<int> Read(byte[] stream)
    {
        List<int> numbers = [];
        var reader = new SpeRecordReader(stream);
        while (reader.TryRead(out SpeRecord record))
        {
            // Of the damaged one there may be only a part, or two, and one field may be wrong.
            int[] parts = [.. Numbers(record).Where(number => number >= 0)];
            int number = parts.Length == 0 || parts.Contains(Damaged) ? Damaged : parts[0];
            parts.Count(part => part != number).ShouldBeLessThanOrEqualTo(number == Damaged ? 1 : 0);
            (number == Damaged || parts.Length == Numbers(record).Count()).ShouldBeTrue();
            numbers.Add(number);
        }

        return numbers;
    }

    private static List<SpeDamage> DamageOf(byte[] stream)
    {
        List<SpeDamage> damage = [];
        var reader = new SpeRecordReader(stream);
        while (reader.TryRead(out _))
        {
            damage.Add(reader.Damage);
        }

        damage.Add(reader.Damage);
        damage.RemoveAll(one => one.Size == 0);
        return damage;
    }

    private static byte[] Fixed() => Stream(0, out _);

    /// <summary>Records in the fixed layout (alignment 0), or packed ones.</summary>
    private static byte[] Stream(int alignment, out int[] starts)
    {
        var bytes = new byte[Records * 256];
        starts = new int[Records];
        int end = 0;
        for (int i = 0; i < Records; i++)
        {
            starts[i] = end;
            if (alignment == 0)
            {
                SpeRecordWriter.WriteFixed64(Numbered(i), bytes.AsSpan(end));
                end += Size;
            }
            else
            {
                end += SpeRecordWriter.WritePacked(Numbered(i), alignment, bytes.AsSpan(end));
            }
        }

        return bytes[..end];
    }

    /// <summary>A record all of whose fields tell its number.</summary>
    private static SpeRecord Numbered(int number)
    {
        SpeRecord record = default;
        record.SetPc(0x40_0000 + ((ulong)number << 8), 0);
        record.SetContextEl1(0x1000 + (uint)number);
        record.SetOperation(SpeOperationClass.LoadStore, 0);
        record.SetEvents(SpeEvents.Retired);
        record.SetLatency((ushort)(100 + number), (ushort)(100 + number));
        record.SetTranslationLatency((ushort)(100 + number));
        record.SetDataVirtual(0xFFFF_8000_0000_0000 + ((ulong)number << 8));
        record.SetDataPhysical(0x8000_0000 + ((ulong)number << 8));
        record.SetTimestamp(0x0F_4200_0000 + ((ulong)number << 8));
        return record;
    }

    /// <summary>The number that each field tells; one that tells none has -1.</summary>
    private static IEnumerable<int> Numbers(SpeRecord record)
    {
        yield return record.Has(SpeFields.Pc) ? Number(record.Pc, 0x40_0000, 8) : -1;
        yield return record.Has(SpeFields.ContextEl1) ? Number(record.ContextEl1, 0x1000, 0) : -1;
        yield return record.Has(SpeFields.TotalLatency) ? Number(record.TotalLatency, 100, 0) : -1;
        yield return record.Has(SpeFields.IssueLatency) ? Number(record.IssueLatency, 100, 0) : -1;
        yield return record.Has(SpeFields.TranslationLatency) ? Number(record.TranslationLatency, 100, 0) : -1;
        yield return record.Has(SpeFields.DataVirtual) ? Number(record.DataVirtual, 0xFFFF_8000_0000_0000, 8) : -1;
        yield return record.Has(SpeFields.DataPhysical) ? Number(record.DataPhysical, 0x8000_0000, 8) : -1;
        yield return record.Has(SpeFields.Timestamp) ? Number(record.Timestamp, 0x0F_4200_0000, 8) : -1;
    }

    private static int Number(ulong value, ulong zero, int shift) => value >= zero && value - zero < ((ulong)Records << shift) && ((value - zero) & ((1ul << shift) - 1)) == 0 ? (int)((value - zero) >> shift) : -1;
}
