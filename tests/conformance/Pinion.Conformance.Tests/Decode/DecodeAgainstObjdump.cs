using System.Text;
using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Decode;

/// <summary>
/// The table of A64 encodings against GNU objdump: allocated or not, mnemonic, and every operand. What the two may disagree on is listed in
/// objdump-exceptions.txt with reasons.
/// </summary>
public sealed class DecodeAgainstObjdump
{
    private const int Chunk = 1_000_000;

    [Fact]
    public void RandomWordsReadAsObjdumpPrintsThem()
    {
        Objdump.Require();
        var random = new RandomWords(RandomWords.Seed);
        Compare(RandomWords.Count, _ => random.Uniform());
    }

    [Fact]
    public void WordsOfEveryRowReadAsObjdumpPrintsThem()
    {
        Objdump.Require();
        var random = new RandomWords(RandomWords.Seed + 1);
        Compare(RandomWords.Count, random.OfRow);
    }

    [Fact]
    public void EveryListedExceptionIsADifferenceThatExists()
    {
        Objdump.Require();
        const int Tries = 4096;
        var random = new RandomWords(RandomWords.Seed + 2);
        foreach (ObjdumpException exception in ObjdumpException.Read())
        {
            uint[] words = Enumerable.Range(0, Tries).Select(_ => exception.Make(random.Uniform())).ToArray();
            int i = 0;
            bool used = false;
            foreach (string objdump in Objdump.Disassemble(words))
            {
                used |= exception.Covers(words[i], A64Disassembler.Format(words[i], (ulong)i * 4), objdump);
                i++;
            }

            used.ShouldBeTrue($"no word of the pattern differs, so the line can go: {exception.Line}");
        }
    }

    private static void Compare(int count, Func<int, uint> next)
    {
        IReadOnlyList<ObjdumpException> exceptions = ObjdumpException.Read();
        var report = new StringBuilder();
        int differences = 0;
        int agreed = 0;
        for (int done = 0; done < count; done += Chunk)
        {
            var words = new uint[Math.Min(Chunk, count - done)];
            for (int i = 0; i < words.Length; i++)
            {
                words[i] = next(done + i);
            }

            int index = 0;
            foreach (string objdump in Objdump.Disassemble(words))
            {
                uint word = words[index];
                string pinion = A64Disassembler.Format(word, (ulong)index * 4);
                index++;
                if (Same(pinion, objdump))
                {
                    continue;
                }

                if (exceptions.Any(e => e.Covers(word, pinion, objdump)))
                {
                    agreed++;
                }
                else if (++differences <= 50)
                {
                    report.AppendLine($"{word:x8}: pinion \"{pinion}\", objdump \"{objdump}\"");
                }
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{count} words, {differences} differences, {agreed} agreed exceptions");
        differences.ShouldBe(0, report.ToString());
    }

    /// <summary>objdump says why it does not decode a word ("undefined", "NYI"); that it does not is all that counts.</summary>
    private static bool Same(string pinion, string objdump) => pinion == objdump
        || (pinion.StartsWith(".inst", StringComparison.Ordinal) && objdump.StartsWith(".inst", StringComparison.Ordinal));
}
