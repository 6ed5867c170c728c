namespace Pinion.Kvm.Registers;

/// <summary>Firmware as a guest finds it, for a whole VM: bitmaps that KVM_REG_ARM_*_BMAP can reduce before the first run.</summary>
internal sealed class FirmwareFeatures
{
    public const ulong PsciVersion01 = 0x0_0001;
    public const ulong PsciVersion02 = 0x0_0002;
    public const ulong PsciVersion10 = 0x1_0000;
    public const ulong PsciVersion11 = 0x1_0001;

    /// <summary>KVM_REG_ARM_VENDOR_HYP_BIT_FUNC_FEAT.</summary>
    private const ulong VendorFunctionFeatures = 1;

    /// <summary>What each bitmap offers: TRNG and stolen time are not here.</summary>
    private static readonly ulong[] s_supported = [0, 0, VendorFunctionFeatures];

    private readonly ulong[] _values = [.. s_supported];

    public int Count => _values.Length;

    public ulong Vendor => _values[2];

    public bool HasVendorFunctions => (Vendor & VendorFunctionFeatures) != 0;

    public ulong this[int i] => _values[i];

    /// <summary>True when <paramref name="value"/> holds offered bits only.</summary>
    public static bool IsSupported(int i, ulong value) => (value & ~s_supported[i]) == 0;

    public void Set(int i, ulong value) => _values[i] = value;
}
