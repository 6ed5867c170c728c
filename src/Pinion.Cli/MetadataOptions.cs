using System.CommandLine;
using System.Globalization;
using Pinion.Trace;

namespace Pinion.Cli;

/// <summary>Where the commands that read traces get what a trace from outside the guest does not know: processes and what they had mapped.</summary>
internal sealed class MetadataOptions
{
    private readonly Option<string[]> _maps = new("--maps")
    {
        HelpName = "PID=PATH",
        Description = "Copy of the guest's /proc/PID/maps, for a trace that does not know what was mapped. May be repeated.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _metadata = new("--metadata")
    {
        HelpName = "PATH",
        Description = "Trace of the same run that knows more: take processes, mappings and the clock from it, as from a perf.data that the guest recorded.",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_maps);
        command.Options.Add(_metadata);
    }

    /// <summary>The files that were asked for.</summary>
    public MetadataFiles Read(ParseResult parsed) => new(parsed.GetValue(_maps) ?? [], parsed.GetValue(_metadata));
}

/// <summary>Files that complete a trace.</summary>
/// <param name="Maps">PID=PATH of copies of /proc/PID/maps.</param>
/// <param name="Metadata">Another trace of the same run, or null.</param>
public sealed record MetadataFiles(IReadOnlyList<string> Maps, string? Metadata)
{
    /// <summary>None.</summary>
    public static MetadataFiles None { get; } = new([], null);

    /// <summary>Completes <paramref name="trace"/>, before anything is looked up in it; returns an exit code: <see cref="ExitCodes.Usage"/> where a file cannot be read.</summary>
    public int Apply(SpeTrace trace, TextWriter error)
    {
        int worst = ExitCodes.Success;
        if (Metadata is not null)
        {
            if (!TraceFile.TryRead(Metadata, out SpeTrace other, out string message))
            {
                error.Write($"pinion: {message}\n");
                return ExitCodes.Usage;
            }

            TraceMetadata.Merge(trace, other);
            worst = CommandOutput.Report(Metadata, other.Diagnoses, error);
        }

        foreach (string option in Maps)
        {
            worst = SymbolFiles.Worse(worst, ApplyMaps(trace, option, error));
        }

        return worst;
    }

    private static int ApplyMaps(SpeTrace trace, string option, TextWriter error)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || !uint.TryParse(option.AsSpan(0, equals), NumberStyles.None, CultureInfo.InvariantCulture, out uint process))
        {
            error.Write($"pinion: --maps {option}: give PID=PATH, with the number of the process in the guest\n");
            return ExitCodes.Usage;
        }

        string path = option[(equals + 1)..];
        if (!SymbolFiles.TryRead(path, out byte[] text, error))
        {
            return ExitCodes.Usage;
        }

        var diagnoses = new Diagnoses();
        TraceMetadata.AddProcMaps(trace, process, text, diagnoses);
        return CommandOutput.Report(path, diagnoses, error);
    }
}
