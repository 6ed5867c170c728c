using Pinion.Kvm.Spe;

namespace Pinion.Bench;

/// <summary>
/// <c>bench/pin</c>: cycles of enabling and disabling an unchanged profiling buffer. A cycle is two trapped writes; what those cost by themselves is measured by two that do nothing, and taken off.
/// </summary>
internal static class PinBenchmark
{
    private sealed record Case(string Name, SpeSeries Series, PinCacheOptions Cache, bool Fast);

    private static readonly Case[] s_cases =
    [
        new("v6, kept pinned", SpeSeries.V6, PinCacheOptions.Default, Fast: true),
        new("v6, pinned anew", SpeSeries.V6, PinCacheOptions.Off, Fast: false),
        new("v6-rfc", SpeSeries.V6Rfc, PinCacheOptions.Off, Fast: false),
    ];

    public static void Run(Report report, BenchmarkOptions options)
    {
        var rows = new List<string[]>();
        foreach (bool scattered in (bool[])[false, true])
        {
            foreach (ulong mebibytes in (ulong[])[4, 64])
            {
                string buffer = $"{mebibytes} MiB{(scattered ? ", scattered" : "")}";
                foreach (Case c in s_cases)
                {
                    Report.Progress($"pin: {buffer}, {c.Name}");
                    using PinMachine machine = new(c.Series, c.Cache, mebibytes << 20, scattered);
                    ulong slow = mebibytes == 4 ? 256UL : 4;
                    ulong cycles = c.Fast ? 200_000 : slow;
                    machine.Traps(100_000);

                    // Long enough for the compiler to have seen what is hot.
                    machine.Cycle(c.Fast ? 100_000UL : slow);
                    var cycle = new Sample();
                    var traps = new Sample();
                    var beside = new Sample();
                    var bare = new Sample();

                    // In turns: what else the host does hits all alike.
                    for (int round = 0; round < options.Rounds; round++)
                    {
                        traps.Add(machine.Traps(200_000) * 1e6);
                        cycle.Add(machine.Cycle(cycles) * 1e6);
                        beside.Add(cycle.Values[^1] - traps.Values[^1]);
                        if (!c.Fast)
                        {
                            bare.Add(machine.Bare(slow) * 1e6);
                        }
                    }

                    rows.Add([buffer, c.Name, Report.Spread(traps), Report.Spread(beside), Report.Number(1e6 / cycle.Median), c.Fast ? "-" : Report.Spread(bare), c.Fast ? "-" : Report.Number(beside.RatioOfPairs(bare))]);
                    report.Keep("traps, us", $"{buffer} {c.Name}", traps);
                    report.Keep("cycle beside its traps, us", $"{buffer} {c.Name}", beside);
                    if (c.Fast)
                    {
                        report.Result($"{buffer}, {c.Name}: a cycle beside its traps", beside.Median, " us", atMost: 2);
                    }
                    else
                    {
                        report.Keep("mlock and munlock, us", $"{buffer} {c.Name}", bare);
                        report.Result($"{buffer}, {c.Name}: a cycle beside its traps, over mlock and munlock of its pages", beside.RatioOfPairs(bare), " times", atMost: c.Series == SpeSeries.V6 ? 1.3 : null);
                    }
                }
            }
        }

        Report.Table(
            "A cycle of enabling and disabling an unchanged buffer: us min/median/max; scattered: no two pages are neighbours in memory",
            ["buffer", "how", "two traps", "beside them", "cycles/s", "mlock+munlock", "ratio"],
            rows);
    }
}
