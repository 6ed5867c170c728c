using System.Runtime.InteropServices;

namespace Pinion.Vmm.Host;

/// <summary>The guest's RAM: anonymous memory of this process, which the machine registers as a memslot. Pages cost nothing until they are touched.</summary>
public sealed unsafe class GuestRam : SafeHandle, IGuestMemory
{
    private GuestRam(nint address, ulong guestBase, ulong size)
        : base(0, ownsHandle: true)
    {
        SetHandle(address);
        GuestBase = guestBase;
        Size = size;
    }

    /// <summary>Guest physical address of the first byte.</summary>
    public ulong GuestBase { get; }

    /// <summary>Bytes.</summary>
    public ulong Size { get; }

    /// <summary>Address of the first byte in this process, page-aligned.</summary>
    public nint HostAddress => handle;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Maps <paramref name="size"/> bytes, or says why the host cannot.</summary>
    public static Result<GuestRam> Map(ulong guestBase, ulong size)
    {
        nint address = Libc.Mmap(0, (nuint)size, Libc.ProtRead | Libc.ProtWrite, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);
        if (address == Libc.MapFailed)
        {
            return new Problem(
                ProblemKind.Host,
                $"cannot map {size >> 20} MiB of guest memory: {Libc.ErrorText(Marshal.GetLastPInvokeError())}",
                "give less with --memory, or raise the address space limit (ulimit -v)");
        }

        return new GuestRam(address, guestBase, size);
    }

    /// <inheritdoc/>
    public bool TryGetSpan(ulong address, ulong length, out Span<byte> span)
    {
        ulong offset = address - GuestBase;
        if (address < GuestBase || offset > Size || length > Size - offset || length > int.MaxValue)
        {
            span = default;
            return false;
        }

        // Sound: [offset, offset + length) lies within the mapping, which lives as long as this object; the machine keeps the object alive until
        // its CPUs and devices have stopped.
        span = new Span<byte>((byte*)handle + offset, (int)length);
        return true;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Munmap(handle, (nuint)Size) == 0;
}
