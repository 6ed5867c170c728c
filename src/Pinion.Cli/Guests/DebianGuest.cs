using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Pinion.Vmm;

namespace Pinion.Cli.Guests;

/// <summary>The recipe of the Debian guest: packages, kernel, two initramfs images.</summary>
internal sealed class DebianGuest
{
    private const string KernelMetaPackage = "linux-image-arm64";
    private const string BusyboxPackage = "busybox-static";
    private const string ShellPackage = "dash";
    private const string PerfPackage = "linux-perf";
    private const string PerfPath = "usr/bin/perf";
    private const string ShellPath = "bin/dash";

    /// <summary>What the name of a package with a kernel begins with.</summary>
    internal const string KernelPackagePrefix = "linux-image-";

    // Goes up when the same packages would make different images.
    private const int RecipeVersion = 2;

    private readonly string _directory;
    private readonly AptSource _apt;
    private readonly string? _kernelPackage;
    private readonly GuestProgress _progress;
    private readonly PackageTree _tree;
    private readonly SortedDictionary<string, AptSource.PackageFile> _packages = new(StringComparer.Ordinal);

    /// <param name="cache">The cache directory; the guest lives in its subdirectory <c>debian</c>, or one named after its kernel where that was chosen.</param>
    /// <param name="sourcesFile">A sources file to use in place of the machine's own, or null.</param>
    /// <param name="kernelPackage">The package that holds the kernel, or null for the one the release recommends.</param>
    /// <param name="progress">Where to tell how it goes.</param>
    internal DebianGuest(string cache, string? sourcesFile, string? kernelPackage, GuestProgress progress)
    {
        _directory = Path.GetFullPath(Path.Combine(cache, kernelPackage is null ? "debian" : $"debian-{kernelPackage}"));
        _kernelPackage = kernelPackage;
        _apt = new AptSource(Path.Combine(_directory, "apt"), sourcesFile);
        _tree = new PackageTree(Path.Combine(_directory, "root"));
        _progress = progress;
    }

    internal string ImagePath => Path.Combine(_directory, "Image");

    internal string FullInitramfsPath => Path.Combine(_directory, "initramfs.cpio");

    internal string MiniInitramfsPath => Path.Combine(_directory, "initramfs-mini.cpio");

    private string KallsymsPath => Path.Combine(_directory, "kallsyms");

    private string WorkloadDirectory => Path.Combine(_directory, "bench");

    private string PackageDirectory => Path.Combine(_directory, "packages");

    /// <summary>What was made, for the user and for the next run: packages first, then what else the images depend on.</summary>
    private string ManifestPath => Path.Combine(_directory, "manifest");

    /// <summary>What a build did.</summary>
    internal sealed record Report(bool UpToDate, string KernelRelease, string? CompilerVersion, IReadOnlyList<string> Packages);

    /// <summary>Builds the guest, or finds that nothing changed since it was built.</summary>
    internal Problem? Build(bool refresh, out Report? report)
    {
        report = null;
        foreach (string tool in new[] { "apt-get", "apt-cache", "dpkg-deb" })
        {
            if (!HostTool.Exists(tool))
            {
                return new Problem(
                    ProblemKind.Host,
                    $"{tool} is not installed",
                    "This command fetches packages with Debian's own tools. Run it on Debian or Ubuntu (a container will do) with --output DIR,\n"
                    + "copy DIR here and boot it with 'pinion run -k DIR/Image -i DIR/initramfs.cpio'.");
            }
        }

        Directory.CreateDirectory(_directory);
        Problem? stale = _apt.Update(refresh, _progress);
        string? kernelPackage = _kernelPackage ?? _apt.Dependencies(KernelMetaPackage).FirstOrDefault(package => package.StartsWith(KernelPackagePrefix, StringComparison.Ordinal));
        if (stale is not null && kernelPackage is not null)
        {
            // Without network, what was fetched before is still good.
            _progress.Say($"{stale.Message}; going on with the package lists of an earlier run");
        }

        if (kernelPackage is null)
        {
            // Lists that a broken network left behind must not stay fresh for a day.
            File.Delete(Path.Combine(_directory, "apt", "updated"));
            return stale ?? _apt.Describe([KernelMetaPackage], out _)
                ?? new Problem(ProblemKind.CorruptInput, $"{KernelMetaPackage} names no kernel package", "The archive has changed; please report it.");
        }

        string[] roots = [kernelPackage, BusyboxPackage, ShellPackage, PerfPackage];
        string? compiler = Workloads.CompilerVersion();
        // A package of the last build may be gone from the archive (libperl5.36 after libperl5.38 came): then the roots alone decide, and a new build follows.
        if (_apt.Describe([.. roots.Union(PackagesOfLastBuild())], out List<AptSource.PackageFile> described) is not null
            && _apt.Describe(roots, out described) is { } unknown)
        {
            return unknown;
        }

        string release = kernelPackage.Replace(KernelPackagePrefix, "", StringComparison.Ordinal);
        if (IsUpToDate(described, compiler))
        {
            report = new Report(true, release, compiler, [.. described.Select(file => file.FileName)]);
            return null;
        }

        Problem? problem = BuildImages(roots, kernelPackage, compiler);
        report = new Report(false, release, compiler, [.. _packages.Values.Select(file => file.FileName)]);
        return problem;
    }

    private Problem? BuildImages(string[] roots, string kernelPackage, string? compiler)
    {
        File.Delete(ManifestPath);
        if (Directory.Exists(_tree.Root))
        {
            Directory.Delete(_tree.Root, recursive: true);
        }

        Directory.CreateDirectory(_tree.Root);
        if (Fetch(roots) is { } fetchProblem)
        {
            return fetchProblem;
        }

        _progress.Begin("unpacking");
        var modules = new KernelModules();
        var closure = new LibraryClosure(_apt, _tree, Install);
        if ((Install([BusyboxPackage, ShellPackage, PerfPackage]) ?? UnpackKernel(kernelPackage, modules) ?? closure.Add(PerfPath) ?? closure.Add(ShellPath)) is { } unpackProblem)
        {
            return unpackProblem;
        }

        if (compiler is not null)
        {
            _progress.Begin("compiling bench and mark");
            if (Workloads.Compile(WorkloadDirectory) is { } compileProblem)
            {
                return compileProblem;
            }
        }

        _progress.Begin("building Image, initramfs.cpio and initramfs-mini.cpio");
        if (ExtractImage() is { } imageProblem)
        {
            return imageProblem;
        }

        var initramfs = new DebianInitramfs(_tree, modules, compiler is null ? null : WorkloadDirectory);
        WriteWhole(MiniInitramfsPath, initramfs.Mini().WriteTo);
        WriteWhole(FullInitramfsPath, initramfs.Full(closure).WriteTo);
        File.WriteAllText(ManifestPath, Manifest(_packages.Values, compiler));
        RemoveStalePackages();
        return null;
    }

    /// <summary>Copies Image and the two initramfs images; the command line that boots them is in <see cref="GuestCache.DebianAppend"/>.</summary>
    internal void CopyTo(string output)
    {
        Directory.CreateDirectory(output);
        foreach (string file in new[] { ImagePath, FullInitramfsPath, MiniInitramfsPath })
        {
            string destination = Path.Combine(output, Path.GetFileName(file));
            WriteWhole(destination, stream =>
            {
                using FileStream source = File.OpenRead(file);
                source.CopyTo(stream);
            });
        }
    }

    private static void WriteWhole(string path, Action<Stream> write)
    {
        string unfinished = path + ".part";
        try
        {
            using (FileStream stream = File.Create(unfinished))
            {
                write(stream);
            }

            File.Move(unfinished, path, overwrite: true);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    private Problem? Fetch(IEnumerable<string> packages)
    {
        if (_apt.Describe(packages, out List<AptSource.PackageFile> files) is { } unknown)
        {
            return unknown;
        }

        foreach (AptSource.PackageFile file in files)
        {
            _packages[file.Package] = file;
        }

        return _apt.Download(files, PackageDirectory, _progress);
    }

    private Problem? Install(IReadOnlyCollection<string> packages)
    {
        string[] unknown = [.. packages.Where(package => !_packages.ContainsKey(package))];
        if (unknown.Length > 0 && Fetch(unknown) is { } problem)
        {
            return problem;
        }

        foreach (string package in packages)
        {
            static bool Wanted(string name) => !name.StartsWith("usr/share/doc/", StringComparison.Ordinal) && !name.StartsWith("usr/share/man/", StringComparison.Ordinal);
            if (_tree.Unpack(package, Path.Combine(PackageDirectory, _packages[package].FileName), Wanted) is { } unpackProblem)
            {
                return unpackProblem;
            }
        }

        return null;
    }

    private Problem? UnpackKernel(string package, KernelModules modules)
    {
        string file = Path.Combine(PackageDirectory, _packages[package].FileName);
        HashSet<string> sought = new(StringComparer.Ordinal);
        HashSet<string> wave = [.. modules.Missing, .. KernelModules.KnownDependencies];
        while (wave.Count > 0)
        {
            sought.UnionWith(wave);
            bool Wanted(string name) =>
                name.StartsWith("boot/vmlinuz-", StringComparison.Ordinal)
                || (name.Contains(".ko", StringComparison.Ordinal) && wave.Contains(KernelModules.NameOf(name)));
            if (_tree.Unpack(package, file, Wanted) is { } problem)
            {
                return problem;
            }

            foreach (string path in _tree.Files.Where(name => name.Contains(".ko", StringComparison.Ordinal) && wave.Contains(KernelModules.NameOf(name))).ToArray())
            {
                string? reason = Decompress(path, out string plain) ?? modules.Add(plain, File.ReadAllBytes(Path.Combine(_tree.Root, plain)));
                if (reason is not null)
                {
                    return new Problem(ProblemKind.CorruptInput, reason, "The kernel package has changed; please report it.");
                }
            }

            wave = [.. modules.Missing.Where(name => !sought.Contains(name))];
        }

        return modules.Missing.Count == 0
            ? null
            : new Problem(ProblemKind.CorruptInput, $"{package} has no module {string.Join(", ", modules.Missing)}", "The kernel package has changed; please report it.");
    }

    // Kernels after 6.1 come with modules compressed by xz.
    private string? Decompress(string path, out string plain)
    {
        plain = path;
        if (!path.EndsWith(".xz", StringComparison.Ordinal))
        {
            return null;
        }

        plain = path[..^".xz".Length];
        HostTool.Outcome outcome = HostTool.Run("xz", ["-dkf", Path.Combine(_tree.Root, path)]);
        return outcome.Ok ? null : $"{path}: {outcome.LastErrorLine}";
    }

    private Problem? ExtractImage()
    {
        string? name = _tree.Files.FirstOrDefault(file => file.StartsWith("boot/vmlinuz-", StringComparison.Ordinal));
        if (name is null || !_tree.TryReadFile(name, out byte[]? kernel))
        {
            return new Problem(ProblemKind.CorruptInput, "the kernel package has no boot/vmlinuz", "The kernel package has changed; please report it.");
        }

        if (kernel.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            using var gzip = new GZipStream(new MemoryStream(kernel), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            gzip.CopyTo(plain);
            kernel = plain.ToArray();
        }

        // Linux, Documentation/arm64/booting.rst: the magic number "ARM\x64" at offset 56.
        if (kernel.Length < 64 || !kernel.AsSpan(56, 4).SequenceEqual("ARM\u0064"u8))
        {
            return new Problem(ProblemKind.CorruptInput, $"{name}: offset 56: no arm64 Image magic", "This kernel is packed in a way this version does not know; please report it.");
        }

        WriteWhole(ImagePath, stream => stream.Write(kernel));
        File.Delete(KallsymsPath);
        if (KernelSymbols.Read(kernel) is { } symbols)
        {
            WriteWhole(KallsymsPath, stream => stream.Write(Encoding.UTF8.GetBytes(symbols)));
        }

        return null;
    }

    private bool IsUpToDate(IEnumerable<AptSource.PackageFile> packages, string? compiler) =>
        File.Exists(ImagePath) && File.Exists(FullInitramfsPath) && File.Exists(MiniInitramfsPath)
        && File.Exists(ManifestPath) && File.ReadAllText(ManifestPath) == Manifest(packages, compiler);

    private string[] PackagesOfLastBuild() =>
        File.Exists(ManifestPath)
            ? [.. File.ReadLines(ManifestPath).Where(line => line.StartsWith("package ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1].Split('_')[0])]
            : [];

    private static string Manifest(IEnumerable<AptSource.PackageFile> packages, string? compiler)
    {
        var text = new StringBuilder();
        foreach (AptSource.PackageFile file in packages.OrderBy(file => file.FileName, StringComparer.Ordinal))
        {
            text.Append("package ").Append(file.FileName).Append(' ').Append(file.Hash).Append('\n');
        }

        byte[] sources = [.. GuestSources.Init, .. GuestSources.Mktemp, .. GuestSources.Sleep, .. GuestSources.SpeTest, .. GuestSources.Bench, .. GuestSources.Mark];
        text.Append("sources SHA256:").Append(Convert.ToHexStringLower(SHA256.HashData(sources))).Append('\n');
        text.Append("compiler ").Append(compiler ?? "none").Append('\n');
        text.Append("recipe ").Append(RecipeVersion).Append('\n');
        return text.ToString();
    }

    private void RemoveStalePackages()
    {
        HashSet<string> current = [.. _packages.Values.Select(file => file.FileName)];
        foreach (string file in Directory.EnumerateFiles(PackageDirectory, "*.deb").Where(file => !current.Contains(Path.GetFileName(file))))
        {
            File.Delete(file);
        }
    }
}
