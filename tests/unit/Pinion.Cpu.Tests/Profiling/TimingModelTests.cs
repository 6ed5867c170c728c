using Pinion.Arm.Spe;
using Pinion.Cpu.Profiling;

namespace Pinion.Cpu.Tests.Profiling;

/// <summary>Small programs run through the model must show what the geometry of the caches, TLBs and predictors implies.</summary>
public sealed class TimingModelTests
{
    private const uint Load = 0xF940_0022;
    private const uint DependentLoad = 0xF940_0021;
    private const uint LoadAcross = 0xF940_0022;
    private const uint Store = 0xF900_0022;
    private const uint Ldadd = 0xF821_0062;
    private const uint Prefetch = 0xF980_0020;
    private const uint BranchNotEqual = 0x5400_0101;
    private const uint Call = 0x9400_0004;
    private const uint Return = 0xD65F_03C0;
    private const uint IndirectBranch = 0xD61F_0020;
    private const uint Add = 0x9100_0443;
    private const uint DependentAdd = 0x9100_0421;
    private const uint DependentDivide = 0x9AC1_0821;
    private const uint Isb = 0xD503_3FDF;
    private const uint Dsb = 0xD503_3F9F;

    private const ulong Line = 64;
    private const ulong Page = 4096;
    private const ulong Heap = 0x1000_0000;
    private const ulong PhysicalOffset = 0x4000_0000;

    [Theory]
    [InlineData(32 << 10, SpeDataSource.L1Data)]
    [InlineData(512 << 10, SpeDataSource.L2)]
    [InlineData(4 << 20, SpeDataSource.SystemCache)]
    [InlineData(64 << 20, SpeDataSource.Dram)]
    public void ARandomWalkIsServedByTheSmallestCacheThatHoldsIt(int bytes, SpeDataSource expected)
    {
        // A permutation's cycle over all lines, so that every line comes once a round and no stream can be seen.
        ulong[] lines = Shuffled(bytes / (int)Line);
        var model = new TimingModel(TimingMode.Full);
        foreach (ulong line in lines)
        {
            Access(model, DependentLoad, Heap + (line * Line));
        }

        var sources = new Dictionary<SpeDataSource, int>();
        foreach (ulong line in lines.AsSpan(0, Math.Min(lines.Length, 50_000)))
        {
            SpeDataSource source = Access(model, DependentLoad, Heap + (line * Line)).Source;
            sources[source] = sources.GetValueOrDefault(source) + 1;
        }

        ((double)sources.GetValueOrDefault(expected) / Math.Min(lines.Length, 50_000)).ShouldBeGreaterThan(0.95);
    }

    [Fact]
    public void TheEventsOfALoadTellItsSource()
    {
        var model = new TimingModel(TimingMode.Full);
        OperationTiming cold = Access(model, Load, Heap);
        OperationTiming warm = Access(model, Load, Heap + 8);
        cold.Source.ShouldBe(SpeDataSource.Dram);
        cold.Events.ShouldBe(
            SpeEvents.L1DataAccess | SpeEvents.L1DataRefill | SpeEvents.L2DataAccess | SpeEvents.L2DataMiss | SpeEvents.LastLevelAccess | SpeEvents.LastLevelMiss | SpeEvents.TlbAccess
            | SpeEvents.TlbWalk);
        warm.Source.ShouldBe(SpeDataSource.L1Data);
        warm.Events.ShouldBe(SpeEvents.L1DataAccess | SpeEvents.TlbAccess);
        warm.Translation.ShouldBe((ushort)1);
        cold.Translation.ShouldBeGreaterThan((ushort)20);
    }

    [Fact]
    public void EventsKeepTheArchitecturesImplications()
    {
        var model = new TimingModel(TimingMode.Full);
        var random = new Random(5);
        uint[] words = [Load, Store, Ldadd, Prefetch, BranchNotEqual, Return, Add];
        for (int i = 0; i < 200_000; i++)
        {
            uint word = words[random.Next(words.Length)];
            bool branch = word is BranchNotEqual or Return;
            ObservedOperation operation = SpuBench.Access(word, 0, 0, 8, 0x40_0000 + ((ulong)random.Next(4096) * 4));
            operation.Va = Heap + (ulong)random.Next(4 << 20);
            operation.Pa = operation.Va + PhysicalOffset;
            operation.Flags |= branch && random.Next(2) == 0 ? ObservedFlags.Taken : ObservedFlags.None;
            operation.Flags &= branch || word == Add ? ~(ObservedFlags.HasVa | ObservedFlags.HasPa) : (ObservedFlags)0xFF;
            OperationTiming timing = model.Feed(operation);
            Implies(timing.Events, SpeEvents.L1DataRefill, SpeEvents.L1DataAccess);
            Implies(timing.Events, SpeEvents.TlbWalk, SpeEvents.TlbAccess);
            Implies(timing.Events, SpeEvents.LastLevelMiss, SpeEvents.LastLevelAccess);
            (timing.Events & SpeEvents.Mispredicted).ShouldBe(branch ? timing.Events & SpeEvents.Mispredicted : SpeEvents.None);
            Implies(timing.Events, SpeEvents.L2DataMiss, SpeEvents.L2DataAccess);
            Implies(timing.Events, SpeEvents.LastLevelAccess, SpeEvents.L2DataMiss);
            ((ulong)timing.Events & ~0x18_0BFEul).ShouldBe(0ul, "only events of SPEv1p4, without those the unit adds");
            timing.Total.ShouldBeGreaterThan(timing.Issue);
            if (word == Store)
            {
                (timing.Events & (SpeEvents.L1DataRefill | SpeEvents.LastLevelAccess)).ShouldBe(SpeEvents.None);
            }
        }
    }

    [Fact]
    public void AStreamIsMostlyServedByL1AndNeverWaitsForDramInsideAPage()
    {
        var model = new TimingModel(TimingMode.Full);
        int dram = 0;
        int l1 = 0;
        const int Loads = 100_000;
        for (ulong i = 0; i < Loads; i++)
        {
            SpeDataSource source = Access(model, Load, Heap + (i * 8)).Source;
            dram += source == SpeDataSource.Dram ? 1 : 0;
            l1 += source == SpeDataSource.L1Data ? 1 : 0;
        }

        ((double)l1 / Loads).ShouldBeGreaterThan(0.93);
        ((double)dram / Loads).ShouldBeLessThan(0.005);
    }

    [Fact]
    public void APointerChaseWaitsForItsOperandsAndAStreamDoesNot()
    {
        ulong[] lines = Shuffled(1 << 20);
        double Issue(uint word)
        {
            var model = new TimingModel(TimingMode.Full);
            double issue = 0;
            for (int i = 0; i < 20_000; i++)
            {
                issue += Access(model, word, Heap + (lines[i] * Line)).Issue;
            }

            return issue / 20_000;
        }

        Issue(DependentLoad).ShouldBeGreaterThan(200);
        Issue(Load).ShouldBeLessThan(10);
    }

    [Fact]
    public void WorkingSetsBeyondTheTlbsMissThem()
    {
        static (double L1, double Walks) Measure(int pages)
        {
            var model = new TimingModel(TimingMode.Full);
            ulong[] order = Shuffled(pages);
            int walks = 0;
            int hits = 0;
            int count = 0;
            for (int round = 0; round < 20; round++)
            {
                foreach (ulong page in order)
                {
                    OperationTiming timing = Access(model, Load, Heap + (page * Page) + (page * Line % Page));
                    if (round >= 2)
                    {
                        count++;
                        hits += timing.Translation == 1 ? 1 : 0;
                        walks += (timing.Events & SpeEvents.TlbWalk) != 0 ? 1 : 0;
                    }
                }
            }

            return ((double)hits / count, (double)walks / count);
        }

        Measure(48).ShouldBe((1.0, 0.0));
        Measure(49).ShouldBe((0.0, 0.0));
        Measure(1280).ShouldBe((0.0, 0.0));
        Measure(8192).ShouldBe((0.0, 1.0));
    }

    [Fact]
    public void AChangedTranslationOfAPageMissesTheTlb()
    {
        var model = new TimingModel(TimingMode.Full);
        Access(model, Load, Heap);
        Access(model, Load, Heap + Page);
        ObservedOperation moved = SpuBench.Access(Load, Heap, 0x9000_0000);
        (model.Feed(moved).Events & SpeEvents.TlbWalk).ShouldBe(SpeEvents.TlbWalk);
    }

    [Fact]
    public void AnAccessAcrossALineIsMisalignedAndOneWithinIsNot()
    {
        var model = new TimingModel(TimingMode.Full);
        Access(model, LoadAcross, Heap);
        Access(model, LoadAcross, Heap + Line);
        OperationTiming within = Access(model, LoadAcross, Heap + Line - 8);
        OperationTiming across = Access(model, LoadAcross, Heap + Line - 4);
        (within.Events & SpeEvents.Alignment).ShouldBe(SpeEvents.None);
        (across.Events & SpeEvents.Alignment).ShouldBe(SpeEvents.Alignment);
        across.Total.ShouldBe((ushort)(within.Total + 1));
    }

    [Fact]
    public void RandomBranchesMispredictAboutHalfTheTime()
    {
        var model = new TimingModel(TimingMode.Full);
        var random = new Random(11);
        MispredictRate(model, 40_000, _ => random.Next(2) == 0).ShouldBeInRange(0.45, 0.55);
    }

    [Fact]
    public void BranchesOfALongLoopAreNearlyAlwaysPredicted() =>
        MispredictRate(new TimingModel(TimingMode.Full), 40_000, i => i % 1000 != 999).ShouldBeLessThan(0.003);

    [Fact]
    public void ShortPatternsAreLearnedFromHistory() =>
        MispredictRate(new TimingModel(TimingMode.Full), 40_000, i => i % 5 != 4).ShouldBeLessThan(0.01);

    [Fact]
    public void ReturnsArePredictedFromTheStackAndOnlyUpToItsDepth()
    {
        (int wrong, int total) Calls(int depth)
        {
            var model = new TimingModel(TimingMode.Full);
            int wrong = 0;
            int total = 0;
            for (int round = 0; round < 50; round++)
            {
                for (int level = 0; level < depth; level++)
                {
                    Branch(model, Call, 0x1000ul * (ulong)(level + 1), 0x1000ul * (ulong)(level + 2));
                }

                for (int level = depth - 1; level >= 0; level--)
                {
                    OperationTiming timing = Branch(model, Return, (0x1000ul * (ulong)(level + 2)) + 8, (0x1000ul * (ulong)(level + 1)) + 4);
                    total++;
                    wrong += (timing.Events & SpeEvents.Mispredicted) != 0 ? 1 : 0;
                }
            }

            return (wrong, total);
        }

        Calls(16).wrong.ShouldBe(0);
        Calls(24).ShouldBe((50 * 8, 50 * 24));
    }

    [Fact]
    public void AReturnToACallBeforeTheWindowCountsAsPredicted()
    {
        var model = new TimingModel(TimingMode.Before(100));
        model.BeginWindow();
        Branch(model, Return, 0x9000, 0x1234).Events.ShouldBe(SpeEvents.None);
        Branch(model, Call, 0x1000, 0x9000);
        Branch(model, Return, 0x9000, 0x1004).Events.ShouldBe(SpeEvents.None);
        Branch(model, Call, 0x1000, 0x9000);
        Branch(model, Return, 0x9000, 0x2004).Events.ShouldBe(SpeEvents.Mispredicted);
        Branch(model, Return, 0x9000, 0x3004).Events.ShouldBe(SpeEvents.None);
    }

    [Fact]
    public void AStreamIsRecognisedAgainInTheNextWindow()
    {
        var model = new TimingModel(TimingMode.Before(100));
        ulong va = Heap;
        int dram = 0;
        for (int window = 0; window < 100; window++, va += 100_000)
        {
            model.BeginWindow();
            for (int i = 0; i < 40; i++, va += 8)
            {
                SpeDataSource source = Access(model, Load, va).Source;
                dram += window > 0 && source == SpeDataSource.Dram ? 1 : 0;
            }
        }

        dram.ShouldBeLessThan(40, "of 3960 loads");
    }

    [Fact]
    public void AStreamThatGoesOnUnobservedIsMetAtEveryPlaceBetweenTwoFetches()
    {
        var model = new TimingModel(TimingMode.Before(100));
        for (int i = 0; i < 64; i++)
        {
            Access(model, Load, Heap + ((ulong)i * Line));
        }

        int[] found = new int[16];
        for (ulong window = 1; window <= 99; window++)
        {
            model.BeginWindow();
            found[(int)Access(model, Load, Heap + (window * 0x10_0000)).Source]++;
        }

        // Two of three lines are brought to L1, and the third is where the next fetch starts.
        found[(int)SpeDataSource.L1Data].ShouldBe(66);
        found[(int)SpeDataSource.L2].ShouldBe(33);
    }

    [Fact]
    public void AnUnknownLineCountsAsFoundWhereTheInstructionsOtherMissesAre()
    {
        // 256 KiB in an order that no prefetcher follows, of which windows have seen every other line.
        ulong[] lines = Shuffled(4096);
        var model = new TimingModel(TimingMode.Before(8));
        for (int i = 0; i < lines.Length; i += 2)
        {
            Access(model, DependentLoad, Heap + (lines[i] * Line)).Source.ShouldBe(SpeDataSource.Dram, "an instruction that meets only unknown lines");
        }

        // The lines that are still in L1 say nothing, so now and then too many unknown ones come in a row.
        lines.Count(line => Access(model, DependentLoad, Heap + (line * Line)).Source == SpeDataSource.Dram).ShouldBeLessThan(40, "of 2048 unknown lines");
    }

    [Fact]
    public void AnIndirectBranchIsPredictedOnceItsTargetsRepeat()
    {
        var model = new TimingModel(TimingMode.Full);
        var random = new Random(2);
        int Wrong(Func<int, ulong> target) => Enumerable.Range(0, 10_000).Count(i => (Branch(model, IndirectBranch, 0x5000, target(i)).Events & SpeEvents.Mispredicted) != 0);

        Wrong(_ => 0x6000).ShouldBeLessThan(5);
        Wrong(i => 0x6000 + ((ulong)(i % 4) * 0x100)).ShouldBeLessThan(200);
        Wrong(_ => 0x6000 + ((ulong)random.Next(64) * 0x100)).ShouldBeGreaterThan(9000);
    }

    [Fact]
    public void LatenciesFollowTheDependencies()
    {
        var model = new TimingModel(TimingMode.Full);
        for (int i = 0; i < 200; i++)
        {
            model.Feed(SpuBench.Operation(Add)).ShouldBe(new OperationTiming { Issue = 2, Total = 3 });
        }

        model.Feed(SpuBench.Operation(DependentDivide)).Total.ShouldBe((ushort)14);
        OperationTiming waiting = model.Feed(SpuBench.Operation(DependentAdd));
        waiting.Issue.ShouldBeInRange((ushort)13, (ushort)14);
        waiting.Total.ShouldBe((ushort)(waiting.Issue + 1));
        model.Feed(SpuBench.Operation(Add)).Issue.ShouldBe((ushort)2);
    }

    [Fact]
    public void ADataBarrierWaitsForOlderLoadsAndAnInstructionBarrierStopsDispatch()
    {
        var model = new TimingModel(TimingMode.Full);
        Access(model, Load, Heap);
        model.Feed(SpuBench.Operation(Dsb)).Issue.ShouldBeGreaterThan((ushort)200);
        model.Feed(SpuBench.Operation(Isb));
        model.Feed(SpuBench.Operation(Add)).Issue.ShouldBe((ushort)2);
    }

    [Fact]
    public void AFaultingAccessTranslatesButReachesNoCache()
    {
        var model = new TimingModel(TimingMode.Full);
        ObservedOperation load = SpuBench.Access(Load, Heap, 0);
        load.Flags = ObservedFlags.HasVa | ObservedFlags.TookException;
        model.Feed(load).Events.ShouldBe(SpeEvents.TlbAccess | SpeEvents.TlbWalk);
    }

    [Fact]
    public void APrefetchBringsItsLineAndHasNoEvents()
    {
        var model = new TimingModel(TimingMode.Full);
        Access(model, Load, Heap);
        Access(model, Prefetch, Heap + (20 * Line)).Events.ShouldBe(SpeEvents.None);
        Access(model, Load, Heap + (20 * Line)).Source.ShouldBe(SpeDataSource.L1Data);
    }

    [Fact]
    public void TurnedOffLatencyIsFixedByTheClassAndEveryLoadHits()
    {
        var model = new TimingModel(TimingMode.Off);
        for (ulong i = 0; i < 100; i++)
        {
            OperationTiming load = Access(model, Load, Heap + (i * Page * 7));
            load.ShouldBe(new OperationTiming { Events = SpeEvents.L1DataAccess | SpeEvents.TlbAccess, Issue = 2, Total = 6, Translation = 1, Source = SpeDataSource.L1Data });
            Branch(model, Return, 0x1000, 0x2000 + (i * 4)).Events.ShouldBe(SpeEvents.None);
        }
    }

    [Fact]
    public void TheSameOperationsGiveTheSameTimings()
    {
        ulong Run()
        {
            var model = new TimingModel(TimingMode.Full);
            var random = new Random(9);
            ulong hash = 17;
            for (int i = 0; i < 100_000; i++)
            {
                OperationTiming timing = Access(model, random.Next(2) == 0 ? Load : Store, Heap + (ulong)random.Next(16 << 20));
                hash = (hash * 31) + timing.Total + ((ulong)timing.Events << 16) + timing.Translation;
            }

            return hash;
        }

        Run().ShouldBe(Run());
    }

    [Theory]
    [InlineData("full", true)]
    [InlineData("off", true)]
    [InlineData("window:1", true)]
    [InlineData("window:4096", true)]
    [InlineData("window:4294967295", false)]
    [InlineData("window:0", false)]
    [InlineData("window:", false)]
    [InlineData("window:-1", false)]
    [InlineData("Full", false)]
    [InlineData("", false)]
    public void AModeIsReadFromItsText(string text, bool valid)
    {
        TimingMode.TryParse(text, out TimingMode mode).ShouldBe(valid);
        if (valid)
        {
            mode.ToString().ShouldBe(text);
        }
    }

    private static void Implies(SpeEvents events, SpeEvents one, SpeEvents other)
    {
        if ((events & one) != 0)
        {
            (events & other).ShouldBe(other);
        }
    }

    private static OperationTiming Access(TimingModel model, uint word, ulong va) => model.Feed(SpuBench.Access(word, va, va + PhysicalOffset));

    private static OperationTiming Branch(TimingModel model, uint word, ulong pc, ulong target)
    {
        ObservedOperation operation = SpuBench.Operation(word, pc);
        operation.NextPc = target;
        operation.Flags = ObservedFlags.Taken;
        return model.Feed(operation);
    }

    private static double MispredictRate(TimingModel model, int count, Func<int, bool> taken)
    {
        int wrong = 0;
        for (int i = 0; i < count; i++)
        {
            ObservedOperation operation = SpuBench.Operation(BranchNotEqual, 0x7000);
            if (taken(i))
            {
                operation.Flags = ObservedFlags.Taken;
                operation.NextPc = 0x7020;
            }

            wrong += (model.Feed(operation).Events & SpeEvents.Mispredicted) != 0 ? 1 : 0;
        }

        return (double)wrong / count;
    }

    private static ulong[] Shuffled(int count)
    {
        var order = new ulong[count];
        for (int i = 0; i < count; i++)
        {
            order[i] = (ulong)i;
        }

        new Random(1).Shuffle(order);
        return order;
    }
}
