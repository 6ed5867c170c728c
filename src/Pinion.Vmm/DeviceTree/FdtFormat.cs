namespace Pinion.Vmm.DeviceTree;

/// <summary>Numbers of the flattened device tree format (Devicetree Specification 0.4, chapter 5).</summary>
internal static class FdtFormat
{
    public const uint Magic = 0xd00dfeed;
    public const uint Version = 17;
    public const uint LastCompatibleVersion = 16;
    public const int HeaderSize = 40;

    public const uint BeginNode = 1;
    public const uint EndNode = 2;
    public const uint Property = 3;
    public const uint Nop = 4;
    public const uint End = 9;

    /// <summary>Nesting beyond this is refused when reading: a real tree has less than ten levels.</summary>
    public const int MaxDepth = 64;

    public static int Align4(int value) => (value + 3) & ~3;
}
