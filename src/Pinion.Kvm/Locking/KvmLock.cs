using System.Diagnostics;

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

    /// <summary>Pinned pages and locked-memory accounting. The interrupt controller's own lock comes after this one.</summary>
    Pins,

    /// <summary>The turn scheduler of deterministic time. Nothing is taken inside.</summary>
    Scheduler,
}

/// <summary>
/// A lock that knows its place. Debug builds check the order on every acquisition, as lockdep does in the kernel.
/// </summary>
internal sealed class KvmLock(LockRank rank)
{
    [ThreadStatic]
    private static Stack<LockRank>? s_held;

    private readonly object _monitor = new();

    /// <summary>Takes the lock until the scope is disposed.</summary>
    public Scope Enter()
    {
        CheckOrder();
        Monitor.Enter(_monitor);
        Push();
        return new Scope(this);
    }

    /// <summary>Takes the lock if nobody holds it. A caller that got it must call <see cref="Exit"/>.</summary>
    public bool TryEnter()
    {
        // The owner itself asking again is a refusal too: what is protected is in use.
        if (Monitor.IsEntered(_monitor) || !Monitor.TryEnter(_monitor))
        {
            return false;
        }

        Push();
        return true;
    }

    public void Exit()
    {
        Pop();
        Monitor.Exit(_monitor);
    }

    public void Wait() => Monitor.Wait(_monitor);

    public void PulseAll() => Monitor.PulseAll(_monitor);

    public bool IsHeld => Monitor.IsEntered(_monitor);

    [Conditional("DEBUG")]
    private void CheckOrder()
    {
        if (s_held is { Count: > 0 } held && held.Peek() >= rank)
        {
            throw new InvalidOperationException($"lock order: {rank} wanted while {held.Peek()} is held");
        }
    }

    [Conditional("DEBUG")]
    private void Push() => (s_held ??= new Stack<LockRank>()).Push(rank);

    [Conditional("DEBUG")]
    private static void Pop() => s_held!.Pop();

    internal readonly ref struct Scope(KvmLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}
