using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>The acceptance that runs in the guest: perf records, reads it back, and passes its own test.</summary>
public sealed class SpeScriptTests(DebianGuest guest)
{
    [Fact]
    public void PerfRecordsAndReadsSpeInTheGuestAndPassesItsOwnTest()
    {
        guest.Require();
        ProgramResult run = PinionProgram.Run(PinionProgram.Session, DebianGuest.Arguments(DebianGuest.Full, "run=spe"));

        run.ExitCode.ShouldBe(0, run.Report);
        foreach (string step in new[] { "record", "dump", "script", "group", "mem-record", "test_arm_spe.sh" })
        {
            run.Output.ShouldContain($"SPE-TEST {step}: ok", Case.Sensitive, run.Report);
        }

        run.Output.ShouldContain("SPE-TEST test_arm_spe.sh rc=0", Case.Sensitive, run.Report);
        run.Output.ShouldContain("SPE snapshot testing: PASS", Case.Sensitive, run.Report);
        run.Output.ShouldContain("SPE system-wide testing: PASS", Case.Sensitive, run.Report);
        run.Output.ShouldContain("SPE-TEST failures: 0", Case.Sensitive, run.Report);
    }
}
