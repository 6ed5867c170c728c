namespace Pinion.Arm.A64;

/// <summary>Position of a field in a word: <paramref name="Low"/> is its least significant bit, <paramref name="Width"/> 0 means "the row has no such field".</summary>
public readonly record struct A64Field(int Low, int Width)
{
    /// <summary>The field of <paramref name="word"/>, zero-extended.</summary>
    public uint Of(uint word) => Width == 0 ? 0 : Bits.Extract(word, Low, Width);
}

/// <summary>Fields by the letter that the table's patterns give them. Reads the pattern: for tools and tests; the engine extracts raw bits.</summary>
public static class A64Fields
{
    /// <summary>Where the field <paramref name="letter"/> lies in the row; width 0 when the row has none.</summary>
    public static A64Field Find(A64Id id, char letter) => Find(A64Table.Pattern(id), letter);

    /// <summary>Where the field <paramref name="letter"/> lies in a pattern; width 0 when it has none.</summary>
    public static A64Field Find(string pattern, char letter)
    {
        int first = pattern.IndexOf(letter);
        return first < 0 ? default : new A64Field(31 - pattern.LastIndexOf(letter), pattern.LastIndexOf(letter) - first + 1);
    }
}
