using Pinion.Arm.Spe;

namespace Pinion.Arm.Tests.Spe;

public sealed class SpeSumsTests
{
    [Fact]
    public void EverythingARecordSaysIsAddedUp()
    {
        SpeRecord record = default;
        record.SetEvents(SpeEvents.Retired | SpeEvents.L1DataAccess | SpeEvents.L1DataRefill | SpeEvents.LastLevelAccess | SpeEvents.LastLevelMiss | SpeEvents.TlbAccess | SpeEvents.TlbWalk | SpeEvents.Alignment | SpeEvents.Exception | SpeEvents.NotTaken | SpeEvents.Mispredicted);
        record.SetLatency(300, 7);
        record.SetTranslationLatency(40);
        record.SetDataSource(SpeDataSource.Dram);
        var sums = new SpeSums();
        sums.Add(record);
        sums.Add(record);

        (SpeQuantity, ulong)[] others =
        [
            (SpeQuantity.TotalLatency, 600),
            (SpeQuantity.TotalLatencySquares, 180_000),
            (SpeQuantity.IssueLatency, 14),
            (SpeQuantity.IssueLatencySquares, 98),
            (SpeQuantity.TranslationLatency, 80),
            (SpeQuantity.TranslationLatencySquares, 3200),
            (SpeQuantity.FromL1Data, 0),
            (SpeQuantity.FromL2, 0),
            (SpeQuantity.FromSystemCache, 0),
            (SpeQuantity.FromElsewhere, 0),
        ];
        for (SpeQuantity quantity = 0; quantity < SpeQuantity.Count; quantity++)
        {
            (SpeQuantity, ulong)[] listed = [.. others.Where(other => other.Item1 == quantity)];
            sums[quantity].ShouldBe(listed.Length == 1 ? listed[0].Item2 : 2ul, quantity.ToString());
        }
    }

    [Fact]
    public void WhatARecordDoesNotSayIsNotAddedUp()
    {
        var sums = new SpeSums();
        SpeRecord record = default;
        record.Events = SpeEvents.Exception;
        record.TotalLatency = 5;
        record.DataSource = (ushort)SpeDataSource.L2;
        sums.Add(record);
        sums[SpeQuantity.Operations].ShouldBe(1ul);
        Enumerable.Range(1, (int)SpeQuantity.Count - 1).ShouldAllBe(quantity => sums[(SpeQuantity)quantity] == 0);
    }

    [Fact]
    public void WithoutOutcomesOnlyWhatTheProgramDecidesIsKept()
    {
        SpeRecord record = default;
        record.SetEvents(SpeEvents.NotTaken | SpeEvents.Mispredicted);
        record.SetLatency(300, 7);
        var sums = new SpeSums(outcomes: false);
        sums.Add(record);
        sums.HasOutcomes.ShouldBeFalse();
        sums[SpeQuantity.NotTaken].ShouldBe(1ul);
        sums[SpeQuantity.Mispredicted].ShouldBe(0ul);
        sums[SpeQuantity.TotalLatency].ShouldBe(0ul);

        var all = new SpeSums();
        all.Add(sums);
        all[SpeQuantity.NotTaken].ShouldBe(1ul);
    }

    [Fact]
    public void SumsThatAreTooLargeStayAtTheLargestNumber()
    {
        var sums = new SpeSums();
        sums.Add(SpeQuantity.Operations, ulong.MaxValue - 1);
        sums.Add(SpeQuantity.Operations, 5);
        sums[SpeQuantity.Operations].ShouldBe(ulong.MaxValue);

        var fates = new SampleFates { [SampleFate.Lost] = ulong.MaxValue, [SampleFate.Recorded] = 3 };
        fates.Selected.ShouldBe(ulong.MaxValue);
        fates.Add(fates);
        fates[SampleFate.Lost].ShouldBe(ulong.MaxValue);
        fates[SampleFate.Recorded].ShouldBe(6ul);
    }

    [Theory]
    [InlineData(1024ul, true, 1025)]
    [InlineData(1025ul, true, 1025)]
    [InlineData(1025ul, false, 1152.5)]
    [InlineData(1024ul, false, 1025)]
    public void ASelectionComesOneOperationAfterTheIntervalAndJitterMovesTheMeanOnlyWithoutItsOwnCounter(ulong pmsirr, bool ernd, double spacing) => new Pmsirr(pmsirr).MeanSpacing(ernd).ShouldBe(spacing);
}
