using System.Numerics;

namespace Pinion.Cpu.Profiling;

/// <summary>What the prefetcher makes of a miss.</summary>
/// <param name="Direction">+1 or -1 when the lines ahead are worth fetching, else 0.</param>
/// <param name="Resumed">The stream was known from an earlier window: the missing line would have been fetched ahead while nobody watched.</param>
/// <param name="Lead">Of a resumed stream: lines of the last fetch to L1 that were used up unobserved, 0 when the line is one for which the next fetch starts.</param>
internal readonly record struct StreamPrediction(int Direction, bool Resumed, int Lead);

/// <summary>
/// Recognises instructions whose misses go through lines upwards or downwards. Works on virtual lines, so a stream survives the end of a page.
/// </summary>
internal sealed class StreamPrefetcher
{
    private const int InstructionShift = 2;

    private readonly Stream[] _streams;
    private readonly ulong _mask;
    private readonly int _reach;
    private readonly int _confidence;
    private readonly uint _fetch;
    private uint _window;

    public StreamPrefetcher(TimingParameters parameters)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(BitOperations.IsPow2(parameters.Streams), true, nameof(parameters));
        _streams = new Stream[parameters.Streams];
        _mask = (ulong)parameters.Streams - 1;
        _reach = parameters.StreamReach;
        _confidence = parameters.StreamConfidence;
        _fetch = (uint)parameters.PrefetchL1Lines + 1;
    }

    /// <summary>Operations have passed unobserved.</summary>
    public void BeginWindow() => _window++;

    /// <summary>Tells of a miss at <paramref name="line"/> by the instruction at <paramref name="pc"/>.</summary>
    public StreamPrediction Miss(ulong pc, ulong line)
    {
        ref Stream stream = ref _streams[(pc >> InstructionShift) & _mask];
        if (stream.Pc != pc)
        {
            stream = new Stream { Pc = pc, Line = line, Window = _window };
            return default;
        }

        bool resumed = stream.Window != _window;
        stream.Window = _window;
        var distance = (long)(line - stream.Line);
        stream.Line = line;
        if (resumed)
        {
            // How far the stream went unobserved is unknown; that it is one is not forgotten. Each place between two fetches has its turn.
            bool known = stream.Count >= _confidence;
            return known ? new StreamPrediction(stream.Direction, true, (int)(stream.Resumed++ % _fetch)) : default;
        }

        int direction = distance > 0 && distance <= _reach ? 1 : distance < 0 && distance >= -_reach ? -1 : 0;
        stream.Count = direction == 0 ? 0 : direction == stream.Direction ? Math.Min(stream.Count + 1, _confidence) : 1;
        stream.Direction = direction;
        return new StreamPrediction(stream.Count >= _confidence ? direction : 0, false, 0);
    }

    private struct Stream
    {
        public ulong Pc;
        public ulong Line;
        public uint Window;
        public int Direction;
        public int Count;
        public uint Resumed;
    }
}
