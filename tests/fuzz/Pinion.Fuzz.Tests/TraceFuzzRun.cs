using System.Diagnostics;
using System.Globalization;

namespace Pinion.Fuzz.Tests;

/// <summary>
/// Runs a target on every file of its corpus and on inputs made of them. An input whose outcome is new (by its signature) joins those that others are made of, in memory only. The first input that fails is made as short as it goes and
/// kept as a file.
/// </summary>
internal sealed class TraceFuzzRun
{
    /// <summary>Inputs that joined; later ones replace earlier ones.</summary>
    private const int MostKept = 1 << 12;

    private static readonly int s_inputs = Setting("PINION_FUZZ_INPUTS", 50_000);
    private static readonly int s_seed = Setting("PINION_FUZZ_SEED", 1);
    private static readonly int s_threads = Math.Max(1, Setting("PINION_FUZZ_THREADS", 1));

    private readonly string _name;
    private readonly TraceFuzzFormat _format;
    private readonly Func<TraceFuzzTarget> _make;
    private readonly byte[][] _corpus;
    private readonly Worker[] _workers;
    private volatile string? _failure;

    private TraceFuzzRun(string name, string corpus, TraceFuzzFormat format, Func<TraceFuzzTarget> make)
    {
        _name = name;
        _format = format;
        _make = make;
        _corpus = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "corpus", corpus), "*.bin").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        _workers = [.. Enumerable.Range(0, s_threads).Select(number => new Worker(this, number))];
    }

    /// <summary>Runs the inputs that the environment asks for, and fails with the first that does.</summary>
    public static void Run(string name, string corpus, TraceFuzzFormat format, Func<TraceFuzzTarget> make) => new TraceFuzzRun(name, corpus, format, make).Run();

    private void Run()
    {
        var clock = Stopwatch.StartNew();

        // An input that never ends would hang the run and name nothing.
        using var watch = new Timer(_ => Array.ForEach(_workers, worker => worker.LookWhetherItMoves()), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
        Thread[] threads = [.. _workers.Select(worker => new Thread(worker.Run))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_name}: {_workers.Sum(worker => worker.Done)} inputs from {_corpus.Length} files, seed {s_seed}, {s_threads} threads, {_workers.Sum(worker => worker.Outcomes)} different outcomes, at most {_workers.Max(worker => worker.MostAllocated)} bytes allocated, {clock.Elapsed.TotalSeconds:F0} s"));
        if (_failure is not null)
        {
            Assert.Fail(_failure);
        }
    }

    private string Keep(ReadOnlySpan<byte> input, int worker, long number)
    {
        DirectoryInfo directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "pinion-fuzz"));
        string path = Path.Combine(directory.FullName, string.Create(CultureInfo.InvariantCulture, $"{_name}-{s_seed}-{worker}-{number}.bin"));
        File.WriteAllBytes(path, input);
        return path;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>One thread's share.</summary>
    private sealed class Worker(TraceFuzzRun run, int index)
    {
        private readonly TraceFuzzTarget _target = run._make();
        private readonly TraceFuzzMutator _mutator = new(run._format, ((ulong)s_seed << 32) + (ulong)index);
        private readonly List<Original> _originals = [];
        private readonly HashSet<ulong> _outcomes = [];
        private ReadOnlyMemory<byte> _input;
        private long _done;
        private long _tried;
        private long _lastSeen = -1;
        private bool _ended;

        /// <summary>Inputs that were made and read.</summary>
        public long Done => _done;

        public int Outcomes => _outcomes.Count;

        public long MostAllocated { get; private set; }

        public void Run()
        {
            foreach (byte[] file in run._corpus)
            {
                for (int turn = 0; turn < 200 && run._failure is null; turn++)
                {
                    Try(file, turn, null);
                }

                _outcomes.Add(_target.Signature);
                _originals.Add(new(file, [.. _target.Marks], _target.FirstDamage));
            }

            for (int i = index; i < s_inputs && run._failure is null; i += s_threads)
            {
                Original original = Choose();
                Try(_mutator.Make(original.Bytes, Choose().Bytes), _mutator.Next(int.MaxValue), original);
                _done++;
            }

            Volatile.Write(ref _ended, true);
        }

        public void LookWhetherItMoves()
        {
            long now = Volatile.Read(ref _tried);
            if (Interlocked.Exchange(ref _lastSeen, now) == now && !Volatile.Read(ref _ended))
            {
                Environment.FailFast($"{run._name}: {run.Keep(_input.Span, index, _done)} takes longer than a minute");
            }
        }

        /// <summary>What joined is further and further from what a reader expects, so the corpus itself keeps a share.</summary>
        private Original Choose() => _originals[_mutator.Next(_mutator.Next(4) == 0 ? run._corpus.Length : _originals.Count)];

        private void Try(ReadOnlyMemory<byte> input, int turn, Original? original)
        {
            _input = input;
            Volatile.Write(ref _tried, _tried + 1);
            if (Failure(input, turn, original) is Exception failure)
            {
                byte[] shortest = Shorten(input.ToArray(), turn, failure);
                string path = run.Keep(shortest, index, _done);
                run._failure ??= $"{run._name}: input {_done} of seed {s_seed}, thread {index}, turn {turn}; {shortest.Length} bytes are left of it in {path}:\n{Convert.ToHexString(shortest.AsSpan(0, Math.Min(shortest.Length, 256)))}\n{failure}";
                return;
            }

            if (original is not null && _outcomes.Add(_target.Signature))
            {
                var kept = new Original(input.ToArray(), [.. _target.Marks], _target.FirstDamage);
                if (_originals.Count < MostKept)
                {
                    _originals.Add(kept);
                }
                else
                {
                    _originals[run._corpus.Length + _mutator.Next(MostKept - run._corpus.Length)] = kept;
                }
            }
        }

        private Exception? Failure(ReadOnlyMemory<byte> input, int turn, Original? original)
        {
            try
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                _target.Run(input, turn);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                MostAllocated = Math.Max(MostAllocated, allocated);
                Property.Holds(allocated <= _target.MostAllocated(input.Length), $"no more than {_target.MostAllocated(input.Length)} bytes are allocated for {input.Length}: {allocated} were");
                if (original is not null)
                {
                    CompareBeforeChange(input.Span, original);
                }

                return null;
            }
            catch (Exception e)
            {
                return e;
            }
        }

        /// <summary>What lies before the first change, and before any damage, is read as it was without it.</summary>
        private void CompareBeforeChange(ReadOnlySpan<byte> input, Original original)
        {
            int same = input.CommonPrefixLength(original.Bytes);
            long sure = Math.Min(Math.Min(same, input.Length - 1), Math.Min(original.FirstDamage, _target.FirstDamage));
            for (int i = 0; i < original.Marks.Length && original.Marks[i].End <= sure; i++)
            {
                Property.Holds(i < _target.Marks.Count && _target.Marks[i].Hash == original.Marks[i].Hash, $"item {i}, before the change at {same}, is read as it was");
            }
        }

        /// <summary>Leaves out parts as long as the same goes wrong.</summary>
        private byte[] Shorten(byte[] input, int turn, Exception failure)
        {
            for (int size = input.Length / 2; size > 0; size /= 2)
            {
                for (int at = 0; at + size <= input.Length;)
                {
                    byte[] shorter = [.. input.AsSpan(0, at), .. input.AsSpan(at + size)];
                    if (Failure(shorter, turn, null) is Exception still && still.GetType() == failure.GetType() && still.TargetSite == failure.TargetSite)
                    {
                        input = shorter;
                    }
                    else
                    {
                        at += size;
                    }
                }
            }

            return input;
        }

        /// <summary>Something to make inputs of, and what is read of it.</summary>
        private sealed record Original(byte[] Bytes, (int End, ulong Hash)[] Marks, long FirstDamage);
    }
}
