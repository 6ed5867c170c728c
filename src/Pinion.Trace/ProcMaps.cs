using System.Globalization;

namespace Pinion.Trace;

/// <summary>Reads /proc/PID/maps (proc_pid_maps(5)): "start-end perms offset device inode path" in lines.</summary>
internal static class ProcMaps
{
    private const string Deleted = " (deleted)";

    /// <summary>Adds the mappings of code to <paramref name="builder"/>; lines that are not of the format get a diagnosis with their offset.</summary>
    public static void Read(uint processId, ReadOnlySpan<byte> text, TraceBuilder builder, Diagnoses diagnoses)
    {
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            if (line.Trim((byte)' ').IsEmpty)
            {
                continue;
            }

            int position = range.Start.Value;
            if (!TryLine(line, out ulong start, out ulong end, out ulong offset, out bool isCode, out int path))
            {
                diagnoses.Add(position, "not a line of /proc/PID/maps");
            }
            else if (isCode && path < line.Length)
            {
                string file = builder.Text(position, line[path..]);
                file = file.EndsWith(Deleted, StringComparison.Ordinal) ? file[..^Deleted.Length] : file;
                builder.Add(position, new TraceMapping(processId, start, end - start, offset, file));
            }
        }
    }

    private static bool TryLine(ReadOnlySpan<byte> line, out ulong start, out ulong end, out ulong offset, out bool isCode, out int path)
    {
        (start, end, offset, isCode, path) = (0, 0, 0, false, 0);
        int dash = line.IndexOf((byte)'-');
        int at = 0;
        if (dash < 1 || !TryHex(line[..dash], out start))
        {
            return false;
        }

        at = dash + 1;
        if (!TryHex(Next(line, ref at), out end) || end <= start)
        {
            return false;
        }

        ReadOnlySpan<byte> permissions = Next(line, ref at);
        if (permissions.Length < 4 || !TryHex(Next(line, ref at), out offset))
        {
            return false;
        }

        isCode = permissions[2] == 'x';
        Next(line, ref at);
        Next(line, ref at);
        while (at < line.Length && line[at] == ' ')
        {
            at++;
        }

        path = at;
        return true;
    }

    private static bool TryHex(ReadOnlySpan<byte> digits, out ulong value) => ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    /// <summary>The word at <paramref name="at"/>, which moves behind it and its blank.</summary>
    private static ReadOnlySpan<byte> Next(ReadOnlySpan<byte> line, ref int at)
    {
        ReadOnlySpan<byte> rest = line[Math.Min(at, line.Length)..];
        int blank = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = blank < 0 ? rest : rest[..blank];
        at = Math.Min(line.Length, at + word.Length + 1);
        return word;
    }
}
