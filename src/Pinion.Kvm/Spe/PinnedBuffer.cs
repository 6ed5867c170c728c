namespace Pinion.Kvm.Spe;

/// <summary>The pages that one buffer of one vCPU keeps pinned. Guarded by the pin lock.</summary>
internal sealed class PinnedBuffer(SpeVcpu owner)
{
    public SpeVcpu Owner { get; } = owner;

    /// <summary>Its pages, each once.</summary>
    public List<PageRun> Runs { get; } = [];

    /// <summary>What it was walked for.</summary>
    public BufferKey Key { get; set; }

    /// <summary>Some leaf is for one ASID only.</summary>
    public bool NotGlobal { get; set; }

    /// <summary>Low bits of addresses that one TLB entry may cover: maintenance of a neighbour is then about this buffer too.</summary>
    public ulong SharedEntry { get; set; }

    /// <summary>Generation of the memslots that it was walked in.</summary>
    public uint SlotsGeneration { get; set; }

    /// <summary>The owner's <see cref="TlbLog.Now"/> up to which the tables cannot have changed.</summary>
    public long VerifiedAt { get; set; }

    /// <summary>When it was last given up by the guest, in ms of the host's clock.</summary>
    public long LastUsed { get; set; }

    /// <summary>Bytes of <see cref="Runs"/>, as long as they stay the same.</summary>
    public ulong Bytes
    {
        get
        {
            if (_bytes == 0)
            {
                foreach (PageRun run in Runs)
                {
                    _bytes += run.Bytes;
                }
            }

            return _bytes;
        }
    }

    private ulong _bytes;

    public bool Overlaps(ulong gpa, ulong bytes)
    {
        foreach (PageRun run in Runs)
        {
            if (run.Overlaps(gpa, bytes))
            {
                return true;
            }
        }

        return false;
    }
}
