using Pinion.Arm.Spe;
using Pinion.Kvm.Spe;

namespace Pinion.Kvm.Tests.Spe.Stress;

/// <summary>What has to come of an attempt to enable a buffer.</summary>
internal enum Verdict
{
    Commit,
    Refuse,
    Event,

    /// <summary>Below a limit that was lowered under what is charged already, either is right.</summary>
    CommitOrRefuse,
}

/// <summary>A verdict, with the pages and the numbers behind it.</summary>
internal readonly record struct Expectation(Verdict Verdict, Dictionary<ulong, bool> Pages, ulong Class = 0, ulong Mss = 0, ulong LeastExcess = 0, ulong MostExcess = 0, bool DataLost = false);

/// <summary>A vCPU's buffer as the model sees it.</summary>
internal sealed class ModelVcpu
{
    public ulong Limit, Pointer, Status;

    /// <summary>The register write that the guest is at, while a limit holds it up.</summary>
    public (Arm.SystemRegisters.SysRegId Id, ulong Value)? Pending;

    /// <summary>Writes that the guest does next.</summary>
    public Queue<(Arm.SystemRegisters.SysRegId Id, ulong Value)> Plan = [];

    /// <summary>The memory under the buffer went, and the guest does not know yet.</summary>
    public bool Lost;

    /// <summary>The VMM has declined to raise the limit: the next refusal ends the guest's session.</summary>
    public bool Declined;

    /// <summary>An enabled buffer was restored, or made room for another, and is not pinned yet.</summary>
    public bool NeedsPin;

    /// <summary>What became of the buffer is told, before anything else happens.</summary>
    public void TakeLoss()
    {
        if (Lost && (Status & Pmbsr.SMask) != 0)
        {
            Status |= Pmbsr.DlMask;
        }
        else if (Lost && (Limit & 1) != 0)
        {
            Event(0x25, 7, dataLost: true);
        }

        Lost = false;
    }

    /// <summary>Pages that the buffer keeps; true where the profiling unit writes them.</summary>
    public Dictionary<ulong, bool> Owned = [];

    public bool Enabled => (Limit & 1) != 0 && (Status & Pmbsr.SMask) == 0;

    public void Event(ulong eventClass, ulong mss, bool dataLost)
    {
        if ((Status & Pmbsr.SMask) == 0)
        {
            Status = (Status & (Pmbsr.CollMask | Pmbsr.EaMask | Pmbsr.DlMask)) | Pmbsr.SMask | (eventClass << 26) | mss | (dataLost ? Pmbsr.DlMask : 0);
        }
    }
}

/// <summary>
/// The oracle: which pages each buffer keeps, by sets, and what may be charged for them. It knows the guest's tables because it wrote them, and shares nothing with the code under test.
/// </summary>
internal sealed class PinModel(ulong maxBufferSize, SpeSeries series = SpeSeries.V6)
{
    private const ulong Page = StressMachine.Page;

    public ModelVcpu[] Vcpus { get; } = [.. Enumerable.Range(0, StressMachine.VcpuCount).Select(_ => new ModelVcpu())];

    public Dictionary<int, Leaf[]> Leaves { get; } = [];

    public ulong? SlotHome { get; set; }

    public bool SlotReadOnly { get; set; }

    /// <summary>Bytes charged.</summary>
    public ulong Watermark { get; set; } = maxBufferSize * (series == SpeSeries.V6Rfc ? 1UL : StressMachine.VcpuCount);

    public bool InSlot(ulong gpa) => SlotHome is { } home && gpa - home < StressMachine.SlotPages * Page;

    /// <summary>Distinct pages that enabled buffers need, with vCPU <paramref name="but"/>'s left out.</summary>
    public HashSet<ulong> Needed(int but = -1)
    {
        HashSet<ulong> pages = [];
        for (int i = 0; i < Vcpus.Length; i++)
        {
            if (i != but)
            {
                pages.UnionWith(Vcpus[i].Owned.Keys);
            }
        }

        return pages;
    }

    /// <summary>
    /// What has to come of vCPU <paramref name="index"/> enabling a buffer while the host fails with <paramref name="failures"/>; where <paramref name="unsteady"/>, the limit moved meanwhile.
    /// </summary>
    public Expectation Enable(int index, int space, ulong pointer, ulong limitRegister, List<int> failures, ulong limit, ulong others, bool unsteady = false)
    {
        Dictionary<ulong, bool> wanted = [];
        if (((limitRegister >> 1) & 3) == 2)
        {
            return new Expectation(Verdict.Commit, wanted);
        }

        ulong end = limitRegister & ~(Page - 1);
        ulong size = end > pointer ? end - pointer : 0;
        ulong most = maxBufferSize != 0 ? maxBufferSize : StressMachine.RamBytes + (SlotHome is null ? 0 : StressMachine.SlotPages * Page);
        if (size > most)
        {
            return new Expectation(Verdict.Event, wanted, 0, 4);
        }

        for (ulong va = pointer & ~(Page - 1); va < end; va += Page)
        {
            // The first entries of the first table are blocks of 1 GiB: no other table is read.
            bool block = va < StressMachine.Va;
            Leaf leaf = block ? new Leaf(LeafKind.Page, va) : LeafAt(space, va);
            foreach (ulong table in StressMachine.TablesOf(space).Take(block ? 1 : 3))
            {
                wanted.TryAdd(table, false);
            }

            if (FaultOf(leaf) is var (eventClass, mss) && eventClass != 0)
            {
                return new Expectation(Verdict.Event, [], eventClass, mss);
            }

            wanted[leaf.Gpa] = true;
        }

        if (failures.Contains(Uapi.Errno.EFAULT))
        {
            return new Expectation(Verdict.Event, [], 0x25, 7);
        }

        HashSet<ulong> after = Needed(index);
        after.UnionWith(wanted.Keys);
        HashSet<ulong> both = [.. after, .. Vcpus[index].Owned.Keys];
        ulong least = Short(after), mostShort = Short(both);
        bool nothingNew = wanted.Keys.All(Needed().Contains);
        Verdict verdict = failures.Contains(Uapi.Errno.ENOMEM) ? Verdict.Refuse
            : nothingNew ? Verdict.Commit
            : unsteady || limit < others + Watermark ? Verdict.CommitOrRefuse
            : mostShort <= limit - others - Watermark ? Verdict.Commit
            : least > limit - others - Watermark ? Verdict.Refuse : Verdict.CommitOrRefuse;
        return new Expectation(verdict, wanted, LeastExcess: least, MostExcess: mostShort);
    }

    /// <summary>Memory between two guest physical addresses goes: whose buffer lay there has lost it, and those in <paramref name="more"/>, whose enabled buffer is part of a larger one that was kept.</summary>
    public void Gone(ulong begin, ulong end, bool[] more)
    {
        for (int i = 0; i < Vcpus.Length; i++)
        {
            ModelVcpu vcpu = Vcpus[i];
            if (more[i] || vcpu.Owned.Keys.Any(gpa => gpa >= begin && gpa < end))
            {
                vcpu.Owned = [];
                vcpu.Lost = true;
            }
        }
    }

    private (ulong Class, ulong Mss) FaultOf(Leaf leaf) => leaf.Kind switch
    {
        LeafKind.Invalid => (0x24, 7),
        LeafKind.NotAccessed => (0x24, 0xB),
        LeafKind.ReadOnly => (0x24, 0xF),
        _ when InSlot(leaf.Gpa) => SlotReadOnly ? (0x25UL, 0xFUL) : (0UL, 0UL),
        _ => leaf.Gpa - StressMachine.RamBase < StressMachine.RamBytes ? (0UL, 0UL) : (0x25UL, 7UL),
    };

    private ulong Short(HashSet<ulong> pages) => (ulong)pages.Count * Page > Watermark ? ((ulong)pages.Count * Page) - Watermark : 0;

    private Leaf LeafAt(int space, ulong va)
    {
        int table = StressMachine.LeafTableOf(space);
        if (table < 0)
        {
            return new Leaf(LeafKind.Page, va);
        }

        ulong index = (va - StressMachine.Va) / Page;
        return va >= StressMachine.Va && index < StressMachine.Leaves ? Leaves[table][index] : new Leaf(LeafKind.Invalid, 0);
    }
}
