using static Pinion.Trace.LittleEndian;

namespace Pinion.Trace.Symbols;

/// <summary>Functions, variables and loadable segments of a 64-bit little-endian ELF file.</summary>
public sealed class ElfImage
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const uint LoadSegment = 1;
    private const uint NoteSegment = 4;
    private const uint ExecutableFlag = 1;
    private const uint SymbolTableSection = 2;
    private const uint DynamicSymbolSection = 11;
    private const ushort DynamicType = 3;

    private readonly List<Segment> _segments = [];

    private ElfImage(string name)
    {
        Name = name;
        Symbols = DataSymbols = new(name, []);
    }

    /// <summary>What profiles print as the image, and what mappings are matched with: the file's name without folders.</summary>
    public string Name { get; }

    /// <summary>Functions.</summary>
    public SymbolTable Symbols { get; private set; }

    /// <summary>Variables and constants; those of threads (STT_TLS) are left out, because they lie at no address of the file.</summary>
    public SymbolTable DataSymbols { get; private set; }

    /// <summary>Build id in hexadecimal (note NT_GNU_BUILD_ID); null where the file has none.</summary>
    public string? BuildId { get; private set; }

    /// <summary>The file on this machine, where it came from one.</summary>
    public string? Path { get; init; }

    /// <summary>Loaded at an address chosen when it is mapped (a shared object, a position-independent executable); not at the addresses in the file.</summary>
    public bool IsRelocatable { get; private set; }

    /// <summary>Reads a whole file; what is malformed gets a diagnosis with its offset and the rest is read.</summary>
    public static ElfImage Read(ReadOnlySpan<byte> file, string name, Diagnoses diagnoses, string? path = null)
    {
        var image = new ElfImage(name) { Path = path };
        if (!file.StartsWith("\u007fELF"u8) || file.Length < HeaderSize)
        {
            diagnoses.Add(0, "not an ELF file");
            return image;
        }

        if (file[4] != 2 || file[5] != 1)
        {
            diagnoses.Add(4, "not a 64-bit little-endian ELF file");
            return image;
        }

        TryU16(file, 16, out ushort type);
        image.IsRelocatable = type == DynamicType;
        image.ReadSegments(file, diagnoses);
        var symbols = new SymbolLists([], []);
        ReadSymbols(file, symbols, diagnoses);
        image.Symbols = new(name, symbols.Functions);
        image.DataSymbols = new(name, symbols.Data);
        return image;
    }

    /// <summary>Whether the file may be the one with this build id: it is, or one of the two is not known.</summary>
    public bool IsBuild(string? buildId) => buildId is null || BuildId is null || buildId.StartsWith(BuildId, StringComparison.OrdinalIgnoreCase) || BuildId.StartsWith(buildId, StringComparison.OrdinalIgnoreCase);

    /// <summary>The address in the file's own address space of the byte at <paramref name="fileOffset"/>; false outside of loadable segments.</summary>
    public bool TryAddressAt(ulong fileOffset, out ulong address)
    {
        foreach (Segment segment in _segments)
        {
            if (fileOffset >= segment.FileOffset && fileOffset - segment.FileOffset < segment.FileSize)
            {
                address = segment.Address + (fileOffset - segment.FileOffset);
                return true;
            }
        }

        address = 0;
        return false;
    }

    /// <summary>How far the file was moved (modulo 2^64) when its code was mapped at <paramref name="start"/> from <paramref name="fileOffset"/> on; false where no code lies there.</summary>
    internal bool TryBias(ulong start, ulong fileOffset, out ulong bias)
    {
        // A mapping begins at a page, so perhaps before the segment it is for. Pages have 64 KiB at most.
        const ulong LargestPage = 1 << 16;
        foreach (Segment segment in _segments)
        {
            ulong page = segment.FileOffset & ~(LargestPage - 1);
            if (segment.IsExecutable && fileOffset >= page && (fileOffset < segment.FileOffset || fileOffset - segment.FileOffset < segment.FileSize))
            {
                bias = start - (segment.Address + (fileOffset - segment.FileOffset));
                return true;
            }
        }

        bias = 0;
        return false;
    }

    /// <summary>What the file takes of memory, zeroed parts included, in its own address space.</summary>
    internal IEnumerable<(ulong Start, ulong Size)> Memory() => _segments.Select(segment => (segment.Address, segment.MemorySize));

    private void ReadSegments(ReadOnlySpan<byte> file, Diagnoses diagnoses)
    {
        TryU64(file, 32, out ulong table);
        TryU16(file, 54, out ushort entrySize);
        TryU16(file, 56, out ushort count);
        if (count != 0 && entrySize < ProgramHeaderSize)
        {
            diagnoses.Add(54, $"program headers of {entrySize} bytes are too short");
            return;
        }

        for (uint i = 0; i < count; i++)
        {
            ulong at = table + ((ulong)i * entrySize);
            if (at < table || !Holds(file, at, ProgramHeaderSize))
            {
                diagnoses.Add(32, $"program header {i} lies outside the file");
                return;
            }

            TryU32(file, at, out uint type);
            TryU32(file, at + 4, out uint flags);
            TryU64(file, at + 8, out ulong offset);
            TryU64(file, at + 16, out ulong address);
            TryU64(file, at + 32, out ulong size);
            TryU64(file, at + 40, out ulong memorySize);
            if (type == LoadSegment)
            {
                _segments.Add(new(offset, size, address, memorySize, (flags & ExecutableFlag) != 0));
            }
            else if (type == NoteSegment && BuildId is null && Holds(file, offset, size))
            {
                BuildId = FindBuildId(file.Slice((int)offset, (int)size));
            }
        }
    }

    private static string? FindBuildId(ReadOnlySpan<byte> notes)
    {
        const uint GnuBuildId = 3;
        while (TryU32(notes, 0, out uint nameSize) && TryU32(notes, 4, out uint size) && TryU32(notes, 8, out uint type))
        {
            ulong content = 12 + (((ulong)nameSize + 3) & ~3ul);
            ulong end = content + (((ulong)size + 3) & ~3ul);
            if (!Holds(notes, content, size))
            {
                break;
            }

            if (type == GnuBuildId && nameSize == 4 && notes[12..].StartsWith("GNU\0"u8))
            {
                return Convert.ToHexStringLower(notes.Slice((int)content, (int)size));
            }

            notes = end < (ulong)notes.Length ? notes[(int)end..] : default;
        }

        return null;
    }

    private static void ReadSymbols(ReadOnlySpan<byte> file, SymbolLists symbols, Diagnoses diagnoses)
    {
        // .dynsym is a part of .symtab, under fewer names.
        if (!TryReadSymbols(file, SymbolTableSection, symbols, diagnoses))
        {
            TryReadSymbols(file, DynamicSymbolSection, symbols, diagnoses);
        }
    }

    /// <summary>Reads every section of type <paramref name="wanted"/>; false where a whole section table has none.</summary>
    private static bool TryReadSymbols(ReadOnlySpan<byte> file, uint wanted, SymbolLists symbols, Diagnoses diagnoses)
    {
        bool found = false;
        TryU64(file, 40, out ulong table);
        TryU16(file, 58, out ushort entrySize);
        TryU16(file, 60, out ushort count);
        if (count != 0 && entrySize < SectionHeaderSize)
        {
            diagnoses.Add(58, $"section headers of {entrySize} bytes are too short");
            return true;
        }

        for (uint i = 0; i < count; i++)
        {
            ulong at = table + ((ulong)i * entrySize);
            if (at < table || !Holds(file, at, SectionHeaderSize))
            {
                diagnoses.Add(40, $"section header {i} lies outside the file");
                return true;
            }

            TryU32(file, at + 4, out uint type);
            if (type == wanted)
            {
                found = true;
                ReadSection(file, at, table, entrySize, count, symbols, diagnoses);
            }
        }

        return found;
    }

    private static void ReadSection(
        ReadOnlySpan<byte> file, ulong header, ulong table, ushort entrySize, ushort count, SymbolLists symbols, Diagnoses diagnoses)
    {
        TryU64(file, header + 24, out ulong offset);
        TryU64(file, header + 32, out ulong size);
        TryU32(file, header + 40, out uint link);
        TryU64(file, header + 56, out ulong symbolSize);
        ulong stringHeader = table + ((ulong)link * entrySize);
        if (link >= count || !TryU64(file, stringHeader + 24, out ulong stringOffset) || !TryU64(file, stringHeader + 32, out ulong stringSize)
            || !Holds(file, stringOffset, stringSize))
        {
            diagnoses.Add((long)header + 40, $"the symbol table's string section {link} is not in the file");
            return;
        }

        if (symbolSize != SymbolSize || !Holds(file, offset, size))
        {
            diagnoses.Add((long)header + 24, $"a symbol table of 0x{size:x} bytes at 0x{offset:x}, entries of {symbolSize} bytes, does not fit");
            return;
        }

        ReadOnlySpan<byte> strings = file.Slice((int)stringOffset, (int)stringSize);
        for (ulong at = offset; at + SymbolSize <= offset + size; at += SymbolSize)
        {
            if (symbols.For(file[(int)at + 4]) is List<Symbol> list && TryReadSymbol(file, at, strings, diagnoses, out Symbol symbol, out ushort section))
            {
                list.Add(symbol with { Limit = SectionEnd(file, table + ((ulong)section * entrySize), section < count) });
            }
        }
    }

    private static ulong SectionEnd(ReadOnlySpan<byte> file, ulong header, bool exists) =>
        exists && TryU64(file, header + 16, out ulong address) && TryU64(file, header + 32, out ulong size) && address + size > address
            ? address + size
            : ulong.MaxValue;

    private static bool TryReadSymbol(
        ReadOnlySpan<byte> file, ulong at, ReadOnlySpan<byte> strings, Diagnoses diagnoses, out Symbol symbol, out ushort section)
    {
        symbol = default;
        TryU16(file, at + 6, out section);
        if (section == 0)
        {
            return false;
        }

        TryU32(file, at, out uint nameOffset);
        TryU64(file, at + 8, out ulong address);
        TryU64(file, at + 16, out ulong size);
        if (nameOffset >= (uint)strings.Length)
        {
            diagnoses.Add((long)at, $"a symbol's name at 0x{nameOffset:x} lies outside its string section");
            return false;
        }

        SymbolBinding binding = (file[(int)at + 4] >> 4) switch
        {
            0 => SymbolBinding.Local,
            2 => SymbolBinding.Weak,
            _ => SymbolBinding.Global,
        };
        symbol = new(address, size, Text(strings, nameOffset), binding);
        return true;
    }

    private readonly record struct Segment(ulong FileOffset, ulong FileSize, ulong Address, ulong MemorySize, bool IsExecutable);

    private readonly record struct SymbolLists(List<Symbol> Functions, List<Symbol> Data)
    {
        /// <summary>The list for a symbol's st_info; null where it is neither function nor data.</summary>
        public List<Symbol>? For(byte info)
        {
            const int Object = 1;
            const int Function = 2;
            const int IndirectFunction = 10;
            return (info & 15) switch
            {
                Object => Data,
                Function or IndirectFunction => Functions,
                _ => null,
            };
        }
    }
}
