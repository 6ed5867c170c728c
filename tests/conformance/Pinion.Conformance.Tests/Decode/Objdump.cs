using System.Diagnostics;
using System.Globalization;

namespace Pinion.Conformance.Tests.Decode;

/// <summary>GNU objdump for aarch64 as a disassembler of words.</summary>
internal static class Objdump
{
    internal const string Program = "aarch64-linux-gnu-objdump";

    /// <summary>Skips the test where the program is missing.</summary>
    internal static void Require()
    {
        bool found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, Program)));
        if (!found)
        {
            Assert.Skip($"needs {Program}: apt-get install binutils-aarch64-linux-gnu");
        }
    }

    /// <summary>
    /// The text of each word, the first one at address 0: mnemonic, tab, operands, without comments. Unallocated words begin with ".inst". Streams, because a
    /// million words are 40 MB of text.
    /// </summary>
    internal static IEnumerable<string> Disassemble(ReadOnlyMemory<uint> words)
    {
        string file = Path.Combine(Path.GetTempPath(), $"pinion-decode-{Guid.NewGuid():N}.bin");
        try
        {
            File.WriteAllBytes(file, System.Runtime.InteropServices.MemoryMarshal.AsBytes(words.Span).ToArray());
            using Process process = Process.Start(new ProcessStartInfo(Program, ["-D", "-z", "-b", "binary", "-m", "aarch64", "-M", "no-aliases", file])
            {
                RedirectStandardOutput = true,
            }) ?? throw new InvalidOperationException($"{Program} did not start");
            int index = 0;
            while (process.StandardOutput.ReadLine() is { } line)
            {
                // "  1c:\td503201f \thint\t#0x0  // comment"
                int colon = line.IndexOf(":\t", StringComparison.Ordinal);
                if (colon < 0 || line.Length < colon + 12 || !uint.TryParse(line.AsSpan(colon + 2, 8), NumberStyles.HexNumber, null, out uint word))
                {
                    continue;
                }

                word.ShouldBe(words.Span[index], $"objdump's line {index} is of another word");
                index++;
                ReadOnlySpan<char> text = line.AsSpan(colon + 12);
                int comment = text.IndexOf("//");
                yield return (comment < 0 ? text : text[..comment]).TrimEnd().ToString();
            }

            process.WaitForExit();
            index.ShouldBe(words.Length, "objdump stopped early");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
