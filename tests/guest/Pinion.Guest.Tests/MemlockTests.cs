using System.Globalization;
using System.Text.RegularExpressions;
using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>perf in the guest, on a host whose limit of locked memory is far below its buffer: what the VMM's two policies make of it, and what the kernel says is locked at each step.</summary>
public sealed partial class MemlockTests(DebianGuest guest)
{
    /// <summary>No maximum: nothing is charged in advance, and all of it when perf enables the buffer.</summary>
    private const string NoReservation = "0";

    /// <summary>Two sessions of perf. The guest waits at each step, so that its process can be looked at.</summary>
    private const string Script =
        """
        step() { echo "STEP-$1"; sleep 2; }
        session() {
          perf record -e arm_spe_0// -c 16384 -o /tmp/$1 -- sh -c 'dd if=/dev/zero of=/dev/null bs=64 count=20000 2>/dev/null; echo STEP-RECORDING-'$1'; sleep 2; dd if=/dev/zero of=/dev/null bs=64 count=20000 2>/dev/null'
          echo "SESSION $1 rc=$?"
          echo "RECORDS $1 $(perf report -D -i /tmp/$1 2>/dev/null | grep -c ' PC 0x')"
        }
        step IDLE
        session first
        step BETWEEN
        session second
        step AFTER
        echo "DRIVER $(dmesg | grep -c 'arm_spe_pmu: Unknown error code .*PMBSR=0x000000007c0a0000')"
        echo GUEST-GOES-ON $((6 * 7))
        """;

    private static readonly string[] s_steps = ["STEP-IDLE", "STEP-RECORDING-first", "STEP-BETWEEN", "STEP-RECORDING-second", "STEP-AFTER"];

    [Fact]
    public void RaiseMakesPerfWorkWithTheExitsShown()
    {
        (ProgramResult run, ulong[] locked) = Run("raise");

        run.Output.ShouldContain("SESSION first rc=0", Case.Sensitive, run.Report);
        run.Output.ShouldContain("SESSION second rc=0", Case.Sensitive, run.Report);
        Number(run.Output, @"RECORDS first (\d+)").ShouldBeGreaterThan(10UL, run.Report);
        Number(run.Output, @"RECORDS second (\d+)").ShouldBeGreaterThan(10UL, run.Report);
        run.Output.ShouldContain("DRIVER 0\n", Case.Sensitive, run.Report);

        ulong exits = Number(run.Error, @"(\d+) exits for RLIMIT_MEMLOCK");
        exits.ShouldBeGreaterThan(0UL, run.Report);
        Number(run.Error, @"limit raised (\d+) times").ShouldBe(exits, run.Report);
        RaisedLine().Count(run.Error).ShouldBe((int)exits, run.Report);
        run.Error.ShouldContain("refused 0 times", Case.Sensitive, run.Report);
        run.Error.ShouldContain(" 0 stage 2 faults of the profiling unit", Case.Sensitive, run.Report);

        // VmLck is the watermark: it grows when perf begins, stays when perf ends, and is what was charged.
        ulong charged = Number(run.Error, @"(\d+) KiB of locked memory charged") << 10;
        charged.ShouldBeGreaterThan(LimitedHost.Limit);
        locked[1].ShouldBeGreaterThan(locked[0] + LimitedHost.Limit);
        locked.ShouldBeInOrder();
        locked[^1].ShouldBe(locked[0] + charged, run.Report);
    }

    [Fact]
    public void KeepEndsPerfsSessionAndTheGuestGoesOn()
    {
        (ProgramResult run, ulong[] locked) = Run("keep");

        // Its driver is told by an IMPLEMENTATION DEFINED event with DL set, and says so; perf gets no record.
        run.Output.ShouldContain("arm_spe_pmu: Unknown error code", Case.Sensitive, run.Report);
        Number(run.Output, @"DRIVER (\d+)").ShouldBeGreaterThan(0UL, run.Report);
        run.Output.ShouldContain("SESSION first rc=", Case.Sensitive, run.Report);
        Number(run.Output, @"RECORDS first (\d+)").ShouldBe(0UL, run.Report);
        Number(run.Output, @"RECORDS second (\d+)").ShouldBe(0UL, run.Report);

        ulong exits = Number(run.Error, @"(\d+) exits for RLIMIT_MEMLOCK");
        exits.ShouldBeGreaterThan(0UL, run.Report);
        Number(run.Error, @"refused (\d+) times").ShouldBe(exits, run.Report);
        run.Error.ShouldContain("limit raised 0 times", Case.Sensitive, run.Report);
        run.Error.ShouldContain("the guest's profiling session ends", Case.Sensitive, run.Report);
        run.Error.ShouldContain(" 0 KiB of locked memory charged", Case.Sensitive, run.Report);
        locked.ShouldAllBe(bytes => bytes == locked[0], run.Report);
    }

    /// <summary>Runs the script in the guest, and looks at VmLck at each of its steps.</summary>
    private (ProgramResult Run, ulong[] Locked) Run(string policy)
    {
        guest.Require();
        LimitedHost.Require(6 << 20);
        using TemporaryDirectory shared = new();
        shared.Write("script.sh", Script);
        using HostProgram pinion = LimitedHost.Start(DebianGuest.Arguments(
            DebianGuest.Full,
            "share=here:/mnt/share run=sh:sh@/mnt/share/script.sh",
            "--share", $"{shared.Path}:here", "--spe-max-buffer", NoReservation, "--memlock", policy, "--stats"));
        pinion.Input.Close();
        List<ulong> locked = [];
        foreach (string step in s_steps)
        {
            if (!pinion.WaitFor(step, PinionProgram.Boot))
            {
                break;
            }

            locked.Add(LimitedHost.Locked(pinion));
        }

        ProgramResult run = pinion.Finish(PinionProgram.Session);
        run.ExitCode.ShouldBe(0, run.Report);
        locked.Count.ShouldBe(s_steps.Length, run.Report);
        run.Output.ShouldContain("GUEST-GOES-ON 42", Case.Sensitive, run.Report);
        run.Output.ShouldContain("INIT-DONE", Case.Sensitive, run.Report);
        run.ShouldHaveNoTrouble();
        return (run, [.. locked]);
    }

    private static ulong Number(string text, string pattern)
    {
        Match match = Regex.Match(text, pattern);
        match.Success.ShouldBeTrue($"no '{pattern}' in\n{text}");
        return ulong.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^pinion: raised the limit of locked memory from ", RegexOptions.Multiline)]
    private static partial Regex RaisedLine();
}
