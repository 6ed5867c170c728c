using Pinion.Vmm.Devices;

namespace Pinion.Vmm.Tests.Support;

/// <summary>An interrupt line that remembers its level.</summary>
internal sealed class RecordingLine : IInterruptLine
{
    public bool Level { get; private set; }

    public void Set(bool level) => Level = level;
}
