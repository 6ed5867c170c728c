using System.Buffers.Binary;
using Pinion.Kvm.Uapi;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.NineP;

/// <summary>
/// Serves one directory of the host over 9P2000.L (the dialect of Linux's v9fs). One message in, one out, whatever the bytes are. Files belong to the user who runs
/// the machine, whoever in the guest makes them.
/// </summary>
internal sealed partial class NinePServer : IDisposable
{
    /// <summary>Largest message: what 128 descriptors of one page each can hold.</summary>
    public const int LargestMessage = 512 << 10;

    private const int SmallestMessage = 4096;
    private const int ErrorReplySize = 11;
    private const int LargestWalk = 16;
    private const int LargestName = 255;
    private const int DataHeader = 11;
    private const uint NoFid = uint.MaxValue;

    /// <summary>Permissions that a guest may give: not set-user-id and set-group-id, which would lend it the host user's name.</summary>
    private const uint PermissionMask = 0x3ff;

    private readonly string _directory;
    private readonly Dictionary<uint, HostFile> _files = [];
    private int _messageSize = LargestMessage;
    private uint _rootDevice;

    private NinePServer(string directory)
    {
        _directory = directory;
    }

    /// <summary>Serves <paramref name="directory"/>, or says why it cannot be opened.</summary>
    public static Result<NinePServer> Open(string directory)
    {
        int error = HostFile.OpenRoot(directory, out HostFile? root);
        using (root)
        {
            if (error < 0)
            {
                return new Problem(ProblemKind.Usage, $"cannot share {directory}: {Libc.ErrorText(-error)}", "give an existing directory: --share DIR:TAG");
            }

            root!.Stat(out Libc.Statx stat);
            return new NinePServer(Path.GetFullPath(directory)) { _rootDevice = Device(stat) };
        }
    }

    /// <summary>Files that the guest holds.</summary>
    public int OpenFids => _files.Count;

    /// <summary>Answers a request: the length of the answer in <paramref name="response"/>, 0 when not even an error fits.</summary>
    public int Handle(ReadOnlySpan<byte> request, Span<byte> response)
    {
        if (response.Length < ErrorReplySize)
        {
            return 0;
        }

        if (request.Length < NinePWriter.HeaderSize)
        {
            return Error(response, ushort.MaxValue, Errno.EINVAL);
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(request);
        byte type = request[4];
        ushort tag = BinaryPrimitives.ReadUInt16LittleEndian(request[5..]);
        if (size < NinePWriter.HeaderSize || size > (uint)request.Length)
        {
            return Error(response, tag, Errno.EINVAL);
        }

        NinePReader reader = new(request[NinePWriter.HeaderSize..(int)size]);
        NinePWriter writer = new(response[..Math.Min(response.Length, _messageSize)], (byte)(type + 1), tag);
        int error = Dispatch(type, ref reader, ref writer);
        if (error == 0 && writer.Failed)
        {
            error = Errno.EPROTO;
        }

        return error != 0 ? Error(response, tag, error) : writer.Finish();
    }

    /// <summary>Lets go of every file, as when the guest resets its device.</summary>
    public void Reset()
    {
        foreach (HostFile file in _files.Values)
        {
            file.Dispose();
        }

        _files.Clear();
        _messageSize = LargestMessage;
    }

    /// <inheritdoc/>
    public void Dispose() => Reset();

    private static int Error(Span<byte> response, ushort tag, int errno)
    {
        NinePWriter writer = new(response, NinePMessage.ErrorReply, tag);
        writer.U32((uint)errno);
        return writer.Finish();
    }

    /// <summary>Serves one request: 0, or the errno that the guest gets.</summary>
    private int Dispatch(byte type, ref NinePReader reader, ref NinePWriter writer) => type switch
    {
        NinePMessage.Version => Version(ref reader, ref writer),
        NinePMessage.Attach => Attach(ref reader, ref writer),
        NinePMessage.Walk => Walk(ref reader, ref writer),
        NinePMessage.Open => Open(ref reader, ref writer),
        NinePMessage.Create => Create(ref reader, ref writer),
        NinePMessage.Read => Read(ref reader, ref writer),
        NinePMessage.Write => Write(ref reader, ref writer),
        NinePMessage.ReadDirectory => ReadDirectory(ref reader, ref writer),
        NinePMessage.GetAttributes => GetAttributes(ref reader, ref writer),
        NinePMessage.SetAttributes => SetAttributes(ref reader),
        NinePMessage.StatFs => StatFs(ref reader, ref writer),
        NinePMessage.Clunk => Clunk(ref reader),
        NinePMessage.Remove => Remove(ref reader),
        NinePMessage.UnlinkAt => UnlinkAt(ref reader),
        NinePMessage.Rename => Rename(ref reader),
        NinePMessage.RenameAt => RenameAt(ref reader),
        NinePMessage.MakeDirectory => MakeDirectory(ref reader, ref writer),
        NinePMessage.MakeNode => MakeNode(ref reader, ref writer),
        NinePMessage.Symlink => Symlink(ref reader, ref writer),
        NinePMessage.Link => Link(ref reader),
        NinePMessage.ReadLink => ReadLink(ref reader, ref writer),
        NinePMessage.Sync => Sync(ref reader),
        NinePMessage.Lock => Lock(ref reader, ref writer),
        NinePMessage.GetLock => GetLock(ref reader, ref writer),

        // Each request is answered before the next is looked at: there is nothing left to flush.
        NinePMessage.Flush => 0,
        _ => Errno.EOPNOTSUPP,
    };

    private static uint Device(in Libc.Statx stat) => (stat.DevMajor << 20) ^ stat.DevMinor;

    private Qid QidOf(in Libc.Statx stat)
    {
        byte type = (stat.Mode & Libc.ModeTypeMask) switch { Libc.ModeDirectory => Qid.Directory, Libc.ModeSymlink => Qid.Symlink, _ => 0 };
        uint version = (uint)stat.Modify.Seconds ^ stat.Modify.Nanoseconds;

        // Another file system mounted below the shared directory may use the same inode numbers.
        ulong path = stat.Inode ^ ((ulong)(Device(stat) ^ _rootDevice) << 32);
        return new Qid(type, version, path);
    }

    private int QidOf(HostFile file, out Qid qid)
    {
        int error = file.Stat(out Libc.Statx stat);
        qid = error < 0 ? default : QidOf(stat);
        return -Math.Min(error, 0);
    }

    /// <summary>A name of one directory entry: not empty, not a dot or two, no slash, no zero byte.</summary>
    private static int CheckName(ReadOnlySpan<byte> name)
    {
        if (name.Length > LargestName)
        {
            return Errno.ENAMETOOLONG;
        }

        return name.IsEmpty || name.SequenceEqual("."u8) || name.SequenceEqual(".."u8) || name.ContainsAny((byte)'/', (byte)0) ? Errno.EINVAL : 0;
    }

    private int Version(ref NinePReader reader, ref NinePWriter writer)
    {
        uint size = reader.U32();
        ReadOnlySpan<byte> version = reader.Text();
        if (reader.Failed || size < SmallestMessage)
        {
            return Errno.EINVAL;
        }

        Reset();
        _messageSize = (int)Math.Min(size, LargestMessage);
        writer.U32((uint)_messageSize);
        writer.Text(version.SequenceEqual("9P2000.L"u8) ? version : "unknown"u8);
        return 0;
    }

    private int Attach(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        uint authentication = reader.U32();
        reader.Text();
        ReadOnlySpan<byte> tree = reader.Text();
        reader.U32();
        if (reader.Failed || authentication != NoFid || _files.ContainsKey(fid) || fid == NoFid)
        {
            return Errno.EINVAL;
        }

        if (!tree.IsEmpty && !tree.SequenceEqual("/"u8))
        {
            return Errno.ENOENT;
        }

        int error = -HostFile.OpenRoot(_directory, out HostFile? root);
        if (error != 0)
        {
            return error;
        }

        error = QidOf(root!, out Qid qid);
        if (error != 0)
        {
            root!.Dispose();
            return error;
        }

        _files.Add(fid, root!);
        writer.Qid(qid);
        return 0;
    }

    private int Walk(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        uint newFid = reader.U32();
        ushort count = reader.U16();
        if (reader.Failed || count > LargestWalk || newFid == NoFid)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? start) || (newFid != fid && _files.ContainsKey(newFid)) || start.IsOpen)
        {
            return Errno.EBADF;
        }

        int error = -start.Clone(out HostFile? at);
        Span<Qid> qids = stackalloc Qid[LargestWalk];
        int done = 0;
        while (error == 0 && done < count)
        {
            ReadOnlySpan<byte> name = reader.Text();
            HostFile? next = null;
            error = reader.Failed ? Errno.EINVAL : Step(at!, name, out next);
            if (error != 0)
            {
                break;
            }

            at!.Dispose();
            at = next;
            error = QidOf(at!, out qids[done]);
            done += error == 0 ? 1 : 0;
        }

        // A walk that gets part of the way answers with that part and makes no fid; one that fails at once is an error.
        if (error == 0)
        {
            if (newFid == fid)
            {
                start.Dispose();
            }

            _files[newFid] = at!;
        }
        else
        {
            at?.Dispose();
            if (done == 0 || reader.Failed)
            {
                return error;
            }
        }

        writer.U16((ushort)done);
        foreach (Qid qid in qids[..done])
        {
            writer.Qid(qid);
        }

        return 0;
    }

    private int Step(HostFile from, ReadOnlySpan<byte> name, out HostFile? next)
    {
        if (name.SequenceEqual(".."u8))
        {
            return Find(from.Names.AsSpan(0, Math.Max(from.Names.Length - 1, 0)), out next);
        }

        next = null;
        int error = CheckName(name);
        return error != 0 ? error : -from.Walk(name, out next);
    }

    /// <summary>Walks from the shared directory by names. The parent of a file is found so, not by <c>..</c>: a directory that the host moves away has another parent.</summary>
    private int Find(ReadOnlySpan<byte[]> names, out HostFile? file)
    {
        int error = -HostFile.OpenRoot(_directory, out file);
        foreach (byte[] name in names)
        {
            if (error != 0)
            {
                break;
            }

            HostFile parent = file!;
            error = -parent.Walk(name, out file);
            parent.Dispose();
        }

        return error;
    }

    private int Clunk(ref NinePReader reader)
    {
        uint fid = reader.U32();
        if (reader.Failed || !_files.Remove(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        file.Dispose();
        return 0;
    }
}
