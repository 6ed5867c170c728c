using System.Buffers.Binary;
using System.Text;
using Pinion.Vmm.Devices.NineP;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.Devices;

public sealed class NinePTests : IDisposable
{
    private const int ENOENT = 2;
    private const int ENXIO = 6;
    private const int EBADF = 9;
    private const int EEXIST = 17;
    private const int ENOTDIR = 20;
    private const int EINVAL = 22;
    private const int ELOOP = 40;
    private const int EOPNOTSUPP = 95;

    private readonly TemporaryDirectory _outside = new();
    private readonly string _share;
    private readonly NinePServer _server;
    private readonly NinePClient _client;

    public NinePTests()
    {
        _share = Directory.CreateDirectory(_outside["share"]).FullName;
        File.WriteAllText(_outside["secret"], "secret");
        _server = NinePServer.Open(_share).Value;
        _client = new NinePClient(_server);
        _client.Start();
    }

    public void Dispose()
    {
        _server.Dispose();
        _outside.Dispose();
    }

    [Fact]
    public void AMissingDirectoryIsAProblem()
    {
        Problem problem = NinePServer.Open(_outside["nothing"]).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Usage);
        problem.Message.ShouldContain("No such file or directory");
        NinePServer.Open(_outside["secret"]).Problem.ShouldNotBeNull().Message.ShouldContain("Not a directory");
    }

    [Fact]
    public void VersionAgreesOnTheDialectAndTheSmallerSize()
    {
        byte[] answer = _client.Call(100, 1u << 30, "9P2000.L");
        BinaryPrimitives.ReadUInt32LittleEndian(answer).ShouldBe((uint)NinePServer.LargestMessage);
        Encoding.ASCII.GetString(answer, 6, answer.Length - 6).ShouldBe("9P2000.L");
        answer = _client.Call(100, 8192u, "9P2000.u");
        Encoding.ASCII.GetString(answer, 6, answer.Length - 6).ShouldBe("unknown");
        _client.Fail(100, 100u, "9P2000.L").ShouldBe(EINVAL);
        _server.OpenFids.ShouldBe(0);
    }

    [Fact]
    public void AFileIsReadAsItIs()
    {
        File.WriteAllText(Path.Combine(_share, "hello"), "hello, guest");
        _client.Walk(1, "hello").ShouldBe(0);
        _client.Call(12, 1u, 0u);
        _client.ReadText(1).ShouldBe("hello, guest");
        byte[] part = _client.Call(116, 1u, 7UL, 3u);
        part.ShouldBe([3, 0, 0, 0, (byte)'g', (byte)'u', (byte)'e']);
        _client.Call(116, 1u, 100UL, 3u).ShouldBe([0, 0, 0, 0]);
        _client.Call(120, 1u);
        _client.Fail(116, 1u, 0UL, 3u).ShouldBe(EBADF);
    }

    [Fact]
    public void ACreatedFileHasTheGuestsPermissionsAndContents()
    {
        _client.Walk(1).ShouldBe(0);
        _client.Call(14, 1u, "new", 2u, 0x1b6u, 0u);
        _client.Call(118, 1u, 0UL, 5u, Encoding.ASCII.GetBytes("12345")).ShouldBe([5, 0, 0, 0]);
        _client.Call(118, 1u, 3UL, 2u, Encoding.ASCII.GetBytes("xy"));
        _client.Call(50, 1u, 0u);
        _client.Call(120, 1u);
        string path = Path.Combine(_share, "new");
        File.ReadAllText(path).ShouldBe("123xy");
        ((int)File.GetUnixFileMode(path)).ShouldBe(0x1b6);
    }

    [Fact]
    public void SetUserIdNeverReachesTheHost()
    {
        _client.Walk(1).ShouldBe(0);
        _client.Call(14, 1u, "tool", 2u, 0xdedu, 0u);
        _client.Call(26, 1u, 1u, 0xdedu, 0u, 0u, 0UL, 0UL, 0UL, 0UL, 0UL);
        ((int)File.GetUnixFileMode(Path.Combine(_share, "tool"))).ShouldBe(0x1ed);
    }

    [Fact]
    public void ExclusiveCreationOfAnExistingFileFails()
    {
        File.WriteAllText(Path.Combine(_share, "old"), "old");
        _client.Walk(1).ShouldBe(0);
        _client.Fail(14, 1u, "old", 0x80u | 2, 0x1a4u, 0u).ShouldBe(EEXIST);
        _client.Call(14, 1u, "old", 2u, 0x1a4u, 0u);
        _client.ReadText(1).ShouldBe("old");
    }

    [Fact]
    public void ADirectoryIsListedAcrossSeveralRequests()
    {
        string[] names = Enumerable.Range(0, 300).Select(i => $"file-{i:d4}").ToArray();
        foreach (string name in names)
        {
            File.WriteAllText(Path.Combine(_share, name), "");
        }

        _client.Walk(1).ShouldBe(0);
        _client.Call(12, 1u, 0u);
        List<string> listed = [];
        ulong offset = 0;
        int requests = 0;
        while (true)
        {
            byte[] body = _client.Call(40, 1u, offset, 2000u);
            uint count = BinaryPrimitives.ReadUInt32LittleEndian(body);
            count.ShouldBe((uint)body.Length - 4);
            count.ShouldBeLessThanOrEqualTo(2000u);
            if (count == 0)
            {
                break;
            }

            requests++;
            for (int at = 4; at < body.Length;)
            {
                offset = BinaryPrimitives.ReadUInt64LittleEndian(body.AsSpan(at + 13));
                ushort length = BinaryPrimitives.ReadUInt16LittleEndian(body.AsSpan(at + 22));
                listed.Add(Encoding.UTF8.GetString(body, at + 24, length));
                at += 24 + length;
            }
        }

        requests.ShouldBeGreaterThan(1);
        listed.Order().ShouldBe(names.Concat([".", ".."]).Order());
    }

    [Fact]
    public void WalkingPartOfTheWayAnswersWithThatPartAndMakesNoFid()
    {
        Directory.CreateDirectory(Path.Combine(_share, "a"));
        _client.Walk(1, "a", "b", "c").ShouldBe(-1);
        _client.Fail(120, 1u).ShouldBe(EBADF);
        _client.Walk(1, "x").ShouldBe(ENOENT);
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("a/b")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void NamesThatAreNoEntryAreRefused(string name)
    {
        _client.Walk(1, name).ShouldBe(EINVAL);
        _client.Walk(2).ShouldBe(0);
        _client.Fail(72, 2u, name, 0x1edu, 0u).ShouldBe(EINVAL);
        _client.Fail(76, 2u, name, 0u).ShouldBe(EINVAL);
    }

    [Fact]
    public void DotDotStopsAtTheSharedDirectory()
    {
        Directory.CreateDirectory(Path.Combine(_share, "a", "b"));
        _client.Walk(1, "..", "..", "secret").ShouldBe(-1);
        _client.Walk(2, "a", "b", "..", "..", "..", "a").ShouldBe(0);
        byte[] root = _client.Call(24, 0u, 0x7ffUL)[8..21];
        _client.Walk(3, "a", "..", "..").ShouldBe(0);
        _client.Call(24, 3u, 0x7ffUL)[8..21].ShouldBe(root);
        _client.Fail(72, 2u, "..", 0x1edu, 0u).ShouldBe(EINVAL);
    }

    [Fact]
    public void SymbolicLinksAreNeverFollowedOnTheHost()
    {
        File.CreateSymbolicLink(Path.Combine(_share, "link"), _outside["secret"]);
        Directory.CreateSymbolicLink(Path.Combine(_share, "up"), _outside.Path);
        _client.Walk(1, "link").ShouldBe(0);
        _client.Fail(12, 1u, 0u).ShouldBe(ENXIO);
        _client.Walk(2, "up", "secret").ShouldBe(-1);
        byte[] target = _client.Call(22, 1u);
        Encoding.UTF8.GetString(target, 2, target.Length - 2).ShouldBe(_outside["secret"]);

        // Neither permissions, nor size, nor creation over the link reach what it points to.
        UnixFileMode before = File.GetUnixFileMode(_outside["secret"]);
        _client.Fail(26, 1u, 1u, 0u, 0u, 0u, 0UL, 0UL, 0UL, 0UL, 0UL).ShouldBe(EOPNOTSUPP);
        _client.Fail(26, 1u, 8u, 0u, 0u, 0u, 0UL, 0UL, 0UL, 0UL, 0UL).ShouldBe(EINVAL);
        _client.Walk(3).ShouldBe(0);
        _client.Fail(14, 3u, "link", 0x202u, 0x1b6u, 0u).ShouldBeOneOf(ENXIO, ELOOP);
        File.GetUnixFileMode(_outside["secret"]).ShouldBe(before);
        File.ReadAllText(_outside["secret"]).ShouldBe("secret");
    }

    [Fact]
    public void ADirectoryReplacedByALinkBetweenWalksDoesNotLeadOut()
    {
        Directory.CreateDirectory(Path.Combine(_share, "d"));
        _client.Walk(1, "d").ShouldBe(0);
        Directory.Delete(Path.Combine(_share, "d"));
        Directory.CreateSymbolicLink(Path.Combine(_share, "d"), _outside.Path);
        _client.Walk(2, "d", "secret").ShouldBe(-1);
        _client.Fail(110, 1u, 3u, (ushort)1, "secret").ShouldBe(ENOENT);
    }

    [Fact]
    public void AFifoIsNotOpened()
    {
        _client.Call(18, 0u, "fifo", 0x11b6u, 0u, 0u, 0u);
        _client.Walk(1, "fifo").ShouldBe(0);
        _client.Fail(12, 1u, 0u).ShouldBe(ENXIO);
        _client.Fail(18, 0u, "null", 0x21b6u, 1u, 3u, 0u).ShouldBe(1);
    }

    [Fact]
    public void DirectoriesAreMadeRenamedAndRemoved()
    {
        _client.Call(72, 0u, "d", 0x1c0u, 0u)[0].ShouldBe((byte)0x80);
        ((int)File.GetUnixFileMode(Path.Combine(_share, "d"))).ShouldBe(0x1c0);
        _client.Walk(1, "d").ShouldBe(0);
        _client.Call(72, 1u, "inner", 0x1edu, 0u);
        _client.Walk(2, "d", "inner").ShouldBe(0);
        _client.Call(74, 0u, "d", 0u, "e");
        Directory.Exists(Path.Combine(_share, "e", "inner")).ShouldBeTrue();

        // A fid below the renamed directory finds its parent again.
        _client.Call(110, 2u, 3u, (ushort)1, "..");
        _client.Call(76, 3u, "inner", 0x200u);
        _client.Call(76, 0u, "e", 0x200u);
        Directory.EnumerateFileSystemEntries(_share).ShouldBeEmpty();
    }

    [Fact]
    public void FilesAreRenamedLinkedAndRemovedByFid()
    {
        File.WriteAllText(Path.Combine(_share, "f"), "f");
        _client.Walk(1, "f").ShouldBe(0);
        _client.Call(20, 1u, 0u, "g");
        _client.Call(70, 0u, 1u, "h");
        File.ReadAllText(Path.Combine(_share, "h")).ShouldBe("f");
        _client.Call(122, 1u);
        File.Exists(Path.Combine(_share, "g")).ShouldBeFalse();
        File.Exists(Path.Combine(_share, "h")).ShouldBeTrue();
        _client.Fail(24, 1u, 0x7ffUL).ShouldBe(EBADF);
    }

    [Fact]
    public void AttributesAreThoseOfTheHost()
    {
        string path = Path.Combine(_share, "f");
        File.WriteAllText(path, "12345");
        _client.Walk(1, "f").ShouldBe(0);
        byte[] body = _client.Call(24, 1u, 0x7ffUL);
        body.Length.ShouldBe(153);
        BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(21)).ShouldBe(0x8000u | (uint)File.GetUnixFileMode(path));
        BinaryPrimitives.ReadUInt64LittleEndian(body.AsSpan(49)).ShouldBe(5u);
    }

    [Fact]
    public void SizeAndTimesCanBeSet()
    {
        string path = Path.Combine(_share, "f");
        File.WriteAllText(path, "12345");
        _client.Walk(1, "f").ShouldBe(0);
        _client.Call(26, 1u, 8u | 0x10 | 0x80 | 0x20 | 0x100, 0u, 0u, 0u, 2UL, 1000UL, 0UL, 2000UL, 500_000_000UL);
        File.GetLastWriteTimeUtc(path).ShouldBe(DateTimeOffset.FromUnixTimeMilliseconds(2_000_500).UtcDateTime);
        File.GetLastAccessTimeUtc(path).ShouldBe(DateTimeOffset.FromUnixTimeSeconds(1000).UtcDateTime);
        File.ReadAllText(path).ShouldBe("12");
    }

    [Fact]
    public void StatFsLocksAndFlushAnswer()
    {
        _client.Call(8, 0u).Length.ShouldBe(60);
        _client.Call(52, 0u, (byte)1, 0u, 0UL, 0UL, 1u, "c").ShouldBe([0]);
        _client.Call(54, 0u, (byte)1, 0UL, 9UL, 1u, "c")[0].ShouldBe((byte)2);
        _client.Call(108, (ushort)3).ShouldBeEmpty();
        _client.Fail(30, 0u, 1u, "user.x").ShouldBe(EOPNOTSUPP);
        _client.Fail(200).ShouldBe(EOPNOTSUPP);
    }

    [Fact]
    public void AFileIsNoDirectory()
    {
        File.WriteAllText(Path.Combine(_share, "f"), "");
        _client.Walk(1, "f").ShouldBe(0);
        _client.Call(12, 1u, 0u);
        _client.Fail(40, 1u, 0UL, 100u).ShouldBe(ENOTDIR);
        _client.Walk(2, "f", "x").ShouldBe(-1);
    }

    [Fact]
    public void NoDescriptorIsLeftBehind()
    {
        File.WriteAllText(Path.Combine(_share, "f"), "");
        Directory.CreateDirectory(Path.Combine(_share, "d"));
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 300; i++)
        {
            _client.Walk(1, "f").ShouldBe(0);
            _client.Call(12, 1u, 0u);
            _client.Walk(2, "d", "..", "d").ShouldBe(0);
            _client.Walk(3, "d", "x").ShouldBe(-1);
            _client.Fail(72, 0u, "d", 0u, 0u);
            _client.Call(120, 1u);
            _client.Call(120, 2u);
        }

        // Other tests run at the same time; a leak would be hundreds.
        Directory.GetFiles("/proc/self/fd").Length.ShouldBeLessThan(before + 100);
    }
}
