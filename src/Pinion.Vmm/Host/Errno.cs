namespace Pinion.Vmm.Host;

/// <summary>Linux error numbers, the same on every architecture that matters here; 9P2000.L sends them as they are.</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ENXIO = 6;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int EMFILE = 24;
    public const int ENAMETOOLONG = 36;
    public const int ELOOP = 40;
    public const int EPROTO = 71;
    public const int EOPNOTSUPP = 95;
}
