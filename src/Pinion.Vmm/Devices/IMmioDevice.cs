using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Devices;

/// <summary>A device in the guest's physical address space. Calls come from any vCPU thread.</summary>
public interface IMmioDevice
{
    /// <summary>Guest physical address of the first register.</summary>
    ulong Base { get; }

    /// <summary>Bytes of address space.</summary>
    ulong Size { get; }

    /// <summary>Reads <paramref name="size"/> bytes (1, 2, 4 or 8) at <paramref name="offset"/> from the base.</summary>
    ulong Read(ulong offset, int size);

    /// <summary>Writes <paramref name="size"/> bytes (1, 2, 4 or 8).</summary>
    void Write(ulong offset, int size, ulong value);

    /// <summary>Writes the device's own node into the device tree.</summary>
    void WriteNode(FdtWriter fdt);
}

/// <summary>An interrupt line of a device, a level. Setting the level that it has already costs nothing and does nothing.</summary>
public interface IInterruptLine
{
    /// <summary>Raises or lowers the line.</summary>
    void Set(bool level);
}
