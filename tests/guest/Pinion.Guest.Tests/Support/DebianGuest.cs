using Pinion.Cli.Guests;

namespace Pinion.Guest.Tests.Support;

/// <summary>The Debian guests, built at the first test that wants one. Made by xUnit, one for the assembly.</summary>
public sealed class DebianGuest
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(8);

    private readonly Lazy<string?> _missing = new(Build);

    /// <summary>The guest with perf.</summary>
    public const string Full = "debian";

    /// <summary>Busybox and the workloads.</summary>
    public const string Mini = "debian-mini";

    /// <summary>Skips the test where there is no guest and none can be made.</summary>
    public void Require()
    {
        if (_missing.Value is string reason)
        {
            Assert.Skip(reason);
        }
    }

    /// <summary>The workloads' program in the guest, with its symbols; skips the test where there is no cross compiler.</summary>
    public string RequireWorkloads()
    {
        Require();
        string bench = Path.Combine(GuestCache.DefaultDirectory(), "debian", "bench", "bench");
        if (!File.Exists(bench))
        {
            Assert.Skip("needs the guest's workloads: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
        }

        return bench;
    }

    /// <summary>The arguments of a run of a guest whose command line gets <paramref name="append"/>.</summary>
    public static string[] Arguments(string guest, string append, params string[] more) => ["run", "--guest", guest, "-p", append, .. more];

    /// <summary>'pinion guest debian': null, or why there is no guest.</summary>
    private static string? Build()
    {
        ProgramResult made = PinionProgram.Run(s_limit, "guest", "debian");
        return made.ExitCode == 0 || GuestCache.Locate(Full).Problem is null ? null : $"needs the Debian guest, and 'pinion guest debian' cannot make it here: {made.Error.Trim()}";
    }
}
