namespace Pinion.Cpu.Profiling;

/// <summary>Recognises streams of misses that go through lines upwards or downwards. Works on virtual lines, so a stream survives the end of a page.</summary>
internal sealed class StreamPrefetcher(TimingParameters parameters)
{
    private readonly Stream[] _streams = new Stream[parameters.Streams];
    private readonly int _reach = parameters.StreamReach;
    private readonly int _confidence = parameters.StreamConfidence;
    private int _replace;

    /// <summary>Tells of a miss at <paramref name="line"/>: +1 or -1 when it belongs to a stream worth fetching ahead, else 0.</summary>
    public int Miss(ulong line)
    {
        Stream[] streams = _streams;
        for (int i = 0; i < streams.Length; i++)
        {
            ref Stream stream = ref streams[i];
            var distance = (long)(line - stream.Line);
            if (distance == 0 || distance > _reach || distance < -_reach)
            {
                continue;
            }

            int direction = distance > 0 ? 1 : -1;
            stream.Count = direction == stream.Direction ? Math.Min(stream.Count + 1, _confidence) : 1;
            stream.Direction = direction;
            stream.Line = line;
            return stream.Count >= _confidence ? direction : 0;
        }

        streams[_replace] = new Stream { Line = line };
        _replace = (_replace + 1) % streams.Length;
        return 0;
    }

    private struct Stream
    {
        public ulong Line;
        public int Direction;
        public int Count;
    }
}
