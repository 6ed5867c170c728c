using Pinion.Kvm.Uapi;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.NineP;

/// <content>Requests on what a file is, not what is in it.</content>
internal sealed partial class NinePServer
{
    private const ulong AttributesBasic = 0x7ff;

    private const uint SetMode = 1 << 0;
    private const uint SetUid = 1 << 1;
    private const uint SetGid = 1 << 2;
    private const uint SetSize = 1 << 3;
    private const uint SetAccessTime = 1 << 4;
    private const uint SetModifyTime = 1 << 5;
    private const uint SetAccessTimeTo = 1 << 7;
    private const uint SetModifyTimeTo = 1 << 8;

    private int GetAttributes(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        ulong mask = reader.U64();
        if (reader.Failed || !_files.TryGetValue(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        int error = -file.Stat(out Libc.Statx stat);
        if (error != 0)
        {
            return error;
        }

        writer.U64(mask & AttributesBasic);
        writer.Qid(QidOf(stat));
        writer.U32(stat.Mode);
        writer.U32(stat.Uid);
        writer.U32(stat.Gid);
        writer.U64(stat.Links);

        // Linux's new_encode_dev.
        writer.U64((stat.RdevMinor & 0xff) | (stat.RdevMajor << 8) | ((stat.RdevMinor & ~0xffu) << 12));
        writer.U64(stat.Size);
        writer.U64(stat.BlockSize);
        writer.U64(stat.Blocks);
        Time(ref writer, stat.Access);
        Time(ref writer, stat.Modify);
        Time(ref writer, stat.Change);
        Time(ref writer, stat.Birth);
        writer.U64(0);
        writer.U64(0);
        return 0;

        static void Time(ref NinePWriter writer, Libc.StatxTime time)
        {
            writer.U64((ulong)time.Seconds);
            writer.U64(time.Nanoseconds);
        }
    }

    private int SetAttributes(ref NinePReader reader)
    {
        uint fid = reader.U32();
        uint valid = reader.U32();
        uint mode = reader.U32();
        uint uid = reader.U32();
        uint gid = reader.U32();
        ulong size = reader.U64();
        Libc.TimeSpec access = Time(ref reader, valid, SetAccessTime, SetAccessTimeTo);
        Libc.TimeSpec modify = Time(ref reader, valid, SetModifyTime, SetModifyTimeTo);
        if (reader.Failed)
        {
            return Errno.EINVAL;
        }

        if (!_files.TryGetValue(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        int error = (valid & SetMode) != 0 ? -file.SetMode(mode & PermissionMask) : 0;
        if (error == 0 && (valid & (SetUid | SetGid)) != 0)
        {
            error = -file.SetOwner((valid & SetUid) != 0 ? uid : uint.MaxValue, (valid & SetGid) != 0 ? gid : uint.MaxValue);

            // The guest's root may give files away, the host's user may not; tar and cp -a in the guest work nevertheless.
            error = error == Errno.EPERM ? 0 : error;
        }

        if (error == 0 && (valid & SetSize) != 0)
        {
            error = -file.SetSize(size);
        }

        if (error == 0 && (valid & (SetAccessTime | SetModifyTime)) != 0)
        {
            error = -file.SetTimes(access, modify);
        }

        return error;

        static Libc.TimeSpec Time(ref NinePReader reader, uint valid, uint set, uint setTo)
        {
            ulong seconds = reader.U64();
            ulong nanoseconds = reader.U64();
            return (valid & set) == 0 ? new Libc.TimeSpec { Nanoseconds = Libc.UtimeOmit }
                : (valid & setTo) == 0 ? new Libc.TimeSpec { Nanoseconds = Libc.UtimeNow }
                : new Libc.TimeSpec { Seconds = (long)seconds, Nanoseconds = (long)Math.Min(nanoseconds, 999_999_999) };
        }
    }

    private int StatFs(ref NinePReader reader, ref NinePWriter writer)
    {
        uint fid = reader.U32();
        if (reader.Failed || !_files.TryGetValue(fid, out HostFile? file))
        {
            return Errno.EBADF;
        }

        int error = -file.StatFs(out Libc.StatFs stat);
        if (error != 0)
        {
            return error;
        }

        writer.U32((uint)stat.Type);
        writer.U32((uint)stat.BlockSize);
        writer.U64(stat.Blocks);
        writer.U64(stat.BlocksFree);
        writer.U64(stat.BlocksAvailable);
        writer.U64(stat.Files);
        writer.U64(stat.FilesFree);
        writer.U64(stat.FileSystemId);
        writer.U32((uint)stat.NameLength);
        return 0;
    }
}
