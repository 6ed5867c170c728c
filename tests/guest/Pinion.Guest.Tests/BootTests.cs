using System.Text.RegularExpressions;
using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>Debian's kernel boots, finds its profiling units, and powers off.</summary>
public sealed class BootTests(DebianGuest guest)
{
    [Theory]
    [InlineData(1, "0")]
    [InlineData(4, "0-3")]
    public void TheSpeDriverProbesOnEveryCpuAndTheGuestPowersOff(int cpus, string list)
    {
        guest.Require();
        ProgramResult run = PinionProgram.Run(PinionProgram.Boot, DebianGuest.Arguments(DebianGuest.Full, "run=none", "-c", $"{cpus}"));

        run.ExitCode.ShouldBe(0, run.Report);
        run.Output.ShouldContain($"cpus={cpus}\n");
        run.Output.ShouldContain("\nINIT-READY", Case.Sensitive, run.Report);

        // The driver of Linux 6.1 says no version and knows the six oldest features; later ones say SPEv1.2 and 0xff.
        run.Output.ShouldMatch($@"arm_spe_pmu spe-pmu: probed (SPEv1\.2 )?for CPUs {list} \[max_record_sz 64, align 64, features 0x(3f|ff)\]", run.Report);
        run.Output.ShouldContain("reboot: Power down", Case.Sensitive, run.Report);
        run.Error.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void EveryNumberOfCpusComesUp(int cpus)
    {
        guest.Require();
        ProgramResult run = PinionProgram.Run(PinionProgram.Boot, DebianGuest.Arguments(DebianGuest.Mini, "run=none", "-c", $"{cpus}"));

        run.ExitCode.ShouldBe(0, run.Report);
        run.Output.ShouldContain($"cpus={cpus}\n", Case.Sensitive, run.Report);
        run.Output.ShouldContain("\nINIT-DONE", Case.Sensitive, run.Report);
    }

    /// <summary>Memory past the caches is only what maintenance brought there: the kernel's own from head.S on, and KVM's. The fifth posting locks memory before it runs, so its first KVM_RUN maintains all of it.</summary>
    [Theory]
    [InlineData("v6", 1)]
    [InlineData("v6", 4)]
    [InlineData("v5", 2)]
    public void TheGuestComesUpWhereCachesAreNotCoherentWithMemory(string series, int cpus)
    {
        guest.Require();
        string[] arguments = DebianGuest.Arguments(DebianGuest.Mini, "run=none", "-c", $"{cpus}", "--spe-series", series, "--coherency", "strict");
        ProgramResult run = PinionProgram.Run(PinionProgram.Boot, arguments);

        run.ExitCode.ShouldBe(0, run.Report);
        run.Output.ShouldContain($"cpus={cpus}\n", Case.Sensitive, run.Report);
        run.Output.ShouldContain("\nINIT-DONE", Case.Sensitive, run.Report);
        run.Error.ShouldBeEmpty();
    }

    /// <summary>Nothing that the demo guest does depends on the caches: it finds the same with them, record for record.</summary>
    [Fact]
    public void TheDemoGuestFindsTheSameWhereCachesAreNotCoherentWithMemory()
    {
        using var directory = new TemporaryDirectory();
        string elf = DemoGuest.Write(directory);
        byte[][] captures = [.. new[] { "off", "strict" }.Select(coherency =>
        {
            string capture = directory.File(coherency);
            ProgramResult run = PinionProgram.Run(PinionProgram.Boot, "run", "-k", elf, "-m", "128M", "--deterministic", "--coherency", coherency, "--spe-capture", capture);
            run.ExitCode.ShouldBe(0, run.Report);
            run.Output.ShouldContain("DEMO-DONE", Case.Sensitive, run.Report);
            return File.ReadAllBytes(capture);
        })];
        captures[1].ShouldBe(captures[0]);
        captures[0].Length.ShouldBeGreaterThan(1 << 20);
    }

    [Fact]
    public void WithoutAProfilingUnitTheGuestHasNoSpeDevice()
    {
        guest.Require();
        ProgramResult run = PinionProgram.Run(PinionProgram.Boot, DebianGuest.Arguments(DebianGuest.Mini, "run=none", "--spe", "off"));

        run.ExitCode.ShouldBe(0, run.Report);
        run.Output.ShouldContain("\nINIT-DONE", Case.Sensitive, run.Report);
        run.Output.ShouldNotContain("arm_spe_pmu spe-pmu: probed");
    }

    [Fact]
    public void TheWorkloadsComputeWhatQemuComputes()
    {
        string bench = guest.RequireWorkloads();
        if (!HostProgram.Exists("qemu-aarch64"))
        {
            Assert.Skip("needs qemu-aarch64: apt-get install qemu-user");
        }

        ProgramResult expected = HostProgram.Run("qemu-aarch64", PinionProgram.Short, bench, "-s", "0.001", "cpu");
        ProgramResult run = PinionProgram.Run(PinionProgram.Boot, DebianGuest.Arguments(DebianGuest.Mini, "run=bench:-s,0.001,cpu"));

        run.ExitCode.ShouldBe(0, run.Report);
        Sums(expected.Output).Count.ShouldBeGreaterThan(10);
        Sums(run.Output).ShouldBe(Sums(expected.Output), run.Report);
    }

    [Fact]
    public void AnIdleGuestLeavesTheHostAlone()
    {
        guest.Require();
        TimeSpan measured = TimeSpan.FromSeconds(4);
        using HostProgram run = PinionProgram.Start(DebianGuest.Arguments(DebianGuest.Mini, "run=sh:echo@ASLEEP;sleep@1000", "-c", "2"));
        run.WaitFor("\nASLEEP", PinionProgram.Boot).ShouldBeTrue(run.Output);

        // The kernel tidies up for a moment after the boot, and so does the host's JIT compiler.
        Thread.Sleep(TimeSpan.FromSeconds(3));
        TimeSpan before = run.CpuTime;
        Thread.Sleep(measured);
        TimeSpan used = run.CpuTime - before;
        run.Terminate();

        run.Finish(PinionProgram.Short).ExitCode.ShouldBe(128 + Posix.SigTerm);
        used.ShouldBeLessThan(measured * 0.1, "3 % of a core are promised; the rest is for a busy machine");
    }

    /// <summary>Name and check sum of each result.</summary>
    private static List<string> Sums(string output) => [.. Regex.Matches(output, "RESULT name=(\\S+) .*csum=([0-9a-f]{16})").Select(m => $"{m.Groups[1]} {m.Groups[2]}")];
}
