using Pinion.Cpu.Profiling;

namespace Pinion.Kvm.Spe;

/// <summary>The buffer registers of a profiling unit: the hardware copies that EL2 loads and takes away.</summary>
internal interface IBufferRegisters
{
    ulong Pmblimitr { get; set; }

    ulong Pmbptr { get; set; }

    ulong Pmbsr { get; set; }
}

/// <summary>The unit of a PE.</summary>
internal sealed class SpuBufferRegisters(Spu spu) : IBufferRegisters
{
    public ulong Pmblimitr
    {
        get => spu.Pmblimitr;
        set => spu.Pmblimitr = value;
    }

    public ulong Pmbptr
    {
        get => spu.Pmbptr;
        set => spu.Pmbptr = value;
    }

    public ulong Pmbsr
    {
        get => spu.Pmbsr;
        set => spu.Pmbsr = value;
    }
}
