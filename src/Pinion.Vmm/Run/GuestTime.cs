using Pinion.Kvm.Uapi;

namespace Pinion.Vmm.Run;

/// <summary>
/// The wall clock of a deterministic machine: starts on a fixed day and follows the guest's own counter, so that it reads the same in every run. It has no alarms:
/// they would come from outside the guest's time.
/// </summary>
internal sealed class GuestTime : TimeProvider
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Frequency of the guest's counter, which KVM gives no register for: every vCPU has the host's.</summary>
    public const ulong CounterFrequency = 62_500_000;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        ulong count = 0;
        VcpuThread.Current?.GetOneReg(RegisterId.TimerCnt, out count);
        return s_start.AddSeconds(count / CounterFrequency);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
