using System.CommandLine;
using System.Globalization;
using Pinion.Cli.Guests;

namespace Pinion.Cli;

/// <summary><c>pinion guest</c>: builds guests into the per-user cache.</summary>
public static class GuestCommand
{
    /// <summary>The command with its subcommand <c>debian</c>. Exit codes: 0 built or up to date, 3 a tool is missing, 4 packages cannot be fetched, 5 a directory cannot be written, 6 a package is not what it should be.</summary>
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

        var command = new Command(
            "debian",
            "Fetch Debian's arm64 kernel, busybox and perf with apt and build an initramfs. Needs no root and leaves the machine's package lists alone.")
        {
            cache,
            output,
            refresh,
            sources,
        };
        command.SetAction(parsed => Build(
            parsed.GetValue(cache)?.FullName ?? GuestCache.DefaultDirectory(),
            parsed.GetValue(output)?.FullName,
            parsed.GetValue(refresh),
            parsed.GetValue(sources)?.FullName));
        return command;
    }

    private static int Build(string cache, string? output, bool refresh, string? sources)
    {
        DebianGuest? guest = null;
        DebianGuest.Report? report = null;
        GuestProblem? problem = GuestProgress.Run(progress =>
        {
            try
            {
                guest = new DebianGuest(cache, sources, progress);
                GuestProblem? trouble = guest.Build(refresh, out report);
                if (trouble is null && output is not null)
                {
                    guest.CopyTo(output);
                }

                return trouble;
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                return new GuestProblem(refused.Message, "Choose other places with --cache DIR and --output DIR.", GuestProblem.CannotWrite);
            }
        });
        if (problem is not null)
        {
            Console.Error.WriteLine($"pinion guest debian: {problem.What}");
            Console.Error.WriteLine(problem.Remedy);
            return problem.ExitCode;
        }

        Describe(guest!, report!, output ?? Path.GetDirectoryName(guest!.ImagePath)!, output is not null);
        return 0;
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
