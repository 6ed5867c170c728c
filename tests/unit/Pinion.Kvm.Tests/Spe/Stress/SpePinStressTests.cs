using System.Globalization;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Spe;

namespace Pinion.Kvm.Tests.Spe.Stress;

/// <summary>
/// Enabling, disabling and resizing buffers on four vCPUs that share pages and tables, against a VMM that moves limits and memslots and a host that fails, compared with a model
/// after every operation. One thread interleaves everything, so a seed replays. PINION_STRESS_OPERATIONS, PINION_STRESS_SEEDS (how many) and PINION_STRESS_SEED (the first) make it longer.
/// </summary>
public sealed class SpePinStressTests(ITestOutputHelper output)
{
    private static ulong Setting(string name, ulong otherwise) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out ulong value) ? value : otherwise;

    [Theory]
    [InlineData(SpeSeries.V6, false)]
    [InlineData(SpeSeries.V6, true)]
    [InlineData(SpeSeries.V6Rfc, false)]
    public void EveryInterleavingKeepsTheInvariants(SpeSeries series, bool cached)
    {
        ulong operations = Setting("PINION_STRESS_OPERATIONS", 20_000);
        ulong first = Setting("PINION_STRESS_SEED", 1);
        for (ulong seed = first; seed < first + Setting("PINION_STRESS_SEEDS", 3); seed++)
        {
            StressRun run = new((int)seed, series, cached);
            run.Perform(operations);
            output.WriteLine(run.Summary);
            run.ShouldHaveSeenEverything();
        }
    }

    /// <summary>Real threads, with the lock-order checker on: a lock taken in the wrong order ends the thread.</summary>
    [Theory]
    [InlineData(SpeSeries.V6, false)]
    [InlineData(SpeSeries.V6, true)]
    [InlineData(SpeSeries.V6Rfc, false)]
    public void FourVcpuThreadsAndAVmmThreadKeepTheInvariants(SpeSeries series, bool cached)
    {
        LockOrder.Enabled.ShouldBeTrue();
        ulong operations = Setting("PINION_STRESS_OPERATIONS", 20_000);
        ulong first = Setting("PINION_STRESS_SEED", 1);
        for (ulong seed = first; seed < first + Setting("PINION_STRESS_SEEDS", 3); seed++)
        {
            StressThreads run = new((int)seed, series, cached);
            run.Perform(operations / StressMachine.VcpuCount);
            output.WriteLine(run.Summary);
        }
    }
}
