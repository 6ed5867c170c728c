namespace Pinion.Trace;

/// <summary>Work on the buffers of a trace by several threads.</summary>
public static class BufferRuns
{
    /// <summary>Buffers are taken in runs of about so many bytes, so that small ones do not cost a turn each.</summary>
    private const long RunBytes = 1 << 20;

    /// <summary>What is done with the buffers from <paramref name="first"/> up to <paramref name="end"/>, which are run <paramref name="run"/> of the trace; what is wrong with them is added to <paramref name="damage"/>.</summary>
    public delegate void Work(int run, int first, int end, Diagnoses damage);

    /// <summary>
    /// Does <paramref name="work"/> on all buffers of <paramref name="trace"/>, on several threads; runs are begun in the order of the file. Damage is added to the trace's diagnoses, in the order of the
    /// file too. Buffers that are done with need not stay in memory.
    /// </summary>
    /// <param name="trace">A trace.</param>
    /// <param name="work">Called by several threads at once.</param>
    /// <param name="threads">At most so many; 0: one for each CPU.</param>
    /// <param name="report">Add the damage to the diagnoses: once, however often a trace is read.</param>
    public static void ForEach(SpeTrace trace, Work work, int threads = 0, bool report = true)
    {
        List<(int First, int End)> runs = Divide(trace.Buffers);
        threads = Math.Clamp(threads == 0 ? Environment.ProcessorCount : threads, 1, Math.Max(1, runs.Count));
        var damage = new InOrder(runs.Count);
        int next = -1;
        if (threads == 1)
        {
            Loop();
        }
        else
        {
            Parallel.Invoke(new ParallelOptions { MaxDegreeOfParallelism = threads }, [.. Enumerable.Repeat(Loop, threads)]);
        }

        if (report)
        {
            trace.Diagnoses.Add(damage.All);
        }

        void Loop()
        {
            for (int run = Interlocked.Increment(ref next); run < runs.Count; run = Interlocked.Increment(ref next))
            {
                (int first, int end) = runs[run];
                var found = new Diagnoses();
                work(run, first, end, found);
                damage.Add(run, found);
                SpeBuffer last = trace.Buffers[end - 1];
                trace.Source.Drop((ulong)trace.Buffers[first].FileOffset, (ulong)(last.FileOffset + last.Length - trace.Buffers[first].FileOffset));
            }
        }
    }

    private static List<(int First, int End)> Divide(List<SpeBuffer> buffers)
    {
        List<(int First, int End)> runs = [];
        int first = 0;
        long bytes = 0;
        for (int i = 0; i < buffers.Count; i++)
        {
            bytes += buffers[i].Length;
            if (bytes >= RunBytes || i + 1 == buffers.Count)
            {
                runs.Add((first, i + 1));
                first = i + 1;
                bytes = 0;
            }
        }

        return runs;
    }

    /// <summary>Diagnoses of runs that end in any order, in the order of the runs. Those of a run are let go of as soon as all runs before it have theirs in.</summary>
    private sealed class InOrder(int runs)
    {
        private readonly Diagnoses?[] _waiting = new Diagnoses?[runs];
        private int _next;

        public Diagnoses All { get; } = new();

        public void Add(int run, Diagnoses found)
        {
            lock (_waiting)
            {
                _waiting[run] = found;
                while (_next < _waiting.Length && _waiting[_next] is Diagnoses first)
                {
                    All.Add(first);
                    _waiting[_next++] = null;
                }
            }
        }
    }
}
