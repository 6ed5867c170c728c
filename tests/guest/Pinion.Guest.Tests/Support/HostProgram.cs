using System.Diagnostics;
using System.Text;

namespace Pinion.Guest.Tests.Support;

/// <summary>What a program left behind.</summary>
/// <param name="ExitCode">Its exit code; -1 when it had to be killed.</param>
/// <param name="Output">Standard output, without the carriage returns of a guest's console.</param>
/// <param name="Error">Standard error.</param>
/// <param name="InTime">It ended by itself.</param>
internal sealed record ProgramResult(int ExitCode, string Output, string Error, bool InTime)
{
    /// <summary>Everything, for the message of an assertion.</summary>
    public string Report => $"exit code {ExitCode}{(InTime ? "" : ", killed when its time was up")}\n--- standard error\n{Tail(Error)}\n--- end of standard output\n{Tail(Output)}";

    private static string Tail(string text) => text.Length <= 4000 ? text : "..." + text[^4000..];
}

/// <summary>A program that runs beside the test, its output gathered as it comes.</summary>
internal sealed class HostProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;
    private readonly Task<string> _error;

    public HostProgram(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
        _reading = Task.Run(Gather);
    }

    public int Id => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>CPU time that the process has used, all its threads together.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>True when a program of this name is in the search path.</summary>
    public static bool Exists(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, name)));

    /// <summary>Runs a program to its end, with an empty standard input.</summary>
    public static ProgramResult Run(string program, TimeSpan limit, params IEnumerable<string> arguments)
    {
        using HostProgram running = new(program, arguments);
        running.Input.Close();
        return running.Finish(limit);
    }

    /// <summary>Waits until the output has <paramref name="text"/>; false when the program ends, or <paramref name="limit"/> passes, without it.</summary>
    public bool WaitFor(string text, TimeSpan limit)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < limit)
        {
            bool ended = _reading.IsCompleted;
            if (Output.Contains(text, StringComparison.Ordinal))
            {
                return true;
            }

            if (ended)
            {
                return false;
            }

            Thread.Sleep(20);
        }

        return false;
    }

    /// <summary>Sends SIGTERM.</summary>
    public void Terminate() => Posix.Kill(_process.Id, Posix.SigTerm);

    /// <summary>Waits for the end; kills the program when <paramref name="limit"/> passes first.</summary>
    public ProgramResult Finish(TimeSpan limit)
    {
        bool inTime = _process.WaitForExit(limit);
        if (!inTime)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit();
        _reading.Wait();
        return new ProgramResult(inTime ? _process.ExitCode : -1, Output, _error.Result, inTime);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private void Gather()
    {
        char[] buffer = new char[4096];
        int n;
        while ((n = _process.StandardOutput.Read(buffer)) > 0)
        {
            lock (_output)
            {
                foreach (char c in buffer.AsSpan(0, n))
                {
                    if (c != '\r')
                    {
                        _output.Append(c);
                    }
                }
            }
        }
    }
}
