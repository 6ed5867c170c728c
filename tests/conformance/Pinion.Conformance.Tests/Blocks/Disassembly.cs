using System.Diagnostics;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>objdump's reading of a word, where it is installed.</summary>
internal static class Disassembly
{
    private static readonly string? s_objdump = new[] { "/usr/bin/aarch64-linux-gnu-objdump" }.FirstOrDefault(File.Exists);

    public static string Of(uint word)
    {
        if (s_objdump is null)
        {
            return $"{word:x8}";
        }

        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, BitConverter.GetBytes(word));
            var start = new ProcessStartInfo(s_objdump, ["-D", "-b", "binary", "-m", "aarch64", file]) { RedirectStandardOutput = true };
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            string[] columns = output.TrimEnd().Split('\n')[^1].Split('\t', 3);
            return columns.Length == 3 ? $"{word:x8} {columns[2].Replace('\t', ' ')}" : $"{word:x8}";
        }
        finally
        {
            File.Delete(file);
        }
    }
}
