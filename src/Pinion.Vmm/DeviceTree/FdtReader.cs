using System.Buffers.Binary;
using System.Text;

namespace Pinion.Vmm.DeviceTree;

/// <summary>Reads a flattened device tree of version 16 or 17. Whatever the bytes are, the answer is a tree or a diagnosis with an offset.</summary>
public ref struct FdtReader
{
    private readonly ReadOnlySpan<byte> _blob;
    private readonly string _name;
    private int _position;
    private int _structureEnd;
    private int _strings;
    private int _stringsEnd;
    private Problem? _problem;

    private FdtReader(ReadOnlySpan<byte> blob, string name)
    {
        _blob = blob;
        _name = name;
    }

    /// <summary>Reads <paramref name="blob"/>; <paramref name="name"/> is what a diagnosis calls it.</summary>
    public static Result<FdtTree> Read(ReadOnlySpan<byte> blob, string name)
    {
        FdtReader reader = new(blob, name);
        FdtTree? tree = reader.ReadTree();
        return tree is not null ? tree : reader._problem!;
    }

    private FdtTree? ReadTree()
    {
        if (_blob.Length < FdtFormat.HeaderSize)
        {
            return Fail<FdtTree>(0, $"has {_blob.Length} bytes, a header alone has {FdtFormat.HeaderSize}");
        }

        if (Word(0) != FdtFormat.Magic)
        {
            return Fail<FdtTree>(0, $"starts with 0x{Word(0):x8}, not with the magic number 0x{FdtFormat.Magic:x8}");
        }

        uint total = Word(4);
        uint version = Word(20);
        if (total < FdtFormat.HeaderSize || total > (uint)_blob.Length)
        {
            return Fail<FdtTree>(4, $"says that it has {total} bytes, the file has {_blob.Length}");
        }

        if (version < FdtFormat.LastCompatibleVersion || Word(24) > FdtFormat.Version)
        {
            return Fail<FdtTree>(20, $"has version {version} (compatible with {Word(24)}), needed is {FdtFormat.Version}");
        }

        uint structure = Word(8);
        uint strings = Word(12);
        uint reservations = Word(16);
        uint stringsSize = Word(32);

        // Version 16 has no size of the structure block: it ends where the END token is.
        uint structureSize = version >= 17 ? Word(36) : total - Math.Min(structure, total);
        if ((structure & 3) != 0 || structure > total || structureSize > total - structure)
        {
            return Fail<FdtTree>(8, $"puts its structure block at {structure}, size {structureSize}, which is not aligned or not within {total} bytes");
        }

        if (strings > total || stringsSize > total - strings)
        {
            return Fail<FdtTree>(12, $"puts its strings block at {strings}, size {stringsSize}, which is not within {total} bytes");
        }

        _position = (int)structure;
        _structureEnd = (int)(structure + structureSize);
        _strings = (int)strings;
        _stringsEnd = (int)(strings + stringsSize);

        uint? token = Token();
        if (token != FdtFormat.BeginNode)
        {
            return token is null ? null : Fail<FdtTree>(_position - 4, $"does not begin with a node but with token {token}");
        }

        FdtNode? root = ReadNode();
        if (root is null)
        {
            return null;
        }

        token = Token();
        if (token != FdtFormat.End)
        {
            return token is null ? null : Fail<FdtTree>(_position - 4, $"has token {token} where its end should be");
        }

        FdtTree tree = new(root) { BootCpu = Word(28) };
        return ReadReservations(tree, reservations, total) ? tree : null;
    }

    private bool ReadReservations(FdtTree tree, uint start, uint total)
    {
        if ((start & 7) != 0)
        {
            Fail<FdtTree>(16, $"puts its memory reservations at {start}, which is not aligned to 8");
            return false;
        }

        for (ulong at = start; ; at += 16)
        {
            if (at + 16 > total)
            {
                Fail<FdtTree>(16, "has memory reservations without an end");
                return false;
            }

            ulong address = BinaryPrimitives.ReadUInt64BigEndian(_blob[(int)at..]);
            ulong size = BinaryPrimitives.ReadUInt64BigEndian(_blob[(int)(at + 8)..]);
            if (address == 0 && size == 0)
            {
                return true;
            }

            tree.Reservations.Add((address, size));
        }
    }

    /// <summary>Reads nodes without recursion: a file must not choose the depth of our stack.</summary>
    private FdtNode? ReadNode()
    {
        Stack<FdtNode> open = new();
        FdtNode? node = ReadNodeName();
        if (node is null)
        {
            return null;
        }

        while (true)
        {
            int at = _position;
            switch (Token())
            {
                case null:
                    return null;

                case FdtFormat.Property:
                    if (!ReadProperty(node))
                    {
                        return null;
                    }

                    break;

                case FdtFormat.BeginNode:
                    if (open.Count >= FdtFormat.MaxDepth)
                    {
                        return Fail<FdtNode>(at, $"nests nodes more than {FdtFormat.MaxDepth} deep");
                    }

                    FdtNode? child = ReadNodeName();
                    if (child is null)
                    {
                        return null;
                    }

                    node.Children.Add(child);
                    open.Push(node);
                    node = child;
                    break;

                case FdtFormat.EndNode:
                    if (open.Count == 0)
                    {
                        return node;
                    }

                    node = open.Pop();
                    break;

                case uint token:
                    return Fail<FdtNode>(at, $"has an unknown token {token}");
            }
        }
    }

    private FdtNode? ReadNodeName()
    {
        int length = _blob[_position.._structureEnd].IndexOf((byte)0);
        if (length < 0)
        {
            return Fail<FdtNode>(_position, "has a node name without an end");
        }

        string name = Encoding.UTF8.GetString(_blob.Slice(_position, length));
        _position = Math.Min(FdtFormat.Align4(_position + length + 1), _structureEnd);
        return new FdtNode(name);
    }

    private bool ReadProperty(FdtNode node)
    {
        int at = _position;
        if (_structureEnd - _position < 8)
        {
            Fail<FdtNode>(at, "ends within a property");
            return false;
        }

        uint length = Word(_position);
        uint nameOffset = Word(_position + 4);
        _position += 8;
        if (length > (uint)(_structureEnd - _position))
        {
            Fail<FdtNode>(at, $"has a property of {length} bytes that runs over the end of the structure block");
            return false;
        }

        if (nameOffset >= (uint)(_stringsEnd - _strings))
        {
            Fail<FdtNode>(at + 4, $"names a property by offset {nameOffset}, the strings block has {_stringsEnd - _strings} bytes");
            return false;
        }

        ReadOnlySpan<byte> name = _blob[(_strings + (int)nameOffset).._stringsEnd];
        int nameLength = name.IndexOf((byte)0);
        if (nameLength < 0)
        {
            Fail<FdtNode>(at + 4, "has a property name without an end");
            return false;
        }

        node.Properties.Add(new(Encoding.UTF8.GetString(name[..nameLength]), _blob.Slice(_position, (int)length).ToArray()));
        _position = Math.Min(FdtFormat.Align4(_position + (int)length), _structureEnd);
        return true;
    }

    private uint? Token()
    {
        while (_structureEnd - _position >= 4)
        {
            uint token = Word(_position);
            _position += 4;
            if (token != FdtFormat.Nop)
            {
                return token;
            }
        }

        Fail<FdtNode>(_position, "ends within its structure block");
        return null;
    }

    private readonly uint Word(int offset) => BinaryPrimitives.ReadUInt32BigEndian(_blob[offset..]);

    private T? Fail<T>(int offset, string what) where T : class
    {
        _problem = new Problem(ProblemKind.CorruptInput, $"{_name}: the device tree {what} (offset {offset})", "give a blob made by dtc");
        return null;
    }
}
