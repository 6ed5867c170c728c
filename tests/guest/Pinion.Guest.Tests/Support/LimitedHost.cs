using System.Globalization;

namespace Pinion.Guest.Tests.Support;

/// <summary>Runs pinion where it may lock next to nothing: without CAP_IPC_LOCK, and with a soft RLIMIT_MEMLOCK of 64 KiB.</summary>
internal static class LimitedHost
{
    public const ulong Limit = 64 << 10;

    private static readonly string[] s_wrapper =
    [
        "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock", "prlimit", string.Create(CultureInfo.InvariantCulture, $"--memlock={Limit}:"),
    ];

    /// <summary>Skips the test where the process cannot be limited, or may not raise its limit to <paramref name="room"/> bytes afterwards.</summary>
    public static void Require(ulong room)
    {
        if (!HostProgram.Exists("setpriv") || !HostProgram.Exists("prlimit"))
        {
            Assert.Skip("needs setpriv and prlimit: apt-get install util-linux");
        }

        ProgramResult limited = HostProgram.Run("setpriv", PinionProgram.Short, [.. s_wrapper, "cat", "/proc/self/limits", "/proc/self/status"]);
        if (limited.ExitCode != 0)
        {
            Assert.Skip($"needs a user who may give up capabilities, root for example: {limited.Error.Trim()}");
        }

        string[] lines = limited.Output.Split('\n');
        ulong capabilities = ulong.Parse(lines.First(line => line.StartsWith("CapEff:", StringComparison.Ordinal))[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        (capabilities & (1UL << 14)).ShouldBe(0UL, "CAP_IPC_LOCK is still there");
        string[] memlock = lines.First(line => line.StartsWith("Max locked memory", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        memlock[3].ShouldBe(Limit.ToString(CultureInfo.InvariantCulture));
        if (memlock[4] != "unlimited" && ulong.Parse(memlock[4], CultureInfo.InvariantCulture) < room)
        {
            Assert.Skip($"needs a hard limit of locked memory of {room >> 10} KiB: ulimit -H -l {room >> 10}");
        }
    }

    /// <summary>Starts pinion so; the process is pinion's own, because each program on the way becomes the next.</summary>
    public static HostProgram Start(params IEnumerable<string> arguments) => new("setpriv", [.. s_wrapper, PinionProgram.DotNet, PinionProgram.Program, .. arguments]);

    /// <summary>VmLck of a process, in bytes.</summary>
    public static ulong Locked(HostProgram program)
    {
        string line = File.ReadLines($"/proc/{program.Id}/status").First(l => l.StartsWith("VmLck:", StringComparison.Ordinal));
        return ulong.Parse(line[6..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) << 10;
    }
}
