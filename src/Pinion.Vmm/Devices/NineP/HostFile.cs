using System.Runtime.InteropServices;
using System.Text;
using Pinion.Kvm.Uapi;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.NineP;

/// <summary>
/// A file of the host that a guest has got hold of: a descriptor made with O_PATH, which names the file without opening it, and perhaps one that reads and writes.
/// Everything goes through descriptors and single names, never through paths, and never follows a symbolic link: so nothing outside the shared directory can be reached,
/// whatever the guest or the host renames meanwhile. Methods answer 0 or more, or a negative errno.
/// </summary>
internal sealed unsafe class HostFile : IDisposable
{
    private static readonly byte[] s_empty = [0];

    private readonly int _path;
    private int _open = -1;

    private HostFile(int path, byte[][] names)
    {
        _path = path;
        Names = names;
    }

    /// <summary>Names on the way from the shared directory, for <c>..</c> and for removing by file.</summary>
    public byte[][] Names { get; set; }

    public bool IsOpen => _open >= 0;

    public bool IsOpenDirectory { get; private set; }

    private static int Error => -Marshal.GetLastPInvokeError();

    /// <summary>The shared directory itself, by the user's path (links in it are the user's business).</summary>
    public static int OpenRoot(string path, out HostFile? file)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + "\0"))
        {
            return Wrap(Libc.OpenAt(Libc.AtFdCwd, name, Libc.OPath | Libc.ODirectory | Libc.OCloseOnExec, 0), [], out file);
        }
    }

    /// <summary>Another hold of the same file, not open.</summary>
    public int Clone(out HostFile? file) => Wrap(Libc.Fcntl(_path, Libc.DuplicateCloseOnExec, 0), Names, out file);

    /// <summary>The entry of this directory with a checked name; the last link is not followed.</summary>
    public int Walk(ReadOnlySpan<byte> name, out HostFile? file)
    {
        fixed (byte* entry = Terminated(name))
        {
            return Wrap(Libc.OpenAt(_path, entry, Libc.OPath | Libc.ONoFollow | Libc.OCloseOnExec, 0), [.. Names, name.ToArray()], out file);
        }
    }

    public int Stat(out Libc.Statx stat)
    {
        Libc.Statx result;
        fixed (byte* empty = s_empty)
        {
            int answer = Check(Libc.StatxAt(_path, empty, Libc.AtEmptyPath, Libc.StatxBasic | Libc.StatxBirth, &result));
            stat = result;
            return answer;
        }
    }

    public int StatFs(out Libc.StatFs stat)
    {
        Libc.StatFs result;
        int answer = Check(Libc.FStatFs(_path, &result));
        stat = result;
        return answer;
    }

    /// <summary>Opens the file for reading and writing: only a regular file or a directory. Opening a FIFO could block, opening a device could do anything.</summary>
    public int Open(int flags)
    {
        int error = Stat(out Libc.Statx stat);
        if (error < 0)
        {
            return error;
        }

        bool directory = (stat.Mode & Libc.ModeTypeMask) == Libc.ModeDirectory;
        if (!directory && (stat.Mode & Libc.ModeTypeMask) != Libc.ModeRegular)
        {
            return -Errno.ENXIO;
        }

        int kept = directory ? Libc.ODirectory | (flags & Libc.OAccessMode) : flags & (Libc.OAccessMode | Libc.OTruncate | Libc.OSync);
        int fd = Reopen(kept);
        if (fd < 0)
        {
            return fd;
        }

        _open = fd;
        IsOpenDirectory = directory;
        return 0;
    }

    /// <summary>Creates a regular file in this directory, with exactly these permissions, and opens it: the new file.</summary>
    public int Create(ReadOnlySpan<byte> name, int flags, uint mode, out HostFile? file)
    {
        file = null;
        fixed (byte* entry = Terminated(name))
        {
            int kept = (flags & (Libc.OAccessMode | Libc.OSync)) | Libc.OCreate | Libc.OExclusive | Libc.ONoFollow | Libc.OCloseOnExec | Libc.ONoCtty;
            int fd = Libc.OpenAt(_path, entry, kept, mode);
            if (fd < 0)
            {
                return Error == -Errno.EEXIST && (flags & Libc.OExclusive) == 0 ? OpenExisting(name, flags, out file) : Error;
            }

            // The guest has applied its own umask; this process's must not be applied on top.
            Libc.FChMod(fd, mode);
            int path = OpenLink(fd, Libc.OPath | Libc.OCloseOnExec);
            if (path < 0)
            {
                Libc.Close(fd);
                return path;
            }

            file = new HostFile(path, [.. Names, name.ToArray()]) { _open = fd };
            return 0;
        }
    }

    public int Read(Span<byte> target, ulong offset)
    {
        fixed (byte* buffer = target)
        {
            return offset > long.MaxValue ? -Errno.EINVAL : Check((int)Libc.PRead(_open, buffer, (nuint)target.Length, (long)offset));
        }
    }

    public int Write(ReadOnlySpan<byte> source, ulong offset)
    {
        fixed (byte* buffer = source)
        {
            return offset > long.MaxValue ? -Errno.EINVAL : Check((int)Libc.PWrite(_open, buffer, (nuint)source.Length, (long)offset));
        }
    }

    /// <summary>Reads directory entries (struct linux_dirent64) from a position that an earlier entry gave.</summary>
    public int ReadEntries(Span<byte> target, ulong position)
    {
        if (position > long.MaxValue || Libc.LSeek(_open, (long)position, 0) < 0)
        {
            return -Errno.EINVAL;
        }

        fixed (byte* buffer = target)
        {
            return Check((int)Libc.GetDents64(_open, buffer, (nuint)target.Length));
        }
    }

    public int ReadLink(Span<byte> target)
    {
        fixed (byte* empty = s_empty)
        fixed (byte* buffer = target)
        {
            return Check((int)Libc.ReadLinkAt(_path, empty, buffer, (nuint)target.Length));
        }
    }

    public int MakeDirectory(ReadOnlySpan<byte> name, uint mode)
    {
        int error;
        fixed (byte* entry = Terminated(name))
        {
            error = Check(Libc.MkDirAt(_path, entry, mode));
        }

        if (error < 0)
        {
            return error;
        }

        error = Walk(name, out HostFile? made);
        using (made)
        {
            made?.SetMode(mode);
        }

        return error;
    }

    public int MakeNode(ReadOnlySpan<byte> name, uint mode)
    {
        fixed (byte* entry = Terminated(name))
        {
            return Check(Libc.MkNodAt(_path, entry, mode, 0));
        }
    }

    public int MakeSymlink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        fixed (byte* entry = Terminated(name))
        fixed (byte* text = Terminated(target))
        {
            return Check(Libc.SymlinkAt(text, _path, entry));
        }
    }

    /// <summary>Gives <paramref name="file"/> one more name, in this directory.</summary>
    public int Link(HostFile file, ReadOnlySpan<byte> name)
    {
        fixed (byte* entry = Terminated(name))
        fixed (byte* link = DescriptorLink(file._path))
        {
            return Check(Libc.LinkAt(Libc.AtFdCwd, link, _path, entry, Libc.AtSymlinkFollow));
        }
    }

    public int Rename(ReadOnlySpan<byte> name, HostFile newDirectory, ReadOnlySpan<byte> newName)
    {
        fixed (byte* entry = Terminated(name))
        fixed (byte* newEntry = Terminated(newName))
        {
            return Check(Libc.RenameAt(_path, entry, newDirectory._path, newEntry));
        }
    }

    public int Unlink(ReadOnlySpan<byte> name, bool directory)
    {
        fixed (byte* entry = Terminated(name))
        {
            return Check(Libc.UnlinkAt(_path, entry, directory ? Libc.AtRemoveDir : 0));
        }
    }

    /// <summary>Sets the permissions. The link of the descriptor leads to this very file; a symbolic link has no permissions of its own.</summary>
    public int SetMode(uint mode)
    {
        fixed (byte* link = DescriptorLink(_path))
        {
            return Check(Libc.FChModAt(Libc.AtFdCwd, link, mode, 0));
        }
    }

    public int SetOwner(uint uid, uint gid)
    {
        fixed (byte* empty = s_empty)
        {
            return Check(Libc.FChOwnAt(_path, empty, uid, gid, Libc.AtEmptyPath));
        }
    }

    public int SetSize(ulong size)
    {
        if (size > long.MaxValue)
        {
            return -Errno.EINVAL;
        }

        int error = Stat(out Libc.Statx stat);
        if (error < 0)
        {
            return error;
        }

        if ((stat.Mode & Libc.ModeTypeMask) != Libc.ModeRegular)
        {
            return -Errno.EINVAL;
        }

        int fd = Reopen(Libc.OWriteOnly);
        if (fd < 0)
        {
            return fd;
        }

        error = Check(Libc.FTruncate(fd, (long)size));
        Libc.Close(fd);
        return error;
    }

    public int SetTimes(Libc.TimeSpec access, Libc.TimeSpec modify)
    {
        Libc.TimeSpec* times = stackalloc Libc.TimeSpec[2];
        times[0] = access;
        times[1] = modify;
        fixed (byte* empty = s_empty)
        {
            return Check(Libc.UTimeNsAt(_path, empty, times, Libc.AtEmptyPath));
        }
    }

    public int Sync(bool dataOnly) => Check(dataOnly ? Libc.FDataSync(_open) : Libc.FSync(_open));

    public void Dispose()
    {
        Libc.Close(_path);
        if (_open >= 0)
        {
            Libc.Close(_open);
            _open = -1;
        }
    }

    private static int Wrap(int fd, byte[][] names, out HostFile? file)
    {
        file = fd < 0 ? null : new HostFile(fd, names);
        return fd < 0 ? Error : 0;
    }

    private static int Check(int answer) => answer < 0 ? Error : answer;

    private static byte[] Terminated(ReadOnlySpan<byte> name)
    {
        byte[] bytes = new byte[name.Length + 1];
        name.CopyTo(bytes);
        return bytes;
    }

    /// <summary>The kernel's link to what a descriptor holds: the way from O_PATH to an open file.</summary>
    private static byte[] DescriptorLink(int fd) => Encoding.ASCII.GetBytes($"/proc/self/fd/{fd}\0");

    private static int OpenLink(int fd, int flags)
    {
        fixed (byte* link = DescriptorLink(fd))
        {
            return Check(Libc.OpenAt(Libc.AtFdCwd, link, flags, 0));
        }
    }

    private int Reopen(int flags) => OpenLink(_path, flags | Libc.OCloseOnExec | Libc.ONoCtty | Libc.ONonBlock);

    private int OpenExisting(ReadOnlySpan<byte> name, int flags, out HostFile? file)
    {
        int error = Walk(name, out file);
        if (error == 0)
        {
            error = file!.Open(flags);
            if (error < 0)
            {
                file.Dispose();
                file = null;
            }
        }

        return error;
    }
}
