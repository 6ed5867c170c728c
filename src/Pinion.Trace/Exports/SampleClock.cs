using Pinion.Trace.Samples;

namespace Pinion.Trace.Exports;

/// <summary>Times for formats in which every sample has one: a sample without takes the time of the one before it and a nanosecond.</summary>
internal sealed class SampleClock
{
    private ulong _last;

    /// <summary>Samples that had no time of their own.</summary>
    public long Made { get; private set; }

    /// <summary>Nanoseconds of a sample; samples come in the order of the file.</summary>
    public ulong TimeOf(in SampleOrigin origin)
    {
        if (origin.Time != 0)
        {
            return _last = origin.Time;
        }

        Made++;
        return ++_last;
    }

    /// <summary>Says how many times were made up.</summary>
    public void Report(ExportRequest request)
    {
        if (Made > 0)
        {
            request.Note(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Made} samples have no time; each is 1 ns after the sample before it"));
        }
    }
}
