using System.Runtime.InteropServices;

namespace Pinion.Kvm.Memory;

/// <summary>
/// Brings in memory before a guest touches it. A guest that allocates goes through its memory in order, mostly, and the first touch of each page is a fault of the host's, which clears it: a thread of its own does that for
/// the next stretch while the vCPU is in this one, once it has been in two in a row. Only for memory of which the VMM says so (<see cref="KvmOptions.TouchesAhead"/>): what it touches becomes resident.
/// </summary>
internal sealed partial class MemoryAhead : IDisposable
{
    /// <summary>Pages of a stretch: 256 KiB.</summary>
    private const ulong Stretch = 64;

    /// <summary>MADV_POPULATE_WRITE, since Linux 5.14.</summary>
    private const int PopulateWrite = 23;

    private readonly AutoResetEvent _wake = new(false);
    private readonly Lock _gate = new();
    private Thread? _thread;
    private ulong _last = ulong.MaxValue;
    private nint _next;
    private volatile bool _ended;

    /// <summary>A vCPU touches <paramref name="page"/> of <paramref name="slot"/> for the first time. Any thread.</summary>
    public void Touched(MemorySlot slot, ulong page)
    {
        ulong stretch = page / Stretch;
        ulong last = Volatile.Read(ref _last);
        if (stretch == last)
        {
            return;
        }

        // Two stretches in a row are a direction; anything else is a guest that boots.
        Volatile.Write(ref _last, stretch);
        if (stretch != last + 1 && stretch != last - 1)
        {
            return;
        }

        ulong next = stretch + stretch - last;
        ulong first = next * Stretch;
        if (first >= slot.Pages || first + Stretch > slot.Pages || slot.IsMapped(first) || slot.IsMapped(first + (Stretch / 2)))
        {
            return;
        }

        // What is still waiting is no longer ahead.
        Interlocked.Exchange(ref _next, slot.Hva + (nint)(first * MemorySlot.PageSize));
        EnsureThread();
        _wake.Set();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
    }

    private void EnsureThread()
    {
        if (_thread is not null)
        {
            return;
        }

        lock (_gate)
        {
            if (_thread is null && !_ended)
            {
                _thread = new Thread(Work) { IsBackground = true, Name = "memory" };
                _thread.Start();
            }
        }
    }

    private void Work()
    {
        while (!_ended)
        {
            _wake.WaitOne();
            nint next = Interlocked.Exchange(ref _next, 0);

            // A host that cannot do it has lost nothing.
            if (next != 0 && Advise(next, (nuint)(Stretch * MemorySlot.PageSize), PopulateWrite) != 0)
            {
                return;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
