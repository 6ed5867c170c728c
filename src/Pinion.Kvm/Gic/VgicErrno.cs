namespace Pinion.Kvm.Gic;

/// <summary>Linux errno values that the vGIC device answers, negated by the caller's convention.</summary>
internal static class VgicErrno
{
    public const int ENOENT = 2;
    public const int ENXIO = 6;
    public const int E2BIG = 7;
    public const int EAGAIN = 11;
    public const int EFAULT = 14;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int ENODEV = 19;
    public const int EINVAL = 22;
}
