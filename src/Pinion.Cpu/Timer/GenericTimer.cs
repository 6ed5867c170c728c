using Pinion.Arm.SystemRegisters;

namespace Pinion.Cpu.Timer;

/// <summary>The EL1 physical and virtual timers of a PE (Arm ARM D11).</summary>
internal sealed class GenericTimer(ProcessingElement pe)
{
    private const ulong Enable = 1, Mask = 2, Status = 4;

    private readonly ITimeSource _time = pe.Configuration.Time;
    private Channel _physical;
    private Channel _virtual;
    private ulong _next = ulong.MaxValue;

    private struct Channel
    {
        public ulong Control;
        public ulong Compare;
        public bool Line;
    }

    /// <summary>CNTVOFF_EL2: EL2 owns it.</summary>
    public ulong VirtualOffset { get; set; }

    /// <summary>Physical count now.</summary>
    public ulong PhysicalCount => _time.Count(pe.Executed);

    /// <summary>Virtual count now.</summary>
    public ulong VirtualCount => PhysicalCount - VirtualOffset;

    /// <summary>Frequency in Hz.</summary>
    public ulong Frequency => _time.Frequency;

    /// <summary>Physical count at which a line changes next; ulong.MaxValue when none will.</summary>
    public ulong NextDeadline => _next;

    /// <summary>Instructions that can be executed before a line may change.</summary>
    public ulong InstructionsUntilDue => _next == ulong.MaxValue ? ulong.MaxValue : _time.InstructionsUntil(_next, pe.Executed);

    /// <summary>Raises what is due.</summary>
    public void Poll()
    {
        if (_next != ulong.MaxValue && PhysicalCount >= _next)
        {
            Update();
        }
    }

    public ulong Read(SysRegId register)
    {
        ulong count = PhysicalCount;
        return register switch
        {
            SysRegId.CNTFRQ_EL0 => _time.Frequency,
            SysRegId.CNTPCT_EL0 => count,
            SysRegId.CNTVCT_EL0 => count - VirtualOffset,
            SysRegId.CNTP_TVAL_EL0 => (uint)(_physical.Compare - count),
            SysRegId.CNTP_CTL_EL0 => ReadControl(_physical, count),
            SysRegId.CNTP_CVAL_EL0 => _physical.Compare,
            SysRegId.CNTV_TVAL_EL0 => (uint)(_virtual.Compare - (count - VirtualOffset)),
            SysRegId.CNTV_CTL_EL0 => ReadControl(_virtual, count - VirtualOffset),
            SysRegId.CNTV_CVAL_EL0 => _virtual.Compare,
            _ => 0,
        };
    }

    public void Write(SysRegId register, ulong value)
    {
        switch (register)
        {
            case SysRegId.CNTP_TVAL_EL0:
                _physical.Compare = PhysicalCount + (ulong)(int)value;
                break;
            case SysRegId.CNTP_CTL_EL0:
                _physical.Control = value & (Enable | Mask);
                break;
            case SysRegId.CNTP_CVAL_EL0:
                _physical.Compare = value;
                break;
            case SysRegId.CNTV_TVAL_EL0:
                _virtual.Compare = VirtualCount + (ulong)(int)value;
                break;
            case SysRegId.CNTV_CTL_EL0:
                _virtual.Control = value & (Enable | Mask);
                break;
            case SysRegId.CNTV_CVAL_EL0:
                _virtual.Compare = value;
                break;
            case SysRegId.CNTVCT_EL0:
                // Only EL2 gets here (KVM_REG_ARM_TIMER_CNT): it moves the offset.
                VirtualOffset = PhysicalCount - value;
                break;
            case SysRegId.CNTPCT_EL0:
            case SysRegId.CNTFRQ_EL0:
                return;
        }

        Update();
    }

    private static ulong ReadControl(in Channel channel, ulong count) => channel.Control | ((channel.Control & Enable) != 0 && count >= channel.Compare ? Status : 0);

    /// <summary>Drives both lines from the present count, and finds the next change.</summary>
    public void Update()
    {
        ulong now = PhysicalCount;
        _next = ulong.MaxValue;
        Drive(ref _physical, true, 0, now);
        Drive(ref _virtual, false, VirtualOffset, now);
    }

    private void Drive(ref Channel channel, bool physical, ulong offset, ulong now)
    {
        bool armed = (channel.Control & (Enable | Mask)) == Enable;
        bool line = armed && now - offset >= channel.Compare;
        if (armed && !line)
        {
            ulong deadline = channel.Compare + offset;
            if (deadline >= now)
            {
                _next = Math.Min(_next, deadline);
            }
        }

        if (line != channel.Line)
        {
            channel.Line = line;
            pe.Configuration.Outputs.TimerLine(physical, line);
        }
    }

    public void Reset()
    {
        _physical.Control = 0;
        _virtual.Control = 0;
        Update();
    }
}
