using System.CommandLine;
using System.Globalization;
using Pinion.Trace;
using Pinion.Trace.Symbols;

namespace Pinion.Cli;

/// <summary>Where the commands that read traces get symbols from, and what the trace itself does not know.</summary>
internal sealed class SymbolOptions
{
    private readonly Option<string[]> _elf = new("--elf")
    {
        HelpName = "PATH[@ADDRESS]",
        Description = "Program, library or vmlinux with symbols, found by its file name through mappings; or loaded at ADDRESS (hexadecimal). May be repeated.",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> _kallsyms = new("--kallsyms") { HelpName = "PATH", Description = "Copy of the guest's /proc/kallsyms, or System.map." };

    private readonly Option<string?> _debugDirectory = new("--debug-dir") { HelpName = "DIR", Description = "Debug files for source lines, by build id as in /usr/lib/debug (DIR/.build-id/12/3456.debug)." };

    private readonly MetadataOptions _metadata = new();

    public void AddTo(Command command)
    {
        _metadata.AddTo(command);
        command.Options.Add(_elf);
        command.Options.Add(_kallsyms);
        command.Options.Add(_debugDirectory);
    }

    /// <summary>The files that were asked for.</summary>
    public SymbolFiles Read(ParseResult parsed) => new(parsed.GetValue(_elf) ?? [], parsed.GetValue(_kallsyms)) { DebugDirectory = parsed.GetValue(_debugDirectory), Metadata = _metadata.Read(parsed) };
}

/// <summary>Files with symbols.</summary>
/// <param name="Elf">PATH or PATH@ADDRESS of each ELF file.</param>
/// <param name="Kallsyms">Symbols of the kernel, or null.</param>
public sealed record SymbolFiles(IReadOnlyList<string> Elf, string? Kallsyms)
{
    /// <summary>Where debug files lie by build id, or null.</summary>
    public string? DebugDirectory { get; init; }

    /// <summary>What completes the trace.</summary>
    public MetadataFiles Metadata { get; init; } = MetadataFiles.None;

    /// <summary>Source lines of these files; why they stay unknown goes to <paramref name="error"/>.</summary>
    public AddrToLine Lines(TextWriter error) => new() { DebugDirectory = DebugDirectory, Warn = sentence => error.Write($"pinion: {sentence}\n") };

    /// <summary>A resolver for <paramref name="trace"/>, which is completed first, with these symbols and the trace's own. <paramref name="worst"/> is an exit code: <see cref="ExitCodes.Usage"/> where a file cannot be read.</summary>
    public SymbolResolver Load(SpeTrace trace, TextWriter error, out int worst)
    {
        worst = Metadata.Apply(trace, error);
        var resolver = new SymbolResolver(trace);
        foreach (string option in Elf)
        {
            worst = Worse(worst, AddElf(resolver, option, error));
        }

        if (Kallsyms is not null)
        {
            worst = Worse(worst, AddKallsyms(resolver, Kallsyms, error));
        }

        foreach (ReadOnlyMemory<byte> symbols in trace.KernelSymbols)
        {
            AddKernel(resolver, symbols.Span, trace.Diagnoses);
        }

        return resolver;
    }

    /// <summary>The exit code that says more.</summary>
    public static int Worse(int left, int right) => left == ExitCodes.Usage || right == ExitCodes.Usage ? ExitCodes.Usage : Math.Max(left, right);

    private static int AddElf(SymbolResolver resolver, string option, TextWriter error)
    {
        string path = option;
        ulong bias = 0;
        int at = option.LastIndexOf('@');
        if (at > 0 && !File.Exists(option))
        {
            string digits = option[(at + 1)..];
            digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
            if (!ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bias))
            {
                error.Write($"pinion: --elf {option}: {digits} is no hexadecimal address\n");
                return ExitCodes.Usage;
            }

            path = option[..at];
        }

        if (!TryRead(path, out byte[] bytes, error))
        {
            return ExitCodes.Usage;
        }

        var diagnoses = new Diagnoses();
        resolver.AddImage(ElfImage.Read(bytes, Path.GetFileName(path), diagnoses, path), bias);
        return CommandOutput.Report(path, diagnoses, error);
    }

    private static int AddKallsyms(SymbolResolver resolver, string path, TextWriter error)
    {
        if (!TryRead(path, out byte[] bytes, error))
        {
            return ExitCodes.Usage;
        }

        var diagnoses = new Diagnoses();
        AddKernel(resolver, bytes, diagnoses);
        return CommandOutput.Report(path, diagnoses, error);
    }

    private static void AddKernel(SymbolResolver resolver, ReadOnlySpan<byte> kallsyms, Diagnoses diagnoses)
    {
        SymbolTable functions = Trace.Symbols.Kallsyms.Read(kallsyms, "[kernel]", diagnoses, out SymbolTable data);
        resolver.AddKernel(functions, data);
    }

    /// <summary>All bytes of a file; false, with a message, where it cannot be read.</summary>
    internal static bool TryRead(string path, out byte[] bytes, TextWriter error)
    {
        try
        {
            bytes = File.ReadAllBytes(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error.Write($"pinion: cannot read {path}: {e.Message}\n");
            bytes = [];
            return false;
        }
    }
}
