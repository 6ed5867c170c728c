using System.Globalization;
using Pinion.Cli.Guests;
using Pinion.Cpu.Profiling;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Compare;

/// <summary>
/// Debian, with two processes that pass a byte to and fro over pipes, one of them under a per-task <c>perf record</c>: the kernel's driver disables the buffer when it is switched
/// out and enables it when it is switched in. The other one does not inherit the event, because between two tasks with the same inherited events Linux exchanges their contexts and
/// leaves the hardware alone.
/// </summary>
internal sealed class DebianWorkload(LocatedGuest guest, IReadOnlyList<ulong> bufferSizes) : GuestWorkload(bufferSizes)
{
    /// <summary>The buffer of 64 MiB, what perf copies out of it, and the guest.</summary>
    private const ulong Memory = 512UL << 20;

    /// <summary>Operations between samples.</summary>
    private const int Period = 4096;

    /// <summary>Round trips of <c>bench pipe</c> at scale 1; in each the profiled task is switched out and in once.</summary>
    private const double RoundTripsAtScaleOne = 20000;

    private const string Marker = "COMPARE";
    private const string Bare = "bare";

    public override MachineOptions Machine(int cycles) => new()
    {
        Kernel = guest.KernelPath,
        Initrd = guest.InitrdPath,
        CommandLine = $"{guest.Append} quiet run=sh:{Script(cycles).Replace(' ', '@')}",
        Memory = Memory,
    };

    public override GuestReader Read() => new Reader(BufferSizes);

    private string Script(int cycles)
    {
        string bench = string.Create(CultureInfo.InvariantCulture, $"bench -s {cycles / RoundTripsAtScaleOne:R} pipe");
        string perf = $"perf record -q -i -e arm_spe_0/ts_enable=1/ -c {Period} -o /tmp/c.data";
        IEnumerable<string> phases = BufferSizes.Select(bytes =>
            $"echo {Marker} {bytes}; {perf} -m ,{bytes >> 10}K -- {bench}; echo {Marker} end $?; rm -f /tmp/c.data");
        return $"echo {Marker} {Bare}; {bench}; echo {Marker} end $?; {string.Join("; ", phases)}";
    }

    /// <summary>Counts the records that reach the buffer.</summary>
    private sealed class RecordCounter : ISpeRecordSink
    {
        private long _count;

        public ulong Count => (ulong)Interlocked.Read(ref _count);

        public void Append(int pe, ReadOnlySpan<byte> record) => Interlocked.Increment(ref _count);
    }

    private sealed class Reader(IReadOnlyList<ulong> bufferSizes) : GuestReader
    {
        private readonly Dictionary<string, (ulong Enables, double Rate, double Seconds)> _phases = [];
        private readonly RecordCounter _records = new();
        private string? _phase;
        private ulong _enablesBefore;
        private double _rate;
        private double _seconds;
        private string? _failure;

        public override MachineOptions Watch(MachineOptions machine) => machine with { RecordSink = _records };

        public override void OnLine(string line, Machine machine)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case [Marker, "end", string status]:
                    if (_phase is not null)
                    {
                        _phases[_phase] = (Enables(machine) - _enablesBefore, _rate, _seconds);
                    }

                    if (status != "0")
                    {
                        _failure = _phase == Bare ? "bench failed in the guest" : $"perf record failed in the guest with a buffer of {_phase} bytes";
                    }

                    _phase = null;
                    break;
                case [Marker, string phase]:
                    _phase = phase;
                    _enablesBefore = Enables(machine);
                    _rate = _seconds = 0;
                    break;
                case ["RESULT", "name=pipe", ..]:
                    _rate = Field(words, "rate=");
                    _seconds = Field(words, "ns=") / 1e9;
                    break;
            }
        }

        public override Result<GuestFigures> Finish(Machine machine)
        {
            if (_failure is not null)
            {
                return Unexpected(_failure);
            }

            List<BufferFigures> buffers = [];
            foreach (ulong bytes in bufferSizes)
            {
                if (!_phases.TryGetValue(bytes.ToString(CultureInfo.InvariantCulture), out (ulong Enables, double Rate, double Seconds) phase) || phase.Seconds == 0)
                {
                    return Unexpected("the Debian guest has no bench, or ended before it was done");
                }

                buffers.Add(new BufferFigures(bytes, phase.Enables, phase.Enables / phase.Seconds, null, null));
            }

            ulong kept = machine.Vm.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + (vcpu.Pe.Spu?.SampleFiltrate ?? 0));
            return new GuestFigures
            {
                Buffers = buffers,
                Records = _records.Count,
                Lost = kept - Math.Min(kept, _records.Count),
                BareCyclesPerSecond = _phases.TryGetValue(Bare, out (ulong, double Rate, double) bare) ? bare.Rate : null,
            };
        }

        private static ulong Enables(Machine machine) => machine.Vm.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + vcpu.Statistics.BuffersPinned);

        private static double Field(string[] words, string name)
        {
            string? word = words.FirstOrDefault(candidate => candidate.StartsWith(name, StringComparison.Ordinal));
            return word is not null && double.TryParse(word.AsSpan(name.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value : 0;
        }
    }
}
