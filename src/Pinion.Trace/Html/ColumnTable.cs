namespace Pinion.Trace.Html;

/// <summary>
/// A table of whole numbers as columns of bytes: seven bits a byte, the lowest first, bit 7 set where more follow (LEB128). In the columns of keys each number stands as its distance to the one before, with
/// the sign in bit 0.
/// </summary>
/// <param name="name">Name.</param>
/// <param name="keys">How many columns, from the first on, are keys.</param>
/// <param name="columns">Names of the columns.</param>
internal sealed class ColumnTable(string name, int keys, params string[] columns)
{
    private readonly MemoryStream[] _streams = [.. columns.Select(_ => new MemoryStream())];
    private readonly long[] _last = new long[keys];

    public string Name => name;

    /// <summary>How many columns, from the first on, are keys.</summary>
    public int Keys => keys;

    public IReadOnlyList<string> Columns => columns;

    public int Rows { get; private set; }

    /// <summary>Adds a row.</summary>
    /// <param name="values">A number for each column, at least 0 and below 2^53.</param>
    public void Add(params ReadOnlySpan<long> values)
    {
        for (int column = 0; column < columns.Length; column++)
        {
            long value = values[column];
            if (column < keys)
            {
                long distance = value - _last[column];
                _last[column] = value;
                value = (distance << 1) ^ (distance >> 63);
            }

            Write(_streams[column], (ulong)value);
        }

        Rows++;
    }

    /// <summary>Writes the columns one behind the other.</summary>
    public void WriteTo(Stream output)
    {
        foreach (MemoryStream stream in _streams)
        {
            stream.WriteTo(output);
        }
    }

    private static void Write(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }
}
