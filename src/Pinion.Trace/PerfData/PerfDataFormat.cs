namespace Pinion.Trace.PerfData;

/// <summary>Types of records in a perf.data file: the kernel's (perf_event_open(2)) and, from 64, perf's own.</summary>
internal enum PerfRecordType : uint
{
    Mmap = 1,
    Comm = 3,
    Exit = 4,
    Fork = 7,
    Mmap2 = 10,
    AuxtraceInfo = 70,
    Auxtrace = 71,
    TimeConv = 79,
    Compressed = 81,
    Compressed2 = 83,
}

/// <summary>Features of a perf.data header that are read or written here.</summary>
internal enum PerfFeature
{
    Arch = 6,
    NrCpus = 7,
    CpuId = 9,
    Auxtrace = 18,
}

/// <summary>Numbers of the perf.data format (tools/perf/Documentation/perf.data-file-format.txt).</summary>
internal static class PerfDataFormat
{
    public const int HeaderSize = 104;
    public const int PipeHeaderSize = 16;
    public const int AttrSize = 112;
    public const int AttrEntrySize = AttrSize + 16;
    public const int FeatureBits = 256;
    public const int RecordHeaderSize = 8;
    public const int AuxtraceSize = 48;

    /// <summary>PERF_AUXTRACE_ARM_SPE.</summary>
    public const uint ArmSpe = 4;

    public const ushort MiscKernel = 1;
    public const ushort MiscUser = 2;

    public static ReadOnlySpan<byte> Magic => "PERFILE2"u8;
}
