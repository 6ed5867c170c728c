namespace Pinion.Arm.Spe;

/// <summary>PMBLIMITR_EL1, buffer limit and enable (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmblimitr(ulong Value)
{
    public const ulong EMask = 1ul << 0;
    public const ulong FmMask = 3ul << 1;
    public const ulong PmfzMask = 1ul << 5;
    public const ulong LimitMask = ~0xFFFul;

    /// <summary>The profiling buffer is enabled.</summary>
    public bool E => (Value & EMask) != 0;

    /// <summary>Fill mode: 0 fill, 2 discard (SPEv1p2), others reserved.</summary>
    public int Fm => (int)((Value & FmMask) >> 1);

    /// <summary>Records are filtered and counted but not written.</summary>
    public bool Discard => Fm == 2;

    /// <summary>PMU counters freeze on a buffer management event.</summary>
    public bool Pmfz => (Value & PmfzMask) != 0;

    /// <summary>First virtual address that is not part of the buffer.</summary>
    public ulong Limit => Value & LimitMask;

    /// <summary>Bits that hold state for ID_AA64DFR0_EL1.PMSVer <paramref name="pmsVer"/>.</summary>
    public static ulong ImplementedMask(int pmsVer) => LimitMask | EMask | (pmsVer >= 3 ? FmMask | PmfzMask : 0);
}

/// <summary>PMBPTR_EL1, address of the next byte to write (Arm ARM D24.7). All bits are an address and can be read and written.</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmbptr(ulong Value)
{
    /// <summary>A multiple of the record alignment <paramref name="id"/> asks for.</summary>
    public bool IsAligned(Pmbidr id) => (Value & (ulong)(id.Alignment - 1)) == 0;

    /// <summary>A record of the largest size <paramref name="id"/> allows has room below <paramref name="limit"/> (Arm ARM D17.7.1).</summary>
    public bool HasRoom(Pmblimitr limit, Pmsidr id)
    {
        ulong size = (ulong)id.MaxRecordSize;
        return limit.Limit >= size && Value <= limit.Limit - size;
    }
}

/// <summary>PMBSR_EL1.EC: which kind of buffer management event.</summary>
public enum PmbsrEventClass : byte
{
    /// <summary>The buffer itself; PMBSR_EL1.MSS is a <see cref="PmbsrBufferStatus"/>.</summary>
    Buffer = 0x00,

    /// <summary>Granule protection check fault, other than one on a fault status code.</summary>
    GranuleProtection = 0x1E,

    ImplementationDefined = 0x1F,

    /// <summary>Stage 1 data abort on a write to the buffer; PMBSR_EL1.MSS is a fault status code.</summary>
    Stage1Abort = 0x24,

    /// <summary>Stage 2 data abort on a write to the buffer; PMBSR_EL1.MSS is a fault status code.</summary>
    Stage2Abort = 0x25,
}

/// <summary>PMBSR_EL1.MSS.BSC, for event class <see cref="PmbsrEventClass.Buffer"/>.</summary>
public enum PmbsrBufferStatus : byte
{
    /// <summary>Not the buffer's doing, or with S set: access not allowed.</summary>
    None = 0,

    Filled = 1,

    /// <summary>The buffer is larger than PMBIDR_EL1.MaxBuffSize.</summary>
    LargerThanMaxBuffSize = 4,
}

/// <summary>PMBSR_EL1, buffer status and syndrome (Arm ARM D24.7).</summary>
/// <param name="Value">The register's 64 bits.</param>
public readonly record struct Pmbsr(ulong Value)
{
    public const ulong MssMask = 0xFFFFul;
    public const ulong StatusCodeMask = 0x3Ful;
    public const ulong CollMask = 1ul << 16;
    public const ulong SMask = 1ul << 17;
    public const ulong EaMask = 1ul << 18;
    public const ulong DlMask = 1ul << 19;
    public const int EcShift = 26;
    public const ulong EcMask = 0x3Ful << EcShift;

    /// <summary>Every field without the features behind MSS2 (bits 55:32).</summary>
    public const ulong ImplementedMask = MssMask | CollMask | SMask | EaMask | DlMask | EcMask;

    /// <summary>Syndrome of the event.</summary>
    public ushort Mss => (ushort)Value;

    /// <summary>Buffer status code, when <see cref="Ec"/> is <see cref="PmbsrEventClass.Buffer"/>.</summary>
    public PmbsrBufferStatus Bsc => (PmbsrBufferStatus)(Value & StatusCodeMask);

    /// <summary>Fault status code (as DFSC), when <see cref="Ec"/> is an abort.</summary>
    public byte Fsc => (byte)(Value & StatusCodeMask);

    /// <summary>A selection fell into a sample in flight; stays set until software clears it.</summary>
    public bool Coll => (Value & CollMask) != 0;

    /// <summary>Service: profiling is stopped and PMBIRQ is asserted.</summary>
    public bool S => (Value & SMask) != 0;

    /// <summary>External abort.</summary>
    public bool Ea => (Value & EaMask) != 0;

    /// <summary>The last record is missing or partial.</summary>
    public bool Dl => (Value & DlMask) != 0;

    public PmbsrEventClass Ec => (PmbsrEventClass)((Value & EcMask) >> EcShift);

    /// <summary>The status after the buffer filled: S, EC 0, MSS 1; COLL, EA and DL stay (Arm ARM D17.7.4). Nothing changes when S is set already.</summary>
    public Pmbsr WithBufferFilled() => WithEvent(PmbsrEventClass.Buffer, (ushort)PmbsrBufferStatus.Filled, dataLost: false);

    /// <summary>
    /// The status after a buffer management event: S, EC and MSS replaced, DL set where <paramref name="dataLost"/>, COLL and EA kept. Nothing changes when S is set already.
    /// </summary>
    public Pmbsr WithEvent(PmbsrEventClass eventClass, ushort mss, bool dataLost)
    {
        if (S)
        {
            return this;
        }

        ulong kept = Value & (CollMask | EaMask | DlMask);
        return new(kept | SMask | ((ulong)eventClass << EcShift) | mss | (dataLost ? DlMask : 0));
    }

    /// <summary>The status after a collision: COLL set, nothing else (Arm ARM D17.4).</summary>
    public Pmbsr WithCollision() => new(Value | CollMask);
}
