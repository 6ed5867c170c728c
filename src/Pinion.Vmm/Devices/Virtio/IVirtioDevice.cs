namespace Pinion.Vmm.Devices.Virtio;

/// <summary>What is behind a virtio transport. All calls come one at a time, under the transport's lock.</summary>
internal interface IVirtioDevice
{
    /// <summary>Device type (virtio 1.2, chapter 5).</summary>
    uint DeviceId { get; }

    /// <summary>Features of the type; the transport adds its own.</summary>
    ulong Features { get; }

    /// <summary>Largest size of the one request queue.</summary>
    ushort QueueSize { get; }

    /// <summary>The configuration space.</summary>
    ReadOnlySpan<byte> Config { get; }

    /// <summary>Answers one request: the bytes written into the chain, which is not more than there is room for.</summary>
    uint Handle(DescriptorChain chain, IGuestMemory memory);

    /// <summary>The driver reset the device.</summary>
    void Reset();
}
