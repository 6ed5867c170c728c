using static Pinion.Kvm.Uapi.Errno;

namespace Pinion.Kvm.Gic;

/// <summary>A run of redistributor frames.</summary>
internal sealed class VgicRedistributorRegion(uint index, ulong start, uint count)
{
    public uint Index { get; } = index;

    public ulong Base { get; } = start;

    /// <summary>Redistributors it holds; 0 for the old single region, as large as there are vCPUs.</summary>
    public uint Count { get; } = count;

    /// <summary>Redistributors in use.</summary>
    public uint Used { get; set; }

    public bool IsFull => Count != 0 && Used >= Count;
}

/// <content>Where the frames are in guest physical memory (KVM_DEV_ARM_VGIC_GRP_ADDR).</content>
public sealed partial class VgicV3
{
    private const ulong FrameAlignment = 0x10000;

    private int SetDistributorBase(ulong address)
    {
        if (_distributorBase is not null)
        {
            return -EEXIST;
        }

        int result = CheckRange(address, VgicRegisters.DistributorSize);
        if (result == 0)
        {
            _distributorBase = address;
        }

        return result;
    }

    private int AddRegion(uint index, ulong start, uint count)
    {
        ulong size = (count != 0 ? count : (ulong)_vcpus.Count) * VgicRegisters.RedistributorSize;
        if (start + size < start)
        {
            return -EINVAL;
        }

        if (_regions.Count == 0)
        {
            if (index != 0)
            {
                return -EINVAL;
            }
        }
        else
        {
            VgicRedistributorRegion last = _regions[^1];
            if (count == 0)
            {
                return last.Count != 0 ? -EINVAL : -EEXIST;
            }

            if (index != last.Index + 1)
            {
                return -EINVAL;
            }
        }

        if (count == 0 && _distributorBase is { } distributor && Overlaps(start, size, distributor, VgicRegisters.DistributorSize))
        {
            return -EINVAL;
        }

        if (_regions.Exists(r => Overlaps(start, size, r.Base, SizeOf(r))))
        {
            return -EINVAL;
        }

        int result = CheckRange(start, size);
        if (result != 0)
        {
            return result;
        }

        var region = new VgicRedistributorRegion(index, start, count);
        _regions.Add(region);
        foreach (VgicVcpu vcpu in _vcpus)
        {
            result = PlaceRedistributor(vcpu);
            if (result != 0)
            {
                foreach (VgicVcpu placed in _vcpus.FindAll(v => ReferenceEquals(v.Region, region)))
                {
                    placed.Region = null;
                    placed.RedistributorBase = null;
                }

                _regions.Remove(region);
                return result;
            }
        }

        return 0;
    }

    // 0 also where no region has room yet: the vCPU gets its frame with a later region.
    private int PlaceRedistributor(VgicVcpu vcpu)
    {
        if (vcpu.RedistributorBase is not null || _regions.Find(r => !r.IsFull) is not { } region)
        {
            return 0;
        }

        if (!FramesFit())
        {
            return -EINVAL;
        }

        vcpu.Region = region;
        vcpu.RegionIndex = region.Used;
        vcpu.RedistributorBase = region.Base + region.Used * VgicRegisters.RedistributorSize;
        region.Used++;
        return 0;
    }

    private bool FramesFit()
        => _regions.TrueForAll(r => CheckRange(r.Base, SizeOf(r)) == 0)
            && (_distributorBase is not { } distributor
                || !_regions.Exists(r => Overlaps(distributor, VgicRegisters.DistributorSize, r.Base, SizeOf(r))));

    // GICR_TYPER.Last: the guest's walk over contiguous redistributors ends here.
    private bool IsLastRedistributor(VgicVcpu vcpu)
    {
        if (vcpu.Region is not { } region || vcpu.RegionIndex + 1 < region.Used)
        {
            return false;
        }

        return region.Count == 0
            || vcpu.RegionIndex != region.Count - 1
            || !_regions.Exists(r => r.Base == region.Base + SizeOf(region) && r.Used > 0);
    }

    private ulong SizeOf(VgicRedistributorRegion region)
        => (region.Count != 0 ? region.Count : (ulong)_vcpus.Count) * VgicRegisters.RedistributorSize;

    private int CheckRange(ulong start, ulong size)
    {
        if (start % FrameAlignment != 0 || start + size < start)
        {
            return -EINVAL;
        }

        ulong limit = 1UL << ipaBits;
        return start >= limit || start + size > limit ? -E2BIG : 0;
    }

    private static bool Overlaps(ulong a, ulong aSize, ulong b, ulong bSize) => a < b + bSize && b < a + aSize;
}
