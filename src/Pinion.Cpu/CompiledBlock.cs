namespace Pinion.Cpu;

/// <summary>A block of guest code and what it was compiled to.</summary>
/// <param name="Address">Virtual address of its first instruction.</param>
/// <param name="Words">The instructions.</param>
/// <param name="Code">Machine code of the host.</param>
public sealed record CompiledBlock(ulong Address, IReadOnlyList<uint> Words, ReadOnlyMemory<byte> Code);
