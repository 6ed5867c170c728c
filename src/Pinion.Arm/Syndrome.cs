namespace Pinion.Arm;

/// <summary>Exception classes, ESR_ELx.EC (Arm ARM D24.2.40).</summary>
public enum ExceptionClass
{
    Unknown = 0x00,
    WfiWfe = 0x01,
    FpAccess = 0x07,
    IllegalState = 0x0E,
    Svc64 = 0x15,
    Hvc64 = 0x16,
    Smc64 = 0x17,
    SystemRegister = 0x18,
    InstructionAbortLower = 0x20,
    InstructionAbortSame = 0x21,
    PcAlignment = 0x22,
    DataAbortLower = 0x24,
    DataAbortSame = 0x25,
    SpAlignment = 0x26,
    FpException64 = 0x2C,
    SError = 0x2F,
    BreakpointLower = 0x30,
    BreakpointSame = 0x31,
    SoftwareStepLower = 0x32,
    SoftwareStepSame = 0x33,
    WatchpointLower = 0x34,
    WatchpointSame = 0x35,
    Brk64 = 0x3C,
}

/// <summary>Fault status codes, the DFSC and IFSC fields; the level goes in bits [1:0] of the first four.</summary>
public static class FaultStatus
{
    public const uint AddressSize = 0x00;
    public const uint Translation = 0x04;
    public const uint AccessFlag = 0x08;
    public const uint Permission = 0x0C;
    public const uint ExternalAbort = 0x10;
    public const uint ExternalAbortOnWalk = 0x14;
    public const uint Alignment = 0x21;
    public const uint TlbConflict = 0x30;
    public const uint UnsupportedAtomic = 0x35;
}

/// <summary>Builds ESR_ELx values. Every A64 instruction is 32 bits wide, so IL is set throughout.</summary>
public static class Syndrome
{
    private const ulong Il = 1UL << 25;

    /// <summary>Unknown reason: UNDEFINED instructions.</summary>
    public const ulong Unknown = Il;

    /// <summary>A syndrome of class <paramref name="ec"/>.</summary>
    public static ulong Of(ExceptionClass ec, ulong iss = 0) => ((ulong)ec << 26) | Il | iss;

    /// <summary>A trapped MSR, MRS or system instruction: <paramref name="word"/> is the instruction.</summary>
    public static ulong SystemRegister(uint word)
    {
        ulong op0 = (word >> 19) & 3, op1 = (word >> 16) & 7, crn = (word >> 12) & 15, crm = (word >> 8) & 15, op2 = (word >> 5) & 7, rt = word & 31, read = (word >> 21) & 1;
        return Of(ExceptionClass.SystemRegister, (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (rt << 5) | (crm << 1) | read);
    }

    /// <summary>The exception class of an ESR.</summary>
    public static ExceptionClass Class(ulong esr) => (ExceptionClass)((esr >> 26) & 0x3F);
}
