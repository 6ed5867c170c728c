using System.Globalization;
using Pinion.Trace;
using Pinion.Trace.Symbols;

namespace Pinion.Conformance.Tests.Trace;

/// <summary>The symbol reader against GNU nm, on programs made by a compiler.</summary>
public sealed class ElfTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-elf").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("-static")]
    [InlineData("-static-pie")]
    [InlineData("-shared", "-fPIC")]
    public void EverySizedFunctionOfAProgramIsFoundAtEachEnd(params string[] options)
    {
        string program = Compile("int leaf(int x) { return x * 3; }\nstatic int hidden(int x) { return leaf(x) + 1; }\nint main(int c, char **v) { return hidden(c); }\n", options);
        string listing = Oracle.Run("aarch64-linux-gnu-nm", "binutils-aarch64-linux-gnu", "--defined-only", "--print-size", "--format=sysv", program);

        var diagnoses = new Diagnoses();
        ElfImage image = ElfImage.Read(File.ReadAllBytes(program), "program", diagnoses);

        diagnoses.List.ShouldBeEmpty();
        image.IsRelocatable.ShouldBe(!options.Contains("-static"));
        (string Name, ulong Start, ulong Size)[] functions = [.. Symbols(listing, IsFunction)];
        functions.Select(f => f.Name).ShouldContain("hidden");
        foreach ((_, ulong start, ulong size) in functions)
        {
            // Aliases share an address, so any of the names there is right.
            string[] names = [.. functions.Where(f => f.Start <= start && start < f.Start + f.Size).Select(f => f.Name)];
            image.Symbols.TryFind(start, out string? first).ShouldBeTrue();
            names.ShouldContain(first);
            image.Symbols.TryFind(start + size - 1, out string? _).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("-static")]
    [InlineData("-static-pie")]
    [InlineData("-shared", "-fPIC")]
    public void EverySizedVariableOfAProgramIsFoundAtEachEnd(params string[] options)
    {
        string program = Compile("int counter = 1;\nstatic long zeroed[100];\n__thread int mine;\nint main(int c, char **v) { return (int)zeroed[c] + counter + mine; }\n", options);
        string listing = Oracle.Run("aarch64-linux-gnu-nm", "binutils-aarch64-linux-gnu", "--defined-only", "--print-size", "--format=sysv", program);

        ElfImage image = ElfImage.Read(File.ReadAllBytes(program), "program", new Diagnoses());

        (string Name, ulong Start, ulong Size)[] variables = [.. Symbols(listing, type => type == "OBJECT")];
        variables.Select(v => v.Name).ShouldContain("zeroed");
        foreach ((_, ulong start, ulong size) in variables)
        {
            string[] names = [.. variables.Where(v => v.Start <= start && start < v.Start + v.Size).Select(v => v.Name)];
            image.DataSymbols.TryFind(start, out string? first).ShouldBeTrue();
            names.ShouldContain(first);
            image.DataSymbols.TryFind(start + size - 1, out string? _).ShouldBeTrue();
        }

        image.DataSymbols.Symbols.Select(symbol => symbol.Name).ShouldNotContain("mine");
    }

    /// <summary>The program says where its variables are; the trace knows where its code was mapped, and no more.</summary>
    [Theory]
    [InlineData("-static")]
    [InlineData("-static-pie")]
    [InlineData("-static-pie", "-Wl,-z,separate-code")]
    [InlineData("-static-pie", "-Wl,-z,max-page-size=4096")]
    public void VariablesAreWhereTheRunningProgramSaysTheyAre(params string[] options)
    {
        string program = Compile(
            """
            #include <stdio.h>
            int counter = 1;
            long zeroed[100];
            const int constant[4] = { 1, 2 };
            int main(void)
            {
                char line[4096];
                FILE *maps = fopen("/proc/self/maps", "r");
                printf("%p counter\n%p zeroed\n%p constant\n", (void *)&counter, (void *)zeroed, (void *)constant);
                while (fgets(line, sizeof line, maps)) printf("=%s", line);
                return 0;
            }
            """, options);
        string[] output = Oracle.Run("qemu-aarch64", "qemu-user", program).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var trace = new SpeTrace { Format = "test", Source = new TraceBytes(default) };
        trace.Mappings.AddRange(output.Where(line => line[0] == '=').Select(line => line[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(cells => cells[1][2] == 'x').Select(Mapping));
        trace.Mappings.Where(mapping => mapping.Path.EndsWith("/program", StringComparison.Ordinal)).ShouldHaveSingleItem();
        var resolver = new SymbolResolver(trace);
        resolver.AddImage(ElfImage.Read(File.ReadAllBytes(program), "program", trace.Diagnoses));
        int space = resolver.SpaceAt(1, ulong.MaxValue);

        string[] variables = [.. output.Where(line => line[0] != '=')];
        variables.Length.ShouldBe(3);
        foreach (string[] variable in variables.Select(line => line.Split(' ')))
        {
            resolver.FindData(Hexadecimal(variable[0][2..]) + 3, space).Label().ShouldBe($"program:{variable[1]}+0x3");
        }
    }

    private static TraceMapping Mapping(string[] cells)
    {
        string[] range = cells[0].Split('-');
        return new(1, Hexadecimal(range[0]), Hexadecimal(range[1]) - Hexadecimal(range[0]), Hexadecimal(cells[2]), cells.Length > 5 ? cells[5] : "");
    }

    private static ulong Hexadecimal(string digits) => ulong.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private string Compile(string text, params string[] options)
    {
        string source = Path.Combine(_folder, "program.c");
        string program = Path.Combine(_folder, "program");
        File.WriteAllText(source, text);
        Oracle.Run("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", ["-O0", .. options, "-o", program, source]);
        return program;
    }

    /// <summary>nm has no name for STT_GNU_IFUNC.</summary>
    private static bool IsFunction(string type) => type == "FUNC" || type.EndsWith(": 10", StringComparison.Ordinal);

    private static IEnumerable<(string Name, ulong Start, ulong Size)> Symbols(string listing, Func<string, bool> isWanted)
    {
        foreach (string line in listing.Split('\n'))
        {
            string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
            if (cells.Length >= 5 && isWanted(cells[3]) && cells[4].Length > 0)
            {
                ulong size = Hexadecimal(cells[4]);
                if (size > 0)
                {
                    yield return (cells[0], Hexadecimal(cells[1]), size);
                }
            }
        }
    }
}
