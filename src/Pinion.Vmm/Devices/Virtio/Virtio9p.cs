using System.Buffers.Binary;
using System.Text;
using Pinion.Vmm.Devices.NineP;

namespace Pinion.Vmm.Devices.Virtio;

/// <summary>A shared directory (virtio 1.2, 5.12): carries 9P messages to a <see cref="NinePServer"/>.</summary>
internal sealed class Virtio9p : IVirtioDevice, IDisposable
{
    private const ulong FeatureMountTag = 1;

    private readonly NinePServer _server;
    private readonly byte[] _config;
    private byte[] _request = new byte[8 << 10];
    private byte[] _response = new byte[8 << 10];

    public Virtio9p(NinePServer server, string tag)
    {
        _server = server;
        byte[] name = Encoding.UTF8.GetBytes(tag);
        _config = new byte[2 + name.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(_config, (ushort)name.Length);
        name.CopyTo(_config, 2);
    }

    /// <inheritdoc/>
    public uint DeviceId => 9;

    /// <inheritdoc/>
    public ulong Features => FeatureMountTag;

    /// <inheritdoc/>
    public ushort QueueSize => 128;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Config => _config;

    /// <inheritdoc/>
    public uint Handle(DescriptorChain chain, IGuestMemory memory)
    {
        // Copies on both sides: the server must see a message that nobody changes under it.
        Span<byte> request = Room(ref _request, chain.ReadableLength);
        Span<byte> response = Room(ref _response, chain.WritableLength);
        int length = chain.CopyFrom(memory, request);
        int answer = _server.Handle(request[..length], response);
        return (uint)chain.CopyTo(memory, response[..answer]);
    }

    /// <inheritdoc/>
    public void Reset() => _server.Reset();

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();

    private static Span<byte> Room(ref byte[] buffer, ulong wanted)
    {
        int size = (int)Math.Min(wanted, NinePServer.LargestMessage);
        if (buffer.Length < size)
        {
            buffer = new byte[Math.Max(size, Math.Min(buffer.Length * 2, NinePServer.LargestMessage))];
        }

        return buffer.AsSpan(0, size);
    }
}
