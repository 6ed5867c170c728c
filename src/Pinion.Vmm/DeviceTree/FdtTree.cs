using System.Buffers.Binary;
using System.Text;

namespace Pinion.Vmm.DeviceTree;

/// <summary>A node of a device tree that was read from a file and may be changed.</summary>
public sealed class FdtNode(string name)
{
    /// <summary>The node's name with its unit address; empty for the root.</summary>
    public string Name { get; } = name;

    /// <summary>Properties in the order of the file.</summary>
    public List<KeyValuePair<string, byte[]>> Properties { get; } = [];

    /// <summary>Child nodes in the order of the file.</summary>
    public List<FdtNode> Children { get; } = [];

    /// <summary>The value of a property, or null when the node has none of that name.</summary>
    public byte[]? Find(string property)
    {
        foreach (KeyValuePair<string, byte[]> entry in Properties)
        {
            if (entry.Key == property)
            {
                return entry.Value;
            }
        }

        return null;
    }

    /// <summary>The value of a property that is one 32-bit cell, or null.</summary>
    public uint? FindCell(string property) => Find(property) is { Length: 4 } value ? BinaryPrimitives.ReadUInt32BigEndian(value) : null;

    /// <summary>The first string of a property, or null.</summary>
    public string? FindString(string property)
    {
        byte[]? value = Find(property);
        if (value is null)
        {
            return null;
        }

        int end = Array.IndexOf(value, (byte)0);
        return Encoding.UTF8.GetString(value, 0, end < 0 ? value.Length : end);
    }

    /// <summary>Replaces a property or adds it at the end.</summary>
    public void Set(string property, byte[] value)
    {
        KeyValuePair<string, byte[]> entry = new(property, value);
        int index = Properties.FindIndex(p => p.Key == property);
        if (index < 0)
        {
            Properties.Add(entry);
        }
        else
        {
            Properties[index] = entry;
        }
    }

    /// <summary>Replaces a property with a zero-terminated string, or adds it.</summary>
    public void Set(string property, string value) => Set(property, [.. Encoding.UTF8.GetBytes(value), 0]);

    /// <summary>Removes a property if it is there.</summary>
    public void Remove(string property) => Properties.RemoveAll(p => p.Key == property);

    /// <summary>The child of that name, or null. A name without a unit address also finds the first node that has one.</summary>
    public FdtNode? Child(string childName) =>
        Children.Find(c => c.Name == childName) ?? Children.Find(c => c.Name.StartsWith(childName + "@", StringComparison.Ordinal));

    internal void WriteTo(FdtWriter writer)
    {
        writer.BeginNode(Name);
        foreach (KeyValuePair<string, byte[]> property in Properties)
        {
            writer.Bytes(property.Key, property.Value);
        }

        foreach (FdtNode child in Children)
        {
            child.WriteTo(writer);
        }

        writer.EndNode();
    }
}

/// <summary>A device tree blob in memory: what a user gives with <c>--dtb</c>, checked, and patched before the guest sees it.</summary>
public sealed class FdtTree(FdtNode root)
{
    /// <summary>The root node.</summary>
    public FdtNode Root { get; } = root;

    /// <summary>Entries of the memory reservation block, in bytes.</summary>
    public List<(ulong Address, ulong Size)> Reservations { get; } = [];

    /// <summary>Physical id of the boot CPU.</summary>
    public uint BootCpu { get; set; }

    /// <summary>The tree as a version 17 blob.</summary>
    public byte[] ToBlob()
    {
        FdtWriter writer = new() { BootCpu = BootCpu };
        foreach ((ulong address, ulong size) in Reservations)
        {
            writer.Reserve(address, size);
        }

        Root.WriteTo(writer);
        return writer.Finish();
    }

    /// <summary>
    /// Writes what only the loader knows into /chosen and /memory: the command line (null keeps the tree's own), where the initrd is (null: none), and the RAM.
    /// All addresses are guest physical, ends are exclusive.
    /// </summary>
    public Problem? Patch(string name, string? commandLine, (ulong Start, ulong End)? initrd, (ulong Base, ulong Size) memory)
    {
        uint addressCells = Root.FindCell("#address-cells") ?? 2;
        uint sizeCells = Root.FindCell("#size-cells") ?? 1;
        if (addressCells is not (1 or 2) || sizeCells is not (1 or 2))
        {
            return new Problem(ProblemKind.CorruptInput, $"{name}: the root node has {addressCells} address and {sizeCells} size cells", "only 1 or 2 are supported");
        }

        if ((addressCells == 1 && memory.Base > uint.MaxValue) || (sizeCells == 1 && memory.Size > uint.MaxValue))
        {
            return new Problem(ProblemKind.Usage, $"{name}: {memory.Size >> 20} MiB of memory do not fit into {sizeCells} size cell", "give less memory or a tree with two size cells");
        }

        FdtNode chosen = ChildOrNew("chosen");
        if (commandLine is not null)
        {
            chosen.Set("bootargs", commandLine);
        }

        chosen.Remove("linux,initrd-start");
        chosen.Remove("linux,initrd-end");
        if (initrd is var (start, end))
        {
            chosen.Set("linux,initrd-start", Number(start, 2));
            chosen.Set("linux,initrd-end", Number(end, 2));
        }

        FdtNode node = ChildOrNew("memory", $"memory@{memory.Base:x}");
        node.Set("device_type", "memory");
        node.Set("reg", [.. Number(memory.Base, addressCells), .. Number(memory.Size, sizeCells)]);
        return null;
    }

    private FdtNode ChildOrNew(string name, string? newName = null)
    {
        FdtNode? child = Root.Child(name);
        if (child is null)
        {
            child = new FdtNode(newName ?? name);
            Root.Children.Add(child);
        }

        return child;
    }

    private static byte[] Number(ulong value, uint cells)
    {
        byte[] bytes = new byte[cells * 4];
        if (cells == 2)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)value);
        }

        return bytes;
    }
}
