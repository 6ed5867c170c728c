using Pinion.Kvm.Uapi;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.Console;

/// <summary>
/// Reads standard input on a thread of its own and gives it to the guest: from a terminal key by key with the Ctrl-A commands taken out, from a pipe or file as it
/// is, as fast as the guest takes it.
/// </summary>
public sealed unsafe class ConsoleInput : IDisposable
{
    private const int StandardInput = 0;
    private const int ChunkSize = 256;

    private readonly AutoResetEvent _taken = new(false);
    private readonly EscapeFilter? _filter;
    private readonly int _wake;
    private readonly Thread _reader;
    private Action<ReadOnlyMemory<byte>> _deliver = _ => { };
    private Action<ConsoleCommand> _command = _ => { };
    private Func<int> _pending = () => 0;
    private volatile bool _stopping;

    /// <summary>Input with Ctrl-A commands (<paramref name="escapes"/>, for terminals) or without.</summary>
    public ConsoleInput(bool escapes)
    {
        _filter = escapes ? new EscapeFilter() : null;
        _wake = Libc.EventFd(0, 0);
        _reader = new Thread(ReadLoop) { Name = "console input", IsBackground = true };
    }

    /// <summary>Tells that the guest has taken what was delivered.</summary>
    public void OnTaken() => _taken.Set();

    /// <summary>Starts reading. <paramref name="pending"/>: bytes delivered that the guest has not read.</summary>
    public void Start(Action<ReadOnlyMemory<byte>> deliver, Func<int> pending, Action<ConsoleCommand> command)
    {
        _deliver = deliver;
        _pending = pending;
        _command = command;
        _reader.Start();
    }

    /// <summary>Stops reading; what was read and not delivered is lost.</summary>
    public void Dispose()
    {
        _stopping = true;
        _taken.Set();
        ulong one = 1;
        Libc.Write(_wake, (byte*)&one, sizeof(ulong));
        if (_reader.IsAlive)
        {
            _reader.Join();
        }

        Libc.Close(_wake);
        _taken.Dispose();
    }

    private void ReadLoop()
    {
        byte[] buffer = new byte[ChunkSize];
        while (!_stopping)
        {
            // A pipe may hold gigabytes: take the next piece when the guest has the last one. A user's keys are few, and Ctrl-A x must always work.
            if (_filter is null && _pending() > 0)
            {
                _taken.WaitOne(100);
                continue;
            }

            int count = ReadSome(buffer);
            if (count <= 0)
            {
                return;
            }

            int kept = _filter is null ? count : Filter(buffer, count);
            if (kept > 0)
            {
                _deliver(buffer.AsMemory(0, kept));
            }
        }
    }

    private int Filter(byte[] buffer, int count)
    {
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            ConsoleCommand command = _filter!.Next(buffer[i], out byte? forGuest);
            if (command != ConsoleCommand.None)
            {
                _command(command);
            }

            if (forGuest is byte value)
            {
                buffer[kept++] = value;
            }
        }

        return kept;
    }

    /// <summary>Bytes read; 0 at the end of the input, on an error, and when stopping.</summary>
    private int ReadSome(byte[] buffer)
    {
        Libc.PollFd* fds = stackalloc Libc.PollFd[2];
        fds[0] = new Libc.PollFd { Fd = StandardInput, Events = Libc.PollIn };
        fds[1] = new Libc.PollFd { Fd = _wake, Events = Libc.PollIn };
        while (!_stopping)
        {
            if (Libc.Poll(fds, 2, -1) < 0)
            {
                if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Errno.EINTR)
                {
                    continue;
                }

                return 0;
            }

            if (fds[0].Revents != 0)
            {
                fixed (byte* target = buffer)
                {
                    nint count = Libc.Read(StandardInput, target, (nuint)buffer.Length);
                    if (count < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() is Errno.EINTR or Errno.EAGAIN)
                    {
                        continue;
                    }

                    return (int)Math.Max(count, 0);
                }
            }
        }

        return 0;
    }
}
