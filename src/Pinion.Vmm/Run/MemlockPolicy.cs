using System.Globalization;
using System.Runtime.InteropServices;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Run;

/// <summary>What to do when the limit of locked memory keeps a guest's profiling buffer from being pinned (KVM_EXIT_RLIMIT).</summary>
public enum MemlockAction
{
    /// <summary>Raise the limit as far as the process may.</summary>
    Raise,

    /// <summary>Leave the limit alone: the guest's profiling session ends with an error, and the guest goes on.</summary>
    Keep,
}

/// <summary>What to do about KVM_EXIT_RLIMIT.</summary>
/// <param name="Decline">Have the guest do without: KVM ends its profiling session.</param>
/// <param name="Problem">Why the machine has to stop; null: run on.</param>
internal readonly record struct LimitAnswer(bool Decline = false, Problem? Problem = null);

/// <summary>The process's limit of locked memory. All numbers are bytes.</summary>
internal interface IMemlockLimit
{
    /// <summary>RLIMIT_MEMLOCK; <see cref="ulong.MaxValue"/> is no limit.</summary>
    (ulong Soft, ulong Hard) Get();

    /// <summary>Sets the limit: 0 or an errno.</summary>
    int Set(ulong soft, ulong hard);

    /// <summary>Memory locked now (VmLck).</summary>
    ulong Locked { get; }
}

/// <summary>This process's own limit.</summary>
internal sealed unsafe class ProcessMemlockLimit : IMemlockLimit
{
    /// <inheritdoc/>
    public ulong Locked
    {
        get
        {
            foreach (string line in File.ReadLines("/proc/self/status"))
            {
                if (line.StartsWith("VmLck:", StringComparison.Ordinal))
                {
                    string number = line["VmLck:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
                    return ulong.Parse(number, CultureInfo.InvariantCulture) << 10;
                }
            }

            return 0;
        }
    }

    /// <inheritdoc/>
    public (ulong Soft, ulong Hard) Get()
    {
        Libc.Rlimit limit;
        return Libc.GetRlimit(Libc.RlimitMemlock, &limit) == 0 ? (limit.Soft, limit.Hard) : (0, 0);
    }

    /// <inheritdoc/>
    public int Set(ulong soft, ulong hard)
    {
        Libc.Rlimit limit = new() { Soft = soft, Hard = hard };
        return Libc.SetRlimit(Libc.RlimitMemlock, &limit) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }
}

/// <summary>
/// Answers KVM_EXIT_RLIMIT. The excess that KVM reports is counted from what it has charged, not from the limit, and may be only the next page: so the need is
/// taken from the limit or from VmLck, whichever is more, with headroom for the rest of the buffers; and the answers are bounded, because a guest repeats its
/// access until it works. Where the limit stays as it is, by choice or because the process may not raise it, a guest that runs goes on without its buffer.
/// </summary>
internal sealed class MemlockPolicy(MemlockAction action, ulong headroom, IMemlockLimit limit)
{
    /// <summary>Raises that helped nothing, in a row, before the machine gives up.</summary>
    private const int MostAttempts = 64;

    private readonly Lock _lock = new();
    private int _attempts;

    /// <summary>What was done, one line an event; for the user.</summary>
    public Action<string> Report { get; init; } = _ => { };

    /// <summary>Exits that were answered by raising the limit.</summary>
    public int Raises { get; private set; }

    /// <summary>Exits that were answered by declining.</summary>
    public int Declined { get; private set; }

    /// <summary>The limit now, in bytes.</summary>
    public ulong Limit => limit.Get().Soft;

    /// <summary>
    /// Makes room for <paramref name="excess"/> more bytes that <paramref name="what"/> needs: null to run on, or why it cannot be, and that giving <paramref name="less"/> would help.
    /// </summary>
    public Problem? OnExcess(ulong excess, string what = "the guest's profiling buffer", string less = "a smaller buffer with --spe-max-buffer")
    {
        lock (_lock)
        {
            (ulong soft, ulong hard) = limit.Get();
            ulong locked = limit.Locked;
            string missing = $"{what} needs {Kib(excess)} more of locked memory, {Kib(locked)} are locked, the limit is {Kib(soft)}";
            if (action == MemlockAction.Keep)
            {
                return new Problem(ProblemKind.Host, missing, "run with --memlock raise, or raise the limit first (ulimit -l, in KiB)");
            }

            if (++_attempts > MostAttempts)
            {
                return new Problem(ProblemKind.Host, $"{missing}; raising it {MostAttempts} times did not help", $"give {less}");
            }

            ulong need = Saturating(Saturating(Math.Max(soft == ulong.MaxValue ? 0 : soft, locked), excess), headroom);
            ulong enough = Math.Max(soft, need);
            if (need > hard)
            {
                // Beyond the hard limit only with CAP_SYS_RESOURCE; otherwise what there is, if the excess fits into it.
                if (limit.Set(enough, enough) == 0)
                {
                    return Raised(soft, enough, "and the hard limit with it");
                }

                enough = hard;
                if (hard <= soft || Saturating(locked, excess) > hard)
                {
                    return new Problem(ProblemKind.Host, $"{missing} and may not be raised beyond {Kib(hard)}", $"raise the hard limit (limits.conf, or LimitMEMLOCK= of the service), or give {less}");
                }
            }

            int error = limit.Set(enough, hard);
            return error == 0
                ? Raised(soft, enough, "")
                : new Problem(ProblemKind.Host, $"{missing}; raising it failed: {Libc.ErrorText(error)}", "raise the limit first (ulimit -l, in KiB)");
        }
    }

    /// <summary>
    /// Answers an exit of a guest that runs and lacks <paramref name="excess"/> bytes. KVM takes a refusal where <paramref name="mayDecline"/>; where it does not, nothing but stopping the machine
    /// keeps the guest from asking for ever.
    /// </summary>
    public LimitAnswer OnExit(ulong excess, bool mayDecline)
    {
        if (OnExcess(excess) is not Problem problem)
        {
            return default;
        }

        if (!mayDecline)
        {
            return new LimitAnswer(Problem: problem);
        }

        lock (_lock)
        {
            // A guest that profiles again is refused again: one line for all, and the count at the end.
            if (Declined++ == 0)
            {
                Report($"{problem.Message}: the guest's profiling session ends ({problem.Advice})");
            }
        }

        return new LimitAnswer(Decline: true);
    }

    /// <summary>The guest got on after a raise: the count of attempts in a row starts again.</summary>
    public void OnProgress()
    {
        if (Volatile.Read(ref _attempts) != 0)
        {
            Volatile.Write(ref _attempts, 0);
        }
    }

    private static string Kib(ulong bytes) => bytes == ulong.MaxValue ? "unlimited" : string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10} KiB");

    private static ulong Saturating(ulong a, ulong b) => b > ulong.MaxValue - a ? ulong.MaxValue : a + b;

    private Problem? Raised(ulong from, ulong to, string more)
    {
        Raises++;
        Report($"raised the limit of locked memory from {Kib(from)} to {Kib(to)}{(more.Length > 0 ? " " + more : "")}");
        return null;
    }
}
