using System.Diagnostics;

namespace Pinion.Trace.Symbols;

/// <summary>
/// Finds source lines with a program that reads DWARF: GNU's or LLVM's addr2line, or llvm-symbolizer, which runs beside this process for as long as there is something to ask, once for each file.
/// What is wrong with a file costs its lines and nothing else.
/// </summary>
public sealed class AddrToLine : ISourceLines, IDisposable
{
    /// <summary>Names or paths a program instead of looking for one.</summary>
    public const string Variable = "PINION_ADDR2LINE";

    private const int MostOpen = 16;
    private const int MostKnown = 1 << 16;

    private static readonly string[] s_names = ["aarch64-linux-gnu-addr2line", "llvm-addr2line", "llvm-symbolizer", "addr2line"];

    private readonly Dictionary<ElfImage, Reader> _readers = [];
    private readonly Dictionary<(ElfImage Image, ulong Address), SourceLine?> _known = [];
    private long _asked;
    private bool _hasWarned;

    /// <summary>Where debug files lie by build id, as in /usr/lib/debug: .build-id/12/3456.debug. What a file's .gnu_debuglink names is found without it, beside the file.</summary>
    public string? DebugDirectory { get; init; }

    /// <summary>Paths of the programs to try for each file, until one understands it.</summary>
    public IReadOnlyList<string> Programs { get; init; } = FindPrograms();

    /// <summary>How long the answers for one file may take in sum.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Gets a sentence for each reason why lines stay unknown: no program, or a file that it does not understand.</summary>
    public Action<string> Warn { get; init; } = _ => { };

    /// <summary>The programs of this machine, by <see cref="Variable"/> or else on the PATH.</summary>
    public static IReadOnlyList<string> FindPrograms() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen ? [OnPath(chosen) ?? chosen] : [.. s_names.Select(OnPath).OfType<string>()];

    /// <inheritdoc/>
    public SourceLine? Find(ElfImage image, ulong address)
    {
        if (image.Path is not string path)
        {
            return null;
        }

        if (Programs.Count == 0)
        {
            WarnOnce("source lines need addr2line; apt-get install binutils-aarch64-linux-gnu or llvm, or let " + Variable + " name one");
            return null;
        }

        if (_known.TryGetValue((image, address), out SourceLine? line))
        {
            return line;
        }

        if (!_readers.TryGetValue(image, out Reader? reader))
        {
            _readers.Add(image, reader = new(DebugFile(image) ?? path, Patience));
        }

        line = Ask(reader, address);
        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        _known.Add((image, address), line);
        return line;
    }

    /// <summary>Ends the programs.</summary>
    public void Dispose()
    {
        foreach (Reader reader in _readers.Values)
        {
            reader.Close();
        }

        _readers.Clear();
    }

    private SourceLine? Ask(Reader reader, ulong address)
    {
        while (reader.Program < Programs.Count)
        {
            reader.LastAsked = ++_asked;
            long began = Stopwatch.GetTimestamp();
            AddrToLineReply reply = Open(reader) is AddrToLineProcess process ? process.Ask(address, reader.Left, out SourceLine? line) : Unstarted(out line);
            reader.Left -= Stopwatch.GetElapsedTime(began);
            if (reply == AddrToLineReply.Answered)
            {
                reader.HasAnswered = true;
                return line;
            }

            reader.Close();
            string program = Path.GetFileName(Programs[reader.Program]);
            bool isLast = reply == AddrToLineReply.Late || reader.HasAnswered;
            reader.Program = isLast ? Programs.Count : reader.Program + 1;
            if (reader.Program == Programs.Count)
            {
                Warn(reply == AddrToLineReply.Late ? $"{program} takes too long for the source lines of {reader.Path}; the rest stays unknown"
                    : reader.HasAnswered ? $"{program} broke off in the source lines of {reader.Path}; the rest stays unknown"
                    : $"{string.Join(", ", Programs.Select(Path.GetFileName))} cannot read {reader.Path}; its source lines stay unknown");
            }
        }

        return null;
    }

    private static AddrToLineReply Unstarted(out SourceLine? line)
    {
        line = null;
        return AddrToLineReply.Ended;
    }

    private AddrToLineProcess? Open(Reader reader)
    {
        if (reader.Process is null)
        {
            Reader[] open = [.. _readers.Values.Where(other => other.Process is not null)];
            if (open.Length >= MostOpen)
            {
                open.MinBy(other => other.LastAsked)!.Close();
            }

            reader.Process = AddrToLineProcess.Start(Programs[reader.Program], reader.Path);
        }

        return reader.Process;
    }

    private string? DebugFile(ElfImage image)
    {
        if (DebugDirectory is null || image.BuildId is not { Length: > 2 } id)
        {
            return null;
        }

        string path = Path.Combine(DebugDirectory, ".build-id", id[..2], id[2..] + ".debug");
        return File.Exists(path) ? path : null;
    }

    private void WarnOnce(string sentence)
    {
        if (!_hasWarned)
        {
            _hasWarned = true;
            Warn(sentence);
        }
    }

    /// <summary>A program of this name on the PATH; never one in the current directory, where <see cref="System.Diagnostics.Process"/> would look too.</summary>
    private static string? OnPath(string name) => name.Contains('/')
        ? Path.GetFullPath(name)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.GetFullPath(Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>What is asked about one file, and whom.</summary>
    private sealed class Reader(string path, TimeSpan patience)
    {
        public string Path { get; } = path;

        /// <summary>Index of the program that is asked; behind the last, nobody is any more.</summary>
        public int Program { get; set; }

        public AddrToLineProcess? Process { get; set; }

        public bool HasAnswered { get; set; }

        public TimeSpan Left { get; set; } = patience;

        public long LastAsked { get; set; }

        public void Close()
        {
            Process?.Dispose();
            Process = null;
        }
    }
}
