using Pinion.Vmm.Board;
using Pinion.Vmm.DeviceTree;
using Pinion.Vmm.Host;
using Pinion.Vmm.Loaders;

namespace Pinion.Vmm.Run;

/// <summary>A guest in memory, ready to start.</summary>
/// <param name="Kernel">The kernel; null when none was given (only to dump the device tree).</param>
/// <param name="DeviceTree">The blob the guest gets.</param>
/// <param name="DeviceTreeAddress">Where the guest finds it.</param>
internal readonly record struct LoadedGuest(LoadedKernel? Kernel, byte[] DeviceTree, ulong DeviceTreeAddress);

/// <summary>Puts kernel, initrd and device tree into guest memory.</summary>
internal static class GuestLoader
{
    public static Result<LoadedGuest> Load(MachineOptions options, VirtBoard board, GuestRam ram)
    {
        Problem? problem;
        LoadedKernel? kernel = null;
        if (options.Kernel is not null)
        {
            if (!KernelLoader.Load(options.Kernel, ram, ram.GuestBase, ram.Size).TryGet(out LoadedKernel loaded, out problem))
            {
                return problem;
            }

            kernel = loaded;
        }

        ulong kernelEnd = kernel?.End ?? ram.GuestBase;
        (ulong Start, ulong End)? initrd = null;
        if (options.Initrd is not null)
        {
            if (!BootLayout.LoadInitrd(options.Initrd, ram, ram.GuestBase, ram.Size, kernelEnd).TryGet(out (ulong, ulong) range, out problem))
            {
                return problem;
            }

            initrd = range;
        }

        if (!DeviceTree(options, board, ram, initrd).TryGet(out byte[] blob, out problem))
        {
            return problem;
        }

        return BootLayout.PlaceDeviceTree(blob, ram, ram.GuestBase, ram.Size, kernelEnd, initrd?.End).TryGet(out ulong address, out problem)
            ? new LoadedGuest(kernel, blob, address)
            : problem;
    }

    private static Result<byte[]> DeviceTree(MachineOptions options, VirtBoard board, GuestRam ram, (ulong Start, ulong End)? initrd)
    {
        if (options.Dtb is null)
        {
            return board.BuildDeviceTree(options.CommandLine, initrd);
        }

        if (!InputFile.ReadAll(options.Dtb, "device tree", "check the path given with --dtb").TryGet(out byte[] file, out Problem? problem)
            || !FdtReader.Read(file, options.Dtb).TryGet(out FdtTree tree, out problem))
        {
            return problem;
        }

        return tree.Patch(options.Dtb, options.CommandLine, initrd, (ram.GuestBase, ram.Size)) is Problem unsuitable ? unsuitable : tree.ToBlob();
    }
}
