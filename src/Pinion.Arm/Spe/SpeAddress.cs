namespace Pinion.Arm.Spe;

/// <summary>Index of an Address packet (Arm ARM D18.2.1).</summary>
public static class SpeAddressIndex
{
    public const int Pc = 0;
    public const int BranchTarget = 1;
    public const int DataVirtual = 2;
    public const int DataPhysical = 3;
    public const int PreviousBranchTarget = 4;
}

/// <summary>Index of a Counter packet (Arm ARM D18.2.3).</summary>
public static class SpeCounterIndex
{
    public const int TotalLatency = 0;
    public const int IssueLatency = 1;
    public const int TranslationLatency = 2;
    public const int AlternateClockIssueLatency = 4;
}

/// <summary>The 8-byte payloads of Address packets: 56 bits of address and a byte that depends on the index (Arm ARM D18.2.1).</summary>
public static class SpeAddress
{
    public const ulong AddressMask = (1ul << 56) - 1;

    private const int NsBit = 63;
    private const int ElShift = 61;
    private const int NseBit = 60;
    private const int ChBit = 62;

    /// <summary>Payload for an instruction address: PC, branch target or previous branch target.</summary>
    /// <param name="virtualAddress">The address; bits 63:56 are not recorded.</param>
    /// <param name="exceptionLevel">Exception level at that address, 0 to 3.</param>
    /// <param name="nonSecure">Non-secure state; perf resolves no kernel symbol without it.</param>
    public static ulong Instruction(ulong virtualAddress, int exceptionLevel, bool nonSecure = true) =>
        (virtualAddress & AddressMask) | ((ulong)(uint)exceptionLevel << ElShift) | (nonSecure ? 1ul << NsBit : 0);

    /// <summary>Payload for a physical data address in the Non-secure or Secure physical address space, with MTE unchecked.</summary>
    public static ulong Physical(ulong physicalAddress, bool nonSecure = true) => (physicalAddress & AddressMask) | (nonSecure ? 1ul << NsBit : 0);

    /// <summary>The 64-bit virtual address of an instruction address payload: bit 55 extended, as it selects the half of the address space.</summary>
    public static ulong ToVirtual(ulong payload) => (ulong)((long)(payload << 8) >> 8);

    public static int ExceptionLevel(ulong payload) => (int)(payload >> ElShift) & 3;

    public static bool NonSecure(ulong payload) => (payload >> NsBit) != 0;

    /// <summary>Root or Realm, with FEAT_RME.</summary>
    public static bool Nse(ulong payload) => ((payload >> NseBit) & 1) != 0;

    /// <summary>Physical data address: the access was tag checked.</summary>
    public static bool TagChecked(ulong payload) => ((payload >> ChBit) & 1) != 0;

    /// <summary>Physical data address: the physical address tag.</summary>
    public static int PhysicalTag(ulong payload) => (int)(payload >> 56) & 15;
}
