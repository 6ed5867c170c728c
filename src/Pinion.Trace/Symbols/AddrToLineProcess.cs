using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Pinion.Trace.Symbols;

/// <summary>How a question ended.</summary>
internal enum AddrToLineReply
{
    Answered,

    /// <summary>The program ended, or said what it was not asked for.</summary>
    Ended,

    /// <summary>The program was ended because it took too long.</summary>
    Late,
}

/// <summary>One run of addr2line, which gets addresses and gives lines, one by one. The file may be anything, so time, memory and every answer's length are bounded.</summary>
internal sealed partial class AddrToLineProcess : IDisposable
{
    /// <summary>A path and a number.</summary>
    private const int LongestAnswer = 8192;

    /// <summary>More than a kernel's debug information takes; a hostile file can ask for any size.</summary>
    private const ulong MostMemory = 4ul << 30;

    private readonly Process _process;
    private readonly Timer _watch;
    private readonly byte[] _buffer = new byte[LongestAnswer];
    private int _start;
    private int _end;
    private volatile bool _isLate;

    private AddrToLineProcess(Process process)
    {
        _process = process;
        _watch = new(_ => End());
    }

    /// <summary>Starts <paramref name="program"/> on a file; null where it cannot be started.</summary>
    public static AddrToLineProcess? Start(string program, string file)
    {
        // The addresses are repeated (-a) so that an answer that is not to the question is noticed.
        string[] style = Path.GetFileName(program).Contains("symbolizer", StringComparison.Ordinal) ? ["--output-style=GNU", "--functions=none", "--no-inlines"] : [];
        var start = new ProcessStartInfo(program, [.. style, "-a", "--exe=" + Path.GetFullPath(file)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LC_ALL"] = "C";

        // Nothing is fetched from the network for a profile.
        start.Environment.Remove("DEBUGINFOD_URLS");
        try
        {
            Process process = Process.Start(start)!;
            BoundMemory(process.Id);

            _ = DrainAsync(process.StandardError);
            return new(process);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Asks for the line of an address; null where the file does not tell.</summary>
    /// <param name="address">Address in the file's own address space.</param>
    /// <param name="limit">How long the answer may take; after that the program is ended.</param>
    /// <param name="line">The line.</param>
    public AddrToLineReply Ask(ulong address, TimeSpan limit, out SourceLine? line)
    {
        line = null;
        _watch.Change(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        bool isAnswered = false;
        try
        {
            Stream questions = _process.StandardInput.BaseStream;
            questions.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"0x{address:x}\n")));
            questions.Flush();
            isAnswered = TryReadLine(out ReadOnlySpan<byte> echo) && IsAddress(echo, address) && TryReadLine(out ReadOnlySpan<byte> answer) && TryParse(answer, out line);
        }
        catch (IOException)
        {
            // It has ended.
        }

        _watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return isAnswered ? AddrToLineReply.Answered : _isLate ? AddrToLineReply.Late : AddrToLineReply.Ended;
    }

    /// <summary>Ends the program.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        Kill(descendants: false);

        // Not the writer: it would flush into a pipe that may be broken.
        _process.StandardInput.BaseStream.Dispose();
        _process.StandardOutput.Dispose();
        _process.Dispose();
    }

    /// <summary>Reads "path:12", "path:12 (discriminator 3)", and "??:0" or "path:?" where nothing is known; false where it is none of them.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> answer, out SourceLine? line)
    {
        line = null;
        int discriminator = answer.LastIndexOf(" (discriminator "u8);
        answer = discriminator > 0 && answer.EndsWith(")"u8) ? answer[..discriminator] : answer;
        int colon = answer.LastIndexOf((byte)':');
        if (colon <= 0)
        {
            return false;
        }

        ReadOnlySpan<byte> digits = answer[(colon + 1)..];
        bool isNumber = int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
        if (isNumber && number > 0 && !answer[..colon].SequenceEqual("??"u8))
        {
            line = new(Encoding.UTF8.GetString(answer[..colon]), number);
        }

        return isNumber || digits.SequenceEqual("?"u8);
    }

    private static bool IsAddress(ReadOnlySpan<byte> echo, ulong address) =>
        echo.StartsWith("0x"u8) && ulong.TryParse(echo[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong repeated) && repeated == address;

    /// <summary>The next line without its end; false at the end of the output, or of a line that is too long.</summary>
    private bool TryReadLine(out ReadOnlySpan<byte> line)
    {
        int searched = _start;
        int end;
        while ((end = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n')) < 0)
        {
            searched = _end;
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                searched -= _start;
                _end -= _start;
                _start = 0;
            }

            int read = _end < _buffer.Length ? _process.StandardOutput.BaseStream.Read(_buffer, _end, _buffer.Length - _end) : 0;
            if (read == 0)
            {
                line = default;
                return false;
            }

            _end += read;
        }

        line = _buffer.AsSpan(_start, searched + end - _start);
        _start = searched + end + 1;
        return true;
    }

    /// <summary>A pipe that nobody reads would stop the program.</summary>
    private static async Task DrainAsync(StreamReader error)
    {
        using (error)
        {
            await error.BaseStream.CopyToAsync(Stream.Null).ConfigureAwait(false);
        }
    }

    private void End()
    {
        _isLate = true;
        Kill(descendants: true);
    }

    /// <summary>With its descendants: what the variable names may be a script, and whatever holds the pipe open keeps the reader waiting.</summary>
    private void Kill(bool descendants)
    {
        try
        {
            _process.Kill(descendants);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }
    }

    private static void BoundMemory(int process)
    {
        const int AddressSpace = 9;
        if (OperatingSystem.IsLinux())
        {
            _ = prlimit(process, AddressSpace, new Limit(MostMemory, MostMemory), 0);
        }
    }

    [LibraryImport("libc")]
    private static partial int prlimit(int process, int resource, in Limit limit, nint old);

    private readonly record struct Limit(ulong Soft, ulong Hard);
}
