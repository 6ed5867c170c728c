using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Profiles;

/// <summary>What is common to the samples of a row: a number that is quick to find for each sample, and texts that are made once.</summary>
internal readonly record struct GroupKey(ulong A, ulong B)
{
    /// <summary>Samples that have nothing of the kind: no PC, no data address, no thread.</summary>
    public static GroupKey None => new(ulong.MaxValue, ulong.MaxValue);

    public bool Equals(GroupKey other) => A == other.A && B == other.B;

    // Neighbouring instructions differ in bits 2 and up only.
    public override int GetHashCode() => (int)((A >> 2) ^ (A >> 32) ^ (B * 0x9E37_79B1));
}

/// <summary>The texts of a row.</summary>
internal readonly record struct RowLabel(string First, string Second = "", string Third = "");

/// <summary>Sorts samples into rows.</summary>
internal sealed class ProfileGrouping(SampleSource source, ProfileOptions options)
{
    private const int CacheLineShift = 6;
    private const int PageShift = 12;

    /// <summary>Headings of a row's texts.</summary>
    public static IReadOnlyList<string> Columns(ProfileBy by) => by switch
    {
        ProfileBy.Function => ["image", "function"],
        ProfileBy.Line => ["image", "function", "line"],
        ProfileBy.Instruction => ["image", "instruction", "pc"],
        ProfileBy.Image => ["image"],
        ProfileBy.Process => ["process"],
        ProfileBy.Thread => ["process", "thread"],
        ProfileBy.Cpu => ["cpu"],
        ProfileBy.Class => ["class"],
        ProfileBy.DataSource => ["data source"],
        ProfileBy.Address => ["process", "address"],
        ProfileBy.CacheLine => ["space", "cache line"],
        ProfileBy.Page => ["space", "page"],
        _ => throw new ArgumentOutOfRangeException(nameof(by)),
    };

    /// <summary>The row of a sample, as numbers.</summary>
    public GroupKey KeyOf(in SpeRecord record, in SampleOrigin origin) => options.By switch
    {
        ProfileBy.Function or ProfileBy.Line or ProfileBy.Instruction or ProfileBy.Image => Code(record, origin),
        ProfileBy.Process or ProfileBy.Thread => origin.Thread is null ? GroupKey.None : new(Task(origin), 0),
        ProfileBy.Cpu => new((uint)origin.Cpu, 0),
        ProfileBy.Class => new((ulong)ProfileCounts.Classify(record), 0),
        ProfileBy.DataSource => record.Has(SpeFields.DataSource) ? new((ulong)Math.Min((int)record.DataSource, ProfileCounts.DataSources - 1), 0) : GroupKey.None,
        ProfileBy.Address => record.Has(SpeFields.DataVirtual) ? new(record.DataVirtual, Process(source.Tasks, origin)) : GroupKey.None,
        ProfileBy.CacheLine => Data(source.Tasks, record, origin, CacheLineShift),
        _ => Data(source.Tasks, record, origin, PageShift),
    };

    /// <summary>The row of a key, as texts. Several keys may have the same texts, and are one row then.</summary>
    /// <param name="key">A key.</param>
    /// <param name="first">Where the first sample of the key is from.</param>
    public RowLabel LabelOf(GroupKey key, in SampleOrigin first)
    {
        if (key == GroupKey.None)
        {
            return options.By switch
            {
                ProfileBy.Process or ProfileBy.Thread => new(Location.Unknown),
                ProfileBy.DataSource => new("[none]"),
                ProfileBy.Address or ProfileBy.CacheLine or ProfileBy.Page => new("", "[no data address]"),
                ProfileBy.Image => new(Location.Unknown),
                _ => new(Location.Unknown, "[no PC]"),
            };
        }

        switch (options.By)
        {
            case ProfileBy.Function:
                CodePlace place = source.Find(key.A, (int)key.B);
                return new(place.Location.Image, place.Location.Symbol);
            case ProfileBy.Line:
                place = source.Find(key.A, (int)key.B);
                string line = place.Image is ElfImage image && options.Lines?.Find(image, place.ImageAddress) is SourceLine found ? found.ToString() : Location.Unknown;
                return new(place.Location.Image, place.Location.Symbol, line);
            case ProfileBy.Instruction:
                place = source.Find(key.A, (int)key.B);
                return new(place.Location.Image, place.Label(), Hex(key.A));
            case ProfileBy.Image:
                return new(source.Find(key.A, (int)key.B).Location.Image);
            case ProfileBy.Process:
                return new(source.ProcessLabel(first.Thread, first.Time));
            case ProfileBy.Thread:
                return new(source.ProcessLabel(first.Thread, first.Time), first.Thread!.Value.ToString(CultureInfo.InvariantCulture));
            case ProfileBy.Cpu:
                return new(((int)key.A).ToString(CultureInfo.InvariantCulture));
            case ProfileBy.Class:
                return new(ClassName((ProfileClass)key.A));
            case ProfileBy.DataSource:
                return new(ProfileTable.SourceName((int)key.A));
            case ProfileBy.Address:
                return new(SymbolResolver.IsKernel(key.A) ? "[kernel]" : source.ProcessLabel(first.Thread, first.Time), Hex(key.A));
            default:
                return new(key.B == 0 ? "physical" : key.B == 1 ? "[kernel]" : source.ProcessLabel(first.Thread, first.Time), Hex(key.A));
        }
    }

    /// <summary>Name of a class in rows, exports and filters.</summary>
    public static string ClassName(ProfileClass operationClass) => operationClass switch
    {
        ProfileClass.Load => "load",
        ProfileClass.Store => "store",
        ProfileClass.Atomic => "atomic",
        ProfileClass.Branch => "branch",
        ProfileClass.FpSimd => "fp/simd",
        ProfileClass.Other => "other",
        _ => "none",
    };

    private static GroupKey Code(in SpeRecord record, in SampleOrigin origin)
    {
        if (!record.Has(SpeFields.Pc))
        {
            return GroupKey.None;
        }

        ulong pc = record.Pc;
        return new(pc, (uint)(SymbolResolver.IsKernel(pc) ? SymbolResolver.NoSpace : origin.Space));
    }

    /// <summary>The stretch of 1 << <paramref name="shift"/> bytes that a data address lies in: physical where that was recorded (B is 0), else of the kernel (1) or of a process (2 and its number).</summary>
    public static GroupKey Data(TaskTable tasks, in SpeRecord record, in SampleOrigin origin, int shift)
    {
        if (record.Has(SpeFields.DataPhysical))
        {
            return new(record.DataPhysical >> shift << shift, 0);
        }

        return record.Has(SpeFields.DataVirtual)
            ? new(record.DataVirtual >> shift << shift, SymbolResolver.IsKernel(record.DataVirtual) ? 1ul : 2ul + Process(tasks, origin))
            : GroupKey.None;
    }

    /// <summary>A thread and what it was called. A thread that calls execve, or renames itself, is another row from then on.</summary>
    private static ulong Task(in SampleOrigin origin) => (origin.Thread ?? 1ul << 32) | ((ulong)origin.Name << 33);

    /// <summary>A process, whose threads share addresses, and what it was called.</summary>
    private static ulong Process(TaskTable tasks, in SampleOrigin origin) => (origin.Thread is uint thread ? tasks.ProcessOf(thread) : 1ul << 32) | ((ulong)origin.Name << 33);

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
