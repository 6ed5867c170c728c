using System.Diagnostics.CodeAnalysis;

namespace Pinion.Bench;

/// <summary>The end of a benchmark that cannot be measured.</summary>
internal static class Stop
{
    /// <summary>Says why, ends the machines that still run, and exits with code 1.</summary>
    [DoesNotReturn]
    public static void Because(string reason)
    {
        Console.Error.WriteLine($"bench: {reason}");
        GuestProcess.KillAll();
        Environment.Exit(1);
    }
}
