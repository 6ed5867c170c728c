using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Mmu;

/// <content>How walks read translation tables.</content>
internal sealed unsafe partial class MemoryManagementUnit
{
    /// <summary>Attributes of a walk where nobody looks at them.</summary>
    private const byte WriteBack = 0xFF;

    private const byte NonCacheable = 0x44;

    private readonly TableReaders _readers;
    private readonly TableReaders _profilingReaders;

    /// <summary>Readers of the tables behind TTBR0_EL1 and TTBR1_EL1, which TCR_EL1 gives attributes of their own.</summary>
    private readonly struct TableReaders(DescriptorReader lower, DescriptorReader upper)
    {
        public TableReaders(DescriptorReader both)
            : this(both, both)
        {
        }

        public DescriptorReader For(ulong va) => (long)(va << 8) >= 0 ? lower : upper;
    }

    /// <summary>Reads a descriptor of the lower half's tables, for EL2.</summary>
    public bool ReadDescriptor(ulong ipa, out ulong descriptor) => _readers.For(0)(ipa, out descriptor);

    private bool TryReadDescriptor(ulong ipa, out ulong descriptor)
    {
        ulong page = ipa & ~0xFFFUL;
        int slot = (int)((page >> 12) & (WalkPages - 1));
        nint host = _walkHost[slot];
        if (_walkIpa[slot] != page)
        {
            host = _stage2.Translate(page, MemoryAccess.Read, WriteBack).Host;
            if (host == 0)
            {
                descriptor = 0;
                return false;
            }

            _walkIpa[slot] = page;
            _walkHost[slot] = host;
        }

        descriptor = Volatile.Read(ref *(ulong*)(host + (nint)(ipa & 0xFFF)));
        return true;
    }

    private bool TryReadForProfiling(ulong ipa, out ulong descriptor) => TryReadForProfiling(ipa, WriteBack, out descriptor);

    private bool TryReadForProfiling(ulong ipa, byte attributes, out ulong descriptor)
    {
        nint host = _stage2.TranslateForProfiling(ipa, MemoryAccess.Read, attributes).Host;
        descriptor = host == 0 ? 0 : Volatile.Read(ref *(ulong*)(host + (nint)(ipa & 0xFF8)));
        return host != 0;
    }

    // Where there are data caches: the same table can be walked through them and past them.

    private bool TryReadLower(ulong ipa, out ulong descriptor) => TryRead(ipa, WalkAttributes(8), out descriptor);

    private bool TryReadUpper(ulong ipa, out ulong descriptor) => TryRead(ipa, WalkAttributes(24), out descriptor);

    private bool TryReadLowerForProfiling(ulong ipa, out ulong descriptor) => TryReadForProfiling(ipa, WalkAttributes(8), out descriptor);

    private bool TryReadUpperForProfiling(ulong ipa, out ulong descriptor) => TryReadForProfiling(ipa, WalkAttributes(24), out descriptor);

    private bool TryRead(ulong ipa, byte attributes, out ulong descriptor)
    {
        nint host = _stage2.Translate(ipa, MemoryAccess.Read, attributes).Host;
        descriptor = host == 0 ? 0 : Volatile.Read(ref *(ulong*)(host + (nint)(ipa & 0xFF8)));
        return host != 0;
    }

    /// <summary>TCR_EL1.IRGNn and ORGNn (at <paramref name="shift"/>) as a MAIR byte: write-back in both, or what counts as non-cacheable here.</summary>
    private byte WalkAttributes(int shift)
    {
        ulong tcr = _s->Sys[(int)SysRegId.TCR_EL1] >> shift;

        // 1 and 3 are write-back, with and without allocation on writes.
        return (tcr & 1) != 0 && (tcr & 4) != 0 ? WriteBack : NonCacheable;
    }
}
