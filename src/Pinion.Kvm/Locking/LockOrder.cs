using System.Runtime.CompilerServices;
using System.Text;

namespace Pinion.Kvm.Locking;

/// <summary>
/// The order in which locks may be taken: a thread that holds one may only take one that stands lower in this list. Two vCPU mutexes together are
/// only ever taken by trying.
/// </summary>
internal enum LockRank
{
    /// <summary>kvm->lock: creation of vCPUs and devices.</summary>
    Vm,

    /// <summary>vcpu->mutex: one ioctl at a time on a vCPU; held for the whole of KVM_RUN.</summary>
    Vcpu,

    /// <summary>kvm->arch.config_lock: features, SPE configuration, PSCI's power state.</summary>
    Config,

    /// <summary>kvm->slots_lock: memslot changes, dirty log.</summary>
    Slots,

    /// <summary>Pinned pages and locked-memory accounting.</summary>
    Pins,

    /// <summary>No lock: a PE executes the guest. Whoever waits until a PE has left it, waits for what a PE takes there.</summary>
    Guest,

    /// <summary>All state of an interrupt controller.</summary>
    Gic,

    /// <summary>The turn scheduler of deterministic time.</summary>
    Scheduler,

    /// <summary>The table of open files. Nothing is taken inside.</summary>
    Files,
}

/// <summary>
/// What each thread holds, and whether it may take more: what lockdep is to the kernel. It looks at every acquisition, not only at those that happen to
/// collide, so one run of a path by one thread is enough to find that it could deadlock with another.
/// </summary>
/// <remarks>On in Debug builds, and in others where the switch <see cref="Switch"/> is set when the process starts; off it costs nothing.</remarks>
internal static class LockOrder
{
    /// <summary>Name of the AppContext switch.</summary>
    public const string Switch = "Pinion.Kvm.CheckLockOrder";

    /// <summary>The check is on. Constant to compiled code.</summary>
    public static readonly bool Enabled =
#if DEBUG
        true;
#else
        AppContext.TryGetSwitch(Switch, out bool on) && on;
#endif

    /// <summary>What the thread holds, in the order of taking; trying and giving back in another order make it differ from the order of ranks.</summary>
    [ThreadStatic]
    private static List<Held>? s_held;

    private readonly record struct Held(object? Lock, LockRank Rank, string Member, int Line)
    {
        public override string ToString() => $"{Rank} (since {Member}, line {Line})";
    }

    /// <summary>About to wait for a lock: nothing of its rank or below may be held.</summary>
    public static void Wants(LockRank rank, string member, int line)
    {
        foreach (Held held in s_held ?? [])
        {
            if (held.Rank >= rank)
            {
                throw Violation($"{rank} is wanted by {member}, line {line}, while {held} is held");
            }
        }
    }

    /// <summary>Has the lock; null where there is none behind the rank.</summary>
    public static void Has(object? taken, LockRank rank, string member, int line) => (s_held ??= []).Add(new Held(taken, rank, member, line));

    /// <summary>Gives the lock back; not always the last that it took.</summary>
    public static void Released(object? given, LockRank rank)
    {
        int at = s_held?.FindLastIndex(held => held.Lock == given && held.Rank == rank) ?? -1;
        if (at < 0)
        {
            throw Violation($"{rank} is given back and not held");
        }

        s_held!.RemoveAt(at);
    }

    /// <summary>About to sleep until another thread acts. That thread may need any lock, so only the vCPU's own mutex may be held, and <paramref name="own"/>, which the sleep gives back.</summary>
    public static void Sleeps(object? own, string member)
    {
        foreach (Held held in s_held ?? [])
        {
            if (held.Lock != own && held.Rank != LockRank.Vcpu)
            {
                throw Violation($"{member} sleeps while {held} is held");
            }
        }
    }

    /// <summary>About to wait until PEs have left the guest, or have taken what was asked of them.</summary>
    public static void WaitsForGuest([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
    {
        if (Enabled)
        {
            Wants(LockRank.Guest, member, line);
        }
    }

    /// <summary>The thread's PE executes the guest until <see cref="LeavesGuest"/>.</summary>
    public static void EntersGuest([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
    {
        if (Enabled)
        {
            Wants(LockRank.Guest, member, line);
            Has(null, LockRank.Guest, member, line);
        }
    }

    public static void LeavesGuest()
    {
        if (Enabled)
        {
            Released(null, LockRank.Guest);
        }
    }

    private static InvalidOperationException Violation(string what)
    {
        StringBuilder message = new($"lock order: {what}; the thread holds:");
        foreach (Held held in s_held ?? [])
        {
            message.Append(' ').Append(held).Append(';');
        }

        return new InvalidOperationException(message.ToString());
    }
}
