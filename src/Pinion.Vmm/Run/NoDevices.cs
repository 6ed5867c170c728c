using Pinion.Vmm.Devices;

namespace Pinion.Vmm.Run;

/// <summary>Lines and a console that lead nowhere: for a board that is only described.</summary>
internal sealed class NoDevices : IInterruptLine, ISerialOutput
{
    /// <inheritdoc/>
    public void Set(bool level)
    {
    }

    /// <inheritdoc/>
    public void Put(byte value)
    {
    }
}
