using System.Diagnostics;
using System.Text;

namespace Pinion.Guest.Tests.Support;

/// <summary>A terminal for a program to be started on.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private readonly FileStream _master;
    private readonly string _name;
    private readonly StringBuilder _output = new();
    private readonly List<Process> _started = [];

    public PseudoTerminal()
    {
        _master = new FileStream("/dev/ptmx", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        nint handle = _master.SafeFileHandle.DangerousGetHandle();
        Span<byte> name = stackalloc byte[64];
        (Posix.GrantTerminal(handle) | Posix.UnlockTerminal(handle) | Posix.TerminalName(handle, name, (nuint)name.Length)).ShouldBe(0);
        _name = Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]);
        new Thread(Gather) { IsBackground = true }.Start();
    }

    /// <summary>What was shown so far.</summary>
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

    /// <summary>Starts a program whose standard streams are this terminal. It ends with the terminal at the latest.</summary>
    public Process Start(string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new("/bin/sh", ["-c", "terminal=$1; shift; exec \"$@\" <> \"$terminal\" >&0 2>&0", "sh", _name, program, .. arguments]);
        Process process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }

    public void Type(string keys)
    {
        _master.Write(Encoding.ASCII.GetBytes(keys));
        _master.Flush();
    }

    /// <summary>Waits until the terminal shows <paramref name="text"/>.</summary>
    public bool WaitFor(string text, TimeSpan limit)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < limit)
        {
            if (Output.Contains(text, StringComparison.Ordinal))
            {
                return true;
            }

            Thread.Sleep(20);
        }

        return false;
    }

    public void Dispose()
    {
        foreach (Process process in _started)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }

            process.Dispose();
        }

        _master.Dispose();
    }

    private void Gather()
    {
        byte[] buffer = new byte[4096];
        try
        {
            // The master has nothing to read, with an error, while nobody has the terminal open.
            while (true)
            {
                int n;
                try
                {
                    n = _master.Read(buffer);
                }
                catch (IOException)
                {
                    Thread.Sleep(20);
                    continue;
                }

                lock (_output)
                {
                    _output.Append(Encoding.UTF8.GetString(buffer, 0, n));
                }
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }
}
