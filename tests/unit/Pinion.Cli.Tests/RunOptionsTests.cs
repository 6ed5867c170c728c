using System.CommandLine;
using Pinion.Cli;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;
using Pinion.Kvm.Spe;
using Pinion.Vmm;
using Pinion.Vmm.Board;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Tests;

public sealed class RunOptionsTests
{
    [Fact]
    public void WithoutOptionsTheMachineHasOneCpuAndAProfilingUnit()
    {
        MachineOptions machine = Parse("-k", "Image").Value;
        machine.Kernel.ShouldBe("Image");
        machine.Cpus.ShouldBe(1);
        machine.Memory.ShouldBe(512UL << 20);
        machine.Spe.ShouldBeTrue();
        machine.SpeMaxBuffer.ShouldBe(4UL << 20);
        machine.SpeSeries.ShouldBe(SpeSeries.V6);
        machine.SpePinCache.ShouldBe(PinCacheOptions.Default);
        machine.SpeIrq.ShouldBe(21u);
        machine.Memlock.ShouldBe(MemlockAction.Raise);
        machine.Engine.ShouldBe(EngineKind.Auto);
        machine.Deterministic.ShouldBeFalse();
        machine.CommandLine.ShouldBeNull();
    }

    [Fact]
    public void EveryOptionReachesTheMachine()
    {
        MachineOptions machine = Parse(
            "--kernel", "K", "-i", "I", "-p", "a b", "-c", "4", "-m", "2G", "--dtb", "D", "--dump-dtb", "O", "--share", "/tmp:t", "--share", "/var:v", "--spe", "off",
            "--spe-max-buffer", "64K", "--spe-series", "v4", "--spe-pin-cache", "0", "--spe-in-flight", "4", "--spe-irq", "22", "--memlock", "keep", "--deterministic", "--timing", "window:100", "--engine", "switch", "--kaslr").Value;
        machine.Initrd.ShouldBe("I");
        machine.CommandLine.ShouldBe("a b");
        machine.Cpus.ShouldBe(4);
        machine.Memory.ShouldBe(2UL << 30);
        machine.Dtb.ShouldBe("D");
        machine.DumpDtb.ShouldBe("O");
        machine.Shares.ShouldBe([new SharedDirectory("/tmp", "t"), new SharedDirectory("/var", "v")]);
        machine.Spe.ShouldBeFalse();
        machine.SpeMaxBuffer.ShouldBe(64UL << 10);
        machine.SpeSeries.ShouldBe(SpeSeries.V4);
        machine.SpePinCache.ShouldBe(PinCacheOptions.Off);
        machine.Spu.OperationsPerCycleInFlight.ShouldBe(4);
        machine.SpeIrq.ShouldBe(22u);
        machine.Memlock.ShouldBe(MemlockAction.Keep);
        machine.Deterministic.ShouldBeTrue();
        machine.Timing.ShouldBe(TimingMode.Before(100));
        machine.Engine.ShouldBe(EngineKind.Switch);
        machine.Kaslr.ShouldBeTrue();
    }

    [Theory]
    [InlineData("--memory", "12X", "'12X' is not a size; give --memory a number with K, M or G, for example 512M")]
    [InlineData("--memory", "99999999999999999999", "'99999999999999999999' is not a size; give --memory a number with K, M or G, for example 512M")]
    [InlineData("--memlock", "maybe", "--memlock has no choice 'maybe'; there are: raise, keep")]
    [InlineData("--engine", "jit", "--engine has no choice 'jit'; there are: auto, block, region, interpreter, switch")]
    [InlineData("--spe-in-flight", "65", "--spe-in-flight 65 is out of range; there are: 0 to 64")]
    [InlineData("--timing", "window:0", "--timing has no choice 'window:0'; there are: full, window:N (N from 1 on), off")]
    [InlineData("--share", "nowhere", "cannot share 'nowhere'; give --share DIR:TAG, for example --share /tmp/out:out")]
    [InlineData("--guest", "windows", "no guest is called 'windows'; there are: debian, debian-mini")]
    public void AWrongValueIsOneLineThatSaysWhatThereIs(string option, string value, string line)
    {
        Problem problem = Parse(option, value).Problem.ShouldNotBeNull();
        problem.ToString().ShouldBe(line);
        ExitCodes.For(problem).ShouldBe(ExitCodes.Usage);
    }

    [Fact]
    public void AGuestAndAKernelExcludeEachOther() => Parse("--guest", "debian", "-k", "x").Problem.ShouldNotBeNull().Message.ShouldBe("--guest and --kernel both name a kernel");

    [Theory]
    [InlineData("1", 1UL << 20)]
    [InlineData("1K", 1UL << 10)]
    [InlineData("3m", 3UL << 20)]
    [InlineData("2G", 2UL << 30)]
    [InlineData("1T", 1UL << 40)]
    public void SizesHaveLetters(string text, ulong bytes) => SizeText.Parse(text, "--memory", 1 << 20).Value.ShouldBe(bytes);

    [Theory]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("20000000T")]
    public void WhatIsNoSizeIsRefused(string text) => SizeText.Parse(text, "--memory").Problem.ShouldNotBeNull();

    [Fact]
    public void ADumpedDeviceTreeNeedsNoKernel()
    {
        string file = Path.GetTempFileName();
        try
        {
            Invoke("run", "--dump-dtb", file, "-c", "2").ShouldBe(ExitCodes.Success);
            File.ReadAllBytes(file).AsSpan(0, 4).SequenceEqual((ReadOnlySpan<byte>)[0xd0, 0x0d, 0xfe, 0xed]).ShouldBeTrue();
            Invoke("run", "--dtb", file, "--dump-dtb", file, "-p", "again").ShouldBe(ExitCodes.Success);
            System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(file)).ShouldContain("again");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(ExitCodes.Usage, "run")]
    [InlineData(ExitCodes.Usage, "run", "-k", "/nonexistent")]
    [InlineData(ExitCodes.Usage, "run", "-k", "/bin/true", "-c", "9")]
    [InlineData(ExitCodes.Usage, "run", "-k", "/bin/true", "--share", "/nonexistent:t")]
    [InlineData(ExitCodes.CorruptInput, "run", "-k", "/bin/true")]
    [InlineData(ExitCodes.Usage, "run", "--dump-dtb", "/nonexistent/x")]
    public void BadInputHasItsExitCode(int code, params string[] arguments) => Invoke(arguments).ShouldBe(code);

    [Fact]
    public void ACaptureIsNotCreatedForAMachineThatCannotBeMade()
    {
        string file = Path.Combine(Path.GetTempPath(), $"pinion-{Guid.NewGuid():n}.spe");
        Invoke("run", "-k", "/bin/true", "--spe-capture", file).ShouldBe(ExitCodes.CorruptInput);
        File.Exists(file).ShouldBeFalse();
    }

    private static Result<MachineOptions> Parse(params string[] arguments)
    {
        RunOptions options = new();
        Command command = new("run");
        foreach (Option option in options.All)
        {
            command.Options.Add(option);
        }

        ParseResult parsed = command.Parse(arguments);
        parsed.Errors.ShouldBeEmpty();
        return options.ToMachine(parsed);
    }

    private static int Invoke(params string[] arguments) => new RootCommand { RunCommand.Create() }.Parse(arguments).Invoke();
}
