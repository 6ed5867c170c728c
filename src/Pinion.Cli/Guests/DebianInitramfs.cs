using System.Text;

namespace Pinion.Cli.Guests;

/// <summary>What goes where in the two initramfs images of the Debian guest.</summary>
internal sealed class DebianInitramfs
{
    private const string ModuleDirectory = "lib/modules";

    private readonly PackageTree _tree;
    private readonly KernelModules _modules;
    private readonly string? _workloads;

    /// <param name="tree">The unpacked packages.</param>
    /// <param name="modules">The kernel modules found in them.</param>
    /// <param name="workloads">Where bench and mark have been compiled, or null where there is no compiler.</param>
    internal DebianInitramfs(PackageTree tree, KernelModules modules, string? workloads)
    {
        _tree = tree;
        _modules = modules;
        _workloads = workloads;
    }

    /// <summary>Busybox, the workloads and the SPE driver: what boots fastest.</summary>
    internal CpioArchive Mini()
    {
        var archive = new CpioArchive();
        foreach (string directory in new[] { "dev", "proc", "sys", "tmp", "run", "root", "sbin", "usr/bin", "usr/sbin" })
        {
            archive.AddDirectory(directory);
        }

        // Without /dev/console the kernel starts /init with no output, before /init can mount devtmpfs.
        archive.AddCharacterDevice("dev/console", 0x180 /* 0600 */, 5, 1);
        archive.AddCharacterDevice("dev/null", 0x1b6 /* 0666 */, 1, 3);
        archive.AddFile("init", GuestSources.Init, executable: true);
        AddFromTree(archive, "bin/busybox", "bin/busybox", executable: true);
        AddModules(archive, "spe");
        if (_workloads is not null)
        {
            archive.AddFile("bin/bench", File.ReadAllBytes(Path.Combine(_workloads, "bench")), executable: true);
            archive.AddFile("bin/mark", File.ReadAllBytes(Path.Combine(_workloads, "mark")), executable: true);
        }

        return archive;
    }

    /// <summary>Mini, perf with its libraries and test scripts, virtio and 9p.</summary>
    internal CpioArchive Full(LibraryClosure perf)
    {
        CpioArchive archive = Mini();
        AddModules(archive, "9p");
        AddModules(archive, "virtio");
        // Busybox's shell takes its own commands before any other, and perf's tests need a mktemp that busybox does not have, and more time.
        AddFromTree(archive, "bin/dash", "bin/dash", executable: true);
        archive.AddSymlink("bin/sh", "dash");
        archive.AddFile("bin/mktemp", GuestSources.Mktemp, executable: true);
        archive.AddFile("bin/sleep", GuestSources.Sleep, executable: true);
        archive.AddFile("bin/spe-test.sh", GuestSources.SpeTest, executable: true);
        AddFromTree(archive, "usr/bin/perf", "usr/bin/perf", executable: true);
        foreach (string library in perf.Libraries.Values)
        {
            AddFromTree(archive, library, library, executable: true);
        }

        // Libraries sit where the loader searches, but the loader itself must be where the program says.
        if (perf.Interpreter?.TrimStart('/') is { } interpreter && !archive.Contains(interpreter))
        {
            AddFromTree(archive, interpreter, interpreter, executable: true);
        }

        const string testDirectory = "usr/lib/perf-core/tests/shell/";
        foreach (string test in _tree.Files.Where(name => name.StartsWith(testDirectory, StringComparison.Ordinal)))
        {
            if (!test.StartsWith(testDirectory + "coresight/", StringComparison.Ordinal))
            {
                AddFromTree(archive, test, test, executable: true);
            }
        }

        return archive;
    }

    private void AddModules(CpioArchive archive, string group)
    {
        var order = new StringBuilder();
        foreach (string path in _modules.LoadOrder(group))
        {
            string name = Path.GetFileName(path);
            AddFromTree(archive, path, $"{ModuleDirectory}/{name}", executable: false);
            order.Append(name).Append('\n');
        }

        archive.AddFile($"{ModuleDirectory}/order.{group}", Encoding.ASCII.GetBytes(order.ToString()));
    }

    private void AddFromTree(CpioArchive archive, string path, string destination, bool executable)
    {
        // The packages have been checked to hold these files, except for decompressed modules, which no package lists.
        byte[] data = _tree.TryReadFile(path, out byte[]? found) ? found : throw new InvalidOperationException($"{path} is not in the package tree");
        archive.AddFile(destination, data, executable);
    }
}
