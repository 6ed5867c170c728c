using System.Buffers.Binary;

namespace Pinion.Vmm.Devices.NineP;

/// <summary>Takes a 9P message apart. Reading over the end yields zeroes and sets <see cref="Failed"/>, which the server looks at once, before it acts.</summary>
internal ref struct NinePReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public bool Failed { get; private set; }

    public byte U8() => Take(1) is { Length: 1 } b ? b[0] : (byte)0;

    public ushort U16() => Take(2) is { Length: 2 } b ? BinaryPrimitives.ReadUInt16LittleEndian(b) : (ushort)0;

    public uint U32() => Take(4) is { Length: 4 } b ? BinaryPrimitives.ReadUInt32LittleEndian(b) : 0;

    public ulong U64() => Take(8) is { Length: 8 } b ? BinaryPrimitives.ReadUInt64LittleEndian(b) : 0;

    /// <summary>A string: a 16-bit length and that many bytes.</summary>
    public ReadOnlySpan<byte> Text() => Take(U16());

    /// <summary>That many bytes.</summary>
    public ReadOnlySpan<byte> Take(uint count)
    {
        if (count > (uint)_rest.Length)
        {
            Failed = true;
            _rest = default;
            return default;
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
