using Pinion.Arm;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Mmu;

/// <summary>
/// Stage 2 where there are data caches: answers the page at the point of coherency to accesses that do not go through them. It takes the place of the stage 2 that the PE was given, so a PE without
/// such caches knows nothing of it.
/// </summary>
internal sealed unsafe class CachedStage2 : IStage2
{
    private const ulong SctlrC = 1UL << 2;
    private const ulong SctlrI = 1UL << 12;

    private readonly Pe* _s;
    private readonly IStage2 _stage2;
    private readonly IDataCaches _caches;

    public CachedStage2(Pe* s, IStage2 stage2, IDataCaches caches)
    {
        _s = s;
        _stage2 = stage2;
        _caches = caches;
    }

    public Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes) => View(_stage2.Translate(ipa, access, attributes), access, attributes);

    public Stage2Page TranslateForProfiling(ulong ipa, MemoryAccess access, byte attributes) =>
        View(_stage2.TranslateForProfiling(ipa, access, attributes), access, attributes);

    private Stage2Page View(Stage2Page page, MemoryAccess access, byte attributes) =>
        page.Host == 0 || IsCacheable(access, attributes) ? page : page with { Host = _caches.PointOfCoherency(page.Host) };

    private bool IsCacheable(MemoryAccess access, byte attributes)
    {
        ulong sctlr = _s->Sys[(int)SysRegId.SCTLR_EL1];
        int outer = attributes >> 4, inner = attributes & 15;

        // Arm ARM D24.2.118: with SCTLR_EL1.C clear, data accesses and walks are non-cacheable; with I clear, fetches are.
        if (access == MemoryAccess.Execute)
        {
            return (sctlr & SctlrI) != 0 && IsCached(outer) && IsCached(inner);
        }

        // Writes through the cache would have to reach both views. Only write-back memory is cached for data, as in many cores.
        return (sctlr & SctlrC) != 0 && IsWriteBack(outer) && IsWriteBack(inner);
    }

    // Four bits of MAIR: 0b0000 is Device, 0b0100 non-cacheable, 0b00RW and 0b10RW write-through, 0b01RW and 0b11RW write-back.
    private static bool IsCached(int attribute) => attribute is not (0 or 4);

    private static bool IsWriteBack(int attribute) => (attribute & 4) != 0 && attribute != 4;
}
