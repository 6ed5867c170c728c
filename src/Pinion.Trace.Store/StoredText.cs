using System.Text;

namespace Pinion.Trace.Store;

/// <summary>Names of a trace as a database takes them.</summary>
internal static class StoredText
{
    private const char Replacement = '\uFFFD';

    /// <summary>The text, with U+FFFD for what PostgreSQL refuses: NUL, and halves of surrogate pairs, which are no text in UTF-8. A hostile trace holds both.</summary>
    public static string Of(string text)
    {
        int bad = 0;
        while (bad < text.Length && text[bad] != 0 && !char.IsSurrogate(text[bad]))
        {
            bad++;
        }

        if (bad == text.Length)
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            // A half of a pair comes as U+FFFD already.
            clean.Append(rune.Value == 0 ? new Rune(Replacement) : rune);
        }

        return clean.ToString();
    }
}
