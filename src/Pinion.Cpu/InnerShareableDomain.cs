namespace Pinion.Cpu;

/// <summary>What a maintenance request drops.</summary>
internal enum MaintenanceKind
{
    TlbAll,

    /// <summary>Entries of an address, from any level.</summary>
    TlbAddress,

    /// <summary>Last-level entries of an address: those of the tables above it stay.</summary>
    TlbLastLevel,
    TlbAsid,
    CodeLine,
    CodeAll,
    Stage2,
}

/// <summary>A TLB or instruction cache operation for another PE.</summary>
internal readonly record struct MaintenanceRequest(MaintenanceKind Kind, ulong Argument);

/// <summary>
/// The PEs that share memory, and what they tell each other: broadcast TLB and instruction cache maintenance. A request is queued at every other PE; the sender's DSB
/// waits until each has taken it. A PE that is not executing guest code takes it before it does so again, so nobody waits for a sleeper.
/// </summary>
public sealed class InnerShareableDomain
{
    private ProcessingElement[] _members = [];

    internal ProcessingElement[] Members => Volatile.Read(ref _members);

    internal void Add(ProcessingElement pe)
    {
        lock (this)
        {
            _members = [.. _members, pe];
            bool smp = _members.Length > 1;
            foreach (ProcessingElement member in _members)
            {
                member.SetSharing(smp);
            }
        }
    }

    internal void Remove(ProcessingElement pe)
    {
        lock (this)
        {
            _members = [.. _members.Where(m => m != pe)];
        }
    }

    internal void Broadcast(ProcessingElement sender, MaintenanceRequest request)
    {
        foreach (ProcessingElement member in Members)
        {
            if (member != sender)
            {
                member.Post(request);
            }
        }
    }

    /// <summary>Waits until every other PE has taken what was posted to it before this call. <paramref name="sender"/> serves its own queue meanwhile.</summary>
    internal void WaitForAll(ProcessingElement sender)
    {
        foreach (ProcessingElement member in Members)
        {
            if (member != sender)
            {
                Wait(member, sender);
            }
        }
    }

    internal void InvalidateAndWait(ProcessingElement pe)
    {
        pe.Post(new MaintenanceRequest(MaintenanceKind.Stage2, 0));
        Wait(pe, null);
    }

    private static void Wait(ProcessingElement member, ProcessingElement? self)
    {
        long ticket = member.PostedTicket;
        SpinWait spin = default;
        while (!member.HasTaken(ticket))
        {
            self?.ServeRequests();
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }
}
