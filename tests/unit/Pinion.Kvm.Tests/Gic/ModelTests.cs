using Pinion.Arm.SystemRegisters;

namespace Pinion.Kvm.Tests.Gic;

/// <summary>
/// Random histories against a second model that is written the other way round: one record an interrupt, everything recomputed from scratch, priorities compared by a stack
/// of what is running instead of active priority registers.
/// </summary>
public sealed class ModelTests
{
    private const int Vcpus = 3;

    private sealed class Source
    {
        public required int Intid;
        public required bool Edge;
        public int Priority;
        public bool Enabled = true, Latched, High, Active, IsGroup1 = true;
        public int At;

        public bool Wanted => Enabled && !Active && (Latched || (!Edge && High));
    }

    private sealed class Reference
    {
        public readonly List<Source> Sources = [];
        public readonly Stack<(int Priority, bool Group1)>[] Running = [.. Enumerable.Range(0, Vcpus).Select(_ => new Stack<(int, bool)>())];
        public readonly int[] Mask = new int[Vcpus];
        public readonly bool[] Group1On = new bool[Vcpus];
        public readonly bool[] Group0On = new bool[Vcpus];
        public readonly int[] Bpr0 = [2, 2, 2];
        public readonly int[] Bpr1 = [3, 3, 3];
        public readonly bool[] Split = new bool[Vcpus];
        public bool On;

        public Source? Best(int vcpu) => !On ? null : Sources
            .Where(s => s.At == vcpu && s.Wanted && (s.IsGroup1 ? Group1On[vcpu] : Group0On[vcpu]))
            .OrderBy(s => s.Priority).ThenBy(s => s.Intid).FirstOrDefault();

        public int Group(int vcpu, Source s)
        {
            int step = 1 << (s.IsGroup1 ? Bpr1[vcpu] : Bpr0[vcpu] + 1);
            return s.Priority / step * step;
        }

        public Source? Signalled(int vcpu)
        {
            Source? best = Best(vcpu);
            return best is not null && best.Priority < Mask[vcpu] && Group(vcpu, best) < (Running[vcpu].Count == 0 ? 255 : Running[vcpu].Peek().Priority) ? best : null;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void RandomHistoriesAgreeWithTheModel(int seed)
    {
        var random = new Random(seed);
        var gic = new TestGic(Vcpus);
        var model = new Reference();
        Source[] all = Build(gic, model);

        for (int step = 0; step < 20_000; step++)
        {
            int vcpu = random.Next(Vcpus);
            Source source = all[random.Next(all.Length)];
            switch (random.Next(16))
            {
                case 0 or 1 or 2:
                    Line(gic, source, random.Next(2) == 1);
                    break;
                case 3:
                    SetPending(gic, source, true);
                    break;
                case 4:
                    SetPending(gic, source, false);
                    break;
                case 5:
                    source.Enabled = random.Next(3) > 0;
                    Bit(gic, source, source.Enabled ? 0x100u : 0x180u);
                    break;
                case 6:
                    source.Priority = random.Next(32) * 8;
                    SetPriority(gic, source);
                    break;
                case 7 when source.Intid >= 32:
                    source.At = random.Next(Vcpus);
                    gic.WriteDist((uint)(0x6000 + source.Intid * 8), (ulong)source.At, 8);
                    break;
                case 8:
                    model.Mask[vcpu] = random.Next(2) == 0 ? 0xF8 : random.Next(32) * 8;
                    gic.WriteIcc(SysRegId.ICC_PMR_EL1, (ulong)model.Mask[vcpu], vcpu);
                    break;
                case 9:
                    model.On = random.Next(8) > 0;
                    gic.WriteDist(0, model.On ? 2u : 0);
                    model.Group1On[vcpu] = random.Next(8) > 0;
                    model.Group0On[vcpu] = random.Next(8) > 0;
                    gic.WriteIcc(SysRegId.ICC_IGRPEN1_EL1, model.Group1On[vcpu] ? 1u : 0, vcpu);
                    gic.WriteIcc(SysRegId.ICC_IGRPEN0_EL1, model.Group0On[vcpu] ? 1u : 0, vcpu);
                    break;
                case 10 when model.Running[vcpu].Count == 0:
                    model.Bpr1[vcpu] = random.Next(3, 8);
                    model.Bpr0[vcpu] = random.Next(2, 8);
                    model.Split[vcpu] = random.Next(2) == 1;
                    gic.WriteIcc(SysRegId.ICC_BPR1_EL1, (ulong)model.Bpr1[vcpu], vcpu);
                    gic.WriteIcc(SysRegId.ICC_BPR0_EL1, (ulong)model.Bpr0[vcpu], vcpu);
                    gic.WriteIcc(SysRegId.ICC_CTLR_EL1, model.Split[vcpu] ? 2u : 0, vcpu);
                    break;
                case 11:
                    source.IsGroup1 = random.Next(4) > 0;
                    SetGroup(gic, source, all);
                    break;
                case 12:
                    int targets = random.Next(8);
                    gic.WriteIcc(SysRegId.ICC_SGI1R_EL1, (5UL << 24) | (uint)targets, vcpu);
                    foreach (Source sgi in all.Where(s => s.Intid == 5 && ((targets >> s.At) & 1) != 0))
                    {
                        sgi.Latched = true;
                    }

                    break;
                case 13 or 14:
                    Take(gic, model, vcpu, random.Next(8) > 0);
                    break;
                default:
                    Finish(gic, model, all, vcpu, random);
                    break;
            }

            Compare(gic, model, step);
        }
    }

    private static Source[] Build(TestGic gic, Reference model)
    {
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
        {
            model.Sources.Add(new Source { Intid = 5, Edge = true, At = vcpu });
            model.Sources.Add(new Source { Intid = 20, Edge = false, At = vcpu, Enabled = false });
            model.Sources.Add(new Source { Intid = 27, Edge = false, At = vcpu, Enabled = false });
        }

        foreach (int intid in (int[])[32, 33, 63, 95, 96, 255])
        {
            bool edge = intid % 2 == 1;
            model.Sources.Add(new Source { Intid = intid, Edge = edge });
            gic.EnableSpi(intid, edge, priority: 0);
        }

        return [.. model.Sources];
    }

    private static void Line(TestGic gic, Source source, bool level)
    {
        if (source.Intid < 16)
        {
            return;
        }

        if (source.Intid < 32)
        {
            gic.Gic.SetPpi(source.At, source.Intid, level);
        }
        else
        {
            gic.Gic.SetSpi(source.Intid, level);
        }

        if (source.Edge)
        {
            source.Latched |= level;
        }
        else
        {
            source.High = level;
        }
    }

    private static void Bit(TestGic gic, Source source, uint block)
    {
        if (source.Intid < 32)
        {
            gic.WriteRedist(0x10000 + block, 1UL << source.Intid, 4, source.At);
        }
        else
        {
            gic.WriteDist(block + (uint)source.Intid / 32 * 4, 1UL << (source.Intid % 32));
        }
    }

    private static void SetPending(TestGic gic, Source source, bool set)
    {
        Bit(gic, source, set ? 0x200u : 0x280u);
        source.Latched = set;
    }

    private static void SetPriority(TestGic gic, Source source)
    {
        // The three bits below are not implemented.
        ulong value = (ulong)source.Priority | 7;
        if (source.Intid < 32)
        {
            gic.WriteRedist((uint)(0x10400 + source.Intid), value, 1, source.At);
        }
        else
        {
            gic.WriteDist((uint)(0x400 + source.Intid), value, 1);
        }
    }

    private static void SetGroup(TestGic gic, Source source, Source[] all)
    {
        if (source.Intid < 32)
        {
            uint word = all.Where(s => s.Intid < 32 && s.At == source.At && !s.IsGroup1).Aggregate(uint.MaxValue, (w, s) => w & ~(1u << s.Intid));
            gic.WriteRedist(0x10080, word, 4, source.At);
        }
        else
        {
            uint word = all.Where(s => s.Intid / 32 == source.Intid / 32 && !s.IsGroup1).Aggregate(uint.MaxValue, (w, s) => w & ~(1u << (s.Intid % 32)));
            gic.WriteDist(0x80 + (uint)source.Intid / 32 * 4, word);
        }
    }

    private static void Take(TestGic gic, Reference model, int vcpu, bool group1)
    {
        Source? signalled = model.Signalled(vcpu);
        int expected = signalled is not null && signalled.IsGroup1 == group1 ? signalled.Intid : 1023;
        ((int)gic.Icc(group1 ? SysRegId.ICC_IAR1_EL1 : SysRegId.ICC_IAR0_EL1, vcpu)).ShouldBe(expected);
        if (expected != 1023)
        {
            model.Running[vcpu].Push((model.Group(vcpu, signalled!), group1));
            signalled!.Active = true;
            signalled.Latched = false;
        }
    }

    private static void Finish(TestGic gic, Reference model, Source[] all, int vcpu, Random random)
    {
        Source[] active = [.. all.Where(s => s.Active && (s.Intid >= 32 || s.At == vcpu))];
        if (active.Length == 0)
        {
            return;
        }

        Source source = active[random.Next(active.Length)];
        if (model.Split[vcpu] && random.Next(2) == 0)
        {
            gic.WriteIcc(SysRegId.ICC_DIR_EL1, (ulong)source.Intid, vcpu);
            source.Active = false;
            return;
        }

        bool group1 = random.Next(4) > 0;
        gic.WriteIcc(group1 ? SysRegId.ICC_EOIR1_EL1 : SysRegId.ICC_EOIR0_EL1, (ulong)source.Intid, vcpu);
        if (model.Running[vcpu].Count > 0 && model.Running[vcpu].Peek().Group1 == group1)
        {
            model.Running[vcpu].Pop();
            source.Active &= model.Split[vcpu];
        }
    }

    private static void Compare(TestGic gic, Reference model, int step)
    {
        for (int vcpu = 0; vcpu < Vcpus; vcpu++)
        {
            Source? signalled = model.Signalled(vcpu);
            gic.Irq(vcpu).ShouldBe(signalled is { IsGroup1: true }, $"IRQ of vCPU {vcpu} at step {step}");
            gic.Fiq(vcpu).ShouldBe(signalled is { IsGroup1: false }, $"FIQ of vCPU {vcpu} at step {step}");
            gic.Icc(SysRegId.ICC_RPR_EL1, vcpu).ShouldBe(model.Running[vcpu].Count == 0 ? 255UL : (ulong)model.Running[vcpu].Peek().Priority, $"step {step}");
            gic.Icc(SysRegId.ICC_HPPIR1_EL1, vcpu).ShouldBe(model.Best(vcpu) is { IsGroup1: true } best ? (ulong)best.Intid : 1023UL, $"step {step}");
        }
    }
}
