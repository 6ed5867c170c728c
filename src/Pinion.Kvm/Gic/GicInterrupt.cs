namespace Pinion.Kvm.Gic;

/// <summary>State of one interrupt: an SGI or PPI of one vCPU, or an SPI.</summary>
internal sealed class GicInterrupt(int intid)
{
    /// <summary>INTID.</summary>
    public readonly int Intid = intid;

    /// <summary>Priority, bits [7:3] implemented; lower is more urgent.</summary>
    public byte Priority;

    public bool Enabled;

    /// <summary>Group 1 (IRQ) rather than Group 0 (FIQ).</summary>
    public bool Group1 = true;

    /// <summary>Edge-triggered rather than level-sensitive.</summary>
    public bool Edge;

    /// <summary>Pending by an edge, an SGI or a write to ISPENDR.</summary>
    public bool Latch;

    /// <summary>Level of the input line.</summary>
    public bool Line;

    public bool Active;

    /// <summary>SPI: vCPU it is routed to, or null where GICD_IROUTER names none.</summary>
    public VgicVcpu? Target;

    /// <summary>SPI: GICD_IROUTER, Aff2 to Aff0.</summary>
    public uint Routing;

    /// <summary>In-kernel device that drives the line, if any.</summary>
    public object? Owner;

    public bool IsPending => Latch || (Line && !Edge);

    /// <summary>What a CPU interface may take: pending, enabled and not active on any PE.</summary>
    public bool IsCandidate => Enabled && !Active && IsPending;
}
