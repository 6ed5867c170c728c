namespace Pinion.Vmm.Devices;

/// <summary>Where a serial port sends what the guest prints.</summary>
public interface ISerialOutput
{
    /// <summary>Takes one byte; may block while the receiver is slow.</summary>
    void Put(byte value);
}
