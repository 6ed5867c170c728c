namespace Pinion.Vmm.Loaders;

/// <summary>Where the initrd and the device tree go: QEMU virt's rule, so that a guest finds the memory it knows.</summary>
internal static class BootLayout
{
    private const ulong InitrdOffset = 128UL << 20;
    private const ulong PageSize = 4096;
    private const ulong DeviceTreeAlignment = 2UL << 20;

    /// <summary>The boot protocol maps the tree with one 2 MiB block; a larger one is refused by Linux.</summary>
    private const int DeviceTreeLimit = 2 << 20;

    /// <summary>Half the RAM from its base, at most 128 MiB, and behind the kernel in any case.</summary>
    public static ulong InitrdStart(ulong ramBase, ulong ramSize, ulong kernelEnd)
    {
        ulong start = ramBase + Math.Min(ramSize / 2, InitrdOffset);
        return AlignUp(Math.Max(start, kernelEnd), PageSize);
    }

    /// <summary>Loads an initrd behind the kernel: the range it occupies.</summary>
    public static Result<(ulong Start, ulong End)> LoadInitrd(string path, IGuestMemory memory, ulong ramBase, ulong ramSize, ulong kernelEnd)
    {
        Result<FileStream> file = InputFile.Open(path, "initrd", "check the path given with --initrd");
        if (!file.TryGet(out FileStream stream, out Problem? problem))
        {
            return problem;
        }

        using (stream)
        {
            try
            {
                return LoadInitrd(stream, path, memory, ramBase, ramSize, kernelEnd);
            }
            catch (IOException e)
            {
                return new Problem(ProblemKind.Usage, $"{path}: cannot read the initrd: {e.Message}");
            }
        }
    }

    internal static Result<(ulong Start, ulong End)> LoadInitrd(Stream stream, string name, IGuestMemory memory, ulong ramBase, ulong ramSize, ulong kernelEnd)
    {
        ulong start = InitrdStart(ramBase, ramSize, kernelEnd);
        ulong length = (ulong)stream.Length;
        if (length == 0)
        {
            return new Problem(ProblemKind.CorruptInput, $"the initrd {name} is empty", "give a cpio archive, or leave --initrd out");
        }

        KernelTarget target = new($"the initrd {name}", memory, ramBase, ramSize);
        if (target.Claim(start, length) is Problem outside)
        {
            return outside;
        }

        return target.Fill(stream, start, length, 0) is Problem failed ? failed : (start, start + length);
    }

    /// <summary>Puts the device tree behind the initrd (or where one would be): its address.</summary>
    public static Result<ulong> PlaceDeviceTree(ReadOnlySpan<byte> blob, IGuestMemory memory, ulong ramBase, ulong ramSize, ulong kernelEnd, ulong? initrdEnd)
    {
        if (blob.Length > DeviceTreeLimit)
        {
            return new Problem(ProblemKind.Usage, $"the device tree has {blob.Length} bytes, the arm64 boot protocol allows {DeviceTreeLimit}", "give a smaller one");
        }

        ulong start = AlignUp(initrdEnd ?? InitrdStart(ramBase, ramSize, kernelEnd), DeviceTreeAlignment);
        KernelTarget target = new("the device tree", memory, ramBase, ramSize);
        if (target.Claim(start, (ulong)blob.Length) is Problem outside)
        {
            return outside;
        }

        if (!memory.TryGetSpan(start, (ulong)blob.Length, out Span<byte> span))
        {
            return new Problem(ProblemKind.Usage, $"no memory at 0x{start:x} for the device tree", "give more with --memory");
        }

        blob.CopyTo(span);
        return start;
    }

    private static ulong AlignUp(ulong value, ulong alignment) => (value + alignment - 1) & ~(alignment - 1);
}
