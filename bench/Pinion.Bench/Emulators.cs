using System.Diagnostics;
using System.Globalization;

namespace Pinion.Bench;

/// <summary>A machine to start.</summary>
internal sealed record MachineSpec
{
    public required string Kernel { get; init; }

    public required string Initramfs { get; init; }

    /// <summary>The kernel's command line.</summary>
    public required string CommandLine { get; init; }

    public int Cpus { get; init; } = 1;

    public int MemoryMiB { get; init; } = 1024;

    /// <summary>Options that only Pinion has; it starts without a profiling unit unless they say otherwise.</summary>
    public string[] PinionOptions { get; init; } = ["--spe", "off"];
}

/// <summary>A program that runs arm64 machines.</summary>
internal interface IEmulator
{
    /// <summary>What tables call it.</summary>
    string Name { get; }

    /// <summary>How to start it.</summary>
    ProcessStartInfo Command(MachineSpec machine);
}

/// <summary>qemu-system-aarch64 with TCG, and the CPU that Pinion's resembles.</summary>
internal sealed class Qemu(string[] more) : IEmulator
{
    public const string Program = "qemu-system-aarch64";

    public string Name => "qemu";

    public ProcessStartInfo Command(MachineSpec machine) => new(
        Program,
        [
            "-M", "virt,gic-version=3", "-cpu", "neoverse-n1", "-accel", "tcg", "-nographic", "-no-reboot", "-nic", "none",
            "-smp", machine.Cpus.ToString(CultureInfo.InvariantCulture), "-m", $"{machine.MemoryMiB}M",
            "-kernel", machine.Kernel, "-initrd", machine.Initramfs, "-append", machine.CommandLine, .. more,
        ]);
}

/// <summary>A build of Pinion: <c>dotnet pinion.dll run</c>, which is what <c>./pinion run</c> ends in when nothing has to be built.</summary>
internal sealed class PinionEmulator(string program, string name, string[] more) : IEmulator
{
    public string Name => name;

    public ProcessStartInfo Command(MachineSpec machine) => new(
        "dotnet",
        [
            program, "run", "-c", machine.Cpus.ToString(CultureInfo.InvariantCulture), "-m", $"{machine.MemoryMiB}M",
            "-k", machine.Kernel, "-i", machine.Initramfs, "-p", machine.CommandLine, .. machine.PinionOptions, .. more,
        ]);
}
