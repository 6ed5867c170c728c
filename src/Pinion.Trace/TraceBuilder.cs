using System.Text;

namespace Pinion.Trace;

/// <summary>
/// Fills a trace from a file that may hold anything: its lists and texts are bounded, so that a file can take only a fixed amount of memory beside its own bytes. What does not fit is
/// left out, with one diagnosis a list.
/// </summary>
internal sealed class TraceBuilder(SpeTrace trace)
{
    /// <summary>Stretches of streams: 8 KiB each in a capture, so this is 16 GiB of records.</summary>
    internal const int MostBuffers = 1 << 21;

    internal const int MostMappings = 1 << 20;
    internal const int MostTasks = 1 << 20;
    internal const int MostSwitches = 1 << 22;
    internal const int MostLosses = 1 << 16;
    internal const int MostFacts = 1 << 10;
    internal const int MostKernelSymbols = 1 << 8;

    /// <summary>Characters of all different paths and names together.</summary>
    internal const int MostText = 1 << 25;

    private const int LongestText = 4096;
    private readonly HashSet<string> _texts = [];
    private readonly HashSet<string> _full = [];
    private int _text;

    public SpeTrace Trace => trace;

    /// <summary>The text at the start of <paramref name="bytes"/>, to the next NUL; malformed UTF-8 is replaced. Equal texts are one object.</summary>
    public string Text(long position, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, LongestText)];
        int end = bytes.IndexOf((byte)0);
        bytes = end < 0 ? bytes : bytes[..end];
        Span<char> buffer = stackalloc char[LongestText];
        ReadOnlySpan<char> characters = buffer[..Encoding.UTF8.GetChars(bytes, buffer)];
        if (_texts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(characters, out string? known))
        {
            return known;
        }

        if (characters.Length > MostText - _text)
        {
            Full(position, "characters of paths and names", MostText);
            return "";
        }

        string text = characters.ToString();
        _texts.Add(text);
        _text += text.Length;
        return text;
    }

    /// <summary>Adds a stretch of a stream that lies in the file from <paramref name="start"/> on.</summary>
    public void AddBuffer(long position, int cpu, int threadId, ulong streamOffset, ulong start, ulong size)
    {
        if (size != 0 && HasRoom(position, trace.Buffers, MostBuffers, "stretches of records"))
        {
            trace.AddBuffer(cpu, threadId, streamOffset, start, size);
        }
    }

    public void Add(long position, in TraceMapping mapping)
    {
        if (HasRoom(position, trace.Mappings, MostMappings, "mappings"))
        {
            trace.Mappings.Add(mapping);
        }
    }

    public void Add(long position, in TraceTask task)
    {
        if (HasRoom(position, trace.Tasks, MostTasks, "names of threads"))
        {
            trace.Tasks.Add(task);
        }
    }

    public void Add(long position, in TraceSwitch change)
    {
        if (HasRoom(position, trace.Switches, MostSwitches, "context switches"))
        {
            trace.Switches.Add(change);
        }
    }

    public void Add(long position, in TraceLoss loss)
    {
        if (HasRoom(position, trace.Losses, MostLosses, "losses"))
        {
            trace.Losses.Add(loss);
        }
    }

    public void AddKernelSymbols(long position, ReadOnlyMemory<byte> kallsyms)
    {
        if (HasRoom(position, trace.KernelSymbols, MostKernelSymbols, "symbol tables of the kernel"))
        {
            trace.KernelSymbols.Add(kallsyms);
        }
    }

    /// <summary>Adds a fact, unless there is nothing to say.</summary>
    public void AddFact(long position, string name, string value)
    {
        if (value.Length > 0 && HasRoom(position, trace.Facts, MostFacts, "facts"))
        {
            trace.Facts.Add(new(name, value));
        }
    }

    private bool HasRoom<T>(long position, List<T> list, int most, string what)
    {
        if (list.Count < most)
        {
            return true;
        }

        Full(position, what, most);
        return false;
    }

    private void Full(long position, string what, int most)
    {
        if (_full.Add(what))
        {
            trace.Diagnoses.Add(position, $"more than {most} {what}; those from here on are left out");
        }
    }
}
