using System.Runtime.InteropServices;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests.Spe.Early;

/// <summary>What /proc/self/smaps says of memory, against the calls that made it so.</summary>
[Collection(HostMemoryTests.Name)]
public sealed unsafe partial class HostMappingTests
{
    private const int Page = 4096;
    private const int Pages = 16;

    [Fact]
    public void PermissionsLocksAndHolesAreFound()
    {
        LinuxHostMappings host = new();
        nint memory = mmap(0, Pages * Page, ProtRead | ProtWrite, PrivateAnonymous, -1, 0);
        memory.ShouldNotBe(-1);
        try
        {
            mlock(memory + (2 * Page), 2 * Page).ShouldBe(0);
            mprotect(memory + (6 * Page), Page, ProtRead).ShouldBe(0);
            mprotect(memory + (8 * Page), Page, 0).ShouldBe(0);
            munmap(memory + (10 * Page), Page).ShouldBe(0);
            IReadOnlyList<HostMapping> found = host.Within(memory, Pages * Page);
            foreach (HostMapping mapping in found)
            {
                mapping.Huge.ShouldBeFalse();
            }

            for (int page = 0; page < Pages; page++)
            {
                nint at = memory + (page * Page);
                HostMapping? mapping = found.Where(m => m.Start <= at && at < m.End).Cast<HostMapping?>().SingleOrDefault();
                (mapping is null).ShouldBe(page == 10);
                if (mapping is { } known)
                {
                    known.Locked.ShouldBe(page is 2 or 3);
                    known.Writable.ShouldBe(page is not (6 or 8));
                    known.Readable.ShouldBe(page != 8);
                }
            }

            host.Within(memory + (3 * Page), Page).ShouldHaveSingleItem().Locked.ShouldBeTrue();
            host.Within(memory + (10 * Page), Page).ShouldBeEmpty();
        }
        finally
        {
            munmap(memory, Pages * Page);
        }
    }

    [Fact]
    public void PopulatingMakesMemoryResidentAndAHoleIsEfault()
    {
        LinuxHostMappings host = new();
        nint memory = mmap(0, Pages * Page, ProtRead | ProtWrite, PrivateAnonymous, -1, 0);
        memory.ShouldNotBe(-1);
        try
        {
            host.Populate(memory, Pages * Page).ShouldBe(0);
            byte* residency = stackalloc byte[Pages];
            mincore(memory, Pages * Page, residency).ShouldBe(0);
            new Span<byte>(residency, Pages).ToArray().ShouldAllBe(page => (page & 1) != 0);
            munmap(memory + Page, Page).ShouldBe(0);
            host.Populate(memory, 3 * Page).ShouldBe(-Errno.EFAULT);
        }
        finally
        {
            munmap(memory, Pages * Page);
        }
    }

    /// <summary>Text as the kernel writes it, huge pages and the vsyscall page included.</summary>
    [Fact]
    public void SmapsIsRead()
    {
        const string Smaps = """
            55d0c0000000-55d0c0002000 r--p 00000000 08:01 123456                     /usr/bin/a-b c
            Size:                  8 kB
            VmFlags: rd mr mw me sd
            7f0000000000-7f0000400000 rw-s 00000000 00:0f 4242                       /anon_hugepage (deleted)
            KernelPageSize:     2048 kB
            THPeligible:           0
            VmFlags: rd wr sh mr mw me ms de ht sd
            7f0000400000-7f0000401000 rw-p 00000000 00:00 0
            VmFlags: rd wr mr mw me lo ac sd
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
            VmFlags: ex
            """;
        LinuxHostMappings.Parse(new StringReader(Smaps), 0, nint.MaxValue).ShouldBe(
        [
            new(At(0x55d0c0000000), At(0x55d0c0002000), true, false),
            new(At(0x7f0000000000), At(0x7f0000400000), true, true, Locked: false, Huge: true),
            new(At(0x7f0000400000), At(0x7f0000401000), true, true, Locked: true),
        ]);
        LinuxHostMappings.Parse(new StringReader(Smaps), At(0x7f0000000000), At(0x7f0000000001)).ShouldHaveSingleItem().Huge.ShouldBeTrue();
        LinuxHostMappings.Parse(new StringReader("no such text\nVmFlags: rd"), 0, nint.MaxValue).ShouldBeEmpty();
    }

    private static nint At(ulong address) => (nint)address;

    private const int ProtRead = 1;
    private const int ProtWrite = 2;
    private const int PrivateAnonymous = 0x22;

    [LibraryImport("libc")]
    private static partial nint mmap(nint address, nint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(nint address, nint length);

    [LibraryImport("libc")]
    private static partial int mprotect(nint address, nint length, int protection);

    [LibraryImport("libc")]
    private static partial int mlock(nint address, nint length);

    [LibraryImport("libc")]
    private static partial int mincore(nint address, nint length, byte* residency);
}
