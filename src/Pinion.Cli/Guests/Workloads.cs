using Pinion.Vmm;

namespace Pinion.Cli.Guests;

/// <summary>Compiles the guest's workloads (<c>bench</c>) and its hint executor (<c>mark</c>) for arm64.</summary>
internal static class Workloads
{
    internal const string Compiler = "aarch64-linux-gnu-gcc";

    // The checksums that bench prints are comparable between machines only without contraction into fused multiply-add.
    private static readonly string[] s_flags = ["-O2", "-g", "-static", "-fno-math-errno", "-ffp-contract=off"];

    /// <summary>The first line of the compiler's version, or null where it is not installed.</summary>
    internal static string? CompilerVersion() =>
        HostTool.Exists(Compiler) && HostTool.Run(Compiler, ["--version"]) is { Ok: true } outcome ? outcome.Output.Split('\n')[0] : null;

    /// <summary>Puts <c>bench</c>, <c>mark</c> and their sources into <paramref name="directory"/>.</summary>
    internal static Problem? Compile(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach ((string name, byte[] source) in new[] { ("bench", GuestSources.Bench), ("mark", GuestSources.Mark) })
        {
            File.WriteAllBytes(Path.Combine(directory, name + ".c"), source);
            // The debug information must not tell where the cache is: the same sources give the same images everywhere.
            HostTool.Outcome outcome = HostTool.Run(Compiler, [.. s_flags, $"-ffile-prefix-map={Path.GetFullPath(directory)}=.", "-o", name, name + ".c", "-lm"], directory);
            if (!outcome.Ok)
            {
                return new Problem(
                    ProblemKind.Host,
                    $"{Compiler} cannot compile {name}.c: {outcome.LastErrorLine}",
                    "It needs the arm64 C library as well: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
            }
        }

        return null;
    }
}
