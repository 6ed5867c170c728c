using Pinion.Cpu.State;

namespace Pinion.Cpu.Interpreter;

/// <summary>Data cache maintenance where there are <see cref="IDataCaches"/>. The decoder puts these in the place of <see cref="MaintenanceOps"/>'.</summary>
internal static unsafe partial class CoherencyOps
{
    /// <summary>DC CIVAC, CVAC, CVAP, IVAC and CVAU.</summary>
    [Op]
    public static bool DcLine(Pe* s, Rec* r)
    {
        if (!MaintenanceOps.DcByAddress(s, r))
        {
            return false;
        }

        switch ((r->Word >> 8) & 15)
        {
            case 10 or 12:
                s->Owner.Mmu.MaintainLine(Pe.R(s)[r->Rd], invalidate: false);
                break;
            case 6 or 14:
                // In a guest DC IVAC cleans too: HCR_EL2.VM is 1 (Arm ARM, DC IVAC).
                s->Owner.Mmu.MaintainLine(Pe.R(s)[r->Rd], invalidate: true);
                break;
            default:
                // DC CVAU: CTR_EL0.IDC is 1, so data is at the point of unification as soon as it is written, and this brings it no further.
                break;
        }

        return true;
    }

    /// <summary>DC ISW, CSW and CISW.</summary>
    [Op]
    public static bool DcSetWayTrapped(Pe* s, Rec* r) =>
        s->El != 0 ? Exits.ToHypervisor(s, ExitReason.SetWay, Pe.PcOf(s, r)) : Exits.Undefined(s, r);
}
