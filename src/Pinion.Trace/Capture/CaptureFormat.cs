namespace Pinion.Trace.Capture;

/// <summary>What a capture says about the machine it comes from. The layout is in docs/capture-format.md.</summary>
/// <param name="Midr">MIDR_EL1 of the vCPUs.</param>
/// <param name="Pmsidr">PMSIDR_EL1 of the vCPUs.</param>
/// <param name="TimerFrequency">Frequency of the counter behind timestamps, in Hz (CNTFRQ_EL0).</param>
/// <param name="PmsVer">ID_AA64DFR0_EL1.PMSVer.</param>
/// <param name="CpuCount">Number of vCPUs.</param>
public readonly record struct CaptureHeader(ulong Midr, ulong Pmsidr, ulong TimerFrequency, uint PmsVer, uint CpuCount);

/// <summary>Kinds of chunk in a capture.</summary>
internal enum CaptureChunk : uint
{
    /// <summary>SPE records of one vCPU.</summary>
    Records = 1,

    /// <summary>A file mapped into a guest process.</summary>
    Mapping = 2,

    /// <summary>The name of a guest task.</summary>
    Task = 3,

    /// <summary>Kernel symbols, as /proc/kallsyms has them.</summary>
    KernelSymbols = 4,
}

internal static class CaptureFormat
{
    public const uint Version = 1;
    public const int HeaderSize = 64;
    public const int ChunkHeaderSize = 24;
    public const int MappingSize = 32;
    public const int TaskSize = 8;

    public static ReadOnlySpan<byte> Magic => "PINIONSP"u8;

    /// <summary>Zero bytes behind a chunk's content, so that every chunk starts at a multiple of 8.</summary>
    public static int Padding(long length) => (int)(-length & 7);
}
