using System.Globalization;

namespace Pinion.Trace.Truth;

/// <summary>How often one instruction was executed while it could have been sampled.</summary>
/// <param name="El">Exception level, 0 or 1.</param>
/// <param name="ContextId">CONTEXTIDR_EL1.</param>
/// <param name="Pc">Virtual address.</param>
/// <param name="Count">Executions.</param>
public readonly record struct TruthRow(int El, uint ContextId, ulong Pc, ulong Count);

/// <summary>Reads what <c>pinion run --truth</c> writes: <c>el,contextid,pc,count</c>, one instruction a line.</summary>
public static class TruthTable
{
    /// <summary>The first line.</summary>
    public const string Header = "el,contextid,pc,count";

    /// <summary>Reads all lines of <paramref name="reader"/>; what is no line of counts is diagnosed with the offset of its line in bytes, and left out.</summary>
    public static List<TruthRow> Read(TextReader reader, Diagnoses diagnoses)
    {
        List<TruthRow> rows = [];
        long offset = 0;
        for (int number = 0; reader.ReadLine() is { } line; number++)
        {
            if (number == 0)
            {
                if (line != Header)
                {
                    diagnoses.Add(0, $"the first line is not '{Header}'");
                    return rows;
                }
            }
            else if (TryParse(line, out TruthRow row))
            {
                rows.Add(row);
            }
            else
            {
                diagnoses.Add(offset, "a line is no count of an instruction");
            }

            offset += System.Text.Encoding.UTF8.GetByteCount(line) + 1;
        }

        if (rows.Count == 0 && diagnoses.Count == 0)
        {
            diagnoses.Add(0, "there are no counts");
        }

        return rows;
    }

    private static bool TryParse(ReadOnlySpan<char> line, out TruthRow row)
    {
        row = default;
        Span<Range> fields = stackalloc Range[5];
        if (line.Split(fields, ',') != 4)
        {
            return false;
        }

        ReadOnlySpan<char> pc = line[fields[2]];
        if (!int.TryParse(line[fields[0]], NumberStyles.None, CultureInfo.InvariantCulture, out int el)
            || el is not (0 or 1)
            || !uint.TryParse(line[fields[1]], NumberStyles.None, CultureInfo.InvariantCulture, out uint context)
            || !pc.StartsWith("0x", StringComparison.Ordinal)
            || !ulong.TryParse(pc[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address)
            || !ulong.TryParse(line[fields[3]], NumberStyles.None, CultureInfo.InvariantCulture, out ulong count))
        {
            return false;
        }

        row = new(el, context, address, count);
        return true;
    }
}
