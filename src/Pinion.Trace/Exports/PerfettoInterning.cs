using Google.Protobuf;
using Pinion.Trace.Exports.Perfetto;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>Numbers for what the samples of a Perfetto trace refer to, each explained once, where it is first used.</summary>
internal sealed class PerfettoInterning
{
    private readonly Dictionary<int, ulong> _callstacks = [];
    private readonly Dictionary<(ulong Mapping, string Name, ulong Address), ulong> _frames = [];
    private readonly Dictionary<(string Path, string BuildId, ulong Start, ulong Length, ulong Offset), ulong> _mappings = [];
    private readonly Dictionary<string, ulong> _functionNames = [];
    private readonly Dictionary<string, ulong> _paths = [];
    private readonly Dictionary<string, ulong> _buildIds = [];

    /// <summary>Number of the call stack of a place; <paramref name="names"/> explains what is new in it.</summary>
    /// <param name="place">Number of the place; -1 where there is no PC.</param>
    /// <param name="places">What the number means.</param>
    /// <param name="names">Null where everything is known.</param>
    public ulong CallstackOf(int place, CodePlaces places, out InternedData? names)
    {
        names = null;
        if (_callstacks.TryGetValue(place, out ulong stack))
        {
            return stack;
        }

        names = new();
        CodePlace code = place < 0 ? new(new(Location.Unknown, "[no PC]"), 0, 0, null, 0, null) : places[place];
        ulong mapping = MappingOf(code, names);
        ulong image = FrameOf(mapping, code.Location.Image, 0, names);
        ulong function = FrameOf(mapping, code.Location.Symbol, AddressInImage(code), names);
        stack = (ulong)_callstacks.Count + 1;
        _callstacks.Add(place, stack);
        names.Callstacks.Add(new Callstack { Iid = stack, FrameIds = { image, function } });
        return stack;
    }

    /// <summary>The address in the image's file, as debuggers count it; where there is no file, in the file that is mapped, or the address itself.</summary>
    private static ulong AddressInImage(CodePlace code) =>
        code.Image is not null ? code.ImageAddress : code.Mapping is TraceMapping mapping ? code.Pc - mapping.Start + mapping.FileOffset : code.Pc;

    private ulong FrameOf(ulong mapping, string name, ulong address, InternedData names)
    {
        if (!_frames.TryGetValue((mapping, name, address), out ulong number))
        {
            number = (ulong)_frames.Count + 1;
            _frames.Add((mapping, name, address), number);
            ulong text = TextOf(_functionNames, name, names.FunctionNames, System.Text.Encoding.UTF8.GetBytes);
            names.Frames.Add(new Frame { Iid = number, FunctionNameId = text, MappingId = mapping, RelPc = address });
        }

        return number;
    }

    private ulong MappingOf(CodePlace code, InternedData names)
    {
        string path = code.Mapping?.Path is { Length: > 0 } known ? known : code.Location.Image;
        string buildId = code.Mapping?.BuildId ?? code.Image?.BuildId ?? "";
        TraceMapping mapping = code.Mapping ?? default;
        var key = (path, buildId, mapping.Start, mapping.Length, mapping.FileOffset);
        if (!_mappings.TryGetValue(key, out ulong number))
        {
            number = (ulong)_mappings.Count + 1;
            _mappings.Add(key, number);
            var entry = new Perfetto.Mapping { Iid = number, Start = mapping.Start, End = mapping.Start + mapping.Length, ExactOffset = mapping.FileOffset };
            foreach (string part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                entry.PathStringIds.Add(TextOf(_paths, part, names.MappingPaths, System.Text.Encoding.UTF8.GetBytes));
            }

            if (buildId.Length > 0)
            {
                entry.BuildId = TextOf(_buildIds, buildId, names.BuildIds, BytesOfHexadecimal);
            }

            names.Mappings.Add(entry);
        }

        return number;
    }

    private static ulong TextOf(Dictionary<string, ulong> numbers, string text, ICollection<InternedString> names, Func<string, byte[]> bytes)
    {
        if (!numbers.TryGetValue(text, out ulong number))
        {
            number = (ulong)numbers.Count + 1;
            numbers.Add(text, number);
            names.Add(new() { Iid = number, Str = UnsafeByteOperations.UnsafeWrap(bytes(text)) });
        }

        return number;
    }

    /// <summary>The bytes of a build id; a damaged file's may be any text, and stays one.</summary>
    private static byte[] BytesOfHexadecimal(string text)
    {
        var bytes = new byte[text.Length / 2];
        return text.Length % 2 == 0 && Convert.FromHexString(text, bytes, out _, out int written) == System.Buffers.OperationStatus.Done && written == bytes.Length
            ? bytes
            : System.Text.Encoding.UTF8.GetBytes(text);
    }
}
