using System.Text;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Tests;

/// <summary>The conversation with addr2line, with scripts in its place. What real ones answer is tested in the conformance tests.</summary>
public sealed class AddrToLineTests : IDisposable
{
    private const string EchoAddress = "read address; echo $address;";
    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-lines").FullName;
    private readonly List<string> _warnings = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("/src/a.c:12", "/src/a.c", 12)]
    [InlineData("/src/a.c:12 (discriminator 3)", "/src/a.c", 12)]
    [InlineData("C:\\src\\a b.c:12", "C:\\src\\a b.c", 12)]
    [InlineData("/src/(discriminator 3):12", "/src/(discriminator 3)", 12)]
    [InlineData("a.c:0", null, 0)]
    [InlineData("a.c:?", null, 0)]
    [InlineData("??:0", null, 0)]
    [InlineData("??:?", null, 0)]
    public void AnAnswerIsAFileAndALineOrNothing(string answer, string? file, int number)
    {
        AddrToLineProcess.TryParse(Encoding.UTF8.GetBytes(answer), out SourceLine? line).ShouldBeTrue();

        line.ShouldBe(file is null ? null : new SourceLine(file, number));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":12")]
    [InlineData("a.c")]
    [InlineData("a.c:")]
    [InlineData("a.c:-1")]
    [InlineData("a.c:99999999999")]
    public void WhatIsNoAnswerIsNotTakenForOne(string answer) => AddrToLineProcess.TryParse(Encoding.UTF8.GetBytes(answer), out _).ShouldBeFalse();

    [Fact]
    public void EachAddressIsAskedOnceOfOneProgram()
    {
        using AddrToLine lines = Lines(Script("echo start >> log; while read address; do echo $address >> log; echo $address; echo /src/a.c:$((address)); done"));
        ElfImage image = Image("program");

        lines.Find(image, 0x10).ShouldBe(new("/src/a.c", 16));
        lines.Find(image, 0x20).ShouldBe(new("/src/a.c", 32));
        lines.Find(image, 0x10).ShouldBe(new("/src/a.c", 16));

        File.ReadAllText(Path.Combine(_folder, "log")).ShouldBe("start\n0x10\n0x20\n");
        _warnings.ShouldBeEmpty();
    }

    [Fact]
    public void AFileOnlyTheSecondProgramReadsIsAskedOfThat()
    {
        using AddrToLine lines = Lines("/nowhere/addr2line", Script("echo unknown format >&2; exit 1"), Script("while read address; do echo $address; echo a.c:7; done"));

        lines.Find(Image("program"), 0x10).ShouldBe(new("a.c", 7));
        _warnings.ShouldBeEmpty();
    }

    [Fact]
    public void AFileThatNoProgramReadsIsNamedOnceAndCostsNoOther()
    {
        using AddrToLine lines = Lines(Script("case \"$2\" in *good) while read address; do echo $address; echo a.c:7; done;; esac"));
        ElfImage bad = Image("bad");

        lines.Find(bad, 0x10).ShouldBeNull();
        lines.Find(bad, 0x20).ShouldBeNull();
        lines.Find(Image("good"), 0x10).ShouldBe(new("a.c", 7));

        _warnings.ShouldHaveSingleItem().ShouldContain("bad; its source lines stay unknown");
    }

    [Theory]
    [InlineData("exit")]
    [InlineData("echo wrong; exec sleep 1000")]
    [InlineData("read address; echo 0x9999; echo a.c:7; exec sleep 1000")]
    [InlineData(EchoAddress + "echo; exec sleep 1000")]
    [InlineData(EchoAddress + "echo no line; exec sleep 1000")]
    [InlineData(EchoAddress + "head -c 100000 /dev/zero; exec sleep 1000")]
    [InlineData("exec cat /dev/zero")]
    public void AProgramThatBreaksOffOrTalksNonsenseIsGivenUp(string script)
    {
        using AddrToLine lines = Lines(Script("echo $$ >> pids; read address; echo $address; echo a.c:7;" + script));
        ElfImage image = Image("program");

        lines.Find(image, 0x10).ShouldBe(new("a.c", 7));
        lines.Find(image, 0x20).ShouldBeNull();
        lines.Find(image, 0x30).ShouldBeNull();

        _warnings.ShouldHaveSingleItem().ShouldContain("the rest stays unknown");
        File.ReadAllLines(Path.Combine(_folder, "pids")).Length.ShouldBe(1);
    }

    [Fact]
    public void ComplaintsWithoutEndDoNotStopTheAnswers()
    {
        using AddrToLine lines = Lines(Script("while read address; do head -c 200000 /dev/zero >&2; echo $address; echo a.c:7; done"));

        lines.Find(Image("program"), 0x10).ShouldBe(new("a.c", 7));
    }

    [Fact]
    public void AProgramGetsFourGibibytesOfAddressSpaceBecauseCompressedSectionsMayClaimAnySize()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs prlimit(2)");
        using AddrToLine lines = Lines(Script("while read address; do echo $address; echo a.c:$(ulimit -v); done"));

        lines.Find(Image("program"), 0x10).ShouldBe(new("a.c", 4 << 20));
    }

    [Fact]
    public void AFileNameWithALineBreakCannotShiftTheAnswers()
    {
        using AddrToLine lines = Lines(Script("while read address; do echo $address; printf 'a.c:1\\nb.c:2\\n'; done"));
        ElfImage image = Image("program");

        lines.Find(image, 0x10).ShouldBe(new("a.c", 1));
        lines.Find(image, 0x20).ShouldBeNull();
    }

    [Fact]
    public void AProgramThatHangsIsEndedWithItsChildrenWhenPatienceEnds()
    {
        using var lines = new AddrToLine { Programs = [Script("sleep 1000; echo")], Patience = TimeSpan.FromMilliseconds(200), Warn = _warnings.Add };
        ElfImage image = Image("program");

        lines.Find(image, 0x10).ShouldBeNull();
        lines.Find(image, 0x20).ShouldBeNull();

        _warnings.ShouldHaveSingleItem().ShouldContain("takes too long");
    }

    [Fact]
    public void WithoutAProgramOneSentenceSaysWhatToInstall()
    {
        using AddrToLine lines = Lines();

        lines.Find(Image("one"), 0x10).ShouldBeNull();
        lines.Find(Image("two"), 0x10).ShouldBeNull();

        _warnings.ShouldHaveSingleItem().ShouldContain("apt-get install binutils-aarch64-linux-gnu");
    }

    [Fact]
    public void WhatCameFromNoFileHasNoLines()
    {
        using AddrToLine lines = Lines();

        lines.Find(ElfImage.Read(SymbolTests.Elf(), "memory", new Diagnoses()), 0x10).ShouldBeNull();
        _warnings.ShouldBeEmpty();
    }

    [Fact]
    public void ManyFilesKeepFewProgramsRunning()
    {
        using AddrToLine lines = Lines(Script("while read address; do echo $address; echo $2:$$; done"));
        ElfImage[] images = [.. Enumerable.Range(0, 40).Select(i => Image($"program{i}"))];
        SourceLine[] answers = [.. images.Select(image => lines.Find(image, 0x10)!.Value)];

        answers.Select(answer => answer.File).ShouldBe(images.Select(image => "--exe=" + image.Path));
        answers.Count(answer => File.Exists($"/proc/{answer.Line}/cmdline") && File.ReadAllText($"/proc/{answer.Line}/cmdline").Contains(_folder)).ShouldBeLessThanOrEqualTo(16);
        lines.Find(images[0], 0x20)!.Value.File.ShouldEndWith("program0");
    }

    private AddrToLine Lines(params string[] programs) => new() { Programs = programs, Warn = _warnings.Add };

    private ElfImage Image(string name) => ElfImage.Read(SymbolTests.Elf(), name, new Diagnoses(), Path.Combine(_folder, name));

    private string Script(string text)
    {
        string path = Path.Combine(_folder, $"addr2line{Directory.GetFiles(_folder).Length}");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs /bin/sh");
        File.WriteAllText(path, $"#!/bin/sh\ncd {_folder}\n{text}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
