namespace Pinion.Kvm.Spe;

/// <summary>The pages that one buffer of one vCPU keeps pinned. Guarded by the pin lock.</summary>
internal sealed class PinnedBuffer(SpeVcpu owner)
{
    public SpeVcpu Owner { get; } = owner;

    /// <summary>Its pages, each once.</summary>
    public List<PageRun> Runs { get; } = [];

    /// <summary>Bytes of <see cref="Runs"/>.</summary>
    public ulong Bytes
    {
        get
        {
            ulong bytes = 0;
            foreach (PageRun run in Runs)
            {
                bytes += run.Bytes;
            }

            return bytes;
        }
    }

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
