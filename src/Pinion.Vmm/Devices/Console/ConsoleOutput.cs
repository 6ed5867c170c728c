namespace Pinion.Vmm.Devices.Console;

/// <summary>
/// Collects what a guest prints byte by byte and writes it in larger pieces, within a few milliseconds. A receiver that has gone away (a closed pipe) ends the
/// output, not the guest.
/// </summary>
public sealed class ConsoleOutput : ISerialOutput, IDisposable
{
    private const int Capacity = 64 << 10;

    /// <summary>So long bytes are collected after the first one: below what a person notices, long enough for a line of a booting kernel.</summary>
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(2);

    private readonly object _lock = new();
    private readonly Stream _stream;
    private readonly Thread _writer;
    private byte[] _filling = new byte[Capacity];
    private byte[] _writing = new byte[Capacity];
    private int _count;
    private bool _busy;
    private bool _stopping;
    private bool _failed;

    /// <summary>Writes to <paramref name="stream"/>, which stays open.</summary>
    public ConsoleOutput(Stream stream)
    {
        _stream = stream;
        _writer = new Thread(WriteLoop) { Name = "console output", IsBackground = true };
        _writer.Start();
    }

    /// <summary>True once a write has failed; later output is dropped.</summary>
    public bool Failed => Volatile.Read(ref _failed);

    /// <inheritdoc/>
    public void Put(byte value)
    {
        lock (_lock)
        {
            while (_count == Capacity && !_stopping)
            {
                Monitor.Wait(_lock);
            }

            if (_stopping)
            {
                return;
            }

            _filling[_count++] = value;
            if (_count is 1 or Capacity)
            {
                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>Waits until everything put so far has been written.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            while ((_count > 0 || _busy) && !_failed)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    /// <summary>Writes the rest and stops.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.PulseAll(_lock);
        }

        _writer.Join();
    }

    private void WriteLoop()
    {
        while (true)
        {
            int count;
            lock (_lock)
            {
                while (_count == 0 && !_stopping)
                {
                    Monitor.Wait(_lock);
                }

                if (_count < Capacity && !_stopping)
                {
                    Monitor.Wait(_lock, s_gather);
                }

                if (_count == 0)
                {
                    return;
                }

                count = _count;
                (_filling, _writing) = (_writing, _filling);
                _count = 0;
                _busy = true;
                Monitor.PulseAll(_lock);
            }

            Write(_writing.AsSpan(0, count));
            lock (_lock)
            {
                _busy = false;
                Monitor.PulseAll(_lock);
            }
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_failed)
        {
            return;
        }

        try
        {
            _stream.Write(bytes);
            _stream.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Volatile.Write(ref _failed, true);
        }
    }
}
