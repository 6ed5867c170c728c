using System.Text.RegularExpressions;

namespace Pinion.Conformance.Tests.Decode;

/// <summary>
/// One agreed difference between the table and objdump, a line of objdump-exceptions.txt: who decodes the word (the other calls it undefined), the words
/// that it covers, the mnemonics that it covers, and why.
/// </summary>
internal sealed class ObjdumpException
{
    private readonly uint _mask;
    private readonly uint _value;
    private readonly List<(int First, int Second, int Width)> _equalFields = [];
    private readonly bool _byObjdump;
    private readonly Regex _mnemonic;

    private ObjdumpException(string line)
    {
        string[] columns = line.Split((char[]?)null, 4, StringSplitOptions.RemoveEmptyEntries);
        columns.Length.ShouldBe(4, $"objdump-exceptions.txt: a line needs four columns: {line}");
        columns[0].ShouldBeOneOf("objdump", "pinion");
        columns[1].Length.ShouldBe(32, $"objdump-exceptions.txt: a pattern has 32 characters: {line}");
        Line = line;
        _byObjdump = columns[0] == "objdump";
        Pattern = columns[1];
        foreach (char c in Pattern)
        {
            _mask = (_mask << 1) | (c is '0' or '1' ? 1u : 0u);
            _value = (_value << 1) | (c == '1' ? 1u : 0u);
        }

        _mnemonic = new Regex("^(" + columns[2].Replace(".", "\\.").Replace("*", ".*") + ")$");
        foreach (char letter in Pattern.Where(c => c is not ('0' or '1' or 'x')).Distinct())
        {
            int[] bits = Enumerable.Range(0, 32).Where(i => Pattern[i] == letter).Select(i => 31 - i).ToArray();
            (bits.Length % 2).ShouldBe(0, $"objdump-exceptions.txt: a letter marks two fields that are equal: {line}");
            int width = bits.Length / 2;
            _equalFields.Add((bits[width - 1], bits[^1], width));
        }
    }

    internal string Line { get; }

    internal string Pattern { get; }

    internal static IReadOnlyList<ObjdumpException> Read()
    {
        using Stream stream = typeof(ObjdumpException).Assembly.GetManifestResourceStream("objdump-exceptions.txt")
            ?? throw new InvalidOperationException("objdump-exceptions.txt is not embedded");
        using var reader = new StreamReader(stream);
        var exceptions = new List<ObjdumpException>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length != 0 && line[0] != '#')
            {
                exceptions.Add(new ObjdumpException(line));
            }
        }

        return exceptions;
    }

    /// <summary>Whether the difference between the two texts of <paramref name="word"/> is this one.</summary>
    internal bool Covers(uint word, string pinion, string objdump)
    {
        (string decoded, string undefined) = _byObjdump ? (objdump, pinion) : (pinion, objdump);
        return Fits(word) && undefined.StartsWith(".inst", StringComparison.Ordinal) && _mnemonic.IsMatch(decoded.Split('\t', 2)[0]);
    }

    /// <summary>A word that the pattern covers, its free bits taken from <paramref name="bits"/>.</summary>
    internal uint Make(uint bits)
    {
        uint word = (bits & ~_mask) | _value;
        foreach ((int first, int second, int width) in _equalFields)
        {
            uint ones = (1u << width) - 1;
            word = (word & ~(ones << second)) | (((word >> first) & ones) << second);
        }

        return word;
    }

    private bool Fits(uint word) => (word & _mask) == _value
        && _equalFields.TrueForAll(f => ((word >> f.First) ^ (word >> f.Second)) << (32 - f.Width) == 0);
}
