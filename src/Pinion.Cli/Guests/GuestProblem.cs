namespace Pinion.Cli.Guests;

/// <summary>Why a guest cannot be built or found, and what the user can do about it.</summary>
/// <param name="What">One line: what is wrong.</param>
/// <param name="Remedy">What to do instead; may span lines.</param>
/// <param name="ExitCode">The exit code that goes with it, one of the constants here.</param>
internal sealed record GuestProblem(string What, string Remedy, int ExitCode)
{
    /// <summary>A program that the recipe needs is not installed.</summary>
    internal const int ToolMissing = 3;

    /// <summary>Packages could not be fetched: no network, or no package source that has them.</summary>
    internal const int FetchFailed = 4;

    /// <summary>The cache or the output directory cannot be written.</summary>
    internal const int CannotWrite = 5;

    /// <summary>A package does not hold what the recipe expects of it.</summary>
    internal const int UnexpectedContent = 6;

    /// <summary>No guest of that name is in the cache.</summary>
    internal const int NotBuilt = 7;
}
