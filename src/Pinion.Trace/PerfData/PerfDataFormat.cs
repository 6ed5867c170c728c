namespace Pinion.Trace.PerfData;

/// <summary>Types of records in a perf.data file: the kernel's (perf_event_open(2)) and, from 64, perf's own.</summary>
internal enum PerfRecordType : uint
{
    Mmap = 1,
    Lost = 2,
    Comm = 3,
    Exit = 4,
    Fork = 7,
    Mmap2 = 10,
    Aux = 11,
    ItraceStart = 12,
    LostSamples = 13,
    Switch = 14,
    SwitchCpuWide = 15,
    HeaderAttr = 64,
    TracingData = 66,
    HeaderBuildId = 67,
    IdIndex = 69,
    AuxtraceInfo = 70,
    Auxtrace = 71,
    TimeConv = 79,
    HeaderFeature = 80,
    Compressed = 81,
    Compressed2 = 83,
}

/// <summary>Features of a perf.data header that are read or written here.</summary>
internal enum PerfFeature
{
    BuildId = 2,
    HostName = 3,
    OsRelease = 4,
    Version = 5,
    Arch = 6,
    NrCpus = 7,
    CpuDescription = 8,
    CpuId = 9,
    TotalMemory = 10,
    CommandLine = 11,
    EventDescription = 12,
    Auxtrace = 18,
    SampleTime = 21,
    ClockId = 23,
    DirectoryFormat = 24,
}

/// <summary>What an event's samples, and the ends of other records, hold (PERF_SAMPLE_*).</summary>
[Flags]
internal enum PerfSample : ulong
{
    Ip = 1 << 0,
    ThreadId = 1 << 1,
    Time = 1 << 2,
    Id = 1 << 6,
    Cpu = 1 << 7,
    StreamId = 1 << 9,
    DataSource = 1 << 15,
    Identifier = 1 << 16,
    PhysicalAddress = 1 << 19,
}

/// <summary>Bits of perf_event_attr behind read_format.</summary>
[Flags]
internal enum PerfAttrFlags : ulong
{
    Inherit = 1ul << 1,
    ExcludeKernel = 1ul << 5,
    ExcludeHypervisor = 1ul << 6,
    Mmap = 1ul << 8,
    Comm = 1ul << 9,
    Frequency = 1ul << 10,
    Task = 1ul << 13,
    SampleIdAll = 1ul << 18,
    Mmap2 = 1ul << 23,
    CommExec = 1ul << 24,
    UseClockId = 1ul << 25,
    ContextSwitch = 1ul << 26,
}

/// <summary>Numbers of the perf.data format (tools/perf/Documentation/perf.data-file-format.txt).</summary>
internal static class PerfDataFormat
{
    public const int HeaderSize = 104;
    public const int PipeHeaderSize = 16;
    public const int AttrSize = 112;
    public const int AttrEntrySize = AttrSize + 16;

    /// <summary>PERF_ATTR_SIZE_VER0.</summary>
    public const int SmallestAttr = 64;

    /// <summary>More than any version has, and enough for all that is read.</summary>
    public const int LongestAttr = 4096;

    public const int FeatureBits = 256;
    public const int RecordHeaderSize = 8;
    public const int AuxtraceSize = 48;

    /// <summary>PERF_AUXTRACE_ARM_SPE.</summary>
    public const uint ArmSpe = 4;

    /// <summary>Starts the block of a CPU in version 2 of the metadata of AUX data.</summary>
    public const ulong CpuBlock = 0x1010_1010_1010_1010;

    public const ushort MiscKernel = 1;
    public const ushort MiscUser = 2;

    /// <summary>Bit 13 means something else in each type: PERF_RECORD_MISC_COMM_EXEC, _SWITCH_OUT, _FORK_EXEC.</summary>
    public const ushort MiscExec = 1 << 13;

    public const ushort MiscSwitchOut = 1 << 13;
    public const ushort MiscMmapBuildId = 1 << 14;
    public const ushort MiscBuildIdSize = 1 << 15;

    /// <summary>Bytes of the longest build id, of SHA-1.</summary>
    public const int BuildIdSize = 20;

    public static ReadOnlySpan<byte> Magic => "PERFILE2"u8;

    /// <summary>Types that Linux (1 to 22) and perf (64 to 84) have, or may well get.</summary>
    public static bool IsPlausible(uint type) => type is (>= 1 and < 32) or (>= 64 and < 96);

    /// <summary>Of a machine of the other byte order.</summary>
    public static ReadOnlySpan<byte> BigEndianMagic => "2ELIFREP"u8;

    /// <summary>Of perf before Linux 3.1.</summary>
    public static ReadOnlySpan<byte> OldMagic => "PERFFILE"u8;
}
