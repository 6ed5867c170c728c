using System.Globalization;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Run;

/// <summary>This process's locked memory and its limit, for who measures machines. All numbers are bytes.</summary>
public static class LockedMemoryLimit
{
    private const int CapIpcLock = 14;

    private static readonly ProcessMemlockLimit s_limit = new();

    /// <summary>Memory locked now (VmLck).</summary>
    public static ulong Locked => s_limit.Locked;

    /// <summary>RLIMIT_MEMLOCK's soft limit; <see cref="ulong.MaxValue"/> is none.</summary>
    public static ulong Soft => s_limit.Get().Soft;

    /// <summary>RLIMIT_MEMLOCK's hard limit; <see cref="ulong.MaxValue"/> is none.</summary>
    public static ulong Hard => s_limit.Get().Hard;

    /// <summary>The process has CAP_IPC_LOCK, so the limit refuses it nothing.</summary>
    public static bool IsIgnored
    {
        get
        {
            const string Name = "CapEff:";
            string? line = File.ReadLines("/proc/self/status").FirstOrDefault(candidate => candidate.StartsWith(Name, StringComparison.Ordinal));
            return line is not null
                && ulong.TryParse(line.AsSpan(Name.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong effective)
                && ((effective >> CapIpcLock) & 1) != 0;
        }
    }

    /// <summary>Sets the soft limit, and leaves the hard one: null, or why the host refuses.</summary>
    public static Problem? SetSoft(ulong soft)
    {
        int error = s_limit.Set(soft, Hard);
        return error == 0
            ? null
            : new Problem(ProblemKind.Host, $"cannot set the limit of locked memory to {soft} bytes: {Libc.ErrorText(error)}", $"it may be {Hard} at most");
    }
}
