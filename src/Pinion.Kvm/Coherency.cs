namespace Pinion.Kvm;

/// <summary>Whether a guest can tell the host's caches from its memory.</summary>
public enum Coherency
{
    /// <summary>It cannot: all accesses see the same memory, whatever their attributes, and cache maintenance does nothing.</summary>
    Off,

    /// <summary>
    /// It can, as on a host without FEAT_S2FWB: accesses past the caches (MMU or SCTLR_EL1.C off, Device or non-cacheable memory) see memory at the point of coherency, and only cache maintenance, the guest's or
    /// KVM's, carries bytes between the two. Caches are as large as memory and evict nothing, so missing maintenance always shows.
    /// </summary>
    Strict,
}
