using System.Runtime.InteropServices;
using Pinion.Kvm.Locking;

namespace Pinion.Kvm;

/// <summary>
/// Where one vCPU thread sleeps: a futex, because it takes timeouts in nanoseconds and costs nothing while nobody sleeps.
/// </summary>
internal sealed unsafe partial class Sleeper : IDisposable
{
    // A futex word must not move: native memory.
    private readonly int* _word = (int*)NativeMemory.AlignedAlloc(64, 64);
    private int _sleeping;

    public Sleeper() => *_word = 0;

    /// <summary>
    /// Sleeps until <see cref="Wake"/> or for <paramref name="nanoseconds"/> (ulong.MaxValue: no end), unless <paramref name="isPending"/> is true already. May return early.
    /// Whoever makes the condition true must call Wake after it.
    /// </summary>
    public void Sleep(ulong nanoseconds, Func<bool> isPending)
    {
        if (LockOrder.Enabled)
        {
            LockOrder.Sleeps(null, nameof(Sleep));
        }

        int seen = Volatile.Read(ref *_word);
        Interlocked.Exchange(ref _sleeping, 1);
        if (!isPending())
        {
            TimeSpec timeout = new() { Seconds = (long)(nanoseconds / 1_000_000_000), Nanoseconds = (long)(nanoseconds % 1_000_000_000) };
            syscall(s_futexNumber, _word, WaitPrivate, seen, nanoseconds == ulong.MaxValue ? null : &timeout, null, 0);
        }

        Volatile.Write(ref _sleeping, 0);
    }

    /// <summary>Ends a sleep. Any thread; cheap when nobody sleeps.</summary>
    public void Wake()
    {
        Interlocked.Increment(ref *_word);
        if (Volatile.Read(ref _sleeping) != 0)
        {
            syscall(s_futexNumber, _word, WakePrivate, 1, null, null, 0);
        }
    }

    public void Dispose() => NativeMemory.AlignedFree(_word);

    private const int WaitPrivate = 0 | 128;
    private const int WakePrivate = 1 | 128;
    private static readonly nint s_futexNumber = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 202 : 98;

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    // syscall(2) is variadic in C; on x86-64 and AArch64 Linux integer arguments travel in the same registers either way.
    [LibraryImport("libc")]
    private static partial nint syscall(nint number, int* word, int operation, int value, TimeSpec* timeout, int* word2, int value3);
}
