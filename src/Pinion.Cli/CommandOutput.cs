using System.Text;
using Pinion.Trace;

namespace Pinion.Cli;

/// <summary>How commands write: much to standard output, diagnoses to standard error.</summary>
internal static class CommandOutput
{
    private const int BufferSize = 1 << 16;

    /// <summary>A writer that does not flush each line where <paramref name="writer"/> is the console; the caller disposes it.</summary>
    public static TextWriter Buffered(TextWriter writer) => ReferenceEquals(writer, Console.Out)
        ? new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), BufferSize)
        : new Unowned(writer);

    /// <summary>A stream of bytes behind <paramref name="writer"/>: standard output itself where the writer is the console. The caller disposes it.</summary>
    public static Stream Bytes(TextWriter writer) => ReferenceEquals(writer, Console.Out) ? Console.OpenStandardOutput() : new TextStream(writer);

    /// <summary>Whether <paramref name="writer"/> is a terminal, where a person looks at it.</summary>
    public static bool IsTerminal(TextWriter writer) => ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>Writes what <paramref name="write"/> writes as UTF-8, and a new line.</summary>
    public static void WriteUtf8(TextWriter writer, Action<Stream> write)
    {
        using var stream = new TextStream(writer);
        write(stream);
        writer.Write("\n");
    }

    /// <summary>Writes diagnoses; returns <see cref="ExitCodes.CorruptInput"/> where there are any, else <see cref="ExitCodes.Success"/>.</summary>
    public static int Report(string file, Diagnoses diagnoses, TextWriter error)
    {
        foreach (Diagnosis diagnosis in diagnoses.List)
        {
            error.Write($"pinion: {file}: {diagnosis}\n");
        }

        long more = diagnoses.Count - diagnoses.List.Count;
        if (more > 0)
        {
            error.Write($"pinion: {file}: {more} more\n");
        }

        return diagnoses.Count == 0 ? ExitCodes.Success : ExitCodes.CorruptInput;
    }

    /// <summary>Passes everything on and leaves the inner writer open.</summary>
    private sealed class Unowned(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(value);

        public override void Write(string? value) => inner.Write(value);

        public override void Write(char[] buffer, int index, int count) => inner.Write(buffer, index, count);

        public override void Write(StringBuilder? value) => inner.Write(value);

        public override void Flush() => inner.Flush();
    }

    /// <summary>UTF-8 to a writer of text, which is left open.</summary>
    private sealed class TextStream(TextWriter writer) : Stream
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => writer.Flush();

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            char[] text = new char[buffer.Length];
            writer.Write(text, 0, _decoder.GetChars(buffer, text, flush: false));
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
