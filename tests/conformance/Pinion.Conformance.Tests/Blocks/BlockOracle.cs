using System.Buffers.Binary;
using System.Text;
using Pinion.Arm.A64;
using Pinion.Cpu;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>Runs blocks on both sides and describes where they part.</summary>
internal static class BlockOracle
{
    private const int BatchSize = 4096;

    /// <summary>Differences that are described in full.</summary>
    private const int Described = 12;

    /// <summary>Failing blocks that are searched for the instruction to blame: each costs a run of the oracle.</summary>
    private const int Searched = 150;

    /// <summary>Compares every block on both engines; an empty string when all end alike.</summary>
    public static string Compare(IEnumerable<Block> blocks, EngineKind[] engines)
    {
        var failures = new List<(Block Block, EngineKind Engine)>();
        int total = 0;
        foreach (Block[] chunk in blocks.Chunk(BatchSize))
        {
            total += chunk.Length;
            var batch = new BlockBatch(chunk);
            byte[]? expected = QemuUser.Run(batch, out string reason);
            if (expected is null)
            {
                return $"the oracle did not survive a batch: {reason}\n{FindKiller(chunk)}";
            }

            foreach (EngineKind engine in engines)
            {
                using var machine = new PinionMachine(batch, engine);
                for (int i = 0; i < chunk.Length; i++)
                {
                    string? problem = machine.Run(i);
                    if (problem is not null || !machine.Record(i).SequenceEqual(expected.AsSpan(i * BlockLayout.RecordSize, BlockLayout.RecordSize)))
                    {
                        failures.Add((chunk[i], engine));
                    }
                }
            }
        }

        return failures.Count == 0 ? "" : Describe(failures, total);
    }

    private static string Describe(List<(Block Block, EngineKind Engine)> failures, int total)
    {
        var text = new StringBuilder();
        var culprits = new SortedDictionary<string, int>(StringComparer.Ordinal);
        int described = 0;
        foreach ((Block block, EngineKind engine) in failures.Take(Searched))
        {
            string description = Explain(block, engine, out string culprit);
            culprits.TryGetValue(culprit, out int count);
            culprits[culprit] = count + 1;
            if (count == 0 && described++ < Described)
            {
                text.AppendLine(description);
            }
        }

        string summary = string.Join(", ", culprits.OrderByDescending(c => c.Value).Select(c => $"{c.Key} {c.Value}"));
        return $"{failures.Count} of {total} blocks differ (an engine each); first difference at: {summary}\n\n{text}";
    }

    /// <summary>
    /// Runs every prefix of a block on both sides: the first that differs ends with the instruction to blame.
    /// </summary>
    private static string Explain(Block block, EngineKind engine, out string culprit)
    {
        Block[] prefixes = [.. Enumerable.Range(0, block.Words.Count + 1).Select(n => block.Prefix(n, BlockBatch.Return))];
        var batch = new BlockBatch(prefixes);
        byte[]? expected = QemuUser.Run(batch, out string reason);
        if (expected is null)
        {
            culprit = "oracle";
            return reason;
        }

        using var machine = new PinionMachine(batch, engine);
        for (int n = 0; n < prefixes.Length; n++)
        {
            string? problem = machine.Run(n);
            ReadOnlySpan<byte> want = expected.AsSpan(n * BlockLayout.RecordSize, BlockLayout.RecordSize);
            ReadOnlySpan<byte> got = machine.Record(n);
            if (problem is null && got.SequenceEqual(want))
            {
                continue;
            }

            if (n == 0)
            {
                culprit = "state";
                return $"{engine}: the state differs before the first instruction: {problem}{Difference(want, got)}";
            }

            uint word = block.Words[n - 1];
            culprit = A64Table.Name(A64Decoder.Decode(word));
            var text = new StringBuilder();
            text.AppendLine($"{engine}: {culprit} ({Disassembly.Of(word)}), instruction {n} of {block.Words.Count}");
            text.Append(Operands(word, expected.AsSpan((n - 1) * BlockLayout.RecordSize, BlockLayout.RecordSize)));
            text.AppendLine(problem is not null ? $"  {problem}" : Difference(want, got));
            return text.ToString();
        }

        culprit = "context";
        return $"{engine}: differs as a whole but not by prefix:\n{Listing(block)}";
    }

    private static string Operands(uint word, ReadOnlySpan<byte> before)
    {
        var text = new StringBuilder();
        text.AppendLine($"  before: NZCV {U64(before, BlockLayout.Nzcv) >> 28:x} FPCR {U64(before, BlockLayout.Fpcr):x8} FPSR {U64(before, BlockLayout.Fpsr):x8}");
        A64Id id = A64Decoder.Decode(word);
        foreach (char letter in "dnmatus")
        {
            A64Field field = A64Fields.Find(id, letter);
            if (field.Width is 4 or 5 or 6)
            {
                uint r = field.Of(word) & 31;
                string x = r == 31 ? $"sp {U64(before, BlockLayout.Sp):x16}" : $"x{r} {U64(before, BlockLayout.X + (int)r * 8):x16}";
                text.AppendLine($"    {letter}: {x}   v{r} {U64(before, BlockLayout.V + (int)r * 16 + 8):x16}_{U64(before, BlockLayout.V + (int)r * 16):x16}");
            }
        }

        return text.ToString();
    }

    private static string Difference(ReadOnlySpan<byte> want, ReadOnlySpan<byte> got)
    {
        var text = new StringBuilder();
        for (int offset = 0; offset < BlockLayout.RecordSize; offset += 8)
        {
            if (U64(want, offset) == U64(got, offset))
            {
                continue;
            }

            string name = offset switch
            {
                < BlockLayout.Sp => $"x{offset / 8}",
                BlockLayout.Sp => "sp",
                < BlockLayout.Nzcv => $"v{(offset - BlockLayout.V) / 16}.d[{(offset - BlockLayout.V) / 8 % 2}]",
                BlockLayout.Nzcv => "nzcv",
                BlockLayout.Fpcr => "fpcr",
                BlockLayout.Fpsr => "fpsr",
                _ => $"memory +{offset - BlockLayout.Scratch:x}",
            };
            text.Append($"  {name}: qemu {U64(want, offset):x16} ours {U64(got, offset):x16}\n");
        }

        return text.ToString();
    }

    /// <summary>The block that the oracle does not survive: an error of the generator.</summary>
    private static string FindKiller(Block[] chunk)
    {
        int low = 0;
        int high = chunk.Length;
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (QemuUser.Run(new BlockBatch(chunk[low..middle]), out _) is null)
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }

        return Listing(chunk[low]);
    }

    private static string Listing(Block block)
        => string.Join('\n', block.Words.Select(w => $"  {w:x8} {A64Table.Name(A64Decoder.Decode(w)),-24} {Disassembly.Of(w)}"));

    private static ulong U64(ReadOnlySpan<byte> record, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(record[offset..]);
}
