using System.Diagnostics.CodeAnalysis;
using System.Formats.Tar;
using System.Text;
using Pinion.Vmm;

namespace Pinion.Cli.Guests;

/// <summary>A directory into which Debian packages are unpacked, and who brought which file.</summary>
internal sealed class PackageTree
{
    private const int MaximumLinks = 16;

    private static readonly string[] s_merged = ["bin/", "sbin/", "lib/"];

    private static readonly string[] s_libraryDirectories = ["lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib", "usr/lib"];

    private readonly Dictionary<string, string> _packageOfFile = new(StringComparer.Ordinal);

    internal PackageTree(string root) => Root = root;

    /// <summary>The directory that stands for the guest's /.</summary>
    internal string Root { get; }

    /// <summary>The names, relative to the root, that unpacked packages have brought; sorted.</summary>
    internal IEnumerable<string> Files => _packageOfFile.Keys.Order(StringComparer.Ordinal);

    /// <summary>The package that brought a file, or null.</summary>
    internal string? PackageOf(string relativePath) => _packageOfFile.GetValueOrDefault(relativePath) ?? _packageOfFile.GetValueOrDefault(UnderUsr(relativePath));

    /// <summary>Where releases after Debian 12 have what was in /bin, /sbin and /lib: those are links there, which no package brings.</summary>
    private static string UnderUsr(string relativePath) => s_merged.Any(directory => relativePath.StartsWith(directory, StringComparison.Ordinal)) ? $"usr/{relativePath}" : relativePath;

    /// <summary>Unpacks those files of a package that <paramref name="wanted"/> accepts by their path, which is relative and has no leading "./".</summary>
    internal Problem? Unpack(string package, string file, Predicate<string> wanted)
    {
        var error = new StringBuilder();
        HostTool.Outcome outcome = HostTool.RunReading("dpkg-deb", ["--fsys-tarfile", file], null, stream => Extract(package, stream, wanted), error, out string? problem);
        if (outcome.Ok && problem is null)
        {
            return null;
        }

        return new Problem(
            ProblemKind.CorruptInput,
            $"{file}: {problem ?? outcome.LastErrorLine}",
            "Delete the file and run the command again; it will be fetched anew.");
    }

    /// <summary>The bytes of a file, symbolic links followed inside the tree.</summary>
    internal bool TryReadFile(string relativePath, [NotNullWhen(true)] out byte[]? data)
    {
        data = null;
        if (Resolve(relativePath) is not { } path)
        {
            return false;
        }

        data = File.ReadAllBytes(path);
        return true;
    }

    /// <summary>Finds a shared library by its soname; <paramref name="relativePath"/> is where the dynamic loader would find it.</summary>
    internal bool TryFindLibrary(string soname, [NotNullWhen(true)] out string? relativePath)
    {
        relativePath = s_libraryDirectories.Select(directory => $"{directory}/{soname}").FirstOrDefault(candidate => Resolve(candidate) is not null);
        return relativePath is not null;
    }

    private string? Resolve(string relativePath)
    {
        string path = Path.Combine(Root, relativePath);
        if (new FileInfo(path) is { Exists: false, LinkTarget: null })
        {
            path = Path.Combine(Root, UnderUsr(relativePath));
        }

        for (int i = 0; i < MaximumLinks; i++)
        {
            var info = new FileInfo(path);
            if (info.LinkTarget is not { } target)
            {
                return info.Exists ? path : null;
            }

            // An absolute target means the guest's root, not ours.
            path = Path.GetFullPath(target.StartsWith('/') ? Path.Combine(Root, target.TrimStart('/')) : Path.Combine(Path.GetDirectoryName(path) ?? Root, target));
            if (!path.StartsWith(Root + "/", StringComparison.Ordinal))
            {
                return null;
            }
        }

        return null;
    }

    private string? Extract(string package, Stream stream, Predicate<string> wanted)
    {
        try
        {
            using var reader = new TarReader(stream, leaveOpen: true);
            while (reader.GetNextEntry() is { } entry)
            {
                string name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
                name = name.TrimEnd('/');
                if (name.Length == 0 || entry.EntryType == TarEntryType.Directory || !wanted(name))
                {
                    continue;
                }

                if (name.StartsWith('/') || name.Split('/').Contains(".."))
                {
                    return $"entry '{name}' leaves the package";
                }

                Write(entry, name);
                _packageOfFile[name] = package;
            }

            return null;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or EndOfStreamException or FormatException)
        {
            return $"not a readable package: {damaged.Message}";
        }
    }

    private void Write(TarEntry entry, string name)
    {
        string path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? Root);
        File.Delete(path);
        switch (entry.EntryType)
        {
            case TarEntryType.SymbolicLink:
                File.CreateSymbolicLink(path, entry.LinkName);
                break;
            case TarEntryType.HardLink:
                File.Copy(Path.Combine(Root, entry.LinkName.TrimStart('.', '/')), path);
                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                using (FileStream output = File.Create(path))
                {
                    entry.DataStream?.CopyTo(output);
                }

                break;
            default:
                break;
        }
    }
}
