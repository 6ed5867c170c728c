using System.CommandLine;
using System.Globalization;
using Pinion.Cli.Guests;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary><c>pinion guest</c>: builds guests into the per-user cache.</summary>
public static class GuestCommand
{
    /// <summary>The command with its subcommand <c>debian</c>. Exit codes are those of <see cref="ExitCodes"/>.</summary>
    public static Command Create()
    {
        var command = new Command("guest", "Build a guest to boot: kernel and initramfs.");
        command.Subcommands.Add(CreateDebian());
        return command;
    }

    private static Command CreateDebian()
    {
        var cache = new Option<DirectoryInfo?>("--cache")
        {
            Description = "Keep downloads and images in DIR instead of $XDG_CACHE_HOME/pinion or ~/.cache/pinion.",
            HelpName = "DIR",
        };
        var output = new Option<DirectoryInfo?>("--output", "-o")
        {
            Description = "Also put Image, initramfs.cpio and initramfs-mini.cpio into DIR; QEMU boots them as they are.",
            HelpName = "DIR",
        };
        var refresh = new Option<bool>("--refresh") { Description = "Fetch the package lists even if they are less than a day old." };
        var sources = new Option<FileInfo>("--sources")
        {
            Description = "Use the package sources in FILE (sources.list format) instead of the machine's own.",
            HelpName = "FILE",
        };
        sources.AcceptExistingOnly();
        var kernel = new Option<string?>("--kernel")
        {
            Description = "Take the kernel from this package instead of the one that the release recommends; from the backports of a release, say, which --sources has to list.",
            HelpName = "PACKAGE",
        };
        kernel.Validators.Add(result =>
        {
            string? package = result.GetValueOrDefault<string?>();
            if (package is not null && (!package.StartsWith(DebianGuest.KernelPackagePrefix, StringComparison.Ordinal) || package.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '+' or '-'))))
            {
                result.AddError($"--kernel {package}: no package with a kernel is called that; their names begin with {DebianGuest.KernelPackagePrefix}");
            }
        });

        var command = new Command(
            "debian",
            "Fetch Debian's arm64 kernel, busybox and perf with apt and build an initramfs. Needs no root and leaves the machine's package lists alone.")
        {
            cache,
            output,
            refresh,
            sources,
            kernel,
        };
        command.SetAction(parsed => Build(
            parsed.GetValue(cache)?.FullName ?? GuestCache.DefaultDirectory(),
            parsed.GetValue(output)?.FullName,
            parsed.GetValue(refresh),
            parsed.GetValue(sources)?.FullName,
            parsed.GetValue(kernel)));
        return command;
    }

    private static int Build(string cache, string? output, bool refresh, string? sources, string? kernel)
    {
        DebianGuest? guest = null;
        DebianGuest.Report? report = null;
        Problem? problem = GuestProgress.Run(progress =>
        {
            try
            {
                guest = new DebianGuest(cache, sources, kernel, progress);
                Problem? trouble = guest.Build(refresh, out report);
                if (trouble is null && output is not null)
                {
                    guest.CopyTo(output);
                }

                return trouble;
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                return new Problem(ProblemKind.Usage, refused.Message, "Choose other places with --cache DIR and --output DIR.");
            }
        });
        if (problem is not null)
        {
            Console.Error.WriteLine($"pinion: {problem.Message}");
            Console.Error.WriteLine(problem.Advice);
            return ExitCodes.For(problem);
        }

        Describe(guest!, report!, output ?? Path.GetDirectoryName(guest!.ImagePath)!, output is not null || kernel is not null);
        return ExitCodes.Success;
    }

    private static void Describe(DebianGuest guest, DebianGuest.Report report, string directory, bool isOutput)
    {
        Console.WriteLine(report.UpToDate ? $"Debian guest, kernel {report.KernelRelease}: up to date" : $"Debian guest, kernel {report.KernelRelease}: built from {report.Packages.Count} packages");
        foreach ((string path, string what) in new[]
        {
            (guest.ImagePath, "kernel, uncompressed"),
            (guest.FullInitramfsPath, "busybox, workloads, perf, virtio and 9p"),
            (guest.MiniInitramfsPath, "busybox and workloads only: boots fastest"),
        })
        {
            string name = Path.Combine(directory, Path.GetFileName(path));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name}  {new FileInfo(path).Length / 1e6:F1} MB  {what}"));
        }

        if (report.CompilerVersion is null)
        {
            Console.WriteLine($"  without bench and mark: {Workloads.Compiler} is not installed (apt-get install gcc-aarch64-linux-gnu, then run this again)");
        }

        Console.WriteLine(isOutput ? $"command line: {GuestCache.DebianAppend}" : "boot it: pinion run --guest debian");
    }
}
