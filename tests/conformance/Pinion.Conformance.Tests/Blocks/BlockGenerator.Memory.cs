using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Blocks;

/// <content>Loads, stores and atomics: addresses stay in the scratch memory.</content>
internal sealed partial class BlockGenerator
{
    private enum Addressing
    {
        Base,
        Offset,
        Pre,
        Post,
        Register,
        PostRegister,
    }

    private void EmitMemory(Row row)
    {
        if (!TryFill(row, w => IsPredictable(row, w), out uint word))
        {
            return;
        }

        int size = AccessSize(row, word);
        int alignment = row.Group == RowGroup.Atomic ? size : 1;
        switch (HowAddressed(row, word))
        {
            case Addressing.Base:
                int at = Base(0, BlockLayout.Scratch, BlockLayout.Scratch + BlockLayout.ScratchSize - size, alignment, out int register);
                if (at < 0)
                {
                    return;
                }

                word = row.With('n', word, register);
                break;
            case Addressing.Register:
                if (!TryIndex(row, size, ref word))
                {
                    return;
                }

                break;
            case Addressing.PostRegister:
                if (random.Next(2) == 0)
                {
                    word = row.With('m', word, 31);
                    if (!TryPost(row, size, size, ref word))
                    {
                        return;
                    }
                }
                else if (!TryPostIndex(row, size, ref word))
                {
                    return;
                }

                break;
            default:
                if (!TryImmediate(row, size, ref word))
                {
                    return;
                }

                break;
        }

        if (row.Id is A64Id.Stxr or A64Id.Stlxr or A64Id.Stxp or A64Id.Stlxp)
        {
            // With the load that makes it succeed, or sure to fail: what a load of another size or address makes of it is for each implementation to say.
            KeepWithNext();
            _block.Words.Add(random.Next(4) > 0 ? MatchingExclusiveLoad(row, word) : Clrex);
        }

        _block.Words.Add(word);
    }

    private bool IsPredictable(Row row, uint word)
    {
        bool writeback = HowAddressed(row, word) is Addressing.Pre or Addressing.Post or Addressing.PostRegister;
        if (writeback && MayBeSkipped)
        {
            return false;
        }

        int t = row.Has('t') ? row.Field('t', word) : -1;
        if (row.IsSimdTransfer)
        {
            return !(row.Has('u') && row.Name.StartsWith("Ld", StringComparison.Ordinal) && row.Field('u', word) == t);
        }

        if (!Row5(t) || (row.Has('u') && (!Row5(row.Field('u', word)) || row.Field('u', word) == t)))
        {
            return false;
        }

        if (!row.Has('s') || A64Fields.Find(row.Id, 's').Width != 5)
        {
            return true;
        }

        int s = row.Field('s', word);
        if (row.Id == A64Id.Casp)
        {
            return Row5(s) && Row5(s + 1) && Row5(t + 1);
        }

        bool exclusive = row.Id is A64Id.Stxr or A64Id.Stlxr or A64Id.Stxp or A64Id.Stlxp;
        return Row5(s) && (!exclusive || (s != t && !(row.Has('u') && s == row.Field('u', word))));

        bool Row5(int register) => register == 31 || (register < 31 && IsFree(register));
    }

    private static Addressing HowAddressed(Row row, uint word)
    {
        string operands = row.Operands;
        if (operands.EndsWith("]!", StringComparison.Ordinal))
        {
            return Addressing.Pre;
        }

        if (operands.Contains("], imm"))
        {
            return Addressing.Post;
        }

        if (operands.Contains("], "))
        {
            return row.Field('m', word) == 31 ? Addressing.Post : Addressing.PostRegister;
        }

        if (operands.Contains(" ext"))
        {
            return Addressing.Register;
        }

        return operands.Contains(" off") ? Addressing.Offset : Addressing.Base;
    }

    /// <summary>Bytes that the instruction accesses.</summary>
    private static int AccessSize(Row row, uint word)
    {
        if (Structure(row) is var registers and > 0)
        {
            return row.Name.Contains("Multiple") ? registers * (row.Field('q', word) != 0 ? 16 : 8) : registers * ElementSize(row, word);
        }

        if (row.Id == A64Id.Casp)
        {
            return 8 << row.Field('z', word);
        }

        return row.Has('u') ? 2 * UnitSize(row, word) : UnitSize(row, word);
    }

    /// <summary>Bytes of one register of the transfer; what scaled offsets are multiplied with.</summary>
    private static int UnitSize(Row row, uint word)
    {
        if (row.Operands.StartsWith("Mt", StringComparison.Ordinal))
        {
            return row.Field('h', word) != 0 ? 16 : 1 << row.Field('z', word);
        }

        if (row.Operands.StartsWith("Pt", StringComparison.Ordinal))
        {
            return 4 << row.Field('z', word);
        }

        if (row.Name.StartsWith("Ldpsw", StringComparison.Ordinal))
        {
            return 4;
        }

        if (row.Has('u'))
        {
            return row.Group == RowGroup.Atomic ? (row.Field('z', word) != 0 ? 8 : 4) : (row.Field('s', word) != 0 ? 8 : 4);
        }

        return 1 << (int)(word >> 30);
    }

    private static int Structure(Row row)
    {
        int list = row.Operands.IndexOf("list", StringComparison.Ordinal);
        return list is 0 or 1 ? row.Operands[list + 4] - '0' : 0;
    }

    private static int ElementSize(Row row, uint word)
    {
        if (row.Name.Contains("Replicate"))
        {
            return 1 << row.Field('z', word);
        }

        return row.Field('o', word) switch
        {
            0 => 1,
            1 => 2,
            _ => row.Field('z', word) == 0 ? 4 : 8,
        };
    }

    private bool TryImmediate(Row row, int size, ref uint word)
    {
        Addressing how = HowAddressed(row, word);
        if (row.Has('m'))
        {
            // AdvSIMD structures, post-indexed by their own size.
            return TryPost(row, size, size, ref word);
        }

        A64Field field = A64Fields.Find(row.Id, 'i');
        bool signed = field.Width < 12;
        int scale = field.Width == 9 ? 1 : UnitSize(row, word);
        int lowest = signed ? -(1 << (field.Width - 1)) : 0;
        int highest = (1 << (signed ? field.Width - 1 : field.Width)) - 1;
        int end = BlockLayout.Scratch + BlockLayout.ScratchSize;
        for (int attempt = 0; attempt < 20; attempt++)
        {
            int register = Pick(how == Addressing.Offset && !signed);
            int from = _offsets[register];
            int low = Math.Max(lowest, Ceiling(BlockLayout.Scratch - from, scale));
            int high = Math.Min(highest, Floor(end - size - from, scale));
            if (how == Addressing.Post)
            {
                if (from < BlockLayout.Scratch || from > end - size)
                {
                    continue;
                }

                high = Math.Min(highest, Floor(end - 64 - from, scale));
            }

            if (low > high)
            {
                continue;
            }

            int immediate = random.Next(low, high + 1);
            bool writeback = how is Addressing.Pre or Addressing.Post;
            if (register == 31 && (immediate * scale % 16 != 0) && writeback)
            {
                continue;
            }

            if (writeback)
            {
                _offsets[register] = from + immediate * scale;
            }

            word = row.With('i', row.With('n', word, register), immediate);
            return true;

            static int Ceiling(int a, int b) => (int)Math.Ceiling(a / (double)b);
            static int Floor(int a, int b) => (int)Math.Floor(a / (double)b);
        }

        return false;
    }

    private bool TryPost(Row row, int size, int step, ref uint word)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            int at = Base(0, BlockLayout.Scratch, BlockLayout.Scratch + BlockLayout.ScratchSize - size - Math.Max(step, 0), 1, out int register);
            if (at >= 0 && at + step >= BlockLayout.Scratch && !(register == 31 && step % 16 != 0))
            {
                _offsets[register] += step;
                word = row.With('n', word, register);
                return true;
            }
        }

        return false;
    }

    private bool TryPostIndex(Row row, int size, ref uint word)
    {
        word = row.With('m', word, IndexRegister);
        return TryPost(row, size, (int)_block[BlockLayout.X + IndexRegister * 8], ref word);
    }

    private bool TryIndex(Row row, int size, ref uint word)
    {
        int option = row.Field('o', word);
        int shift = row.Field('S', word) != 0 ? int.TrailingZeroCount(size) : 0;
        int index = option == 2 ? WordIndexRegister : random.Next(8) == 0 ? 31 : IndexRegister;
        int value = index == 31 ? 0 : (int)_block[BlockLayout.X + index * 8];
        int step = value << shift;
        int at = Base(step, BlockLayout.Scratch, BlockLayout.Scratch + BlockLayout.ScratchSize - size, 1, out int register);
        if (at < 0)
        {
            return false;
        }

        word = row.With('m', row.With('n', word, register), index);
        return true;
    }

    /// <summary>
    /// A base register for which base + <paramref name="step"/> is between <paramref name="low"/> and <paramref name="high"/> and aligned; made where there is none. Answers the base's offset, or -1.
    /// </summary>
    private int Base(int step, int low, int high, int alignment, out int register)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            register = Pick(false);
            int at = _offsets[register] + step;
            if (at >= low && at <= high && at % alignment == 0)
            {
                return _offsets[register];
            }

            if (!MayBeSkipped && attempt > 10)
            {
                int granule = Math.Max(register == 31 ? 16 : 1, alignment);
                int wanted = random.Next(low, high + 1) / granule * granule;
                if (wanted >= low && wanted - step >= 0 && (register != 31 || (wanted - step) % 16 == 0))
                {
                    Rebase(register, wanted - step);
                    return wanted - step;
                }
            }
        }

        register = -1;
        return -1;
    }

    // Now and then a base at a new place, or far below the scratch memory for large unsigned offsets.
    private int Pick(bool far)
    {
        int register = s_bases[random.Next(s_bases.Length)];
        if (MayBeSkipped || random.Next(4) != 0)
        {
            return register;
        }

        int offset = far && random.Next(2) == 0
            ? (random.Next(2) == 0 ? -random.Next(4096) : -random.Next(1, 16) * 4096)
            : BlockLayout.Scratch + random.Next(BlockLayout.ScratchSize - 64);
        if (register == 31)
        {
            offset &= ~15;
        }

        Rebase(register, offset);
        return register;
    }

    private void Rebase(int register, int offset)
    {
        uint opcode = offset >= 0 ? 0x9100_0000 : 0xD100_0000; // add or sub xb, x28, #offset
        uint size = (uint)Math.Abs(offset);
        uint immediate = size < 4096 ? size << 10 : (1u << 22) | ((size >> 12) << 10);
        _block.Words.Add(opcode | immediate | (BlockLayout.RecordRegister << 5) | (uint)register);
        _offsets[register] = offset;
    }

    private uint MatchingExclusiveLoad(Row store, uint word)
    {
        uint load = word | (1u << 22); // L
        load |= 0x1Fu << 16; // Rs
        load &= ~0x1Fu;
        int t = LoadTarget();
        load |= (uint)t;
        if (store.Has('u'))
        {
            int u;
            do
            {
                u = LoadTarget();
            }
            while (u == t);
            load = (load & ~(0x1Fu << 10)) | ((uint)u << 10);
        }

        return load;

        // Neither what will be stored nor its base may change.
        int LoadTarget()
        {
            int register;
            do
            {
                register = FreeRegister();
            }
            while (register == (word & 31) || (store.Has('u') && register == store.Field('u', word)));
            return register;
        }
    }
}
