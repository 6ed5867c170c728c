using System.Runtime.CompilerServices;
using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>The profiling buffer: PMBPTR_EL1, PMBLIMITR_EL1, PMBSR_EL1, and how records get into memory (Arm ARM D17.7).</summary>
internal sealed class ProfilingBuffer(SpeProfile profile, IProfilingMemory memory)
{
    private const ulong PageSize = 4096;
    private const byte AlignmentFault = 0x21;
    private const int TopByteShift = 56;

    public Pmblimitr Limit;
    public ulong Pointer;
    public Pmbsr Status;

    /// <summary>
    /// Where a record of <paramref name="size"/> bytes goes that does not cross a page and does not fill the buffer, and nothing is wrong with it; <see cref="Append"/> is for all others. The caller writes it, and moves
    /// <see cref="Pointer"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe bool TryPlace(uint size, out byte* to)
    {
        to = null;
        if (Status.S || (Pointer & (size - 1)) != 0 || (Pointer ^ Limit.Limit) >> TopByteShift != 0 || Limit.Limit - Pointer < 2 * (ulong)profile.Pmsidr.MaxRecordSize || Pointer >= Limit.Limit
            || !memory.TryTranslate(Pointer, out nint host, out _))
        {
            return false;
        }

        to = (byte*)host;
        return true;
    }

    /// <summary>
    /// Writes one record and looks whether another has room. A fault or a full buffer ends in <see cref="Status"/>. False when not all of the record was written.
    /// </summary>
    public bool Append(ReadOnlySpan<byte> record)
    {
        if (Status.S)
        {
            return false;
        }

        // A pointer out of place is CONSTRAINED UNPREDICTABLE (D17.7.1): a misplaced one takes the alignment fault, one without room finds the buffer full.
        if (!new Pmbptr(Pointer).IsAligned(profile.Pmbidr) || (Pointer ^ Limit.Limit) >> TopByteShift != 0)
        {
            Status = Status.WithEvent(PmbsrEventClass.Stage1Abort, AlignmentFault, dataLost: false);
            return false;
        }

        if (IsFull)
        {
            Status = Status.WithBufferFilled();
            return false;
        }

        if (!Write(record))
        {
            return false;
        }

        if (IsFull)
        {
            Status = Status.WithBufferFilled();
        }

        return true;
    }

    /// <summary>Records of any size that have room before the limit and in the page, at least 1.</summary>
    public int Records => (int)Math.Max(1, Math.Min(PageSize - (Pointer & (PageSize - 1)), Limit.Limit - Pointer) / (uint)profile.Pmsidr.MaxRecordSize);

    private bool IsFull => !new Pmbptr(Pointer).HasRoom(Limit, profile.Pmsidr);

    private unsafe bool Write(ReadOnlySpan<byte> record)
    {
        ulong start = Pointer;
        while (!record.IsEmpty)
        {
            if (!memory.TryTranslate(Pointer, out nint host, out SpuFault fault))
            {
                PmbsrEventClass eventClass = fault.Stage2 ? PmbsrEventClass.Stage2Abort : PmbsrEventClass.Stage1Abort;
                Status = Status.WithEvent(eventClass, fault.FaultStatusCode, dataLost: Pointer != start);
                return false;
            }

            var length = (int)Math.Min((ulong)record.Length, PageSize - (Pointer & (PageSize - 1)));

            // Sound: TryTranslate vouches for the rest of the page behind the byte, and length stays within it.
            record[..length].CopyTo(new Span<byte>((void*)host, length));
            record = record[length..];
            Pointer += (ulong)length;
        }

        return true;
    }
}
