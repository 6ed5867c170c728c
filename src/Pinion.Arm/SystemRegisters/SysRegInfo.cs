namespace Pinion.Arm.SystemRegisters;

/// <summary>What MRS and MSR may do with a register at an exception level.</summary>
[Flags]
public enum SysRegAccess : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,

    /// <summary>At EL0: as another register says (SCTLR_EL1, CNTKCTL_EL1, PMUSERENR_EL0, MDSCR_EL1), else trapped to EL1.</summary>
    Controlled = 4,
}

/// <summary>What an access does beside moving a value.</summary>
public enum SysRegBehaviour : byte
{
    /// <summary>Storage: reads give what was written (or what reset put there).</summary>
    Plain,

    /// <summary>Has effects, is computed, or lives elsewhere.</summary>
    Special,

    /// <summary>Belongs to the GIC's CPU interface.</summary>
    Gic,
}

/// <summary>One system register.</summary>
/// <param name="Id">Its place in the register file.</param>
/// <param name="Name">The Arm ARM's name.</param>
/// <param name="El1">Access at EL1.</param>
/// <param name="El0">Access at EL0; <see cref="SysRegAccess.None"/> is UNDEFINED there.</param>
/// <param name="Behaviour">What an access does.</param>
/// <param name="WriteMask">Bits that a write changes; the others are RES0.</param>
public sealed record SysRegInfo(
    SysRegId Id,
    string Name,
    byte Op0,
    byte Op1,
    byte CRn,
    byte CRm,
    byte Op2,
    SysRegAccess El1,
    SysRegAccess El0,
    SysRegBehaviour Behaviour,
    ulong WriteMask = ~0UL)
{
    /// <summary>The encoding as KVM_REG_ARM64_SYSREG packs it: op0 [15:14], op1 [13:11], CRn [10:7], CRm [6:3], op2 [2:0].</summary>
    public ushort Encoding => Pack(Op0, Op1, CRn, CRm, Op2);

    /// <summary>Packs an encoding; see <see cref="Encoding"/>.</summary>
    public static ushort Pack(int op0, int op1, int crn, int crm, int op2) => (ushort)((op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2);

    /// <summary>The encoding named by bits [20:5] of an MRS or MSR instruction.</summary>
    public static ushort FromInstruction(uint word) => (ushort)((word >> 5) & 0xFFFF);
}
