using System.Collections.Concurrent;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;

namespace Pinion.Vmm.Run;

/// <summary>Two runs of one machine that did not agree.</summary>
/// <param name="Summary">What differs, in a sentence.</param>
/// <param name="Before">State of the CPU before the unit that went wrong, where it is known.</param>
/// <param name="Here">State with the engine under test.</param>
/// <param name="There">State with the reference.</param>
/// <param name="Block">What was executed and compiled to what, where a block was.</param>
public sealed record LockstepDifference(string Summary, PeSnapshot? Before, PeSnapshot? Here, PeSnapshot? There, CompiledBlock? Block);

/// <summary>How two runs of one machine compared.</summary>
/// <param name="Comparisons">States compared.</param>
/// <param name="Instructions">Instructions executed, of all CPUs.</param>
/// <param name="End">How the machine ended, with the engine under test.</param>
/// <param name="Difference">The first difference, or null.</param>
public sealed record LockstepResult(long Comparisons, ulong Instructions, MachineEnd End, LockstepDifference? Difference);

/// <summary>
/// Runs a deterministic machine twice at once, with the engine under test and with a reference, and compares the whole state of a CPU each time it has executed another interval; the profiling records on the
/// way, and memory and console at the end. Where they differ it runs both again from the start, and compares after every block from the last state that was the same.
/// </summary>
public sealed class Lockstep
{
    /// <summary>So far the reference may be ahead.</summary>
    private const int MostAhead = 256;

    private readonly MachineOptions _options;
    private readonly EngineKind _reference;
    private readonly ulong _interval;
    private readonly CancellationTokenSource _over = new();
    private Machine? _running;

    /// <param name="options">The machine, with the engine under test.</param>
    /// <param name="reference">The engine to compare with.</param>
    /// <param name="interval">Instructions between two comparisons of one CPU.</param>
    public Lockstep(MachineOptions options, EngineKind reference, ulong interval)
    {
        _options = options with { Deterministic = true };
        _reference = reference;
        _interval = interval;
    }

    /// <summary>For tests: makes the reference another machine.</summary>
    internal Func<MachineOptions, MachineOptions> Disturb { get; init; } = options => options;

    /// <summary>States compared so far; any thread.</summary>
    public long Comparisons { get; private set; }

    /// <summary>Ends the run; any thread.</summary>
    public void Stop() => _running?.Stop();

    /// <summary>Runs to the end of the guest, or to the first difference. <paramref name="console"/> gets what the guest prints with the engine under test.</summary>
    public Result<LockstepResult> Run(Stream console)
    {
        Result<LockstepResult> first = Run(console, -1, ulong.MaxValue);
        if (!first.TryGet(out LockstepResult whole, out _) || whole.Difference is not { Here: { } here } || _over.IsCancellationRequested)
        {
            return first;
        }

        // Nothing depends on the host, so the second run comes to the same place.
        ulong from = here.Executed <= _interval ? 0 : here.Executed - _interval;
        return Run(Stream.Null, here.Index, from).TryGet(out LockstepResult narrow, out _) && narrow.Difference is not null
            ? whole with { Difference = narrow.Difference }
            : whole with { Difference = whole.Difference with { Summary = $"{whole.Difference.Summary}; it does not appear when blocks are executed one by one" } };
    }

    private Result<LockstepResult> Run(Stream console, int windowPe, ulong windowFrom)
    {
        using var over = new CancellationTokenSource();
        using var states = new BlockingCollection<PeSnapshot>(MostAhead);
        var reference = new Publisher(states, over.Token) { Interval = _interval, WindowPe = windowPe, WindowFrom = windowFrom };
        var tested = new Comparer(states, over.Token) { Interval = _interval, WindowPe = windowPe, WindowFrom = windowFrom };
        var printedHere = new Digest(console);
        var printedThere = new Digest(Stream.Null);
        if (!Machine.Create(_options with { Checkpoints = tested, RecordSink = tested }, printedHere).TryGet(out Machine here, out Problem? problem))
        {
            return problem;
        }

        using (here)
        {
            if (!Machine.Create(Disturb(_options with { Engine = _reference, Checkpoints = reference, RecordSink = reference }), printedThere).TryGet(out Machine there, out problem))
            {
                return problem;
            }

            using (there)
            {
                tested.Differs = () =>
                {
                    over.Cancel();
                    here.Stop();
                    there.Stop();
                };
                _running = here;
                var other = new Thread(() =>
                {
                    there.Run();
                    states.CompleteAdding();
                })
                {
                    Name = "reference",
                };
                other.Start();
                MachineEnd end = here.Run();
                if (end.Kind == MachineEndKind.Stopped)
                {
                    over.Cancel();
                    there.Stop();
                }

                tested.Finish();
                other.Join();
                Comparisons += tested.Comparisons;
                LockstepDifference? difference = tested.Difference;
                if (difference is null && end.Kind != MachineEndKind.Stopped)
                {
                    difference = here.FirstDifferenceInMemory(there) is ulong address ? new($"guest memory differs at 0x{address:x} in the end", null, null, null, null)
                        : printedHere.Value != printedThere.Value ? new("the guest printed something else", null, null, null, null)
                        : null;
                }

                return new LockstepResult(tested.Comparisons, here.Vm.Vcpus.Aggregate(0UL, (sum, vcpu) => sum + vcpu.Pe.Executed), end, difference);
            }
        }
    }

    /// <summary>A hash of a sequence of bytes: FNV-1a.</summary>
    private static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            hash = (hash ^ value) * 0x100_0000_01B3;
        }

        return hash;
    }

    /// <summary>Passes on what is written, and remembers a hash of it.</summary>
    private sealed class Digest(Stream to) : Stream
    {
        public ulong Value { get; private set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => to.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Value = Mix(Value, buffer);
            to.Write(buffer);
        }
    }

    /// <summary>One side: takes the states, and hashes the records between them.</summary>
    private abstract class Side : Checkpoints, ISpeRecordSink
    {
        private ulong _records;

        public void Append(int pe, ReadOnlySpan<byte> record) => _records = Mix(_records ^ (ulong)pe, record);

        protected PeSnapshot Take(ProcessingElement pe)
        {
            var state = new PeSnapshot();
            state.Take(pe);
            state.Extra = _records;
            return state;
        }
    }

    private sealed class Publisher(BlockingCollection<PeSnapshot> states, CancellationToken over) : Side
    {
        public override void At(ProcessingElement pe)
        {
            try
            {
                states.Add(Take(pe), over);
            }
            catch (OperationCanceledException)
            {
                // The comparison is over; the machine is being stopped.
            }
        }
    }

    private sealed class Comparer(BlockingCollection<PeSnapshot> states, CancellationToken over) : Side
    {
        private PeSnapshot? _last;

        public Action Differs { get; set; } = () => { };

        public long Comparisons { get; private set; }

        public LockstepDifference? Difference { get; private set; }

        public override void At(ProcessingElement pe)
        {
            if (Difference is not null)
            {
                return;
            }

            PeSnapshot here = Take(pe);
            PeSnapshot? there;
            try
            {
                // The reference looks after each instruction where this side looks after each block.
                do
                {
                    there = states.TryTake(out PeSnapshot? state, Timeout.Infinite, over) ? state : null;
                }
                while (there is not null && IsInWindow(here.Index, here.Executed) && there.Index == here.Index && there.Executed < here.Executed);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            Comparisons++;
            if (there is null)
            {
                Report(pe, "the reference has ended before", here, there);
            }
            else if (!here.Matches(there))
            {
                Report(pe, $"CPU {here.Index} differs from the reference after {here.Executed} instructions", here, there);
            }

            _last = here;
        }

        /// <summary>The machine has ended: what the reference has still to say is a difference.</summary>
        public void Finish()
        {
            try
            {
                if (Difference is null && states.TryTake(out PeSnapshot? more, Timeout.Infinite, over) && !IsInWindow(more.Index, more.Executed))
                {
                    Difference = new($"the guest has ended, and in the reference it goes on after {more.Executed} instructions", _last, null, more, null);
                    Differs();
                }
            }
            catch (OperationCanceledException)
            {
                // It was stopped, so nothing is known of the end.
            }
        }

        private void Report(ProcessingElement pe, string summary, PeSnapshot here, PeSnapshot? there)
        {
            (_, CompiledBlock? block) = pe.LastUnit;
            bool narrow = IsInWindow(here.Index, here.Executed);
            Difference = new(summary, narrow ? _last : null, here, there, narrow ? block : null);
            Differs();
        }
    }
}
