using Pinion.Cli.Guests;

namespace Pinion.Cli.Tests;

/// <summary>The symbols read from the Image, against the kernel's own /proc/kallsyms when it runs in QEMU.</summary>
public sealed class KernelSymbolsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-kallsyms").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void TheSymbolsOfTheImageAreThoseOfTheRunningKernel()
    {
        const string qemu = "qemu-system-aarch64";
        Assert.SkipUnless(HostTool.Exists(qemu), $"needs {qemu}: apt-get install qemu-system-arm");
        Assert.SkipUnless(GuestCache.Locate("debian").TryGet(out LocatedGuest guest, out _), "needs the Debian guest: pinion guest debian");
        HostTool.Outcome outcome = HostTool.Run(
            "timeout",
            [
                "120", qemu, "-M", "virt,gic-version=3", "-cpu", "neoverse-n1", "-m", "512M", "-nographic", "-no-reboot", "-nic", "none", "-kernel", guest.KernelPath, "-initrd", guest.InitrdPath,
                "-fsdev", $"local,id=f,path={_directory},security_model=none", "-device", "virtio-9p-device,fsdev=f,mount_tag=host",
                "-append", guest.Append + " share=host:/mnt run=sh:cat@/proc/kallsyms@>@/mnt/kallsyms",
            ]);
        outcome.ExitCode.ShouldBe(0, outcome.Error);

        string? symbols = KernelSymbols.Read(File.ReadAllBytes(guest.KernelPath));

        // Lines of modules name theirs in brackets.
        symbols.ShouldBe(string.Concat(File.ReadLines(Path.Combine(_directory, "kallsyms")).Where(line => !line.Contains('[')).Select(line => line + "\n")));
    }

    [Fact]
    public void AnImageWithoutSymbolsHasNone()
    {
        byte[] image = new byte[1 << 20];
        new Random(1).NextBytes(image);

        KernelSymbols.Read(image).ShouldBeNull();
    }

    [Fact]
    public void ATokenTableAloneIsNotEnough()
    {
        // Tokens that stand for themselves, and their index, where a kernel has them, but nothing before them.
        var image = new List<byte>(new byte[4096]);
        var index = new List<byte>();
        for (int token = 0; token < 256; token++)
        {
            int offset = image.Count - 4096;
            index.AddRange([(byte)offset, (byte)(offset >> 8)]);
            image.AddRange(token == 0 ? [0] : [(byte)token, 0]);
        }

        image.AddRange(new byte[(8 - (image.Count & 7)) & 7]);
        image.AddRange(index);

        KernelSymbols.Read(image.ToArray()).ShouldBeNull();
    }
}
