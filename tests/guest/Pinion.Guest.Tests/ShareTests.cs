using System.Security.Cryptography;
using Pinion.Guest.Tests.Support;

namespace Pinion.Guest.Tests;

/// <summary>Files go into the guest and come back.</summary>
public sealed class ShareTests(DebianGuest guest)
{
    [Fact]
    public void FilesGoIntoTheGuestAndComeBack()
    {
        guest.Require();
        using TemporaryDirectory shared = new();
        byte[] contents = new byte[3_000_001];
        new Random(1).NextBytes(contents);
        shared.Write("there", contents);
        shared.Write(
            "script.sh",
            """
            cd /mnt/share
            cp there back
            md5sum there | cut -d ' ' -f 1
            mkdir -p one/two && mv back one/two/moved && ln -s one/two/moved link && cat link > /dev/null && echo LINKED
            i=0; while [ $i -lt 100 ]; do echo line $i >> one/lines; i=$((i + 1)); done
            for i in 1 2 3 4 5 6 7 8 9; do : > one/file$i; done; rm one/file5; ls one
            chmod 600 one/lines; stat -c 'MODE %a' one/lines
            cat ../../etc/passwd > /dev/null 2>&1 || echo NO-WAY-UP
            """);
        ProgramResult run = PinionProgram.Run(
            PinionProgram.Boot, DebianGuest.Arguments(DebianGuest.Full, "share=here:/mnt/share run=sh:sh@/mnt/share/script.sh", "--share", $"{shared.Path}:here"));

        run.ExitCode.ShouldBe(0, run.Report);
        run.Output.ShouldContain("SHARE here /mnt/share ok", Case.Sensitive, run.Report);
        run.Output.ShouldContain(Convert.ToHexStringLower(MD5.HashData(contents)), Case.Sensitive, run.Report);
        run.Output.ShouldContain("LINKED", Case.Sensitive, run.Report);
        run.Output.ShouldContain("MODE 600", Case.Sensitive, run.Report);
        File.ReadAllBytes(shared.File("one/two/moved")).ShouldBe(contents);
        File.ReadAllLines(shared.File("one/lines")).ShouldBe(Enumerable.Range(0, 100).Select(i => $"line {i}"));
        Directory.GetFiles(shared.File("one")).Select(Path.GetFileName).Order()
            .ShouldBe(["file1", "file2", "file3", "file4", "file6", "file7", "file8", "file9", "lines"]);
    }
}
