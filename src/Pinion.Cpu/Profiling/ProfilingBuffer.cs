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

    /// <summary>Pages that can be owed for at once: then it is settled.</summary>
    private const int MostPages = 64;

    // Where the pages lie that records are owed for, from _firstPage on.
    private readonly nint[] _pages = new nint[MostPages];
    private ulong _firstPage;
    private int _pageCount;

    // Where the next record goes that nobody owes yet; while there are pages.
    private ulong _next;

    // Bytes behind it that have room.
    private ulong _reserved;

    /// <summary>
    /// How many records, up to <paramref name="most"/>, have room behind those that are owed, without filling the buffer, in pages that can be written; 0 where none has, or something is wrong, or where it takes
    /// <see cref="Settled"/> first.
    /// </summary>
    public int Reserve(int most)
    {
        if (_pageCount == 0)
        {
            _next = Pointer;
        }

        // The last record that has room fills the buffer.
        _reserved = 0;
        var size = (ulong)profile.Pmsidr.MaxRecordSize;
        ulong room = Limit.Limit - _next;
        if (Status.S || (_next & (size - 1)) != 0 || (_next ^ Limit.Limit) >> TopByteShift != 0 || _next >= Limit.Limit || room < 2 * size)
        {
            return 0;
        }

        _reserved = KeepPages(Math.Min(room - size, (ulong)most * size));
        return (int)(_reserved / size);
    }

    /// <summary>Promises so many records. False where <see cref="Reserve"/> has not found room for as many, or what it found is void since.</summary>
    public bool Owe(int records)
    {
        var bytes = (ulong)(records * profile.Pmsidr.MaxRecordSize);
        if (bytes > _reserved)
        {
            return false;
        }

        _reserved -= bytes;

        _next += bytes;
        return true;
    }

    /// <summary>Where a record that is owed goes, now.</summary>
    public unsafe byte* Place(uint size)
    {
        nint host = _pages[(Pointer / PageSize) - _firstPage];
        var to = (byte*)host + (Pointer & (PageSize - 1));
        Pointer += size;
        return to;
    }

    /// <summary>Nothing is owed any more, and what was found room for has to be found again.</summary>
    public void Settled()
    {
        _pageCount = 0;
        _reserved = 0;
    }

    /// <summary>Remembers where the pages of the next bytes lie; answers how many bytes that is, up to a page that cannot be written, or lies elsewhere than before, or is one too many.</summary>
    private ulong KeepPages(ulong bytes)
    {
        ulong known = 0;
        while (known < bytes && KeepPage(_next + known))
        {
            known = Math.Min(bytes, known + PageSize - ((_next + known) & (PageSize - 1)));
        }

        return known;
    }

    private bool KeepPage(ulong va)
    {
        if (!memory.TryTranslate(va & ~(PageSize - 1), out nint host, out _))
        {
            return false;
        }

        ulong page = va / PageSize;
        if (_pageCount == 0)
        {
            _firstPage = page;
        }

        ulong index = page - _firstPage;
        if (index < (ulong)_pageCount)
        {
            return _pages[index] == host;
        }

        if (index >= MostPages)
        {
            return false;
        }

        _pages[index] = host;
        _pageCount++;
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

    /// <summary>As the memory does; on the way to a record that is owed the page is known.</summary>
    private bool TryTranslate(ulong va, out nint host, out SpuFault fault)
    {
        ulong index = (va / PageSize) - _firstPage;
        if (index >= (ulong)_pageCount)
        {
            return memory.TryTranslate(va, out host, out fault);
        }

        host = _pages[index] + (nint)(va & (PageSize - 1));
        fault = default;
        return true;
    }

    private unsafe bool Write(ReadOnlySpan<byte> record)
    {
        ulong start = Pointer;
        while (!record.IsEmpty)
        {
            if (!TryTranslate(Pointer, out nint host, out SpuFault fault))
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
