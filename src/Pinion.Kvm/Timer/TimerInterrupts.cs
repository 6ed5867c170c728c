namespace Pinion.Kvm.Timer;

/// <summary>INTIDs of the timers' PPIs (attribute group 1). They are a VM's, and fixed once a vCPU has run.</summary>
internal sealed class TimerInterrupts
{
    /// <summary>The virtual timer's; 27 by default.</summary>
    public int Virtual { get; set; } = 27;

    /// <summary>The physical timer's; 30 by default.</summary>
    public int Physical { get; set; } = 30;
}
