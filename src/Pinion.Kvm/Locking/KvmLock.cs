using System.Runtime.CompilerServices;

namespace Pinion.Kvm.Locking;

/// <summary>A lock that knows its place in the order of <see cref="LockRank"/>, and has <see cref="LockOrder"/> watch over it.</summary>
internal sealed class KvmLock(LockRank rank)
{
    private readonly object _monitor = new();

    /// <summary>Takes the lock until the scope is disposed.</summary>
    public Scope Enter([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
    {
        if (LockOrder.Enabled)
        {
            LockOrder.Wants(rank, member, line);
        }

        Monitor.Enter(_monitor);
        if (LockOrder.Enabled)
        {
            LockOrder.Has(this, rank, member, line);
        }

        return new Scope(this);
    }

    /// <summary>Takes the lock if nobody holds it. A caller that got it must call <see cref="Exit"/>. What cannot wait cannot deadlock: the order does not matter here.</summary>
    public bool TryEnter([CallerMemberName] string member = "", [CallerLineNumber] int line = 0)
    {
        // The owner itself asking again is a refusal too: what is protected is in use.
        if (Monitor.IsEntered(_monitor) || !Monitor.TryEnter(_monitor))
        {
            return false;
        }

        if (LockOrder.Enabled)
        {
            LockOrder.Has(this, rank, member, line);
        }

        return true;
    }

    public void Exit()
    {
        if (LockOrder.Enabled)
        {
            LockOrder.Released(this, rank);
        }

        Monitor.Exit(_monitor);
    }

    /// <summary>Gives the lock back, sleeps until <see cref="PulseAll"/>, and takes it again.</summary>
    public void Wait([CallerMemberName] string member = "")
    {
        if (LockOrder.Enabled)
        {
            LockOrder.Sleeps(this, member);
        }

        Monitor.Wait(_monitor);
    }

    public void PulseAll() => Monitor.PulseAll(_monitor);

    public bool IsHeld => Monitor.IsEntered(_monitor);

    internal readonly ref struct Scope(KvmLock owner)
    {
        public void Dispose() => owner.Exit();
    }
}
