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
        string source = Path.Combine(_folder, "program.c");
        string program = Path.Combine(_folder, "program");
        File.WriteAllText(source, "int leaf(int x) { return x * 3; }\nstatic int hidden(int x) { return leaf(x) + 1; }\nint main(int c, char **v) { return hidden(c); }\n");
        Oracle.Run("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", ["-O0", .. options, "-o", program, source]);
        string listing = Oracle.Run("aarch64-linux-gnu-nm", "binutils-aarch64-linux-gnu", "--defined-only", "--print-size", "--format=sysv", program);

        var diagnoses = new Diagnoses();
        ElfImage image = ElfImage.Read(File.ReadAllBytes(program), "program", diagnoses);

        diagnoses.List.ShouldBeEmpty();
        image.IsRelocatable.ShouldBe(!options.Contains("-static"));
        (string Name, ulong Start, ulong Size)[] functions = [.. Functions(listing)];
        functions.Select(f => f.Name).ShouldContain("hidden");
        foreach ((_, ulong start, ulong size) in functions)
        {
            // Aliases share an address, so any of the names there is right.
            string[] names = [.. functions.Where(f => f.Start <= start && start < f.Start + f.Size).Select(f => f.Name)];
            image.Symbols.TryFind(start, out string? first).ShouldBeTrue();
            names.ShouldContain(first);
            image.Symbols.TryFind(start + size - 1, out _).ShouldBeTrue();
        }
    }

    /// <summary>nm has no name for STT_GNU_IFUNC.</summary>
    private static bool IsFunction(string type) => type == "FUNC" || type.EndsWith(": 10", StringComparison.Ordinal);

    private static IEnumerable<(string Name, ulong Start, ulong Size)> Functions(string listing)
    {
        foreach (string line in listing.Split('\n'))
        {
            string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
            if (cells.Length >= 5 && IsFunction(cells[3]) && cells[4].Length > 0)
            {
                ulong size = ulong.Parse(cells[4], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                if (size > 0)
                {
                    yield return (cells[0], ulong.Parse(cells[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), size);
                }
            }
        }
    }
}
