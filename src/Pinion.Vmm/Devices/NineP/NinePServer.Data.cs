using System.Buffers.Binary;
using Pinion.Kvm.Uapi;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.NineP;

/// <content>Requests on what is in a file or directory.</content>
internal sealed partial class NinePServer
{
    // struct linux_dirent64: inode, position of the next entry, record length, type, name.
    private const int EntryName = 19;
    private const int EntryHeader = 13 + 8 + 1 + 2;

    private const byte LockSuccess = 0;
    private const byte LockUnlocked = 2;

    private byte[] _entries = [];

    private int Open(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        uint flags = reader.U32();
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? file) || file.IsOpen)
        {
            return Errno.EBADF;
        }

        int error = -file.Open(HostFlags(flags));
        if (error == 0)
        {
            error = QidOf(file, out Qid qid);
            writer.Qid(qid);
            writer.U32(0);
        }

        return error;
    }

    private int Create(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ReadOnlySpan<byte> name = reader.Text();
        uint flags = reader.U32();
        uint mode = reader.U32();
        reader.U32();
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? directory) || directory.IsOpen)
        {
            return Errno.EBADF;
        }

        int error = CheckName(name);
        if (error != 0)
        {
            return error;
        }

        error = -directory.Create(name, HostFlags(flags), mode & PermissionMask, out HostFile? file);
        if (error != 0)
        {
            return error;
        }

        // The fid now stands for the new file (lcreate).
        directory.Dispose();
        _files[fid] = file!;
        error = QidOf(file!, out Qid qid);
        writer.Qid(qid);
        writer.U32(0);
        return error;
    }

    private int Read(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ulong offset = reader.U64();
        uint count = reader.U32();
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? file) || !file.IsOpen)
        {
            return Errno.EBADF;
        }

        if (file.IsOpenDirectory)
        {
            return Errno.EISDIR;
        }

        if (writer.Room < DataHeader - NinePWriter.HeaderSize)
        {
            return Errno.EPROTO;
        }

        Span<byte> rest = writer.Rest[sizeof(uint)..];
        int read = file.Read(rest[..(int)Math.Min(count, (uint)rest.Length)], offset);
        if (read < 0)
        {
            return -read;
        }

        writer.U32((uint)read);
        writer.Advance(read);
        return 0;
    }

    private int Write(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ulong offset = reader.U64();
        ReadOnlySpan<byte> data = reader.Take(reader.U32());
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? file) || !file.IsOpen)
        {
            return Errno.EBADF;
        }

        int written = file.Write(data, offset);
        writer.U32((uint)written);
        return -Math.Min(written, 0);
    }

    private int ReadDirectory(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ulong position = reader.U64();
        uint count = reader.U32();
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? file) || !file.IsOpen)
        {
            return Errno.EBADF;
        }

        if (!file.IsOpenDirectory)
        {
            return Errno.ENOTDIR;
        }

        if (_entries.Length == 0)
        {
            _entries = new byte[32 << 10];
        }

        int room = (int)Math.Min(count, (uint)Math.Max(writer.Room - sizeof(uint), 0));
        int read = file.ReadEntries(_entries.AsSpan(0, Math.Clamp(room, 512, _entries.Length)), position);
        if (read < 0)
        {
            return -read;
        }

        // The size in front of the entries is known behind them.
        Span<byte> size = writer.Rest;
        writer.U32(0);
        int written = 0;
        bool isRoot = file.Names.Length == 0;
        for (int at = 0; at + EntryName < read;)
        {
            ReadOnlySpan<byte> entry = _entries.AsSpan(at, read - at);
            ushort length = BinaryPrimitives.ReadUInt16LittleEndian(entry[16..]);
            ReadOnlySpan<byte> name = entry[EntryName..length];
            name = name[..Math.Max(name.IndexOf((byte)0), 0)];
            if (written + EntryHeader + name.Length > room)
            {
                break;
            }

            ulong inode = BinaryPrimitives.ReadUInt64LittleEndian(entry);
            if (isRoot && name.SequenceEqual(".."u8))
            {
                // What is above the shared directory is nobody's business in the guest.
                inode = QidOf(file, out Qid root) == 0 ? root.Path : 0;
            }

            byte kind = entry[18];
            writer.Qid(new Qid(kind switch { 4 => Qid.Directory, 10 => Qid.Symlink, _ => 0 }, 0, inode));
            writer.U64(BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]));
            writer.U8(kind);
            writer.Text(name);
            written += EntryHeader + name.Length;
            at += length;
        }

        if (size.Length >= sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(size, (uint)written);
        }

        // An entry that does not fit at all must not look like the end of the directory.
        return written == 0 && read > 0 ? Errno.EINVAL : 0;
    }

    private int Sync(ref NinePReader reader)
    {
        uint fid = reader.U32();
        uint dataOnly = reader.U32();
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        return _files.TryGetValue(fid, out HostFile? file) && file.IsOpen ? -file.Sync(dataOnly != 0) : Errno.EBADF;
    }

    /// <summary>The guest is the only client, and its kernel arbitrates between its own processes before it asks: every lock is granted.</summary>
    private int Lock(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        reader.U8();
        reader.U32();
        reader.U64();
        reader.U64();
        reader.U32();
        reader.Text();
        writer.U8(LockSuccess);
        return reader.Failed ? Errno.EINVAL : _files.ContainsKey(fid) ? 0 : Errno.EBADF;
    }

    private int GetLock(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        reader.U8();
        ulong start = reader.U64();
        ulong length = reader.U64();
        uint process = reader.U32();
        ReadOnlySpan<byte> client = reader.Text();
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        writer.U8(LockUnlocked);
        writer.U64(start);
        writer.U64(length);
        writer.U32(process);
        writer.Text(client);
        return _files.ContainsKey(fid) ? 0 : Errno.EBADF;
    }

    /// <summary>
    /// 9P2000.L's open flags are Linux's general ones. Writes carry their offset, so O_APPEND must not move them; what only concerns the guest's own cache stays there.
    /// </summary>
    private static int HostFlags(uint flags) => (int)flags & (Libc.OAccessMode | Libc.OTruncate | Libc.OExclusive | Libc.OSync);
}
