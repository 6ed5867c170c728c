using System.Buffers.Binary;
using System.Text;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

public sealed class SymbolTests
{
    [Fact]
    public void AnAddressBelongsToTheInnermostFunctionThatHoldsIt()
    {
        var table = new SymbolTable("x", [new(0x100, 0x100, "outer"), new(0x140, 0x10, "inner"), new(0x300, 0, "open"), new(0x400, 0x10, "last")]);

        Find(table, 0xFF).ShouldBeNull();
        Find(table, 0x100).ShouldBe("outer");
        Find(table, 0x14F).ShouldBe("inner");
        Find(table, 0x150).ShouldBe("outer");
        Find(table, 0x1FF).ShouldBe("outer");
        Find(table, 0x200).ShouldBeNull();
        Find(table, 0x3FF).ShouldBe("open");
        Find(table, 0x40F).ShouldBe("last");
        Find(table, 0x410).ShouldBeNull();
        Find(table, ulong.MaxValue).ShouldBeNull();
    }

    [Fact]
    public void AFunctionWithoutSizeEndsWithItsSection()
    {
        var table = new SymbolTable("x", [new(0x100, 0, "init", Limit: 0x110), new(0x200, 0x10, "start")]);

        Find(table, 0x10F).ShouldBe("init");
        Find(table, 0x110).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, SymbolBinding.Global, "a", 4, SymbolBinding.Local, "b", "b")]
    [InlineData(4, SymbolBinding.Weak, "open", 4, SymbolBinding.Local, "__open", "__open")]
    [InlineData(4, SymbolBinding.Local, "ifunc", 4, SymbolBinding.Global, "__memmove", "__memmove")]
    [InlineData(4, SymbolBinding.Global, "__printf", 4, SymbolBinding.Global, "printf", "printf")]
    [InlineData(4, SymbolBinding.Global, "fclose", 4, SymbolBinding.Global, "fclose_new", "fclose_new")]
    [InlineData(4, SymbolBinding.Global, "name", 4, SymbolBinding.Global, "same", "name")]
    public void OfAliasesTheNameStaysThatPerfPrints(
        ulong size, SymbolBinding binding, string name, ulong otherSize, SymbolBinding otherBinding, string otherName, string expected) =>
        Find(new SymbolTable("x", [new(0x100, size, name, binding), new(0x100, otherSize, otherName, otherBinding)]), 0x102).ShouldBe(expected);

    [Fact]
    public void OfSeveralNamesOfAKernelAddressTheLastStaysAsInPerf()
    {
        SymbolTable table = Kallsyms.Read("ffff800008000000 T clear_page\nffff800008000000 t __pi_clear_page\nffff800008000100 T next\n"u8, "[kernel]", new Diagnoses());

        table.TryFind(0xFFFF_8000_0800_0010, out string? name).ShouldBeTrue();
        name.ShouldBe("__pi_clear_page");
    }

    [Fact]
    public void KallsymsGivesFunctionsAndSkipsDataAndMappingSymbols()
    {
        var diagnoses = new Diagnoses();
        SymbolTable table = Kallsyms.Read(
            "ffff800080000000 T _text\nffff800080000100 t $x\nffff800080000100 t do_one\nffff800080000200 D data\nffff80007a000000 t helper\t[ext4]\n"u8, "[kernel]", diagnoses);

        diagnoses.List.ShouldBeEmpty();
        table.Count.ShouldBe(3);
        Find(table, 0xFFFF_8000_8000_0300).ShouldBe("do_one");
        Find(table, 0xFFFF_8000_7A00_0004).ShouldBe("helper");
    }

    [Fact]
    public void KernelVariablesEndWhereAnythingElseBeginsOrAfterFourMebibytes()
    {
        Kallsyms.Read(
            "ffff80007a000000 d module\t[ext4]\nffff80007a000010 t helper\t[ext4]\nffff800080000000 T _text\nffff800081000000 D jiffies\nffff800081000008 b log\n"u8,
            "[kernel]", new Diagnoses(), out SymbolTable data);

        data.Count.ShouldBe(3);
        Find(data, 0xFFFF_8000_7A00_000F).ShouldBe("module");
        Find(data, 0xFFFF_8000_7A00_0010).ShouldBeNull();
        Find(data, 0xFFFF_8000_8100_0007).ShouldBe("jiffies");
        Find(data, 0xFFFF_8000_813F_FFFF).ShouldBe("log");
        Find(data, 0xFFFF_8000_8140_0008).ShouldBeNull();
    }

    [Fact]
    public void HiddenAddressesAreDiagnosedAndResolveNothing()
    {
        var diagnoses = new Diagnoses();
        SymbolTable table = Kallsyms.Read("0000000000000000 T _text\n0000000000000000 T other\n"u8, "[kernel]", diagnoses);

        table.Count.ShouldBe(0);
        diagnoses.List[0].Message.ShouldContain("kptr_restrict");
    }

    [Theory]
    [InlineData("xyz\n", 0)]
    [InlineData("ffff800080000000 T _text\nffff800080000000T\n", 25)]
    [InlineData("ffff800080000000 T _text\n11112222333344445 T x\n", 25)]
    public void AMalformedLineIsDiagnosedWithItsOffset(string text, int offset)
    {
        var diagnoses = new Diagnoses();
        Kallsyms.Read(Encoding.UTF8.GetBytes(text), "[kernel]", diagnoses);

        diagnoses.List.Select(d => d.Offset).ShouldBe([offset]);
    }

    [Theory]
    [InlineData(0, 0, "not an ELF file")]
    [InlineData(4, 4, "not a 64-bit little-endian ELF file")]
    [InlineData(54, 54, "program headers of 0 bytes are too short")]
    [InlineData(39, 32, "program header 0 lies outside the file")]
    [InlineData(58, 58, "section headers of 0 bytes are too short")]
    [InlineData(47, 40, "section header 0 lies outside the file")]
    public void AMalformedElfHeaderIsDiagnosedWithItsOffset(int damaged, long offset, string message)
    {
        byte[] file = Elf();
        file[damaged] = damaged is 39 or 47 ? (byte)0x7F : (byte)0;
        var diagnoses = new Diagnoses();

        ElfImage.Read(file, "x", diagnoses);

        diagnoses.List.ShouldContain(new Diagnosis(offset, message));
    }

    [Fact]
    public void AnElfFileCutAnywhereNeverThrows()
    {
        byte[] file = Elf();
        for (int length = 0; length < file.Length; length++)
        {
            var diagnoses = new Diagnoses();
            ElfImage.Read(file.AsSpan(0, length), "x", diagnoses);
            diagnoses.Count.ShouldBeGreaterThan(0, $"cut at {length}");
        }
    }

    [Fact]
    public void FunctionsVariablesAndSegmentsOfAnElfFileAreRead()
    {
        var diagnoses = new Diagnoses();
        ElfImage image = ElfImage.Read(Elf(), "x", diagnoses);

        diagnoses.List.ShouldBeEmpty();
        image.IsRelocatable.ShouldBeFalse();
        image.Symbols.Count.ShouldBe(1);
        Find(image.Symbols, 0x40_0104).ShouldBe("main");
        image.DataSymbols.Count.ShouldBe(1);
        Find(image.DataSymbols, 0x41_0007).ShouldBe("data");
        image.TryAddressAt(0x20, out ulong address).ShouldBeTrue();
        address.ShouldBe(0x40_0020ul);
        image.TryAddressAt(0x10_0000, out _).ShouldBeFalse();
    }

    /// <summary>An executable with one segment of 128 KiB, one function and one data symbol: header, program header, symbols, strings, three section headers.</summary>
    /// <param name="type">2: at its addresses (ET_EXEC); 3: position-independent (ET_DYN).</param>
    internal static byte[] Elf(ushort type = 2)
    {
        const int Symbols = 64 + 56;
        const int Strings = Symbols + (3 * 24);
        const int Sections = Strings + 16;
        var file = new byte[Sections + (3 * 64)];
        "\u007fELF"u8.CopyTo(file);
        file[4] = 2;
        file[5] = 1;
        U16(16, type);
        U64(32, 64);
        U64(40, Sections);
        U16(54, 56);
        U16(56, 1);
        U16(58, 64);
        U16(60, 3);
        U32(64, 1);
        U32(64 + 4, 7);
        U64(64 + 16, 0x40_0000);
        U64(64 + 32, (ulong)file.Length);
        U64(64 + 40, 0x2_0000);
        Symbol(1, nameOffset: 1, info: 0x12, address: 0x40_0100, size: 0x10);
        Symbol(2, nameOffset: 6, info: 0x11, address: 0x41_0000, size: 8);
        "\0main\0data\0"u8.CopyTo(file.AsSpan(Strings));
        Section(1, type: 2, offset: Symbols, size: 3 * 24, link: 2, entry: 24);
        Section(2, type: 3, offset: Strings, size: 11, link: 0, entry: 0);
        return file;

        void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);

        void Symbol(int index, uint nameOffset, byte info, ulong address, ulong size)
        {
            int at = Symbols + (index * 24);
            U32(at, nameOffset);
            file[at + 4] = info;
            U16(at + 6, 1);
            U64(at + 8, address);
            U64(at + 16, size);
        }

        void Section(int index, uint type, int offset, int size, uint link, ulong entry)
        {
            int at = Sections + (index * 64);
            U32(at + 4, type);
            U64(at + 24, (ulong)offset);
            U64(at + 32, (ulong)size);
            U32(at + 40, link);
            U64(at + 56, entry);
        }
    }

    private static string? Find(SymbolTable table, ulong address) => table.TryFind(address, out string? name) ? name : null;
}
