using System.Diagnostics;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>The oracle: qemu-aarch64, the linux-user emulator, as a Neoverse N1.</summary>
internal static class QemuUser
{
    private static readonly string? s_path = Find("qemu-aarch64") ?? Find("qemu-aarch64-static");

    /// <summary>Skips the test where the oracle is not installed.</summary>
    public static void Require()
    {
        if (s_path is null)
        {
            Assert.Skip("needs qemu-aarch64: apt-get install qemu-user");
        }
    }

    /// <summary>Runs a batch; answers the records as the blocks left them, or null with a reason where the program died (a block that faults).</summary>
    public static byte[]? Run(BlockBatch batch, out string reason)
    {
        string file = Path.Combine(Path.GetTempPath(), $"pinion-blocks-{Environment.ProcessId}-{Guid.NewGuid():N}");
        File.WriteAllBytes(file, BlockRunner.Elf(batch));
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            var start = new ProcessStartInfo(s_path!, ["-cpu", "neoverse-n1", file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            byte[] records = new byte[batch.Records.Length];
            int got = process.StandardOutput.BaseStream.ReadAtLeast(records, records.Length, throwOnEndOfStream: false);
            process.WaitForExit();
            reason = $"qemu-aarch64 ended with {process.ExitCode} after {got} of {records.Length} bytes: {errors.Result}";
            return process.ExitCode == 0 && got == records.Length ? records : null;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string? Find(string name)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);
}
