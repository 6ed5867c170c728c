using System.Text.Json;
using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>The comparison of the series with perf in the guest: the kernel's own driver toggles the buffer at context switches.</summary>
public sealed class CompareTests(DebianGuest guest)
{
    /// <summary>One boot a series: the one that pins all memory once, and the one that pins the buffer each time.</summary>
    [Fact]
    public void TheDriverTogglesTheBufferAtEverySwitchAndTheProfilingUnitTakesNoStage2Fault()
    {
        const int Cycles = 60;
        guest.RequireWorkloads();
        ProgramResult run = PinionProgram.Run(
            PinionProgram.Session, "compare", "--guest", "debian", "--series", "v4,v6", "--cycles", Cycles.ToString(System.Globalization.CultureInfo.InvariantCulture), "--json");

        run.ExitCode.ShouldBe(0, run.Report);
        JsonElement[] rows = [.. JsonDocument.Parse(run.Output).RootElement.GetProperty("series").EnumerateArray()];
        rows.Select(row => row.GetProperty("name").GetString()).ShouldContain("v4", run.Report);
        rows.Select(row => row.GetProperty("name").GetString()).ShouldContain("v6", run.Report);
        foreach (JsonElement row in rows)
        {
            row.GetProperty("stage2Faults").GetUInt64().ShouldBe(0UL, run.Report);
            row.GetProperty("lost").GetUInt64().ShouldBe(0UL, run.Report);
            row.GetProperty("records").GetUInt64().ShouldBeGreaterThan(0UL, run.Report);
            row.GetProperty("bareCyclesPerSecond").GetDouble().ShouldBeGreaterThan(0, run.Report);

            // Each round trip switches the profiled task out and in; starting and ending it adds a few.
            row.GetProperty("buffers").EnumerateArray().ShouldAllBe(buffer => buffer.GetProperty("cycles").GetInt32() >= Cycles);
        }
    }
}
