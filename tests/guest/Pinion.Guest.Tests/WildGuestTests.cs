using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>Whatever a guest does ends in an exception of the architecture's, or goes on until the user stops it.</summary>
public sealed class WildGuestTests
{
    public static TheoryData<string, string, uint[]> Faults => new()
    {
        { "an undefined instruction", "0000000002000000 -", [0x00000000] },
        { "a load beyond the physical address space", "0000000096000000 0000dead00000000", [0xd2dbd5a0, 0xf9400001] },
        { "a store where nothing is", "0000000096000010 0000000020000000", [0xd2a40000, 0xf9000001] },
        { "a write to MIDR_EL1, which is read-only", "0000000002000000 -", [0xd5180000] },
        { "a read of EL2's SCTLR", "0000000002000000 -", [0xd53c1000] },
        { "a branch to where nothing is", "0000000086000010 0000000020000000", [0xd2a40000, 0xd61f0000] },
        { "a branch into a device", "0000000086000010 0000000009000000", [0xd2a12000, 0xd61f0000] },
        { "a branch to an address that is not aligned", "000000008a000000 0000000040081002", [0x10000000, 0x91000800, 0xd61f0000] },
        { "a load by a stack pointer that is not aligned", "000000009a000000 -", [0xd5381000, 0xb27d0000, 0xd5181000, 0xd2800060, 0x9100001f, 0xf94003e1] },
        { "a secure monitor call", "0000000002000000 -", [0xd4000003] },
        { "a breakpoint instruction", "00000000f2000007 -", [0xd42000e0] },
        { "a supervisor call", "0000000056000007 -", [0xd40000e1] },
        { "an exception return to AArch32, which there is none of", "000000003a000000 -", [0xd28003e0, 0xd5184000, 0x10000000, 0xd5184020, 0xd69f03e0] },
        { "an exception return to EL2", "000000003a000000 -", [0xd2800100, 0xd5184000, 0x10000000, 0xd5184020, 0xd69f03e0] },
    };

    /// <summary>Guests that never come to rest.</summary>
    public static TheoryData<string, uint[]> Loops => new()
    {
        { "undefined instructions without vectors", [0x00000000] },
        { "vectors beyond every address", [0x92dfffe0, 0xd518c000, 0x00000000] },
        {
            "page tables outside of memory",
            [
                0xb24077e0, // mov  x0, #0x3fffffff
                0xd5182000, // msr  ttbr0_el1, x0
                0xd5182020, // msr  ttbr1_el1, x0
                0xd286a200, // mov  x0, #0x3510
                0xf2b6a200, // movk x0, #0xb510, lsl #16
                0xd5182040, // msr  tcr_el1, x0
                0xd2801fe0, // mov  x0, #0xff
                0xd518a200, // msr  mair_el1, x0
                0xd5033fdf, // isb
                0xd5381000, // mrs  x0, sctlr_el1
                0xb2400000, // orr  x0, x0, #1
                0xd5181000, // msr  sctlr_el1, x0
                0xd5033fdf, // isb
            ]
        },
        { "waiting for an interrupt that never comes", [0xd5034fdf, 0xd503207f, 0x17ffffff] },
        { "stores to the interrupt controller, upwards", [0xd2a10000, 0xb8004400, 0x17ffffff] },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void AFaultIsAnExceptionInTheGuest(string what, string syndromeAndAddress, uint[] body)
    {
        using TemporaryDirectory directory = new();
        string kernel = directory.Write("wild.bin", FlatGuest.Reporting(body));
        ProgramResult run = PinionProgram.Run(PinionProgram.Short, "run", "-k", kernel, "-m", "64M");

        run.ShouldHaveNoTrouble();
        run.ExitCode.ShouldBe(0, $"{what}: {run.Report}");

        // FAR_EL1 is UNKNOWN after exceptions that have no address.
        string output = run.Output.Trim();
        (syndromeAndAddress.EndsWith('-') ? output[..17] + "-" : output).ShouldBe(syndromeAndAddress, what);
        run.Error.ShouldBeEmpty();
    }

    /// <summary>KVM's answer to a device access whose syndrome does not describe it is -ENOSYS, and then no machine can go on.</summary>
    [Theory]
    [InlineData("a load of a pair from the interrupt controller", 0xd2a10000, 0xa9400801)]
    [InlineData("a load-exclusive from the serial port", 0xd2a12000, 0x885f7c01)]
    public void ADeviceAccessThatKvmCannotDescribeEndsTheMachineWithAReport(string what, uint address, uint load)
    {
        using TemporaryDirectory directory = new();
        string kernel = directory.Write("wild.bin", FlatGuest.Reporting(address, load));
        ProgramResult run = PinionProgram.Run(PinionProgram.Short, "run", "-k", kernel, "-m", "64M");

        run.ShouldHaveNoTrouble();
        run.ExitCode.ShouldBe(3, $"{what}: {run.Report}");
        run.Error.ShouldBe("pinion: vCPU 0 cannot run: KVM_RUN failed: Function not implemented (PC 0x40081004)\n");
    }

    [Theory]
    [MemberData(nameof(Loops))]
    public void AGuestThatNeverRestsCanBeStopped(string what, uint[] code)
    {
        using TemporaryDirectory directory = new();
        StopAfterAMoment(directory.Write("wild.bin", FlatGuest.Bare(code)), what, cpus: 1, "--stats");
    }

    /// <summary>Noise, one page of code after the other: the vectors, wherever they end up, are noise too.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void AGuestOfNoiseCanBeStopped(int seed)
    {
        byte[] noise = new byte[8 << 20];
        new Random(seed).NextBytes(noise);
        using TemporaryDirectory directory = new();
        StopAfterAMoment(directory.Write("noise.bin", noise), $"noise of seed {seed}", cpus: 2, "--deterministic");
    }

    private static void StopAfterAMoment(string kernel, string what, int cpus, string option)
    {
        using HostProgram run = PinionProgram.Start("run", "-k", kernel, "-m", "64M", "-c", $"{cpus}", option);
        run.Input.Close();
        Thread.Sleep(TimeSpan.FromSeconds(1.5));
        run.Terminate();
        ProgramResult result = run.Finish(PinionProgram.Short);

        // Noise may happen to say SYSTEM_OFF or SYSTEM_RESET, or to fail in a way that is reported in one line.
        result.ShouldHaveNoTrouble();
        result.InTime.ShouldBeTrue(what);
        result.ExitCode.ShouldBeOneOf(0, 3, 128 + Posix.SigTerm);
    }
}
