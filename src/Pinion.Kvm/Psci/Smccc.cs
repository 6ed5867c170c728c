using Pinion.Kvm.Registers;

namespace Pinion.Kvm.Psci;

/// <summary>
/// Calls by the SMC calling convention (Arm DEN0028) from HVC and SMC. Arm architecture calls, KVM's vendor calls, and PSCI.
/// </summary>
internal static class Smccc
{
    public const uint Version = 0x8000_0000;

    private const uint ArchFeatures = 0x8000_0001;
    private const uint ArchWorkaround1 = 0x8000_8000;
    private const uint ArchWorkaround2 = 0x8000_7FFF;
    private const uint ArchWorkaround3 = 0x8000_3FFF;
    private const uint VendorCallUid = 0x8600_FF01;
    private const uint VendorFeatures = 0x8600_0000;

    private const ulong Version11 = 0x1_0001;
    private const ulong NotSupported = unchecked((ulong)-1);
    private const ulong NotRequired = unchecked((ulong)-2);
    private const ulong Unaffected = 1;

    // The UUID by which a guest recognises KVM's vendor calls: 28b46fb6-2ec5-11e9-a9ca-4b564d003a74.
    private static readonly uint[] s_vendorUid = [0xB66F_B428, 0xE911_C52E, 0x564B_CAA9, 0x743A_004D];

    /// <summary>Serves the call in X0, with the PC behind the instruction. Answers as a KVM exit handler does.</summary>
    public static int Handle(Vcpu vcpu)
    {
        if (vcpu.Pe.ExitImmediate != 0)
        {
            // DEN0028 reserves other immediates.
            vcpu.Pe.SetX(0, NotSupported);
            return Vcpu.Continue;
        }

        var function = (uint)vcpu.Pe.GetX(0);
        FirmwareFeatures firmware = vcpu.Vm.FirmwareFeatures;
        switch (function)
        {
            case Version:
                return Answer(vcpu, Version11);
            case ArchFeatures:
                return Answer(vcpu, Features((uint)vcpu.Pe.GetX(1)));
            case VendorCallUid when firmware.HasVendorFunctions:
                return Answer(vcpu, s_vendorUid[0], s_vendorUid[1], s_vendorUid[2], s_vendorUid[3]);
            case VendorFeatures when firmware.HasVendorFunctions:
                return Answer(vcpu, firmware.Vendor);
            default:
                return PsciCalls.Handle(vcpu, function);
        }
    }

    /// <summary>An interpreter does not speculate: nothing needs a workaround call.</summary>
    private static ulong Features(uint function) => function switch
    {
        Version or ArchFeatures => 0,
        ArchWorkaround1 or ArchWorkaround3 => Unaffected,
        ArchWorkaround2 => NotRequired,
        _ => NotSupported,
    };

    private static int Answer(Vcpu vcpu, ulong x0, ulong x1 = 0, ulong x2 = 0, ulong x3 = 0)
    {
        vcpu.Pe.SetX(0, x0);
        vcpu.Pe.SetX(1, x1);
        vcpu.Pe.SetX(2, x2);
        vcpu.Pe.SetX(3, x3);
        return Vcpu.Continue;
    }
}
