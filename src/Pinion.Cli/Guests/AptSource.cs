using System.Globalization;
using System.Security.Cryptography;
using Pinion.Vmm;

namespace Pinion.Cli.Guests;

/// <summary>arm64 packages through the machine's own apt, with lists, status and cache in a directory of our own: no root, and the machine's lists stay as they are.</summary>
internal sealed class AptSource
{
    private static readonly TimeSpan s_listsStayFresh = TimeSpan.FromHours(24);

    private readonly string _directory;
    private readonly string _configuration;
    private readonly string? _sourcesFile;
    private readonly Dictionary<string, IReadOnlyList<string>> _dependencies = new(StringComparer.Ordinal);

    /// <param name="directory">Where lists and cache go; it is created.</param>
    /// <param name="sourcesFile">A sources file to use in place of the machine's own, or null.</param>
    internal AptSource(string directory, string? sourcesFile)
    {
        _directory = Path.GetFullPath(directory);
        _configuration = Path.Combine(_directory, "apt.conf");
        _sourcesFile = sourcesFile is null ? null : Path.GetFullPath(sourcesFile);
    }

    /// <summary>A package file as the archive describes it.</summary>
    internal sealed record PackageFile(string Package, string FileName, long Size, string Hash)
    {
        /// <summary>Whether <paramref name="directory"/> has the file, whole.</summary>
        internal bool IsIn(string directory)
        {
            var file = new FileInfo(Path.Combine(directory, FileName));
            if (!file.Exists || file.Length != Size)
            {
                return false;
            }

            (string algorithm, string expected) = Hash.Split(':', 2) is [var first, var second] ? (first, second) : ("", Hash);
            using FileStream stream = file.OpenRead();
            byte[]? actual = algorithm switch
            {
                "SHA256" => SHA256.HashData(stream),
                "SHA512" => SHA512.HashData(stream),
                _ => null,
            };
            return actual is not null && Convert.ToHexString(actual).Equals(expected, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Fetches the package lists where they are missing or older than a day.</summary>
    internal Problem? Update(bool evenIfFresh, GuestProgress progress)
    {
        WriteConfiguration();
        string stamp = Path.Combine(_directory, "updated");
        if (!evenIfFresh && File.Exists(stamp) && DateTime.UtcNow - File.GetLastWriteTimeUtc(stamp) < s_listsStayFresh)
        {
            return null;
        }

        progress.Begin("fetching the arm64 package lists");
        HostTool.Outcome outcome = HostTool.Run("apt-get", ["-c", _configuration, "-q", "update"]);
        if (!outcome.Ok)
        {
            return FetchProblem("apt-get update failed", outcome);
        }

        // apt-get update forgives sources that do not answer; whether the lists are good shows when a package is asked for.
        File.WriteAllText(stamp, "");
        return null;
    }

    /// <summary>The packages that <paramref name="package"/> depends on, in the order it names them; empty where it is unknown.</summary>
    internal IReadOnlyList<string> Dependencies(string package)
    {
        if (_dependencies.TryGetValue(package, out IReadOnlyList<string>? known))
        {
            return known;
        }

        HostTool.Outcome outcome = HostTool.Run("apt-cache", ["-c", _configuration, "depends", package]);
        List<string> names = [];
        foreach (string line in outcome.Output.Split('\n'))
        {
            string[] words = line.Trim().TrimStart('|').Split(' ', 2);
            if (words is ["Depends:" or "PreDepends:", var name] && !name.StartsWith('<'))
            {
                names.Add(name.Split(':')[0]);
            }
        }

        return _dependencies[package] = names;
    }

    /// <summary>Asks the lists which files these packages are.</summary>
    internal Problem? Describe(IEnumerable<string> packages, out List<PackageFile> files)
    {
        files = [];
        HostTool.Outcome outcome = HostTool.Run("apt-get", ["-c", _configuration, "-q", "download", "--print-uris", .. packages]);
        if (!outcome.Ok)
        {
            return FetchProblem("the package lists do not have what the guest needs", outcome);
        }

        foreach (string line in outcome.Output.Split('\n'))
        {
            // 'URI' FILE SIZE ALGORITHM:HASH
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length >= 4 && words[0].StartsWith('\'') && long.TryParse(words[2], CultureInfo.InvariantCulture, out long size))
            {
                files.Add(new PackageFile(words[1].Split('_')[0], words[1], size, words[3]));
            }
        }

        files.Sort((left, right) => string.CompareOrdinal(left.FileName, right.FileName));
        return null;
    }

    /// <summary>Downloads those of <paramref name="files"/> that <paramref name="directory"/> does not hold yet.</summary>
    internal Problem? Download(IReadOnlyList<PackageFile> files, string directory, GuestProgress progress)
    {
        Directory.CreateDirectory(directory);
        List<PackageFile> missing = [.. files.Where(file => !file.IsIn(directory))];
        if (missing.Count == 0)
        {
            return null;
        }

        double total = missing.Sum(file => file.Size) / 1e6;
        string step = string.Create(CultureInfo.InvariantCulture, $"fetching {missing.Count} package{(missing.Count == 1 ? "" : "s")}, {total:F1} MB");
        progress.Begin(step);
        HostTool.Outcome outcome;
        using (new Timer(_ => progress.Update(string.Create(CultureInfo.InvariantCulture, $"{step}: {Arrived(missing, directory) / 1e6:F1} MB")), null, 250, 250))
        {
            outcome = HostTool.Run("apt-get", ["-c", _configuration, "-q", "download", .. missing.Select(file => file.Package)], directory);
        }

        if (!outcome.Ok || missing.FirstOrDefault(file => !file.IsIn(directory)) is not null)
        {
            return FetchProblem("apt-get download failed", outcome);
        }

        return null;
    }

    private static long Arrived(IEnumerable<PackageFile> files, string directory) =>
        files.Sum(file => new FileInfo(Path.Combine(directory, file.FileName)) is { Exists: true } arrived ? arrived.Length : 0);

    private static Problem FetchProblem(string what, HostTool.Outcome outcome)
    {
        string detail = outcome.LastErrorLine;
        return new Problem(
            ProblemKind.Host,
            detail.Length == 0 ? what : $"{what}: {detail}",
            "Check the network and the package sources. Where the machine's own sources are not Debian's, name a file that lists some (MIRROR is an address of a mirror of Debian):\n"
            + "  echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] MIRROR bookworm main' > debian.list\n"
            + "  pinion guest debian --sources debian.list\n"
            + "Without any network, build the guest on another machine with 'pinion guest debian --output DIR', copy DIR and boot it with\n"
            + "'pinion run -k DIR/Image -i DIR/initramfs.cpio'.");
    }

    private void WriteConfiguration()
    {
        foreach (string sub in new[] { "lists/partial", "cache/archives/partial" })
        {
            Directory.CreateDirectory(Path.Combine(_directory, sub));
        }

        string status = Path.Combine(_directory, "status");
        File.WriteAllText(status, "");
        // A file given by -c is read after the machine's own configuration, so #clear takes away its hooks: they tend the machine's cache, not ours.
        // The sandbox user _apt could not enter a home directory; apt changes user only when it runs as root.
        string text = $"""
            #clear APT::Architectures;
            APT::Architecture "arm64";
            APT::Architectures {"{"} "arm64"; {"}"};
            Dir::State::Lists "{_directory}/lists";
            Dir::State::status "{status}";
            Dir::Cache "{_directory}/cache";
            Debug::NoLocking "1";
            APT::Sandbox::User "root";
            #clear Acquire::Languages;
            Acquire::Languages "none";
            Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
            #clear APT::Update::Pre-Invoke;
            #clear APT::Update::Post-Invoke;
            #clear APT::Update::Post-Invoke-Success;

            """;
        if (_sourcesFile is not null)
        {
            text += $"Dir::Etc::sourcelist \"{_sourcesFile}\";\nDir::Etc::sourceparts \"/dev/null\";\n";
        }

        if (!File.Exists(_configuration) || File.ReadAllText(_configuration) != text)
        {
            File.WriteAllText(_configuration, text);
            // Other sources mean other lists.
            File.Delete(Path.Combine(_directory, "updated"));
        }
    }
}
