using System.Globalization;
using System.Text;

namespace Pinion.Arm.A64;

/// <summary>
/// Text of instructions, as <c>objdump -M no-aliases</c> of GNU binutils prints them, without its comments. Mnemonic and operands come from
/// <see cref="A64Table"/>; the words of an operand string are explained where they are formatted, in the other parts of this class.
/// </summary>
public static partial class A64Disassembler
{
    private static readonly string[] s_conditions = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"];

    private static readonly RowText?[] s_texts = new RowText?[A64Table.Count];

    /// <summary>
    /// The instruction's text: mnemonic, a tab, operands. An unallocated word is <c>.inst&lt;tab&gt;0x01234567 ; undefined</c>.
    /// </summary>
    /// <param name="word">The instruction.</param>
    /// <param name="pc">Its address, from which branch targets and PC-relative addresses are counted.</param>
    /// <param name="features">What the PE has; the rest is unallocated.</param>
    public static string Format(uint word, ulong pc, A64Feature features = A64Feature.All)
    {
        A64Id id = A64Decoder.Decode(word, features);
        if (id == A64Id.Undefined)
        {
            return $".inst\t0x{word:x8} ; undefined";
        }

        RowText row = s_texts[(int)id] ??= new RowText(A64Table.Mnemonic(id), A64Table.Pattern(id), A64Table.Operands(id));
        var text = new Writer(word, pc, row.Pattern);
        AppendMnemonic(ref text, row.Mnemonic);
        if (row.Operands.Length != 0)
        {
            text.Append('\t');
            AppendOperands(ref text, row.Operands);
        }

        // An operand that is left out at its default (RET, ISB) leaves its tab behind.
        return text.ToString().TrimEnd('\t');
    }

    private static void AppendMnemonic(ref Writer text, string mnemonic)
    {
        int brace = mnemonic.IndexOf('{');
        if (brace < 0)
        {
            text.Append(mnemonic);
            return;
        }

        text.Append(mnemonic.AsSpan(0, brace));
        while (brace >= 0)
        {
            int end = mnemonic.IndexOf('}', brace);
            switch (mnemonic.AsSpan(brace + 1, end - brace - 1))
            {
                case "c":
                    text.Append(s_conditions[text.Field('c')]);
                    break;
                case "2":
                    text.Append(text.Field('q') != 0 ? "2" : "");
                    break;
                case "al":
                    text.Append(text.Field('a') != 0 ? "a" : "");
                    text.Append(text.Field('r') != 0 ? "l" : "");
                    break;
                case "bh":
                    text.Append(text.Field('z') switch { 0 => "b", 1 => "h", _ => "" });
                    break;
            }

            brace = mnemonic.IndexOf('{', end);
        }
    }

    /// <summary>
    /// Punctuation is copied, words are looked up. A comma takes its space with it; a space without a comma only separates two words (the second may print
    /// nothing, or begin with its own comma).
    /// </summary>
    private static void AppendOperands(ref Writer text, string operands)
    {
        int i = 0;
        while (i < operands.Length)
        {
            char c = operands[i];
            if (char.IsAsciiLetter(c))
            {
                int start = i;
                while (i < operands.Length && (char.IsAsciiLetterOrDigit(operands[i]) || operands[i] == '.'))
                {
                    i++;
                }

                AppendWord(ref text, operands.AsSpan(start, i - start));
                continue;
            }

            if (c == '#')
            {
                // A literal immediate: "#0", "#0.0".
                int end = operands.IndexOf(',', i);
                end = end < 0 ? operands.Length : end;
                text.Append(operands.AsSpan(i, end - i));
                i = end;
                continue;
            }

            if (c == ',')
            {
                text.Append(", ");
            }
            else if (c != ' ')
            {
                text.Append(c);
            }

            i++;
        }
    }

    private static void AppendWord(ref Writer text, ReadOnlySpan<char> word)
    {
        if (!TryAppendRegister(ref text, word)
            && !TryAppendVector(ref text, word)
            && !TryAppendImmediate(ref text, word)
            && !TryAppendAddress(ref text, word)
            && !TryAppendSystem(ref text, word))
        {
            throw new InvalidDataException($"The table of encodings has an operand word that the disassembler does not know: {word}");
        }
    }

    private sealed record RowText(string Mnemonic, string Pattern, string Operands);

    /// <summary>The word being formatted, and its text so far.</summary>
    private readonly struct Writer
    {
        private readonly StringBuilder _text = new();
        private readonly string _pattern;

        internal Writer(uint word, ulong pc, string pattern)
        {
            Word = word;
            Pc = pc;
            _pattern = pattern;
        }

        internal uint Word { get; }

        internal ulong Pc { get; }

        internal uint Field(char letter) => A64Fields.Find(_pattern, letter).Of(Word);

        internal long SignedField(char letter)
        {
            A64Field field = A64Fields.Find(_pattern, letter);
            return Bits.SignExtend(field.Of(Word), field.Width);
        }

        internal bool Has(char letter) => _pattern.Contains(letter);

        internal int Width(char letter) => A64Fields.Find(_pattern, letter).Width;

        internal void Append(char c) => _text.Append(c);

        internal void Append(ReadOnlySpan<char> s) => _text.Append(s);

        internal void Decimal(long value) => _text.Append(CultureInfo.InvariantCulture, $"#{value}");

        internal void Hex(ulong value) => _text.Append(CultureInfo.InvariantCulture, $"#0x{value:x}");

        internal void Address(ulong value) => _text.Append(CultureInfo.InvariantCulture, $"0x{value:x}");

        internal void Numbered(ReadOnlySpan<char> prefix, uint number) => _text.Append(prefix).Append(number);

        public override string ToString() => _text.ToString();
    }
}
