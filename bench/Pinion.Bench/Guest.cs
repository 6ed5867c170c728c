namespace Pinion.Bench;

/// <summary>The files of the Debian guest.</summary>
/// <param name="Kernel">The arm64 Image.</param>
/// <param name="Initramfs">The full initramfs, with perf.</param>
/// <param name="MiniInitramfs">busybox, workloads and the SPE driver only.</param>
internal sealed record Guest(string Kernel, string Initramfs, string MiniInitramfs)
{
    /// <summary>What goes before <c>run=</c>: the crypto self tests are half of an emulated boot, and a kernel at a random address hides from SPE.</summary>
    public const string CommandLine = "console=ttyAMA0 cryptomgr.notests nokaslr";

    /// <summary>The guest in <paramref name="directory"/>, or in the cache of <c>pinion guest debian</c>.</summary>
    public static Guest Find(string? directory)
    {
        string cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        directory ??= Path.Combine(cache, "pinion", "debian");
        Guest guest = new(Path.Combine(directory, "Image"), Path.Combine(directory, "initramfs.cpio"), Path.Combine(directory, "initramfs-mini.cpio"));
        foreach (string file in new[] { guest.Kernel, guest.Initramfs, guest.MiniInitramfs })
        {
            if (!File.Exists(file))
            {
                Stop.Because($"there is no {file}; run './pinion guest debian' first");
            }
        }

        return guest;
    }
}
