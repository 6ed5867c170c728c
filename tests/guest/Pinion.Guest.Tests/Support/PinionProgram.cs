namespace Pinion.Guest.Tests.Support;

/// <summary>The command line program, as a user starts it.</summary>
internal static class PinionProgram
{
    /// <summary>For what ends by itself after a moment.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromMinutes(1);

    /// <summary>For a boot, on a machine that is busy with other things.</summary>
    public static readonly TimeSpan Boot = TimeSpan.FromMinutes(3);

    /// <summary>For a boot and a day's work in the guest.</summary>
    public static readonly TimeSpan Session = TimeSpan.FromMinutes(12);

    public static string DotNet => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The program as it is built for users: compiled ahead, which what lies beside the tests is not.</summary>
    public static string Program { get; } = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "../../../../../../src/Pinion.Cli/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0/pinion.dll"));

    public static HostProgram Start(params IEnumerable<string> arguments) => new(DotNet, arguments.Prepend(Program));

    public static ProgramResult Run(TimeSpan limit, params IEnumerable<string> arguments) => HostProgram.Run(DotNet, limit, arguments.Prepend(Program));

    /// <summary>Standard error has nothing that .NET says of an exception that nobody caught, or of a broken heap.</summary>
    public static void ShouldHaveNoTrouble(this ProgramResult result)
    {
        foreach (string sign in new[] { "Unhandled exception", "   at ", "Fatal error", "Assertion", "SIGSEGV", "core dumped" })
        {
            result.Error.ShouldNotContain(sign, Case.Sensitive, result.Report);
        }
    }
}
