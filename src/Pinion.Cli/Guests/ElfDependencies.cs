using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Pinion.Cli.Guests;

/// <summary>What building an initramfs asks of an arm64 ELF file: the shared libraries it needs, and a kernel module's own description.</summary>
internal sealed class ElfDependencies
{
    private const ushort MachineAArch64 = 183;
    private const uint SegmentLoad = 1;
    private const uint SegmentDynamic = 2;
    private const uint SegmentInterpreter = 3;
    private const long TagNeeded = 1;
    private const long TagStringTable = 5;

    private readonly byte[] _file;

    private ElfDependencies(byte[] file) => _file = file;

    /// <summary>Accepts a 64-bit little-endian AArch64 ELF file; <paramref name="problem"/> says at which offset it is none.</summary>
    internal static bool TryRead(byte[] file, [NotNullWhen(true)] out ElfDependencies? image, [NotNullWhen(false)] out string? problem)
    {
        image = null;
        problem = null;
        if (file.Length < 64 || !file.AsSpan(0, 4).SequenceEqual("\u007fELF"u8))
        {
            problem = "offset 0: no ELF header";
        }
        else if (file[4] != 2 || file[5] != 1)
        {
            problem = "offset 4: not a 64-bit little-endian ELF file";
        }
        else if (BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(18)) != MachineAArch64)
        {
            problem = "offset 18: not an AArch64 ELF file";
        }
        else
        {
            image = new ElfDependencies(file);
        }

        return image is not null;
    }

    /// <summary>The DT_NEEDED entries in their order; null when the dynamic section points outside the file.</summary>
    internal IReadOnlyList<string>? Needed()
    {
        List<Segment> segments = [.. Segments()];
        int dynamicIndex = segments.FindIndex(segment => segment.Type == SegmentDynamic);
        if (dynamicIndex < 0)
        {
            return [];
        }

        Segment dynamic = segments[dynamicIndex];
        if (dynamic.Offset > (ulong)_file.Length || dynamic.Size > (ulong)_file.Length - dynamic.Offset)
        {
            return null;
        }

        List<ulong> names = [];
        ulong stringTable = 0;
        for (ulong at = dynamic.Offset; at + 16 <= dynamic.Offset + dynamic.Size; at += 16)
        {
            long tag = BinaryPrimitives.ReadInt64LittleEndian(_file.AsSpan((int)at));
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan((int)at + 8));
            if (tag == 0)
            {
                break;
            }

            if (tag == TagNeeded)
            {
                names.Add(value);
            }
            else if (tag == TagStringTable)
            {
                stringTable = value;
            }
        }

        // DT_STRTAB is an address; the segment that maps it gives the file offset.
        foreach (Segment segment in segments)
        {
            if (segment.Type == SegmentLoad && stringTable >= segment.Address && stringTable - segment.Address < segment.Size)
            {
                ulong offset = segment.Offset + (stringTable - segment.Address);
                return [.. names.Select(name => StringAt(offset + name))];
            }
        }

        return names.Count == 0 ? [] : null;
    }

    /// <summary>The path of the dynamic loader that the program asks the kernel for; null in a library or a static program.</summary>
    internal string? Interpreter() =>
        Segments().Where(segment => segment.Type == SegmentInterpreter).Select(segment => StringAt(segment.Offset)).FirstOrDefault();

    /// <summary>The value of a <c>name=value</c> entry of a kernel module's .modinfo section; null when there is none.</summary>
    internal string? ModuleInfo(string name)
    {
        foreach (string entry in ModuleInfoEntries())
        {
            if (entry.StartsWith(name + "=", StringComparison.Ordinal))
            {
                return entry[(name.Length + 1)..];
            }
        }

        return null;
    }

    private IEnumerable<string> ModuleInfoEntries()
    {
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(40));
        int entrySize = BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(58));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(60));
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(62));
        if (entrySize < 64 || table >= (ulong)_file.Length || namesIndex >= count || table + ((ulong)count * (ulong)entrySize) > (ulong)_file.Length)
        {
            yield break;
        }

        (ulong Offset, ulong Size, uint Name) Section(int index)
        {
            ReadOnlySpan<byte> header = _file.AsSpan((int)table + (index * entrySize), 64);
            return (BinaryPrimitives.ReadUInt64LittleEndian(header[24..]), BinaryPrimitives.ReadUInt64LittleEndian(header[32..]), BinaryPrimitives.ReadUInt32LittleEndian(header));
        }

        ulong names = Section(namesIndex).Offset;
        for (int i = 0; i < count; i++)
        {
            (ulong offset, ulong size, uint name) = Section(i);
            if (StringAt(names + name) != ".modinfo" || size > (ulong)_file.Length || offset > (ulong)_file.Length - size)
            {
                continue;
            }

            string text = Encoding.UTF8.GetString(_file, (int)offset, (int)size);
            foreach (string entry in text.Split('\0', StringSplitOptions.RemoveEmptyEntries))
            {
                yield return entry;
            }
        }
    }

    private IEnumerable<Segment> Segments()
    {
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(32));
        int entrySize = BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(54));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(56));
        if (entrySize < 56 || table > (ulong)_file.Length)
        {
            yield break;
        }

        for (int i = 0; i < count && table + ((ulong)(i + 1) * (ulong)entrySize) <= (ulong)_file.Length; i++)
        {
            int at = (int)table + (i * entrySize);
            yield return new Segment(
                BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(at)),
                BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(at + 8)),
                BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(at + 16)),
                BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(at + 32)));
        }
    }

    private string StringAt(ulong offset)
    {
        if (offset >= (ulong)_file.Length)
        {
            return "";
        }

        ReadOnlySpan<byte> rest = _file.AsSpan((int)offset);
        int end = rest.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? rest : rest[..end]);
    }

    private readonly record struct Segment(uint Type, ulong Offset, ulong Address, ulong Size);
}
