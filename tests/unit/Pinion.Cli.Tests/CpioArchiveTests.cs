using System.Text;
using Pinion.Cli.Guests;

namespace Pinion.Cli.Tests;

public sealed class CpioArchiveTests
{
    [Fact]
    public void TheArchiveListsInCpioAsItWasFilled()
    {
        Assert.SkipUnless(HostTool.Exists("cpio"), "needs cpio: apt-get install cpio");
        CpioArchive archive = Filled();

        string[] lines = Cpio(archive, "-itv", "--numeric-uid-gid").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines.Select(line => line[..10] + " " + line[(line.IndexOf("1970", StringComparison.Ordinal) + 5)..]).ShouldBe(
        [
            "drwxr-xr-x bin",
            "lrwxrwxrwx bin/sh -> tool",
            "-rwxr-xr-x bin/tool",
            "drwxr-xr-x dev",
            "crw------- dev/console",
            "-rw-r--r-- empty",
            "-rw-r--r-- zeta",
        ]);
        lines.ShouldAllBe(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2] == "0");
        lines.Single(line => line.EndsWith("dev/console", StringComparison.Ordinal)).ShouldContain("5,   1");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(70_001)]
    public void AFileComesOutOfCpioAsItWentIn(int length)
    {
        Assert.SkipUnless(HostTool.Exists("cpio"), "needs cpio: apt-get install cpio");
        byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)('a' + (i % 23)))];
        CpioArchive archive = Filled();
        archive.AddFile("zeta", data);

        Cpio(archive, "-i", "--to-stdout", "zeta").ShouldBe(Encoding.ASCII.GetString(data));
    }

    [Fact]
    public void TheSameEntriesInAnotherOrderGiveTheSameBytes()
    {
        var other = new CpioArchive();
        other.AddFile("zeta", "z"u8.ToArray());
        other.AddFile("/empty", []);
        other.AddCharacterDevice("dev/console", 0x180, 5, 1);
        other.AddSymlink("bin/sh", "tool");
        other.AddFile("bin/tool", "#!"u8.ToArray(), executable: true);

        Bytes(other).ShouldBe(Bytes(Filled()));
    }

    [Fact]
    public void TheArchiveIsAMultipleOf512BytesAndEndsWithTheTrailer()
    {
        byte[] bytes = Bytes(Filled());

        (bytes.Length % 512).ShouldBe(0);
        Encoding.ASCII.GetString(bytes).TrimEnd('\0').ShouldEndWith("TRAILER!!!");
    }

    private static CpioArchive Filled()
    {
        var archive = new CpioArchive();
        archive.AddFile("bin/tool", "#!"u8.ToArray(), executable: true);
        archive.AddSymlink("bin/sh", "tool");
        archive.AddCharacterDevice("dev/console", 0x180, 5, 1);
        archive.AddFile("empty", []);
        archive.AddFile("zeta", "z"u8.ToArray());
        return archive;
    }

    private static byte[] Bytes(CpioArchive archive)
    {
        using var stream = new MemoryStream();
        archive.WriteTo(stream);
        return stream.ToArray();
    }

    private static string Cpio(CpioArchive archive, params string[] arguments)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, Bytes(archive));
            HostTool.Outcome outcome = HostTool.Run("env", ["TZ=UTC", "cpio", "--quiet", "-F", file, .. arguments]);
            outcome.ExitCode.ShouldBe(0, outcome.Error);
            return outcome.Output;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
