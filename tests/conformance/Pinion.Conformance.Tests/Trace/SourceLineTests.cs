using System.Globalization;
using System.Text.RegularExpressions;
using Pinion.Trace;
using Pinion.Trace.Symbols;

namespace Pinion.Conformance.Tests.Trace;

/// <summary>Source lines of compiled programs, through each program that gives them, against what objdump prints beside the instructions.</summary>
public sealed partial class SourceLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-lines").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, string, string> Readers()
    {
        var data = new TheoryData<string, string, string>();
        foreach (string debug in new[] { "-gdwarf-4", "-gdwarf-5", "-gz=zlib" })
        {
            data.Add("aarch64-linux-gnu-addr2line", "binutils-aarch64-linux-gnu", debug);
            data.Add("addr2line", "binutils", debug);
            data.Add("llvm-addr2line", "llvm", debug);
            data.Add("llvm-symbolizer", "llvm", debug);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Readers))]
    public void EveryInstructionOfAProgramHasTheLineThatObjdumpSays(string reader, string package, string debug)
    {
        string program = Compile(debug);
        ElfImage image = Read(program);
        using AddrToLine lines = Lines(reader, package);

        (ulong Address, SourceLine? Line)[] listing = [.. Listing(program).Where(entry => image.Symbols.TryFind(entry.Address, out string? _))];
        listing.Select(entry => entry.Line?.ToString()).ShouldContain("leaf.c:4");
        listing.Select(entry => entry.Line?.ToString()).ShouldContain("program.c:4");
        listing.ShouldContain(entry => entry.Line == null);
        foreach ((ulong address, SourceLine? line) in listing)
        {
            lines.Find(image, address).ShouldBe(line, $"at 0x{address:x}");
        }

        lines.Find(image, 0).ShouldBeNull();
        lines.Find(image, ulong.MaxValue).ShouldBeNull();
        _warnings.ShouldBeEmpty();
    }

    [Fact]
    public void AStrippedProgramHasNoLinesUnlessItsDebugFileIsThere()
    {
        const string Reader = "aarch64-linux-gnu-addr2line";
        string program = Compile("-g", "-Wl,--build-id");
        ElfImage whole = Read(program);
        ulong main = whole.Symbols.Symbols.Single(symbol => symbol.Name == "main").Start;
        using AddrToLine lines = Lines(Reader, "binutils-aarch64-linux-gnu");
        SourceLine? line = lines.Find(whole, main);
        line.ShouldNotBeNull();

        string debug = Path.Combine(_folder, "program.dbg");
        string stripped = Path.Combine(_folder, "stripped");
        string linked = Path.Combine(_folder, "linked");
        Objcopy("--only-keep-debug", program, debug);
        Objcopy("--strip-all", program, stripped);
        Objcopy("--strip-all", "--add-gnu-debuglink=" + debug, program, linked);
        string directory = Path.Combine(_folder, ".build-id", whole.BuildId![..2]);
        Directory.CreateDirectory(directory);
        File.Copy(debug, Path.Combine(directory, whole.BuildId[2..] + ".debug"));

        lines.Find(Read(stripped), main).ShouldBeNull();
        lines.Find(Read(linked), main).ShouldBe(line);
        using AddrToLine byBuildId = new() { Programs = lines.Programs, DebugDirectory = _folder };
        byBuildId.Find(Read(stripped), main).ShouldBe(line);
        _warnings.ShouldBeEmpty();
    }

    /// <summary>Whatever the program makes of such a file, we get a line or none. PINION_LINE_INPUTS sets the number of files for each program.</summary>
    [Theory]
    [InlineData("aarch64-linux-gnu-addr2line", "binutils-aarch64-linux-gnu")]
    [InlineData("llvm-addr2line", "llvm")]
    public void DamagedDebugInformationCostsLinesAndNothingElse(string reader, string package)
    {
        int inputs = int.Parse(Environment.GetEnvironmentVariable("PINION_LINE_INPUTS") ?? "50", CultureInfo.InvariantCulture);
        byte[] program = File.ReadAllBytes(Compile("-g"));
        ElfImage image = Read(Path.Combine(_folder, "program"));
        ulong main = image.Symbols.Symbols.Single(symbol => symbol.Name == "main").Start;
        (int start, int end) = DebugSections();
        var random = new Random(1);
        int unlike = 0;
        for (int input = 0; input < inputs; input++)
        {
            byte[] damaged = [.. program];
            int changes = 1 + random.Next(16);
            for (int change = 0; change < changes; change++)
            {
                damaged[random.Next(4) == 0 ? random.Next(damaged.Length) : random.Next(start, end)] = (byte)random.Next(256);
            }

            string path = Path.Combine(_folder, "damaged");
            File.WriteAllBytes(path, damaged[..(random.Next(8) == 0 ? random.Next(damaged.Length) : damaged.Length)]);
            using AddrToLine lines = Lines(reader, package);
            ElfImage read = Read(path);
            for (ulong address = main; address < main + 40; address += 8)
            {
                unlike += lines.Find(read, address) is SourceLine line && line.File.EndsWith("/program.c", StringComparison.Ordinal) ? 0 : 1;
            }
        }

        unlike.ShouldBeInRange(1, (inputs * 5) - 1);
    }

    private static IEnumerable<(ulong Address, SourceLine? Line)> Listing(string program)
    {
        SourceLine? line = null;
        foreach (string text in Oracle.Run("aarch64-linux-gnu-objdump", "binutils-aarch64-linux-gnu", "-d", "-l", program).Split('\n'))
        {
            if (FunctionLine().IsMatch(text))
            {
                line = null;
            }
            else if (InstructionLine().Match(text) is { Success: true } instruction)
            {
                yield return (ulong.Parse(instruction.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture), line);
            }
            else if (SourceLineLine().Match(text) is { Success: true } source)
            {
                line = new(source.Groups[1].Value, int.Parse(source.Groups[2].Value, CultureInfo.InvariantCulture));
            }
        }
    }

    private AddrToLine Lines(string reader, string package)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, reader)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"needs {reader}: apt-get install {package}");
        return new() { Programs = [path], Warn = _warnings.Add };
    }

    private static ElfImage Read(string path) => ElfImage.Read(File.ReadAllBytes(path), Path.GetFileName(path), new Diagnoses(), path);

    private static void Objcopy(params string[] arguments) => Oracle.Run("aarch64-linux-gnu-objcopy", "binutils-aarch64-linux-gnu", arguments);

    /// <summary>From the first byte of the debug sections to behind the last.</summary>
    private (int Start, int End) DebugSections()
    {
        string headers = Oracle.Run("aarch64-linux-gnu-objdump", "binutils-aarch64-linux-gnu", "-h", "-w", Path.Combine(_folder, "program"));
        (int Offset, int Size)[] sections = [.. headers.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(cells => cells.Length > 5 && cells[1].StartsWith(".debug", StringComparison.Ordinal))
            .Select(cells => (int.Parse(cells[5], NumberStyles.HexNumber, CultureInfo.InvariantCulture), int.Parse(cells[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];
        return (sections.Min(section => section.Offset), sections.Max(section => section.Offset + section.Size));
    }

    /// <summary>A program of two files with a function that is inlined, linked with libraries that have no debug information.</summary>
    private string Compile(params string[] options)
    {
        File.WriteAllText(
            Path.Combine(_folder, "program.c"),
            """
            #include <stdio.h>
            int leaf(int x);
            static int counter;
            static inline int square(int x) { counter++; return x * x + leaf(x); }
            int main(int argc, char **argv)
            {
                int sum = 0;
                for (int i = 0; i < argc * 10; i++)
                {
                    sum += square(i);
                    if (sum & 4)
                        sum ^= square(sum);
                }

                printf("%d %d\n", sum, counter);
                return 0;
            }
            """);
        File.WriteAllText(Path.Combine(_folder, "leaf.c"), "int leaf(int x)\n{\n    return x % 2 == 0 ? x / 7\n        : x * 3;\n}\n");
        string program = Path.Combine(_folder, "program");
        Oracle.Run("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", ["-O2", "-g", .. options, "-o", program, Path.Combine(_folder, "program.c"), Path.Combine(_folder, "leaf.c")]);
        return program;
    }

    [GeneratedRegex("^[0-9a-f]{16} <")]
    private static partial Regex FunctionLine();

    [GeneratedRegex("^ +([0-9a-f]+):\t")]
    private static partial Regex InstructionLine();

    [GeneratedRegex("^(/.+):([0-9]+)( \\(discriminator [0-9]+\\))?$")]
    private static partial Regex SourceLineLine();
}
