namespace Pinion.Arm.Spe;

/// <summary>Which packets a <see cref="SpeRecord"/> holds.</summary>
[Flags]
public enum SpeFields : ushort
{
    None = 0,
    Pc = 1 << 0,
    BranchTarget = 1 << 1,
    DataVirtual = 1 << 2,
    DataPhysical = 1 << 3,
    PreviousBranchTarget = 1 << 4,
    ContextEl1 = 1 << 5,
    ContextEl2 = 1 << 6,
    Operation = 1 << 7,
    Events = 1 << 8,
    TotalLatency = 1 << 9,
    IssueLatency = 1 << 10,
    TranslationLatency = 1 << 11,
    AlternateClockIssueLatency = 1 << 12,
    DataSource = 1 << 13,
    Timestamp = 1 << 14,
}

/// <summary>
/// One sample record (Arm ARM D18): the packets present and their payloads. Addresses are held as packet payloads (<see cref="SpeAddress"/>). A field
/// whose packet is absent has no meaning.
/// </summary>
public struct SpeRecord
{
    /// <summary>Packets present.</summary>
    public SpeFields Fields;

    /// <summary>Payload of the operation type packet, see <see cref="SpeOperation"/>.</summary>
    public byte Operation;

    /// <summary>Class of the operation type packet.</summary>
    public SpeOperationClass OperationClass;

    /// <summary>Data source, see <see cref="SpeDataSource"/>.</summary>
    public ushort DataSource;

    /// <summary>Cycles from dispatch to completion, saturated.</summary>
    public ushort TotalLatency;

    /// <summary>Cycles from dispatch to issue, saturated.</summary>
    public ushort IssueLatency;

    /// <summary>Cycles for the translation of the data address, saturated.</summary>
    public ushort TranslationLatency;

    /// <summary>Issue latency in the alternate clock, saturated.</summary>
    public ushort AlternateClockIssueLatency;

    /// <summary>CONTEXTIDR_EL1.</summary>
    public uint ContextEl1;

    /// <summary>CONTEXTIDR_EL2.</summary>
    public uint ContextEl2;

    public SpeEvents Events;

    /// <summary>Payload of the PC packet.</summary>
    public ulong PcPayload;

    /// <summary>Payload of the branch target packet.</summary>
    public ulong BranchTargetPayload;

    /// <summary>Payload of the data virtual address packet: the 64-bit address, or a tag in bits 63:56.</summary>
    public ulong DataVirtual;

    /// <summary>Payload of the data physical address packet.</summary>
    public ulong DataPhysicalPayload;

    /// <summary>Payload of the previous branch target packet.</summary>
    public ulong PreviousBranchTargetPayload;

    /// <summary>Generic timer count.</summary>
    public ulong Timestamp;

    public readonly bool Has(SpeFields fields) => (Fields & fields) == fields;

    /// <summary>Virtual address of the sampled operation.</summary>
    public readonly ulong Pc => SpeAddress.ToVirtual(PcPayload);

    /// <summary>Exception level of the sampled operation.</summary>
    public readonly int ExceptionLevel => SpeAddress.ExceptionLevel(PcPayload);

    /// <summary>Virtual address the branch went to.</summary>
    public readonly ulong BranchTarget => SpeAddress.ToVirtual(BranchTargetPayload);

    /// <summary>Physical address of the data, without the security and tag bits.</summary>
    public readonly ulong DataPhysical => DataPhysicalPayload & SpeAddress.AddressMask;

    public readonly bool IsBranch => Has(SpeFields.Operation) && OperationClass == SpeOperationClass.Branch;

    /// <summary>A load, or an atomic that returns a value.</summary>
    public readonly bool IsLoad => Has(SpeFields.Operation) && OperationClass == SpeOperationClass.LoadStore && (Operation & SpeOperation.Store) == 0;

    /// <summary>A store, or an atomic that returns nothing.</summary>
    public readonly bool IsStore => Has(SpeFields.Operation) && OperationClass == SpeOperationClass.LoadStore && (Operation & SpeOperation.Store) != 0;

    public readonly bool IsAtomic => Has(SpeFields.Operation) && OperationClass == SpeOperationClass.LoadStore && SpeOperation.IsAtomic(Operation);

    public void SetPc(ulong virtualAddress, int exceptionLevel, bool nonSecure = true)
    {
        PcPayload = SpeAddress.Instruction(virtualAddress, exceptionLevel, nonSecure);
        Fields |= SpeFields.Pc;
    }

    /// <summary>Sets the target of a taken branch and the Exception level it goes to.</summary>
    public void SetBranchTarget(ulong virtualAddress, int exceptionLevel, bool nonSecure = true)
    {
        BranchTargetPayload = SpeAddress.Instruction(virtualAddress, exceptionLevel, nonSecure);
        Fields |= SpeFields.BranchTarget;
    }

    /// <summary>Sets the target of the last branch taken before the operation, and the Exception level there.</summary>
    public void SetPreviousBranchTarget(ulong virtualAddress, int exceptionLevel, bool nonSecure = true)
    {
        PreviousBranchTargetPayload = SpeAddress.Instruction(virtualAddress, exceptionLevel, nonSecure);
        Fields |= SpeFields.PreviousBranchTarget;
    }

    public void SetDataVirtual(ulong virtualAddress)
    {
        DataVirtual = virtualAddress;
        Fields |= SpeFields.DataVirtual;
    }

    public void SetDataPhysical(ulong physicalAddress, bool nonSecure = true)
    {
        DataPhysicalPayload = SpeAddress.Physical(physicalAddress, nonSecure);
        Fields |= SpeFields.DataPhysical;
    }

    public void SetContextEl1(uint contextId)
    {
        ContextEl1 = contextId;
        Fields |= SpeFields.ContextEl1;
    }

    public void SetContextEl2(uint contextId)
    {
        ContextEl2 = contextId;
        Fields |= SpeFields.ContextEl2;
    }

    public void SetOperation(SpeOperationClass operationClass, byte payload)
    {
        OperationClass = operationClass;
        Operation = payload;
        Fields |= SpeFields.Operation;
    }

    public void SetEvents(SpeEvents events)
    {
        Events = events;
        Fields |= SpeFields.Events;
    }

    /// <summary>Sets total and issue latency in cycles, each saturated by the caller to the counter width of PMSIDR_EL1.</summary>
    public void SetLatency(ushort total, ushort issue)
    {
        TotalLatency = total;
        IssueLatency = issue;
        Fields |= SpeFields.TotalLatency | SpeFields.IssueLatency;
    }

    public void SetTranslationLatency(ushort cycles)
    {
        TranslationLatency = cycles;
        Fields |= SpeFields.TranslationLatency;
    }

    public void SetDataSource(SpeDataSource source)
    {
        DataSource = (ushort)source;
        Fields |= SpeFields.DataSource;
    }

    public void SetTimestamp(ulong count)
    {
        Timestamp = count;
        Fields |= SpeFields.Timestamp;
    }
}
