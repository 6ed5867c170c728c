using System.Globalization;
using System.Text;
using Pinion.Arm.Spe;

namespace Pinion.Trace.Truth;

/// <summary>
/// Reads what <c>pinion run --truth</c> writes, in this version and in the first, which had the columns el, contextid, pc and count. Columns are known by their names, in any order; others are passed over. What is
/// no row is diagnosed with the offset of its line in bytes, and left out.
/// </summary>
public sealed class TruthReader
{
    private const int El = -1, ContextId = -2, Pc = -3, Class = -4, Unknown = -5;

    // Columns of fates are numbered behind those of sums.
    private const int FirstFate = (int)SpeQuantity.Count;

    private readonly LineReader _lines;
    private readonly Diagnoses _diagnoses;
    private readonly int[] _columns = [];
    private readonly bool _hasEnd;
    private long _rows;
    private bool _ended;

    /// <summary>Reads the names of the columns.</summary>
    public TruthReader(Stream stream, Diagnoses diagnoses)
    {
        _lines = new(stream, diagnoses);
        _diagnoses = diagnoses;
        if (!_lines.TryRead(out ReadOnlySpan<byte> line))
        {
            diagnoses.Add(0, "there are no counts");
            return;
        }

        string[] names = Encoding.UTF8.GetString(line).Split(',');
        int[] columns = [.. names.Select(ColumnOf)];
        foreach ((int column, string name) in (ReadOnlySpan<(int, string)>)[(El, TruthFormat.El), (ContextId, TruthFormat.ContextId), (Pc, TruthFormat.Pc), ((int)SpeQuantity.Operations, TruthFormat.Sums[0].Name)])
        {
            if (!columns.Contains(column))
            {
                diagnoses.Add(0, $"the first line names no column '{name}'");
                return;
            }
        }

        if (columns.Where(column => column != Unknown).GroupBy(column => column).Any(group => group.Count() > 1))
        {
            diagnoses.Add(0, "the first line names a column twice");
            return;
        }

        _columns = columns;
        _hasEnd = Summary.HasClasses = columns.Contains(Class);
        Summary.HasOutcomes = columns.Contains((int)SpeQuantity.TotalLatency);
    }

    /// <summary>What the file says beside its rows; complete when <see cref="TryRead"/> has answered false.</summary>
    public TruthSummary Summary { get; } = new();

    /// <summary>Reads the next row; false at the end.</summary>
    public bool TryRead(TruthRow row)
    {
        while (_columns.Length > 0 && _lines.TryRead(out ReadOnlySpan<byte> line))
        {
            if (line is [(byte)'#', ..])
            {
                if (!TryReadSummary(line[1..].TrimStart((byte)' ')))
                {
                    _diagnoses.Add(_lines.Offset, "a line about the run is damaged");
                }
            }
            else if (TryParse(line, row))
            {
                _rows++;
                return true;
            }
            else
            {
                _diagnoses.Add(_lines.Offset, "a line is no count of an operation");
            }
        }

        if (_hasEnd && !_ended)
        {
            _ended = true;
            _diagnoses.Add(_lines.End, "the file ends early");
        }

        return false;
    }

    private static int ColumnOf(string name)
    {
        for (int i = 0; i < TruthFormat.Sums.Count; i++)
        {
            if (TruthFormat.Sums[i].Name == name)
            {
                return (int)TruthFormat.Sums[i].Quantity;
            }
        }

        for (int i = 0; i < TruthFormat.Fates.Count; i++)
        {
            if (TruthFormat.Fates[i].Name == name)
            {
                return FirstFate + (int)TruthFormat.Fates[i].Fate;
            }
        }

        return name switch
        {
            TruthFormat.El => El,
            TruthFormat.ContextId => ContextId,
            TruthFormat.Pc => Pc,
            TruthFormat.Class => Class,
            _ => Unknown,
        };
    }

    private bool TryParse(ReadOnlySpan<byte> line, TruthRow row)
    {
        row.Sums.Clear();
        row.Fates.Clear();
        row.Class = Profiles.ProfileClass.None;
        foreach (int column in _columns)
        {
            if (line.IsEmpty && column != Unknown)
            {
                return false;
            }

            int comma = line.IndexOf((byte)',');
            ReadOnlySpan<byte> field = comma < 0 ? line : line[..comma];
            line = comma < 0 ? [] : line[(comma + 1)..];
            if (!TryStore(column, field, row))
            {
                return false;
            }
        }

        return line.IsEmpty;
    }

    private static bool TryStore(int column, ReadOnlySpan<byte> field, TruthRow row)
    {
        switch (column)
        {
            case Unknown:
                return true;
            case Class:
                foreach ((string name, Profiles.ProfileClass operationClass) in TruthFormat.Classes)
                {
                    if (Ascii.Equals(field, name))
                    {
                        row.Class = operationClass;
                        return true;
                    }
                }

                return false;
            case Pc:
                ulong address = 0;
                bool isAddress = field is [(byte)'0', (byte)'x', ..] && ulong.TryParse(field[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address);
                row.Pc = address;
                return isAddress;
        }

        if (!ulong.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
        {
            return false;
        }

        switch (column)
        {
            case El:
                row.El = (int)Math.Min(number, 2);
                return number <= 1;
            case ContextId:
                row.ContextId = (uint)number;
                return number <= uint.MaxValue;
            case >= FirstFate:
                row.Fates[(SampleFate)(column - FirstFate)] = number;
                return true;
            default:
                row.Sums.Add((SpeQuantity)column, number);
                return true;
        }
    }

    /// <summary>A line of a name and fields NAME=VALUE. False where one that should be known has something missing; what is not known is passed over.</summary>
    private bool TryReadSummary(ReadOnlySpan<byte> line)
    {
        string[] words = Encoding.UTF8.GetString(line).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return true;
        }

        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string word in words.Skip(1))
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                fields[word[..equals]] = word[(equals + 1)..];
            }
        }

        switch (words[0])
        {
            case TruthFormat.Run:
                if (!fields.TryGetValue("timing", out string? timing) || !fields.TryGetValue("profile", out string? profile) || !Number("in_flight", int.MaxValue, out ulong inFlight) || !Number("uncounted", ulong.MaxValue, out ulong uncounted))
                {
                    return false;
                }

                Summary.Run = new(timing, profile, (int)inFlight, uncounted);
                return true;
            case TruthFormat.Unit:
                var fates = new SampleFates();
                foreach ((string name, SampleFate fate) in TruthFormat.Fates)
                {
                    if (!Number(name, ulong.MaxValue, out ulong count))
                    {
                        return false;
                    }

                    fates[fate] = count;
                }

                if (!Number("cpu", int.MaxValue, out ulong cpu) || !Number("population", ulong.MaxValue, out ulong population) || !Number("stopped", ulong.MaxValue, out ulong stopped))
                {
                    return false;
                }

                return Keep(Summary.Units, new((int)cpu, population, stopped, fates));
            case TruthFormat.Setting:
                if (!Number("contextid", uint.MaxValue, out ulong contextId) || !Number("interval", uint.MaxValue, out ulong interval) || !Number("jitter", 1, out ulong jitter) || !Number("selected", ulong.MaxValue, out ulong selected)
                    || !fields.TryGetValue("spacing", out string? text) || !double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double spacing) || !(spacing is >= 1 and <= uint.MaxValue)
                    || !fields.TryGetValue("filters", out text) || !text.StartsWith("0x", StringComparison.Ordinal)
                    || !ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong filters))
                {
                    return false;
                }

                return Keep(Summary.Settings, new((uint)contextId, (uint)interval, jitter != 0, spacing, filters, selected));
            case TruthFormat.End:
                _ended = Number("rows", ulong.MaxValue, out ulong rows);
                return _ended && rows == (ulong)_rows;
            default:
                return true;
        }

        bool Number(string name, ulong most, out ulong value)
        {
            value = 0;
            return fields.TryGetValue(name, out string? digits) && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= most;
        }
    }

    /// <summary>A file can have as many lines as it likes; a run has not.</summary>
    private static bool Keep<T>(List<T> list, T one)
    {
        const int Most = 1 << 16;
        if (list.Count >= Most)
        {
            return false;
        }

        list.Add(one);
        return true;
    }

    /// <summary>Lines of a stream, of bounded length.</summary>
    private sealed class LineReader(Stream stream, Diagnoses diagnoses)
    {
        private const int Longest = 4096;

        private readonly byte[] _bytes = new byte[1 << 16];
        private int _from;
        private int _to;
        private long _before;

        /// <summary>Where the line begins that was read last.</summary>
        public long Offset { get; private set; }

        /// <summary>Bytes read.</summary>
        public long End => _before + _from;

        /// <summary>The next line without its end, which a line feed is, or a carriage return and a line feed. It is valid until the next call.</summary>
        public bool TryRead(out ReadOnlySpan<byte> line)
        {
            while (true)
            {
                Offset = End;
                int length = IndexOfEnd(out bool found);
                if (length > Longest)
                {
                    diagnoses.Add(Offset, $"a line is longer than {Longest} bytes");
                    _from += length;
                    while (!found)
                    {
                        _from = _to;
                        if (!Fill())
                        {
                            line = default;
                            return false;
                        }

                        _from += IndexOfEnd(out found);
                    }

                    _from++;
                    continue;
                }

                if (!found && length == 0)
                {
                    line = default;
                    return false;
                }

                line = _bytes.AsSpan(_from, length);
                _from += length + (found ? 1 : 0);
                if (line is [.., (byte)'\r'])
                {
                    line = line[..^1];
                }

                return true;
            }
        }

        /// <summary>How far it is to the end of the line: of a long one, or the last, only as far as was read.</summary>
        private int IndexOfEnd(out bool found)
        {
            int scanned = 0;
            while (true)
            {
                int at = _bytes.AsSpan(_from + scanned, _to - _from - scanned).IndexOf((byte)'\n');
                if (at >= 0)
                {
                    found = true;
                    return scanned + at;
                }

                scanned = _to - _from;
                found = false;
                if (scanned > Longest || !Fill())
                {
                    return scanned;
                }
            }
        }

        /// <summary>Reads more behind what is there; false at the end.</summary>
        private bool Fill()
        {
            if (_from > 0)
            {
                _bytes.AsSpan(_from, _to - _from).CopyTo(_bytes);
                _before += _from;
                _to -= _from;
                _from = 0;
            }

            int read = stream.Read(_bytes, _to, _bytes.Length - _to);
            _to += read;
            return read > 0;
        }
    }
}
