using System.Buffers.Binary;
using System.Text;

namespace Pinion.Vmm.DeviceTree;

/// <summary>
/// Writes a flattened device tree (version 17) front to back: begin the root with an empty name, properties before child nodes, end every node, then
/// <see cref="Finish"/>. Calls in a wrong order are programming errors and throw.
/// </summary>
public sealed class FdtWriter
{
    private readonly ByteBuffer _structure = new();
    private readonly ByteBuffer _strings = new();
    private readonly Dictionary<string, uint> _stringOffsets = [];
    private readonly List<(ulong Address, ulong Size)> _reservations = [];
    private int _depth;
    private bool _propertiesAllowed;
    private bool _rootSeen;

    /// <summary>Physical id of the boot CPU (header field boot_cpuid_phys).</summary>
    public uint BootCpu { get; set; }

    /// <summary>Adds an entry to the memory reservation block; address and size in bytes.</summary>
    public void Reserve(ulong address, ulong size) => _reservations.Add((address, size));

    /// <summary>Opens a node, <c>name@unit-address</c>.</summary>
    public void BeginNode(string name)
    {
        if (_depth == 0 && _rootSeen)
        {
            throw new InvalidOperationException("A device tree has one root.");
        }

        _rootSeen = true;
        _depth++;
        _propertiesAllowed = true;
        _structure.U32(FdtFormat.BeginNode);
        _structure.Text(name);
        _structure.Pad4();
    }

    /// <summary>Closes the node opened last.</summary>
    public void EndNode()
    {
        if (_depth == 0)
        {
            throw new InvalidOperationException("No node is open.");
        }

        _depth--;
        _propertiesAllowed = false;
        _structure.U32(FdtFormat.EndNode);
    }

    /// <summary>Writes a property with an empty value (true by being there).</summary>
    public void Flag(string name) => Bytes(name, default);

    /// <summary>Writes a property made of 32-bit cells.</summary>
    public void Cells(string name, params ReadOnlySpan<uint> cells)
    {
        BeginProperty(name, cells.Length * sizeof(uint));
        foreach (uint cell in cells)
        {
            _structure.U32(cell);
        }
    }

    /// <summary>Writes a property made of 64-bit numbers, two cells each: <c>reg</c> with two address and two size cells.</summary>
    public void Cells64(string name, params ReadOnlySpan<ulong> values)
    {
        BeginProperty(name, values.Length * sizeof(ulong));
        foreach (ulong value in values)
        {
            _structure.U64(value);
        }
    }

    /// <summary>Writes a property that is one or several zero-terminated strings.</summary>
    public void Strings(string name, params ReadOnlySpan<string> values)
    {
        int length = 0;
        foreach (string value in values)
        {
            length += Encoding.UTF8.GetByteCount(value) + 1;
        }

        BeginProperty(name, length);
        foreach (string value in values)
        {
            _structure.Text(value);
        }

        _structure.Pad4();
    }

    /// <summary>Writes a property with a value as it is.</summary>
    public void Bytes(string name, ReadOnlySpan<byte> value)
    {
        BeginProperty(name, value.Length);
        _structure.Bytes(value);
        _structure.Pad4();
    }

    /// <summary>The finished blob: header, memory reservations, structure, strings.</summary>
    public byte[] Finish()
    {
        if (_depth != 0 || !_rootSeen)
        {
            throw new InvalidOperationException("A node is still open, or there is none.");
        }

        int reservations = FdtFormat.HeaderSize;
        int structure = reservations + (_reservations.Count + 1) * 16;
        int structureSize = _structure.Length + sizeof(uint);
        int strings = structure + structureSize;
        byte[] blob = new byte[FdtFormat.Align4(strings + _strings.Length)];

        Span<uint> header =
        [
            FdtFormat.Magic, (uint)blob.Length, (uint)structure, (uint)strings, (uint)reservations, FdtFormat.Version,
            FdtFormat.LastCompatibleVersion, BootCpu, (uint)_strings.Length, (uint)structureSize,
        ];
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(i * 4), header[i]);
        }

        // The list ends with an entry of zeroes, which the new array already holds.
        for (int i = 0; i < _reservations.Count; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(blob.AsSpan(reservations + i * 16), _reservations[i].Address);
            BinaryPrimitives.WriteUInt64BigEndian(blob.AsSpan(reservations + i * 16 + 8), _reservations[i].Size);
        }

        _structure.Written.CopyTo(blob.AsSpan(structure));
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(structure + _structure.Length), FdtFormat.End);
        _strings.Written.CopyTo(blob.AsSpan(strings));
        return blob;
    }

    private void BeginProperty(string name, int length)
    {
        if (!_propertiesAllowed)
        {
            throw new InvalidOperationException($"Property {name} must come before child nodes.");
        }

        if (!_stringOffsets.TryGetValue(name, out uint offset))
        {
            offset = (uint)_strings.Length;
            _strings.Text(name);
            _stringOffsets.Add(name, offset);
        }

        _structure.U32(FdtFormat.Property);
        _structure.U32((uint)length);
        _structure.U32(offset);
    }

    private sealed class ByteBuffer
    {
        private byte[] _bytes = new byte[1024];

        public int Length { get; private set; }

        public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

        public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(sizeof(uint)), value);

        public void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(sizeof(ulong)), value);

        public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

        public void Text(string value)
        {
            Span<byte> target = Take(Encoding.UTF8.GetByteCount(value) + 1);
            Encoding.UTF8.GetBytes(value, target);
            target[^1] = 0;
        }

        public void Pad4() => Take(FdtFormat.Align4(Length) - Length).Clear();

        private Span<byte> Take(int count)
        {
            if (Length + count > _bytes.Length)
            {
                Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
            }

            Span<byte> taken = _bytes.AsSpan(Length, count);
            Length += count;
            return taken;
        }
    }
}
