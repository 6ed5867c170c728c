using System.Diagnostics;
using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>The console on a terminal.</summary>
public sealed class TerminalTests(DebianGuest guest)
{
    [Fact]
    public void CtrlAXLeavesWithExitCodeZero()
    {
        guest.Require();
        using PseudoTerminal terminal = new();
        Process run = terminal.Start(PinionProgram.DotNet, [PinionProgram.Program, .. DebianGuest.Arguments(DebianGuest.Mini, "run=shell")]);
        terminal.WaitFor("INIT-READY", PinionProgram.Boot).ShouldBeTrue(terminal.Output);

        // Every key goes to the guest, Ctrl-C too.
        terminal.Type("sleep 1000\r");
        terminal.WaitFor("sleep 1000", PinionProgram.Short).ShouldBeTrue(terminal.Output);
        Thread.Sleep(500);
        terminal.Type("\x03");
        terminal.Type("echo STILL-$((40 + 2))-HERE\r");
        terminal.WaitFor("STILL-42-HERE", PinionProgram.Short).ShouldBeTrue(terminal.Output);
        terminal.Type("\x01h");
        terminal.WaitFor("Ctrl-A x leaves", PinionProgram.Short).ShouldBeTrue(terminal.Output);
        terminal.Type("\x01x");
        run.WaitForExit(PinionProgram.Short).ShouldBeTrue(terminal.Output);
        run.ExitCode.ShouldBe(0, terminal.Output);
    }

    [Fact]
    public void InputThatIsNoTerminalReachesTheShell()
    {
        guest.Require();
        using HostProgram run = PinionProgram.Start(DebianGuest.Arguments(DebianGuest.Mini, "run=shell"));
        run.Input.Write("echo SUM-$((40 + 2))\npoweroff -f\n");
        run.Input.Close();
        ProgramResult result = run.Finish(PinionProgram.Boot);

        result.ExitCode.ShouldBe(0, result.Report);
        result.Output.ShouldContain("SUM-42", Case.Sensitive, result.Report);
    }
}
