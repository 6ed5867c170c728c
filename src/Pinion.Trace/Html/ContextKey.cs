using Pinion.Arm.Spe;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Html;

/// <summary>Process, CPU, class and Exception level of a sample in 32 bits.</summary>
internal readonly record struct ContextKey(uint Packed)
{
    /// <summary>Where the record has no PC.</summary>
    public const int NoLevel = 4;

    /// <summary>CPU of the streams that belong to none.</summary>
    public const int NoCpu = 1022;

    /// <summary>CPU of all that have a number from <see cref="NoCpu"/> on.</summary>
    public const int OtherCpu = 1023;

    public ContextKey(int process, int cpu, ProfileClass operationClass, int level)
        : this(((uint)process << 16) | ((uint)(cpu < 0 ? NoCpu : cpu < NoCpu ? cpu : OtherCpu) << 6) | ((uint)operationClass << 3) | (uint)level)
    {
    }

    public int Process => (int)(Packed >> 16);

    public int Cpu => (int)((Packed >> 6) & 0x3FF);

    public ProfileClass Class => (ProfileClass)((Packed >> 3) & 7);

    public int Level => (int)(Packed & 7);

    public static ContextKey Of(in SpeRecord record, in SampleOrigin origin, ProcessNumbers.Cache processes) =>
        new(processes.NumberOf(origin), origin.Cpu, ProfileCounts.Classify(record), record.Has(SpeFields.Pc) ? record.ExceptionLevel : NoLevel);
}
