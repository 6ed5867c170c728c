using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <content>Maintenance requests from other threads.</content>
public sealed unsafe partial class ProcessingElement
{
    /// <summary>More requests than this are replaced by requests for all.</summary>
    internal const int MostRequests = 256;

    private readonly Lock _requestLock = new();
    private readonly Queue<MaintenanceRequest> _requests = new();
    private long _posted;
    private long _taken;
    private int _inGuest;

    internal long PostedTicket => Volatile.Read(ref _posted);

    /// <summary>True once the requests up to <paramref name="ticket"/> can have no effect any more: taken, or the PE takes them before its next instruction.</summary>
    internal bool HasTaken(long ticket) => Volatile.Read(ref _taken) >= ticket || Volatile.Read(ref _inGuest) == 0;

    internal void Post(MaintenanceRequest request)
    {
        lock (_requestLock)
        {
            if (_requests.Count >= MostRequests)
            {
                Condense(request);
            }
            else
            {
                _requests.Enqueue(request);
            }

            _posted++;
        }

        // The flag must be visible before the sender looks whether this PE runs; see EnterGuest.
        Volatile.Write(ref State->Attention, 1);
        Interlocked.MemoryBarrier();
    }

    /// <summary>
    /// Puts requests for all in the place of many. A PE that is not executing takes none, for as long as its owner leaves it so: a CPU that is never switched on would
    /// collect those of the others for ever.
    /// </summary>
    private void Condense(MaintenanceRequest last)
    {
        bool code = last.Kind is MaintenanceKind.CodeLine or MaintenanceKind.CodeAll;
        foreach (MaintenanceRequest request in _requests)
        {
            code |= request.Kind is MaintenanceKind.CodeLine or MaintenanceKind.CodeAll;
        }

        _requests.Clear();
        _requests.Enqueue(new MaintenanceRequest(MaintenanceKind.Stage2, 0));
        if (code)
        {
            _requests.Enqueue(new MaintenanceRequest(MaintenanceKind.CodeAll, 0));
        }
    }

    /// <summary>Requests that wait to be taken.</summary>
    internal int QueuedRequests
    {
        get
        {
            lock (_requestLock)
            {
                return _requests.Count;
            }
        }
    }

    /// <summary>Takes queued requests. Own thread, at an instruction boundary.</summary>
    internal void ServeRequests()
    {
        if (Volatile.Read(ref _posted) == _taken)
        {
            return;
        }

        lock (_requestLock)
        {
            while (_requests.TryDequeue(out MaintenanceRequest request))
            {
                Perform(request);
            }

            Volatile.Write(ref _taken, _posted);
        }
    }

    /// <summary>Carries out one maintenance operation on this PE.</summary>
    internal void Perform(MaintenanceRequest request)
    {
        // Records that are still to be written have their translations, and what is known of instructions that were executed.
        _recorder?.Settle();
        ITlbObserver? observer = Configuration.TlbObserver;
        switch (request.Kind)
        {
            case MaintenanceKind.TlbAll:
                Mmu.FlushAll();
                observer?.AllInvalidated();
                break;
            case MaintenanceKind.TlbAddress or MaintenanceKind.TlbLastLevel:
                Mmu.FlushAddress(request.Argument);
                observer?.AddressInvalidated(request.Argument, request.Kind == MaintenanceKind.TlbLastLevel);
                break;
            case MaintenanceKind.TlbAsid:
                Mmu.FlushNotGlobal();
                observer?.AsidInvalidated();
                break;
            case MaintenanceKind.CodeLine:
                Code.InvalidateLine(request.Argument);
                break;
            case MaintenanceKind.CodeAll:
                Code.InvalidateAll();
                break;
            case MaintenanceKind.Stage2:
                Mmu.FlushStage2();

                // It may stand for many others: see Condense.
                observer?.AllInvalidated();
                break;
        }
    }

    /// <summary>True when a cache maintenance instruction may touch <paramref name="va"/>; otherwise an exception was taken or EL2 has to act.</summary>
    internal bool CacheMaintenanceAllowed(Rec* r, ulong va, bool write = false) => Mmu.CheckCacheMaintenance(r, va, write);

    private void EnterGuest()
    {
        Volatile.Write(ref _inGuest, 1);

        // Store before load: whoever posted and did not see us in the guest is seen by us.
        Interlocked.MemoryBarrier();
        ServeRequests();
    }

    private void LeaveGuest()
    {
        _recorder?.Settle();
        Volatile.Write(ref _inGuest, 0);
        _recorder?.ThrowFailure();
    }

    internal void SetSharing(bool smp) => State->Smp = smp ? (byte)1 : (byte)0;
}
