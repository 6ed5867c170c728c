using System.Security.Cryptography;

namespace Pinion.Vmm.Devices.Virtio;

/// <summary>Source of random bytes (virtio 1.2, 5.4): the host's generator, or a seeded one for runs that must repeat.</summary>
internal sealed class VirtioRng(ulong? seed) : IVirtioDevice
{
    private const int LargestAnswer = 4096;

    private readonly byte[] _buffer = new byte[LargestAnswer];
    private ulong _state = seed ?? 0;

    /// <inheritdoc/>
    public uint DeviceId => 4;

    /// <inheritdoc/>
    public ulong Features => 0;

    /// <inheritdoc/>
    public ushort QueueSize => 8;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Config => default;

    /// <inheritdoc/>
    public uint Handle(DescriptorChain chain, IGuestMemory memory)
    {
        Span<byte> bytes = _buffer.AsSpan(0, (int)Math.Min(chain.WritableLength, LargestAnswer));
        if (seed is null)
        {
            RandomNumberGenerator.Fill(bytes);
        }
        else
        {
            FillFromSeed(bytes);
        }

        return (uint)chain.CopyTo(memory, bytes);
    }

    /// <summary>The seeded stream goes on: a guest that loads its driver twice does not get the same bytes twice.</summary>
    public void Reset()
    {
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014). Not a secret: repeatable runs have none.</summary>
    private void FillFromSeed(Span<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i += 8)
        {
            ulong z = _state += 0x9e3779b97f4a7c15;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            z ^= z >> 31;
            for (int j = i; j < Math.Min(i + 8, bytes.Length); j++)
            {
                bytes[j] = (byte)(z >> ((j - i) * 8));
            }
        }
    }
}
