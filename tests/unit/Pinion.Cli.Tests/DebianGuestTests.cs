using System.Text;
using Pinion.Cli.Guests;
using Pinion.Vmm;

namespace Pinion.Cli.Tests;

/// <summary>What needs no network: resolving names, loading order, and the ways in which building cannot work.</summary>
public sealed class DebianGuestTests : IDisposable
{
    private static readonly string[] s_perfDependencies =
        ["libbabeltrace1", "libc6", "libcap2", "libdw1", "libelf1", "liblzma5", "libnuma1", "libopencsd1", "libperl5.36", "libpython3.11", "libslang2", "libunwind8", "libzstd1", "perl", "python3"];

    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-guest").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("libelf.so.1", "libelf1")]
    [InlineData("libpython3.11.so.1.0", "libpython3.11")]
    [InlineData("libunwind-aarch64.so.8", "libunwind8")]
    [InlineData("libopencsd_c_api.so.1", "libopencsd1")]
    [InlineData("libbabeltrace-ctf.so.1", "libbabeltrace1")]
    public void ALibraryIsLookedForInThePackageThatIsNamedLikeIt(string soname, string package) =>
        LibraryClosure.Candidates(soname, s_perfDependencies).ShouldBe([package]);

    [Fact]
    public void ALibraryThatNoPackageIsNamedAfterIsLookedForInAllLibraryPackages() =>
        LibraryClosure.Candidates("libz.so.1", ["perl", "zlib1g", "libc6"]).ShouldBe(["zlib1g", "libc6"]);

    [Fact]
    public void ModulesLoadAfterWhatTheyDependOn()
    {
        var modules = new KernelModules();
        foreach ((string path, string dependencies) in new[]
        {
            ("drivers/virtio/virtio_mmio.ko", ""), ("fs/9p/9p.ko", "fscache,netfs,9pnet"), ("net/9pnet.ko", ""), ("net/9pnet_virtio.ko", "9pnet"),
            ("fs/netfs.ko", ""), ("fs/fscache.ko", "netfs"), ("spe/arm_spe_pmu.ko", ""), ("rng/virtio-rng.ko", "rng-core"),
        })
        {
            modules.Add(path, Module(dependencies)).ShouldBeNull();
        }

        modules.Missing.ShouldBe(["rng_core"]);
        modules.Add("rng/rng-core.ko", Module("")).ShouldBeNull();

        modules.Missing.ShouldBeEmpty();
        modules.LoadOrder("9p").Select(KernelModules.NameOf).ShouldBe(["virtio_mmio", "9pnet", "9pnet_virtio", "netfs", "fscache", "9p"]);
        modules.LoadOrder("virtio").Select(KernelModules.NameOf).ShouldBe(["virtio_mmio", "rng_core", "virtio_rng"]);
    }

    [Fact]
    public void AGuestThatHasNotBeenBuiltSaysWhatToRun() =>
        GuestCache.Locate("debian", _directory).Problem.ShouldNotBeNull().Advice.ShouldContain("pinion guest debian");

    [Fact]
    public void AnUnknownGuestSaysWhichThereAre() =>
        GuestCache.Locate("plan9", _directory).Problem.ShouldNotBeNull().Advice.ShouldContain("debian-mini");

    [Theory]
    [InlineData("debian", "initramfs.cpio")]
    [InlineData("debian-mini", "initramfs-mini.cpio")]
    public void AGuestThatHasBeenBuiltIsFound(string name, string initramfs)
    {
        string directory = Directory.CreateDirectory(Path.Combine(_directory, "debian")).FullName;
        File.WriteAllText(Path.Combine(directory, "Image"), "");
        File.WriteAllText(Path.Combine(directory, initramfs), "");

        GuestCache.Locate(name, _directory).Value
            .ShouldBe(new LocatedGuest(name, Path.Combine(directory, "Image"), Path.Combine(directory, initramfs), GuestCache.DebianAppend, null));
    }

    [Fact]
    public void WithoutAPackageArchiveTheCommandBlamesTheHostAndLeavesNoImage()
    {
        Assert.SkipUnless(HostTool.Exists("apt-get") && HostTool.Exists("dpkg-deb"), "needs apt-get: a Debian or Ubuntu machine");
        string sources = Path.Combine(_directory, "sources.list");
        // The discard port of this machine: nobody answers there.
        File.WriteAllText(sources, "deb http://127.0.0.1:9/debian bookworm main\n");

        int exitCode = GuestCommand.Create().Parse(["debian", "--cache", _directory, "--sources", sources]).Invoke();

        exitCode.ShouldBe(ExitCodes.HostResource);
        GuestCache.Locate("debian", _directory).Problem.ShouldNotBeNull();
    }

    [Fact]
    public void ACacheThatCannotBeWrittenIsWrongUsage()
    {
        Assert.SkipUnless(HostTool.Exists("apt-get") && HostTool.Exists("dpkg-deb"), "needs apt-get: a Debian or Ubuntu machine");
        string file = Path.Combine(_directory, "file");
        File.WriteAllText(file, "");

        GuestCommand.Create().Parse(["debian", "--cache", file]).Invoke().ShouldBe(ExitCodes.Usage);
    }

    [Fact]
    public void WhatWasInBinAndLibIsFoundUnderUsrWhereThatIsAllThereIs()
    {
        string root = Path.Combine(_directory, "root");
        foreach ((string path, string content) in new[] { ("usr/bin/dash", "new"), ("usr/lib/aarch64-linux-gnu/libc.so.6", "libc"), ("bin/busybox", "old"), ("usr/bin/busybox", "other") })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, path))!);
            File.WriteAllText(Path.Combine(root, path), content);
        }

        File.CreateSymbolicLink(Path.Combine(root, "usr/lib/ld-linux-aarch64.so.1"), "aarch64-linux-gnu/libc.so.6");
        var tree = new PackageTree(root);
        Read("bin/dash").ShouldBe("new");
        Read("bin/busybox").ShouldBe("old", "a file where it is asked for comes first");
        Read("lib/ld-linux-aarch64.so.1").ShouldBe("libc", "links are followed there as well");
        tree.TryReadFile("etc/dash", out _).ShouldBeFalse();

        string Read(string path) => tree.TryReadFile(path, out byte[]? bytes) ? Encoding.UTF8.GetString(bytes) : "";
    }

    [Theory]
    [InlineData("busybox")]
    [InlineData("linux-image-../../etc")]
    [InlineData("linux-image-6.1 --allow-unauthenticated")]
    public void AKernelIsAPackageOfKernels(string package) =>
        GuestCommand.Create().Parse(["debian", "--kernel", package]).Errors.ShouldHaveSingleItem().Message.ShouldContain("no package with a kernel is called that");

    [Fact]
    public void APackageThatIsDamagedIsDiagnosed()
    {
        Assert.SkipUnless(HostTool.Exists("dpkg-deb"), "needs dpkg-deb: apt-get install dpkg");
        string package = Path.Combine(_directory, "damaged.deb");
        File.WriteAllText(package, "!<arch>\nnot a package");

        Problem? problem = new PackageTree(Path.Combine(_directory, "root")).Unpack("damaged", package, _ => true);

        problem.ShouldNotBeNull();
        problem.Message.ShouldStartWith(package);
        problem.Kind.ShouldBe(ProblemKind.CorruptInput);
    }

    /// <summary>A relocatable object with nothing but a .modinfo section.</summary>
    private static byte[] Module(string dependencies)
    {
        byte[] info = Encoding.ASCII.GetBytes($"depends={dependencies}\0");
        byte[] names = Encoding.ASCII.GetBytes("\0.modinfo\0");
        byte[] file = new byte[64 + info.Length + names.Length + (2 * 64)];
        int sections = 64 + info.Length + names.Length;
        using var writer = new BinaryWriter(new MemoryStream(file));
        writer.Write([0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]);
        writer.Seek(18, SeekOrigin.Begin);
        writer.Write((ushort)183);
        writer.Seek(40, SeekOrigin.Begin);
        writer.Write((ulong)sections);
        writer.Seek(58, SeekOrigin.Begin);
        writer.Write((ushort)64);
        writer.Write((ushort)2);
        writer.Write((ushort)1);
        writer.Write(info);
        writer.Write(names);
        Section(sections, 1, 64, info.Length);
        Section(sections + 64, 0, 64 + info.Length, names.Length);
        return file;

        void Section(int at, uint name, int offset, int size)
        {
            writer.Seek(at, SeekOrigin.Begin);
            writer.Write(name);
            writer.Seek(at + 24, SeekOrigin.Begin);
            writer.Write((ulong)offset);
            writer.Write((ulong)size);
        }
    }
}
