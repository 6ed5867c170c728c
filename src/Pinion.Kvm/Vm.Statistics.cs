using Pinion.Kvm.Locking;
using Pinion.Kvm.Spe;

namespace Pinion.Kvm;

public sealed partial class Vm
{
    private ulong _peakPinned;

    /// <summary>What profiling has cost so far. Any thread.</summary>
    public SpeStatistics SpeStatistics
    {
        get
        {
            using KvmLock.Scope _ = Spe.PinLock.Enter();
            return new SpeStatistics(_peakPinned, Spe.Account.Watermark);
        }
    }

    /// <summary>A buffer has just been enabled: more is pinned now than before.</summary>
    internal void NotePinned()
    {
        using KvmLock.Scope _ = Spe.PinLock.Enter();
        _peakPinned = Math.Max(_peakPinned, Spe.Account.Locked);
    }
}
