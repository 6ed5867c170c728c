using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Pinion.Trace.Store.Tests;

/// <summary>Reads ClickHouse's RowBinary by the types of the columns, as a server does; each value becomes a text, a missing one "-".</summary>
internal static class RowBinaryReader
{
    /// <summary>Rows of all bytes, which must end with one.</summary>
    public static List<string> Read(ReadOnlySpan<byte> bytes, IEnumerable<string> types)
    {
        string[] columns = [.. types];
        var rows = new List<string>();
        int at = 0;
        while (at < bytes.Length)
        {
            var values = new List<string>();
            foreach (string type in columns)
            {
                values.Add(Value(bytes, ref at, type));
            }

            rows.Add(string.Join(" | ", values));
        }

        at.ShouldBe(bytes.Length);
        return rows;
    }

    private static string Value(ReadOnlySpan<byte> bytes, ref int at, string type)
    {
        if (type.StartsWith("LowCardinality(", StringComparison.Ordinal))
        {
            return Value(bytes, ref at, type["LowCardinality(".Length..^1]);
        }

        if (type.StartsWith("Nullable(", StringComparison.Ordinal))
        {
            byte missing = bytes[at++];
            missing.ShouldBeLessThanOrEqualTo((byte)1);
            return missing == 1 ? "-" : Value(bytes, ref at, type["Nullable(".Length..^1]);
        }

        if (type == "String")
        {
            int length = 0;
            int shift = 0;
            byte next;
            do
            {
                next = bytes[at++];
                length |= (next & 0x7F) << shift;
                shift += 7;
            }
            while ((next & 0x80) != 0);
            at += length;
            return Encoding.UTF8.GetString(bytes[(at - length)..at]);
        }

        int size = type switch
        {
            "UInt8" => 1,
            "UInt16" => 2,
            "UInt32" or "Int32" or "DateTime" => 4,
            "UInt64" => 8,
            _ when type.StartsWith("Enum8(", StringComparison.Ordinal) => 1,
            _ => throw new ArgumentException(type),
        };
        ReadOnlySpan<byte> value = bytes[at..(at += size)];
        return (type == "Int32" ? BinaryPrimitives.ReadInt32LittleEndian(value)
            : size == 1 ? value[0]
            : size == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(value)
            : size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(value)
            : (Int128)BinaryPrimitives.ReadUInt64LittleEndian(value)).ToString(CultureInfo.InvariantCulture);
    }
}
