namespace Pinion.Vmm.Tests.Support;

/// <summary>RAM of a test: an array at a guest physical address.</summary>
internal sealed class TestMemory(ulong guestBase, int size) : IGuestMemory
{
    public byte[] Bytes { get; } = new byte[size];

    public ulong GuestBase { get; } = guestBase;

    public ulong Size => (ulong)Bytes.Length;

    public bool TryGetSpan(ulong address, ulong length, out Span<byte> span)
    {
        ulong offset = address - GuestBase;
        if (address < GuestBase || offset > Size || length > Size - offset)
        {
            span = default;
            return false;
        }

        span = Bytes.AsSpan((int)offset, (int)length);
        return true;
    }

    public Span<byte> At(ulong address, int length) => Bytes.AsSpan((int)(address - GuestBase), length);
}
