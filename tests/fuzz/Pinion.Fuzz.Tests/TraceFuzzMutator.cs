using System.Buffers.Binary;

namespace Pinion.Fuzz.Tests;

/// <summary>What a mutator knows of a format.</summary>
/// <param name="FindBlocks">Adds where the parts of an input lie that may be left out, repeated and moved as a whole: records, chunks, lines.</param>
/// <param name="Tokens">Bytes that mean something: headers, magic numbers, words.</param>
internal sealed record TraceFuzzFormat(TraceFuzzFormat.BlockFinder FindBlocks, byte[][] Tokens)
{
    public delegate void BlockFinder(ReadOnlySpan<byte> input, List<(int Start, int Length)> blocks);
}

/// <summary>Makes inputs out of others. The same seed and the same originals give the same inputs. An input is good until the next one is made.</summary>
internal sealed class TraceFuzzMutator(TraceFuzzFormat format, ulong seed)
{
    /// <summary>Bytes; more would only be slower.</summary>
    public const int LongestInput = 1 << 12;

    private const int MostChanges = 6;

    private static readonly ulong[] s_limits =
        [0, 1, 2, 7, 8, 0x10, 0x3F, 0x40, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, long.MaxValue, 1ul << 63, ulong.MaxValue - 7, ulong.MaxValue];

    private readonly byte[] _bytes = new byte[LongestInput];
    private readonly byte[] _copy = new byte[LongestInput];
    private readonly List<(int Start, int Length)> _blocks = [];
    private ulong _state = seed;
    private int _length;

    /// <summary>A number from 0 to <paramref name="below"/> - 1 (SplitMix64).</summary>
    public int Next(int below) => (int)((UInt128)Word() * (uint)below >> 64);

    /// <summary>A changed <paramref name="original"/>, perhaps with parts of <paramref name="other"/>.</summary>
    public ReadOnlyMemory<byte> Make(ReadOnlySpan<byte> original, ReadOnlySpan<byte> other)
    {
        _length = Math.Min(original.Length, LongestInput);
        original[.._length].CopyTo(_bytes);
        for (int changes = 1 + Next(MostChanges); changes > 0; changes--)
        {
            Change(other);
        }

        return _bytes.AsMemory(0, _length);
    }

    private void Change(ReadOnlySpan<byte> other)
    {
        if (_length == 0)
        {
            Insert(0, Stretch(other));
            return;
        }

        int at = Next(_length);
        switch (Next(20))
        {
            case 0 or 1:
                _bytes[at] ^= (byte)(1 << Next(8));
                break;
            case 2:
                _bytes[at] = (byte)Word();
                break;
            case 3 or 4 or 5:
                Overwrite(at);
                break;
            case 6:
                Remove(at, 1 + Next(16));
                break;
            case 7:
                Insert(at, Stretch(_bytes.AsSpan(0, _length)));
                break;
            case 8:
                Insert(at, format.Tokens[Next(format.Tokens.Length)]);
                break;
            case 9 or 10:
                Put(at, format.Tokens[Next(format.Tokens.Length)]);
                break;
            case 11:
                Put(at, Stretch(_bytes.AsSpan(0, _length)));
                break;
            case 12:
                _length = at;
                break;
            case 13:
                // The beginning of one and the end of another.
                _length = at;
                Insert(at, other[Next(other.Length + 1)..]);
                break;
            default:
                ChangeBlock(other);
                break;
        }
    }

    private void ChangeBlock(ReadOnlySpan<byte> other)
    {
        if (!TryBlock(_bytes.AsSpan(0, _length), out int start, out int length))
        {
            return;
        }

        switch (Next(6))
        {
            case 0:
                Remove(start, length);
                break;
            case 1:
                for (int copies = 1 + Next(4); copies > 0; copies--)
                {
                    Insert(start, _bytes.AsSpan(start, length));
                }

                break;
            case 2:
                _bytes.AsSpan(start, length).CopyTo(_copy);
                Remove(start, length);
                Insert(Next(_length + 1), _copy.AsSpan(0, length));
                break;
            case 3 when TryBlock(other, out int from, out int size):
                Insert(start, other.Slice(from, size));
                break;
            default:
                // Headers of blocks say what all the rest means.
                Overwrite(start + Next(Math.Min(length, 32)));
                break;
        }
    }

    /// <summary>Puts a number of 1 to 8 bytes, at a multiple of its size, that something may trip over: a limit, a little more or less than what is there, a length, an offset.</summary>
    private void Overwrite(int at)
    {
        int size = 1 << Next(4);
        at &= ~(size - 1);
        if (at + size > _length)
        {
            return;
        }

        Span<byte> word = stackalloc byte[8];
        word.Clear();
        _bytes.AsSpan(at, size).CopyTo(word);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(word);
        value = Next(4) switch
        {
            0 => value + (ulong)(Next(33) - 16),
            1 => (ulong)Next(_length + 1),
            _ => s_limits[Next(s_limits.Length)],
        };
        BinaryPrimitives.WriteUInt64LittleEndian(word, value);
        word[..size].CopyTo(_bytes.AsSpan(at));
    }

    private bool TryBlock(ReadOnlySpan<byte> input, out int start, out int length)
    {
        _blocks.Clear();
        format.FindBlocks(input, _blocks);
        (start, length) = _blocks.Count == 0 ? default : _blocks[Next(_blocks.Count)];
        return length > 0;
    }

    private ReadOnlySpan<byte> Stretch(ReadOnlySpan<byte> bytes)
    {
        int start = Next(bytes.Length + 1);
        bytes = bytes.Slice(start, Next(Math.Min(bytes.Length - start, 64) + 1));
        bytes.CopyTo(_copy);
        return _copy.AsSpan(0, bytes.Length);
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        int size = Math.Min(bytes.Length, LongestInput - _length);
        bytes[..size].CopyTo(_copy);
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + size));
        _copy.AsSpan(0, size).CopyTo(_bytes.AsSpan(at));
        _length += size;
    }

    private void Put(int at, ReadOnlySpan<byte> bytes) => bytes[..Math.Min(bytes.Length, _length - at)].CopyTo(_bytes.AsSpan(at));

    private void Remove(int at, int count)
    {
        count = Math.Min(count, _length - at);
        _bytes.AsSpan(at + count, _length - at - count).CopyTo(_bytes.AsSpan(at));
        _length -= count;
    }

    private ulong Word()
    {
        ulong z = _state += 0x9E37_79B9_7F4A_7C15;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
