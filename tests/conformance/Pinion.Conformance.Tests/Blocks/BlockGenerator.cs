using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>
/// Makes random blocks from rows of the encoding table. A block never faults, never leaves its scratch memory and contains nothing that the architecture calls CONSTRAINED UNPREDICTABLE.
/// </summary>
/// <remarks>
/// Where a block accesses memory, some registers are set aside: bases (whose offset from the record is known at every instruction, writeback included), and two index registers whose
/// value is known. No instruction of such a block writes them otherwise.
/// </remarks>
internal sealed partial class BlockGenerator(Random random, IReadOnlyList<Row> rows)
{
    private const int WordIndexRegister = 16;
    private const int IndexRegister = 17;

    private static readonly int[] s_bases = [19, 20, 21, 22, 23, 24, 25, 26, 31];

    private readonly int[] _offsets = new int[32];
    private Block _block = null!;
    private bool _memory;
    private readonly HashSet<int> _targets = [];
    private int _skipEnd;

    /// <summary>A block of <paramref name="length"/> instructions or a few more (some come in pairs, and branches lead over some).</summary>
    public Block Next(int length)
    {
        _block = new Block();
        _skipEnd = 0;
        _targets.Clear();
        Row[] chosen = [.. Enumerable.Range(0, length).Select(_ => rows[random.Next(rows.Count)])];
        _memory = chosen.Any(r => r.IsMemory || r.Id == A64Id.Sys);
        SetState(chosen.Any(r => r.Group is RowGroup.ScalarFp or RowGroup.SimdFp or RowGroup.Fp16));
        foreach (Row row in chosen)
        {
            Emit(row);
        }

        // A branch may still lead over instructions that did not come.
        while (_block.Words.Count < _skipEnd)
        {
            _block.Words.Add(Nop);
        }

        return _block;
    }

    private const uint Nop = 0xD503_201F;
    private const uint Clrex = 0xD503_3F5F;

    /// <summary>An instruction that a branch may lead over must not move a base: its offset would no longer be known.</summary>
    private bool MayBeSkipped => _block.Words.Count < _skipEnd;

    private void Emit(Row row)
    {
        switch (row.Group)
        {
            case RowGroup.Branch:
                EmitBranch(row);
                return;
            case RowGroup.System:
                EmitSystem(row);
                return;
        }

        if (row.IsMemory)
        {
            EmitMemory(row);
            return;
        }

        if (row.IsLiteral)
        {
            EmitLiteral(row);
            return;
        }

        if (TryFill(row, w => IsWritable(row, w), out uint word))
        {
            _block.Words.Add(word);
        }
    }

    /// <summary>A random word of the row that satisfies <paramref name="accept"/>.</summary>
    private bool TryFill(Row row, Func<uint, bool> accept, out uint word)
    {
        A64Encoding encoding = A64Table.Encoding(row.Id);
        uint ignored = 0;
        uint ones = 0;
        for (int i = 0; i < 32; i++)
        {
            if (row.Pattern[i] == 'x')
            {
                ignored |= 0x8000_0000u >> i;
            }
        }

        // What a field that is ignored should be: ones in loads, stores and multiplies, zeros in compares.
        if (row.Group is not (RowGroup.ScalarFp or RowGroup.Fp16))
        {
            ones = ignored;
        }

        for (int attempt = 0; attempt < 1000; attempt++)
        {
            word = (((uint)random.NextInt64(1L << 32) & ~ignored) | ones) & ~encoding.Mask | encoding.Value;
            if (random.Next(4) == 0)
            {
                word = SameRegisters(row, word);
            }

            if (A64Decoder.Decode(word) == row.Id && OracleErrors.Reason(row.Id, word) is null && accept(word))
            {
                return true;
            }
        }

        word = 0;
        return false;
    }

    // Sources and destination equal: handlers that write before they have read everything fail here.
    private uint SameRegisters(Row row, uint word)
    {
        if (!row.Has('n') || A64Fields.Find(row.Id, 'n').Width != 5)
        {
            return word;
        }

        foreach (char letter in "dma")
        {
            if (A64Fields.Find(row.Id, letter).Width == 5 && random.Next(2) == 0)
            {
                word = row.With(letter, word, row.Field('n', word));
            }
        }

        return word;
    }

    private bool IsWritable(Row row, uint word)
    {
        if (!row.WritesGeneral)
        {
            return true;
        }

        int d = row.Field('d', word);
        return d == 31 ? !(_memory && row.WritesSp) : IsFree(d);
    }

    /// <summary>A general register that any instruction may write.</summary>
    private bool IsFree(int register)
        => register != BlockLayout.RecordRegister && !(_memory && (Array.IndexOf(s_bases, register) >= 0 || register is WordIndexRegister or IndexRegister));

    private int FreeRegister()
    {
        int register;
        do
        {
            register = random.Next(31);
        }
        while (!IsFree(register));
        return register;
    }

    // The next two instructions belong together: no branch may come between them.
    private void KeepWithNext()
    {
        while (_targets.Contains(_block.Words.Count + 1))
        {
            _block.Words.Add(Nop);
        }
    }

    private void EmitBranch(Row row)
    {
        int skip = random.Next(4);
        switch (row.Id)
        {
            case A64Id.Br or A64Id.Blr or A64Id.Ret:
                KeepWithNext();
                int register = FreeRegister();
                _block.Words.Add(0x1000_0000 | ((uint)(skip + 2) << 5) | (uint)register); // adr xn, target
                _block.Words.Add(row.With('n', A64Table.Encoding(row.Id).Value, register));
                break;
            default:
                if (!TryFill(row, _ => true, out uint word))
                {
                    return;
                }

                _block.Words.Add(row.With('i', word, skip + 1));
                break;
        }

        _targets.Add(_block.Words.Count + skip);
        _skipEnd = Math.Max(_skipEnd, _block.Words.Count + skip);
    }

    private void EmitSystem(Row row)
    {
        switch (row.Id)
        {
            case A64Id.Mrs:
                int target = random.Next(8) == 0 ? 31 : FreeRegister();
                _block.Words.Add((random.Next(3) switch { 0 => 0xD53B_4200, 1 => 0xD53B_4400, _ => 0xD53B_4420u }) | (uint)target);
                return;
            case A64Id.MsrRegister:
                // NZCV takes anything; FPCR and FPSR take only what both sides implement, and the block's own values were chosen so.
                _block.Words.Add(0xD51B_4200 | (uint)random.Next(32));
                return;
            case A64Id.Sys:
                int at = Base(0, BlockLayout.Scratch, BlockLayout.Scratch + BlockLayout.ScratchSize - 64, 1, out int register);
                if (at >= 0 && register != 31)
                {
                    _block.Words.Add(0xD50B_7420 | (uint)register); // dc zva
                }

                return;
            case A64Id.Hint:
                // WFIT and the like are later hints; these few are what compilers and kernels emit.
                int[] hints = [7, 25, 27, 29, 31, 32, 34, 36, 38];
                _block.Words.Add(Nop | ((uint)hints[random.Next(hints.Length)] << 5));
                return;
            default:
                if (TryFill(row, _ => true, out uint word))
                {
                    _block.Words.Add(word);
                }

                return;
        }
    }

    private void EmitLiteral(Row row)
    {
        if (TryFill(row, w => row.IsSimdTransfer || row.Name == "PrfmLiteral" || IsFree(row.Field('t', w)) || row.Field('t', w) == 31, out uint word))
        {
            // Any word of the block so far, or the literal load itself.
            _block.Words.Add(row.With('i', word, -random.Next(_block.Words.Count + 1)));
        }
    }
}
