using Pinion.Kvm.Uapi;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.NineP;

/// <content>Requests that make, remove and rename directory entries.</content>
internal sealed partial class NinePServer
{
    private int MakeDirectory(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        uint mode = reader.U32();
        reader.U32();
        int error = Directory(fid, name, reader.Failed, out HostFile? directory);
        error = error != 0 ? error : -directory!.MakeDirectory(name, mode & PermissionMask);
        return error != 0 ? error : Answer(directory!, name, ref writer);
    }

    private int MakeNode(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        uint mode = reader.U32();
        reader.U32();
        reader.U32();
        reader.U32();
        int error = Directory(fid, name, reader.Failed, out HostFile? directory);
        if (error != 0)
        {
            return error;
        }

        // A device node of the guest would be one of the host.
        uint type = mode & Libc.ModeTypeMask;
        if (type is not (0 or Libc.ModeRegular or Libc.ModeFifo or Libc.ModeSocket))
        {
            return Errno.EPERM;
        }

        error = -directory!.MakeNode(name, type | (mode & PermissionMask));
        return error != 0 ? error : Answer(directory, name, ref writer);
    }

    private int Symlink(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        ReadOnlySpan<byte> target = reader.Text();
        reader.U32();
        int error = Directory(fid, name, reader.Failed, out HostFile? directory);
        if (error == 0 && (target.IsEmpty || target.Contains((byte)0)))
        {
            error = Errno.EINVAL;
        }

        error = error != 0 ? error : -directory!.MakeSymlink(name, target);
        return error != 0 ? error : Answer(directory!, name, ref writer);
    }

    private int Link(ref NinePReader reader)
    {
        uint directoryFid = reader.U32();
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        int error = Directory(directoryFid, name, reader.Failed, out HostFile? directory);
        if (error != 0)
        {
            return error;
        }

        return _files.TryGetValue(fid, out HostFile? file) ? -directory!.Link(file, name) : Errno.EBADF;
    }

    private int ReadLink(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        if (reader.Failed || !_files.TryGetValue(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        Span<byte> target = stackalloc byte[4096];
        int length = file.ReadLink(target);
        if (length < 0)
        {
            return -length;
        }

        writer.Text(target[..length]);
        return 0;
    }

    private int UnlinkAt(ref NinePReader reader)
    {
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        uint flags = reader.U32();
        int error = Directory(fid, name, reader.Failed, out HostFile? directory);
        return error != 0 ? error : -directory!.Unlink(name, (flags & Libc.AtRemoveDir) != 0);
    }

    private int Remove(ref NinePReader reader)
    {
        uint fid = reader.U32();
        if (reader.Failed || !_files.Remove(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        // Whether it works or not, the fid is gone (remove implies clunk).
        using (file)
        {
            if (file.Names.Length == 0)
            {
                return Errno.EPERM;
            }

            int error = Find(file.Names.AsSpan(0, file.Names.Length - 1), out HostFile? parent);
            using (parent)
            {
                return error != 0 ? error : RemoveEntry(parent!, file);
            }
        }
    }

    /// <summary>Removes the entry by which the file was reached, if it is still that file's.</summary>
    private int RemoveEntry(HostFile parent, HostFile file)
    {
        byte[] name = file.Names[^1];
        int error = -parent.Walk(name, out HostFile? found);
        using (found)
        {
            if (error != 0)
            {
                return error;
            }

            error = QidOf(found!, out Qid entry);
            error = error != 0 ? error : QidOf(file, out Qid wanted) is int e && e != 0 ? e : entry.Path == wanted.Path ? 0 : Errno.ENOENT;
            return error != 0 ? error : -parent.Unlink(name, entry.Type == Qid.Directory);
        }
    }

    private int Rename(ref NinePReader reader)
    {
        uint fid = reader.U32();
        uint directoryFid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        int error = Directory(directoryFid, name, reader.Failed, out HostFile? newDirectory);
        if (error != 0)
        {
            return error;
        }

        if (!_files.TryGetValue(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        if (file.Names.Length == 0)
        {
            return Errno.EPERM;
        }

        error = Find(file.Names.AsSpan(0, file.Names.Length - 1), out HostFile? parent);
        using (parent)
        {
            return error != 0 ? error : Rename(parent!, file.Names[^1], newDirectory!, name);
        }
    }

    private int RenameAt(ref NinePReader reader)
    {
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        uint newFid = reader.U32();
        ReadOnlySpan<byte> newName = reader.Text();
        int error = Directory(fid, name, reader.Failed, out HostFile? directory);
        error = error != 0 ? error : Directory(newFid, newName, reader.Failed, out HostFile? newDirectory) is int e && e != 0 ? e : Rename(directory!, name, newDirectory!, newName);
        return error;
    }

    private int Rename(HostFile directory, ReadOnlySpan<byte> name, HostFile newDirectory, ReadOnlySpan<byte> newName)
    {
        int error = -directory.Rename(name, newDirectory, newName);
        if (error != 0)
        {
            return error;
        }

        byte[][] from = [.. directory.Names, name.ToArray()];
        byte[][] to = [.. newDirectory.Names, newName.ToArray()];
        foreach (HostFile file in _files.Values)
        {
            if (IsUnder(file.Names, from))
            {
                file.Names = [.. to, .. file.Names[from.Length..]];
            }
        }

        return 0;
    }

    private static bool IsUnder(byte[][] names, byte[][] top)
    {
        if (names.Length < top.Length)
        {
            return false;
        }

        for (int i = 0; i < top.Length; i++)
        {
            if (!names[i].AsSpan().SequenceEqual(top[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The directory behind a fid, for an entry of that name.</summary>
    private int Directory(uint fid, ReadOnlySpan<byte> name, bool truncated, out HostFile? directory)
    {
        directory = null;
        return truncated ? Errno.EINVAL : !_files.TryGetValue(fid, out directory) ? Errno.EBADF : CheckName(name);
    }

    private int Answer(HostFile directory, ReadOnlySpan<byte> name, ref NinePWriter writer)
    {
        int error = -directory.Walk(name, out HostFile? made);
        using (made)
        {
            if (error == 0)
            {
                error = QidOf(made!, out Qid qid);
                writer.Qid(qid);
            }

            return error;
        }
    }
}
