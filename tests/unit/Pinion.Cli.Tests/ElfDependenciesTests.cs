using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Pinion.Cli.Guests;

namespace Pinion.Cli.Tests;

public sealed class ElfDependenciesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-elf").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void NeededLibrariesAreThoseThatReadelfNames()
    {
        byte[] program = Compile("int main(void) { return 0; }", "-Wl,--no-as-needed", "-lm", "-ldl", "-lpthread");
        string listing = HostTool.Run("aarch64-linux-gnu-readelf", ["-dl", Path.Combine(_directory, "out")]).Output;

        ElfDependencies.TryRead(program, out ElfDependencies? elf, out _).ShouldBeTrue();

        elf!.Needed().ShouldBe(Regex.Matches(listing, @"\(NEEDED\).*\[(.+)\]").Select(match => match.Groups[1].Value));
        elf.Interpreter().ShouldBe(Regex.Match(listing, @"program interpreter: (.+)\]").Groups[1].Value);
    }

    [Fact]
    public void AStaticProgramNeedsNothing()
    {
        byte[] program = Compile("int main(void) { return 0; }", "-static");

        ElfDependencies.TryRead(program, out ElfDependencies? elf, out _).ShouldBeTrue();

        elf!.Needed().ShouldBe([]);
        elf.Interpreter().ShouldBeNull();
    }

    [Fact]
    public void AModuleTellsWhatItDependsOn()
    {
        byte[] module = Compile("__attribute__((section(\".modinfo\"), used)) static const char a[] = \"license=GPL\\0depends=netfs,9pnet\";", "-c");

        ElfDependencies.TryRead(module, out ElfDependencies? elf, out _).ShouldBeTrue();

        elf!.ModuleInfo("depends").ShouldBe("netfs,9pnet");
        elf.ModuleInfo("license").ShouldBe("GPL");
        elf.ModuleInfo("alias").ShouldBeNull();
    }

    [Theory]
    [InlineData(0, "offset 0")]
    [InlineData(4, "offset 4")]
    [InlineData(18, "offset 18")]
    public void AWrongHeaderIsDiagnosedWithItsOffset(int offset, string expected)
    {
        byte[] header = Header();
        header[offset] ^= 0x7f;

        ElfDependencies.TryRead(header, out _, out string? problem).ShouldBeFalse();

        problem.ShouldStartWith(expected);
    }

    [Fact]
    public void NoTruncationAndNoFlippedByteOfAProgramMakesTheReaderThrow()
    {
        byte[] program = Compile("int main(void) { return 0; }");
        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            byte[] damaged = program[..random.Next(64, program.Length)];
            for (int flips = random.Next(8); flips > 0; flips--)
            {
                damaged[random.Next(20, Math.Min(damaged.Length, 2048))] = (byte)random.Next(256);
            }

            if (ElfDependencies.TryRead(damaged, out ElfDependencies? elf, out _))
            {
                Should.NotThrow(() => (elf.Needed(), elf.Interpreter(), elf.ModuleInfo("depends")));
            }
        }
    }

    [Fact]
    public void ADynamicSectionOutsideTheFileIsNoList()
    {
        byte[] file = [.. Header(), .. new byte[56]];
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(56), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(64), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(64 + 8), ulong.MaxValue - 7);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(64 + 32), 64);

        ElfDependencies.TryRead(file, out ElfDependencies? elf, out _).ShouldBeTrue();

        elf!.Needed().ShouldBeNull();
    }

    private static byte[] Header()
    {
        byte[] header = new byte[64];
        "\u007fELF"u8.CopyTo(header);
        header[4] = 2;
        header[5] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(18), 183);
        return header;
    }

    private byte[] Compile(string source, params string[] arguments)
    {
        Assert.SkipUnless(HostTool.Exists(Workloads.Compiler), $"needs {Workloads.Compiler}: apt-get install gcc-aarch64-linux-gnu");
        File.WriteAllText(Path.Combine(_directory, "in.c"), source);
        HostTool.Outcome outcome = HostTool.Run(Workloads.Compiler, ["-o", "out", "in.c", .. arguments], _directory);
        outcome.ExitCode.ShouldBe(0, outcome.Error);
        return File.ReadAllBytes(Path.Combine(_directory, "out"));
    }
}
