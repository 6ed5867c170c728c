using System.Globalization;
using System.Text;
using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.PerfData;

/// <summary>Reads the features of a header: what perf knew about the machine and the recording.</summary>
internal sealed class PerfFeatures(TraceBuilder builder, PerfBuildIds buildIds)
{
    private const int MostWords = 1 << 12;

    /// <summary>Reads one feature, which lies at <paramref name="position"/> of the file.</summary>
    public void Read(PerfFeature feature, long position, ReadOnlySpan<byte> content)
    {
        switch (feature)
        {
            case PerfFeature.BuildId:
                buildIds.ReadAll(position, content);
                break;
            case PerfFeature.HostName:
                AddText(TraceFacts.HostName, position, content);
                break;
            case PerfFeature.OsRelease:
                AddText(TraceFacts.KernelRelease, position, content);
                break;
            case PerfFeature.Version:
                AddText(TraceFacts.RecorderVersion, position, content);
                break;
            case PerfFeature.Arch:
                AddText(TraceFacts.Architecture, position, content);
                break;
            case PerfFeature.NrCpus when TryU32(content, 0, out uint available) && TryU32(content, 4, out uint online):
                builder.AddFact(position, TraceFacts.Cpus, string.Create(CultureInfo.InvariantCulture, $"{online} online of {available}"));
                break;
            case PerfFeature.CpuDescription:
                AddText(TraceFacts.CpuDescription, position, content);
                break;
            case PerfFeature.CpuId:
                ReadCpuId(position, content);
                break;
            case PerfFeature.TotalMemory when TryU64(content, 0, out ulong memory):
                builder.AddFact(position, TraceFacts.Memory, string.Create(CultureInfo.InvariantCulture, $"{memory} KiB"));
                break;
            case PerfFeature.CommandLine:
                ReadCommandLine(position, content);
                break;
            case PerfFeature.EventDescription:
                ReadEvents(position, content);
                break;
            case PerfFeature.SampleTime when TryU64(content, 0, out ulong first) && TryU64(content, 8, out ulong last) && first <= last && last is not (0 or ulong.MaxValue):
                builder.AddFact(position, "time of the first record", Seconds(first));
                builder.AddFact(position, "time of the last record", Seconds(last));
                break;
            case PerfFeature.ClockId when TryU64(content, 0, out ulong resolution):
                builder.AddFact(position, "resolution of the clock", string.Create(CultureInfo.InvariantCulture, $"{resolution} ns"));
                break;
            case PerfFeature.DirectoryFormat:
                builder.Trace.Diagnoses.Add(position, "the records lie in other files of a directory (perf record --threads) and are not read");
                break;
        }
    }

    private static string Seconds(ulong nanoseconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000_000_000}.{nanoseconds % 1_000_000_000:d9} s");

    private void AddText(string fact, long position, ReadOnlySpan<byte> content) => builder.AddFact(position, fact, TryText(position, content, 0, out string text, out _) ? text : "");

    /// <summary>A text of the format: its length in 4 bytes, then so many bytes with NULs at the end.</summary>
    private bool TryText(long position, ReadOnlySpan<byte> content, ulong offset, out string text, out ulong next)
    {
        text = "";
        next = offset;
        if (!TryU32(content, offset, out uint length) || !Holds(content, offset + 4, length))
        {
            return false;
        }

        text = builder.Text(position, content.Slice((int)offset + 4, (int)length));
        next = offset + 4 + length;
        return true;
    }

    private void ReadCpuId(long position, ReadOnlySpan<byte> content)
    {
        if (!TryText(position, content, 0, out string text, out _))
        {
            return;
        }

        builder.AddFact(position, TraceFacts.CpuIdentifier, text);
        if (ulong.TryParse(text.Replace("0x", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong midr))
        {
            builder.Trace.Midr = midr;
        }
    }

    private void ReadCommandLine(long position, ReadOnlySpan<byte> content)
    {
        TryU32(content, 0, out uint count);
        var line = new StringBuilder();
        ulong at = 4;
        for (int word = 0; word < Math.Min(count, MostWords) && TryText(position, content, at, out string text, out at); word++)
        {
            // One word may be a whole line, as it is where Pinion has written it.
            bool isPlain = count == 1 || text.AsSpan().IndexOfAny(" '\"\\$") < 0;
            line.Append(line.Length > 0 ? " " : "").Append(isPlain ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'");
        }

        builder.AddFact(position, TraceFacts.CommandLine, line.ToString());
    }

    private void ReadEvents(long position, ReadOnlySpan<byte> content)
    {
        if (!TryU32(content, 0, out uint count) || !TryU32(content, 4, out uint attrSize))
        {
            return;
        }

        ulong at = 8;
        for (uint i = 0; i < count && TryU32(content, at + attrSize, out uint ids) && TryText(position, content, at + attrSize + 4, out string name, out at); i++)
        {
            builder.AddFact(position, TraceFacts.Event, name);
            at += 8ul * ids;
        }
    }
}
