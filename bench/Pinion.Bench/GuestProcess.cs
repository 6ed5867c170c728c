using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Pinion.Bench;

/// <summary>A line of the guest's console.</summary>
/// <param name="Text">Without its end.</param>
/// <param name="Wall">When it was complete, since exec.</param>
/// <param name="Cpu">CPU time that the emulator had used by then.</param>
internal sealed record ConsoleLine(string Text, TimeSpan Wall, TimeSpan Cpu);

/// <summary>An emulator's process, and what its guest prints.</summary>
internal sealed class GuestProcess : IDisposable
{
    /// <summary>Longest time without a line before the machine counts as stuck.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(15);

    private static readonly ConcurrentDictionary<GuestProcess, bool> s_running = new();

    private readonly Process _process;
    private readonly Stopwatch _watch;
    private readonly BlockingCollection<ConsoleLine> _arrived = [];
    private readonly List<ConsoleLine> _lines = [];
    private readonly StringBuilder _errors = new();
    private readonly string _name;
    private TimeSpan _cpu;

    private GuestProcess(string name, Process process, Stopwatch watch)
    {
        (_name, _process, _watch) = (name, process, watch);
        s_running[this] = true;
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(e.Data);
            }
        };
        _process.BeginErrorReadLine();
        new Thread(ReadConsole) { IsBackground = true, Name = "console" }.Start();
    }

    /// <summary>The host's process id.</summary>
    public int Id => _process.Id;

    /// <summary>Lines seen so far.</summary>
    public IReadOnlyList<ConsoleLine> Lines => _lines;

    /// <summary>What the emulator itself said.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <summary>Starts a machine. <paramref name="keepInput"/> leaves the guest's console open for input, as a shell needs.</summary>
    public static GuestProcess Start(IEmulator emulator, MachineSpec machine, bool keepInput = false)
    {
        ProcessStartInfo command = emulator.Command(machine);
        command.RedirectStandardInput = command.RedirectStandardOutput = command.RedirectStandardError = true;
        Stopwatch watch = Stopwatch.StartNew();
        Process? process = null;
        try
        {
            process = Process.Start(command);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Stop.Because($"cannot start {command.FileName}: {e.Message}");
        }

        if (!keepInput)
        {
            process!.StandardInput.Close();
        }

        return new GuestProcess(emulator.Name, process!, watch);
    }

    /// <summary>Runs a machine until it powers off: its lines.</summary>
    public static IReadOnlyList<ConsoleLine> RunToEnd(IEmulator emulator, MachineSpec machine)
    {
        using GuestProcess process = Start(emulator, machine);
        process.WaitFor("INIT-DONE");
        process.WaitForEnd();
        return process.Lines;
    }

    /// <summary>Waits for a line that begins with <paramref name="prefix"/>.</summary>
    public ConsoleLine WaitFor(string prefix)
    {
        while (true)
        {
            if (!_arrived.TryTake(out ConsoleLine? line, s_patience))
            {
                string last = string.Join('\n', _lines.TakeLast(8).Select(l => l.Text));
                Stop.Because($"{_name} did not reach {prefix}; its last lines:\n{last}\n{Errors}");
            }

            _lines.Add(line);
            if (line.Text.StartsWith(prefix, StringComparison.Ordinal))
            {
                return line;
            }
        }
    }

    /// <summary>Kills every machine that still runs.</summary>
    public static void KillAll()
    {
        foreach (GuestProcess process in s_running.Keys)
        {
            process.Kill();
        }
    }

    /// <summary>Ends the machine if it still runs.</summary>
    public void Dispose()
    {
        Kill();
        _process.WaitForExit();
        s_running.TryRemove(this, out _);
        _process.Dispose();
    }

    private void WaitForEnd()
    {
        if (!_process.WaitForExit(TimeSpan.FromMinutes(1)))
        {
            Stop.Because($"{_name} did not power off");
        }

        if (_process.ExitCode != 0)
        {
            Stop.Because($"{_name} ended with code {_process.ExitCode}:\n{Errors}");
        }
    }

    private void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    private void ReadConsole()
    {
        // Not by StreamReader.ReadLine: the time of a line is the time of its last byte, whatever comes behind it.
        Stream stream = _process.StandardOutput.BaseStream;
        byte[] buffer = new byte[4096];
        var line = new StringBuilder();
        int n;
        while ((n = stream.Read(buffer)) > 0)
        {
            TimeSpan wall = _watch.Elapsed;
            _cpu = ProcessClock.Read(_process.Id) ?? _cpu;
            foreach (byte b in buffer.AsSpan(0, n))
            {
                if (b == '\n')
                {
                    _arrived.Add(new ConsoleLine(line.ToString(), wall, _cpu));
                    line.Clear();
                }
                else if (b != '\r')
                {
                    line.Append((char)b);
                }
            }
        }

        _arrived.CompleteAdding();
    }
}
