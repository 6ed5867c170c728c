using Pinion.Kvm;
using Pinion.Vmm.Devices;

namespace Pinion.Vmm.Run;

/// <summary>A device's interrupt line over KVM_IRQ_LINE. A device that says the same level again makes no call.</summary>
internal sealed class KvmInterruptLine(Vm vm, uint spi) : IInterruptLine
{
    /// <summary>KVM_ARM_IRQ_TYPE_SPI in bits [27:24] of kvm_irq_level.irq.</summary>
    private const uint TypeSpi = 1 << 24;

    private readonly Lock _lock = new();
    private bool _level;

    /// <inheritdoc/>
    public void Set(bool level)
    {
        // Under the lock, or of two threads the one that was first could be the last to tell the controller.
        lock (_lock)
        {
            if (_level != level)
            {
                _level = level;
                vm.IrqLine(TypeSpi | (Interrupts.FirstSpi + spi), level);
            }
        }
    }
}
