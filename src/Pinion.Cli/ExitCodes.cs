using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>Exit codes of every command.</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>Wrong usage, or a file that cannot be opened.</summary>
    public const int Usage = 1;

    /// <summary>A file is corrupt; what could be read was used.</summary>
    public const int CorruptInput = 2;

    /// <summary>The guest ended in failure.</summary>
    public const int GuestFailed = 3;

    /// <summary>The host refused memory or another resource.</summary>
    public const int HostResource = 4;

    /// <summary>Two engines did not agree.</summary>
    public const int LockstepDifference = 5;

    /// <summary>The exit code that goes with a problem.</summary>
    public static int For(Problem problem) => problem.Kind switch
    {
        ProblemKind.Usage => Usage,
        ProblemKind.CorruptInput => CorruptInput,
        ProblemKind.Guest => GuestFailed,
        _ => HostResource,
    };
}
