namespace Pinion.Cli.Guests;

/// <summary>The kernel modules of the guest: which ones, and in which order insmod takes them.</summary>
internal sealed class KernelModules
{
    private readonly Dictionary<string, (string Path, string[] Dependencies)> _modules = new(StringComparer.Ordinal);

    /// <summary>The groups that <c>/init</c> loads, and the modules each is there for; what those need comes with them.</summary>
    internal static IReadOnlyDictionary<string, string[]> Groups { get; } = new SortedDictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["9p"] = ["virtio_mmio", "9pnet_virtio", "9p"],
        ["spe"] = ["arm_spe_pmu"],
        ["virtio"] = ["virtio_mmio", "virtio_rng"],
    };

    /// <summary>What the groups need in kernel 6.1: looked for at once, because every look goes through the whole package. Not needed for correctness.</summary>
    internal static IReadOnlyList<string> KnownDependencies { get; } = ["9pnet", "fscache", "netfs", "rng_core"];

    /// <summary>The modules found so far are complete when this is empty: names that are wanted or depended upon, and not yet found.</summary>
    internal IReadOnlyCollection<string> Missing =>
        [.. Groups.Values.SelectMany(group => group).Concat(_modules.Values.SelectMany(module => module.Dependencies)).Where(name => !_modules.ContainsKey(name)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>A module's name as the kernel uses it: file name without suffix, dashes as underscores.</summary>
    internal static string NameOf(string path)
    {
        string file = Path.GetFileName(path);
        int suffix = file.IndexOf(".ko", StringComparison.Ordinal);
        return (suffix < 0 ? file : file[..suffix]).Replace('-', '_');
    }

    /// <summary>Takes a module file; a compressed one has been unpacked before.</summary>
    internal string? Add(string path, byte[] file)
    {
        if (!ElfDependencies.TryRead(file, out ElfDependencies? elf, out string? problem))
        {
            return $"{path}: {problem}";
        }

        string[] dependencies = (elf.ModuleInfo("depends") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        _modules[NameOf(path)] = (path, [.. dependencies.Select(name => name.Replace('-', '_'))]);
        return null;
    }

    /// <summary>The files of a group, each after those it depends on.</summary>
    internal IReadOnlyList<string> LoadOrder(string group)
    {
        List<string> order = [];
        foreach (string name in Groups[group])
        {
            Visit(name, order);
        }

        return order;
    }

    private void Visit(string name, List<string> order)
    {
        (string path, string[] dependencies) = _modules[name];
        if (order.Contains(path))
        {
            return;
        }

        foreach (string dependency in dependencies)
        {
            Visit(dependency, order);
        }

        order.Add(path);
    }
}
