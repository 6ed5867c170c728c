using Pinion.Arm.Spe;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

public sealed class SampleIntervalTests
{
    private const ulong Jitter = 1;

    [Theory]
    [InlineData(0x100)]
    [InlineData(0x400)]
    [InlineData(0xFFFF_FF00)]
    public void WithoutJitterSelectionsAreTheIntervalPlusOneApart(ulong interval)
    {
        SampleInterval counter = New(interval, ernd: true);
        NextSelection(ref counter).ShouldBe(interval);
        for (int i = 0; i < 5; i++)
        {
            NextSelection(ref counter).ShouldBe(interval + 1);
        }
    }

    [Fact]
    public void CountingOneByOneSelectsTheSameMembersAsCountingInBulk()
    {
        foreach (bool ernd in new[] { true, false })
        {
            SampleInterval bulk = New(0x100 | Jitter, ernd);
            SampleInterval single = New(0x100 | Jitter, ernd);
            for (int i = 0; i < 500; i++)
            {
                ulong distance = bulk.Distance;
                ulong steps = 1;
                while (!single.Step())
                {
                    steps++;
                }

                steps.ShouldBe(distance);
                bulk.Advance(distance - 1);
                bulk.Step().ShouldBeTrue();
                bulk.Value.ShouldBe(single.Value);
            }
        }
    }

    [Fact]
    public void TheDistanceIsExactFromAnyStoredCounters()
    {
        var random = new Random(7);
        for (int i = 0; i < 2000; i++)
        {
            SampleInterval counter = New(0x100 | (ulong)random.Next(2), ernd: true);
            counter.Value = Pmsicr.From((uint)random.Next(600), (byte)random.Next(256));
            ulong distance = counter.Distance;
            ulong steps = 1;
            while (!counter.Step())
            {
                steps++;
            }

            steps.ShouldBe(distance);
        }
    }

    [Fact]
    public void ASecondCounterJittersAroundTheIntervalPlusOne()
    {
        const ulong Interval = 0x400;
        SampleInterval counter = New(Interval | Jitter, ernd: true);
        NextSelection(ref counter);
        List<ulong> spacings = [];
        for (int i = 0; i < 20_000; i++)
        {
            spacings.Add(NextSelection(ref counter));
        }

        spacings.Min().ShouldBeGreaterThanOrEqualTo(Interval + 1 - 255);
        spacings.Max().ShouldBeLessThanOrEqualTo(Interval + 1 + 255);
        spacings.Average(s => (double)s).ShouldBe(Interval + 1, tolerance: 0.5);
        spacings.Distinct().Count().ShouldBeGreaterThan(400);
    }

    [Fact]
    public void WithoutASecondCounterTheRandomNumberIsAddedToTheInterval()
    {
        const ulong Interval = 0x400;
        SampleInterval counter = New(Interval | Jitter, ernd: false);
        NextSelection(ref counter);
        List<ulong> spacings = [];
        for (int i = 0; i < 20_000; i++)
        {
            spacings.Add(NextSelection(ref counter));
        }

        spacings.Min().ShouldBeGreaterThanOrEqualTo(Interval + 1);
        spacings.Max().ShouldBeLessThanOrEqualTo(Interval + 1 + 255);
        spacings.Average(s => (double)s).ShouldBe(Interval + 1 + 127.5, tolerance: 2);
    }

    [Fact]
    public void APmsirrWriteTakesEffectAtTheNextReload()
    {
        SampleInterval counter = New(0x100, ernd: true);
        counter.Advance(10);
        counter.Reload = new Pmsirr(0x1000);
        NextSelection(ref counter).ShouldBe(0x100ul - 10);
        NextSelection(ref counter).ShouldBe(0x1001ul);
    }

    [Fact]
    public void IntervalZeroActsAsTheSmallestInterval()
    {
        SampleInterval counter = New(0, ernd: true);
        NextSelection(ref counter);
        NextSelection(ref counter).ShouldBe(0x101ul);
    }

    [Fact]
    public void SavingAndRestoringPmsicrAroundAStopLosesNoMember()
    {
        // The driver's first period, then stops that save PMSICR and starts that write it back, at every possible place.
        SpuBench undisturbed = new();
        SpuBench switched = new();
        undisturbed.Start(0x300 | Jitter, icr: 1000);
        switched.Start(0x300 | Jitter, icr: 1000);
        var random = new Random(3);
        for (int sample = 0; sample < 200; sample++)
        {
            ulong distance = undisturbed.Spu.Distance;
            switched.Spu.Distance.ShouldBe(distance);
            ulong part = (ulong)random.NextInt64((long)distance);
            switched.Spu.Advance(part);
            ulong saved = switched.Spu.Read(SysRegId.PMSICR_EL1);
            switched.Spu.Write(SysRegId.PMSCR_EL1, 0);
            switched.Spu.Distance.ShouldBe(ulong.MaxValue);
            switched.Spu.Pmblimitr = 0;
            switched.Spu.Write(SysRegId.PMSICR_EL1, 0);
            switched.Start(0x300 | Jitter, icr: saved);
            switched.Spu.Distance.ShouldBe(distance - part);

            undisturbed.SampleNext(SpuBench.Operation(SpuBench.Nop));
            switched.SampleNext(SpuBench.Operation(SpuBench.Nop));
            undisturbed.Spu.Pmbptr = switched.Spu.Pmbptr = SpuBench.Buffer;
        }

        switched.Spu.SampleFeed.ShouldBe(200ul);
        switched.Spu.SamplePop.ShouldBe(undisturbed.Spu.SamplePop);
    }

    [Fact]
    public void ThePesHaveDifferentRandomSequencesAndEachItsOwnEveryTime()
    {
        string Sequence(int pe)
        {
            var counter = new SampleInterval(hasSecondCounter: true, pe) { Reload = new Pmsirr(0x100 | Jitter) };
            counter.Enable();
            return string.Join(',', Enumerable.Range(0, 50).Select(_ => NextSelection(ref counter)));
        }

        Sequence(0).ShouldBe(Sequence(0));
        Sequence(0).ShouldNotBe(Sequence(1));
    }

    private static SampleInterval New(ulong pmsirr, bool ernd)
    {
        var counter = new SampleInterval(ernd, pe: 0) { Reload = new Pmsirr(pmsirr) };
        counter.Enable();
        return counter;
    }

    private static ulong NextSelection(ref SampleInterval counter)
    {
        ulong distance = counter.Distance;
        counter.Advance(distance - 1);
        counter.Step().ShouldBeTrue();
        return distance;
    }
}
