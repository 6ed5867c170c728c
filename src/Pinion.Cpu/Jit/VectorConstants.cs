using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pinion.Cpu.Jit;

/// <summary>Vectors that emitted code reads: masks, and tables of shuffles. They lie near the code, and stay when it is dropped.</summary>
internal sealed unsafe class VectorConstants
{
    /// <summary>There are some 600 different ones, nearly half of them masks of SLI and SRI.</summary>
    private const int Most = 1024;

    private readonly Dictionary<(ulong Low, ulong High), nint> _known = [];
    private readonly ulong* _write;
    private readonly nint _execute;

    /// <summary>Takes room from <paramref name="memory"/>.</summary>
    public VectorConstants(CodeMemory memory)
    {
        _write = (ulong*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory.Free));
        _execute = memory.Commit(Most * 16);
    }

    /// <summary>Address of the vector, aligned.</summary>
    public nint Address(ulong low, ulong high)
    {
        if (!_known.TryGetValue((low, high), out nint address))
        {
            int index = _known.Count;
            if (index == Most)
            {
                throw new InvalidOperationException("more constants than there can be");
            }

            _write[2 * index] = low;
            _write[(2 * index) + 1] = high;
            address = _execute + (16 * index);
            _known.Add((low, high), address);
        }

        return address;
    }

    /// <summary><paramref name="value"/> in each lane of 1 &lt;&lt; <paramref name="size"/> bytes.</summary>
    public static ulong Replicate(ulong value, int size)
    {
        for (int bits = 8 << size; bits < 64; bits *= 2)
        {
            value = (value & (ulong.MaxValue >> (64 - bits))) * (1 + (1ul << bits));
        }

        return value;
    }
}
