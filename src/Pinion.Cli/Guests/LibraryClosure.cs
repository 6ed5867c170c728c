using Pinion.Vmm;

namespace Pinion.Cli.Guests;

/// <summary>Finds the shared libraries a program needs, and fetches the packages that hold them: only those, not all that a package depends on.</summary>
internal sealed class LibraryClosure
{
    private readonly AptSource _apt;
    private readonly PackageTree _tree;
    private readonly Func<IReadOnlyCollection<string>, Problem?> _install;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <param name="apt">Says what packages depend on.</param>
    /// <param name="tree">Where packages are unpacked.</param>
    /// <param name="install">Fetches and unpacks packages.</param>
    internal LibraryClosure(AptSource apt, PackageTree tree, Func<IReadOnlyCollection<string>, Problem?> install)
    {
        _apt = apt;
        _tree = tree;
        _install = install;
    }

    /// <summary>Sonames and the paths of their files in the tree.</summary>
    internal SortedDictionary<string, string> Libraries { get; } = new(StringComparer.Ordinal);

    /// <summary>The path at which the kernel looks for the program's dynamic loader.</summary>
    internal string? Interpreter { get; private set; }

    /// <summary>Follows DT_NEEDED from a program until nothing is missing.</summary>
    internal Problem? Add(string program)
    {
        List<(string Path, string Soname)> open = [];
        Problem? problem = Examine(program, open);
        while (problem is null && open.Count > 0)
        {
            List<(string Path, string Soname)> missing = [];
            foreach ((string path, string soname) in open)
            {
                if (!_tree.TryFindLibrary(soname, out _))
                {
                    missing.Add((path, soname));
                }
            }

            problem = missing.Count > 0 ? InstallFor(missing) : null;
            List<(string Path, string Soname)> next = [];
            foreach ((string path, string soname) in open)
            {
                if (problem is not null)
                {
                    break;
                }

                if (Libraries.ContainsKey(soname))
                {
                    continue;
                }

                if (_tree.TryFindLibrary(soname, out string? library))
                {
                    Libraries[soname] = library;
                    problem = Examine(library, next);
                }
                else
                {
                    next.Add((path, soname));
                }
            }

            open = next;
        }

        return problem;
    }

    /// <summary>Orders the packages that might hold a library: those whose name resembles the soname first (libglib-2.0.so.0 is in libglib2.0-0, libz.so.1 in zlib1g).</summary>
    internal static IReadOnlyList<string> Candidates(string soname, IReadOnlyList<string> packages)
    {
        string wanted = Letters(soname.Replace(".so", "", StringComparison.Ordinal));
        int Resemblance(string package)
        {
            string name = Letters(package);
            int common = 0;
            while (common < name.Length && common < wanted.Length && name[common] == wanted[common])
            {
                common++;
            }

            return common;
        }

        List<string> similar = [.. packages.Where(package => Resemblance(package) > "lib".Length).OrderByDescending(Resemblance).Take(1)];
        return similar.Count > 0 ? similar : [.. packages.Where(package => package.Contains("lib", StringComparison.Ordinal))];
    }

    private static string Letters(string name) => new([.. name.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit)]);

    private Problem? Examine(string path, List<(string Path, string Soname)> open)
    {
        if (!_tree.TryReadFile(path, out byte[]? data))
        {
            return new Problem(ProblemKind.CorruptInput, $"{path}: no package brought it", "The archive's packages have changed; please report it.");
        }

        if (!ElfDependencies.TryRead(data, out ElfDependencies? elf, out string? reason) || elf.Needed() is not { } needed)
        {
            return new Problem(ProblemKind.CorruptInput, $"{path}: {reason ?? "its dynamic section points outside the file"}", "Delete the cache and run the command again.");
        }

        Interpreter ??= elf.Interpreter();
        open.AddRange(needed.Where(soname => !Libraries.ContainsKey(soname)).Select(soname => (path, soname)));
        return null;
    }

    private Problem? InstallFor(List<(string Path, string Soname)> missing)
    {
        SortedSet<string> packages = new(StringComparer.Ordinal);
        foreach ((string path, string soname) in missing)
        {
            string? owner = _tree.PackageOf(path);
            List<string> untried = owner is null ? [] : [.. _apt.Dependencies(owner).Where(package => !_asked.Contains(package))];
            packages.UnionWith(Candidates(soname, untried));
        }

        if (packages.Count == 0)
        {
            return new Problem(
                ProblemKind.CorruptInput,
                $"{missing[0].Path} needs {missing[0].Soname}, and none of the packages it depends on holds that library",
                "The archive's packages have changed; please report it.");
        }

        _asked.UnionWith(packages);
        return _install(packages);
    }
}
