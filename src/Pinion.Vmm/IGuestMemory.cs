namespace Pinion.Vmm;

/// <summary>
/// The guest's RAM as devices and loaders reach it, by guest physical address. What is outside RAM answers false, never an exception. The guest's CPUs write
/// to the same bytes at any time: whoever checks a value must copy it first.
/// </summary>
public interface IGuestMemory
{
    /// <summary>The <paramref name="length"/> bytes at guest physical <paramref name="address"/>, or false when any of them is outside RAM.</summary>
    bool TryGetSpan(ulong address, ulong length, out Span<byte> span);
}
