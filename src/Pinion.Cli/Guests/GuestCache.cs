using Pinion.Vmm;

namespace Pinion.Cli.Guests;

/// <summary>A guest that is ready to boot.</summary>
/// <param name="Name">The name by which it was asked for.</param>
/// <param name="KernelPath">An uncompressed arm64 Image.</param>
/// <param name="InitrdPath">An uncompressed initramfs.</param>
/// <param name="Append">The kernel command line that this guest boots best with; what the user appends goes after it.</param>
/// <param name="KallsymsPath">The kernel's symbols as its /proc/kallsyms has them (without KASLR), or null where the kernel tells none.</param>
public sealed record LocatedGuest(string Name, string KernelPath, string InitrdPath, string Append, string? KallsymsPath);

/// <summary>The per-user directory in which <c>pinion guest</c> keeps what it made.</summary>
public static class GuestCache
{
    /// <summary>The kernel command line of the Debian guests: the crypto self-tests are 60 % of a boot, and SPE wants KASLR and KPTI off.</summary>
    public const string DebianAppend = "console=ttyAMA0 cryptomgr.notests nokaslr kpti=off";

    /// <summary>The names that <see cref="Locate"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["debian", "debian-mini"];

    /// <summary><c>$XDG_CACHE_HOME/pinion</c>, or <c>~/.cache/pinion</c> where that variable is unset or relative (XDG base directory specification).</summary>
    public static string DefaultDirectory()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache) || !Path.IsPathRooted(cache))
        {
            cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }

        return Path.Combine(cache, "pinion");
    }

    /// <summary>Finds a guest by name; where it has not been built, the problem says what to run.</summary>
    /// <param name="name">One of <see cref="Names"/>: <c>debian</c> (with perf) or <c>debian-mini</c> (busybox and the workloads, boots fastest).</param>
    /// <param name="directory">The cache, when it is not <see cref="DefaultDirectory"/>.</param>
    public static Result<LocatedGuest> Locate(string name, string? directory = null)
    {
        if (!Names.Contains(name))
        {
            return new Problem(ProblemKind.Usage, $"no guest is called '{name}'", $"there are: {string.Join(", ", Names)}");
        }

        string root = Path.Combine(directory ?? DefaultDirectory(), "debian");
        string kernel = Path.Combine(root, "Image");
        string initrd = Path.Combine(root, name == "debian-mini" ? "initramfs-mini.cpio" : "initramfs.cpio");
        foreach (string file in new[] { kernel, initrd })
        {
            if (!File.Exists(file))
            {
                return new Problem(ProblemKind.Usage, $"the guest '{name}' has not been built: {file} does not exist", "run 'pinion guest debian' first");
            }
        }

        string kallsyms = Path.Combine(root, "kallsyms");
        return new LocatedGuest(name, kernel, initrd, DebianAppend, File.Exists(kallsyms) ? kallsyms : null);
    }
}
