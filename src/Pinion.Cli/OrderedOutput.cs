using System.Buffers;

namespace Pinion.Cli;

/// <summary>One stream that several threads write, each a part of it; the parts follow each other in their order, whoever finishes first.</summary>
internal sealed class OrderedOutput(Stream output)
{
    private readonly object _lock = new();
    private int _turn;

    /// <summary>Part <paramref name="index"/>; parts count from 0, none may be left out, and each is disposed of.</summary>
    public Part Open(int index) => new(this, index);

    /// <summary>A part. What is written is kept until it is the part's turn; a part that has much waits for it.</summary>
    public sealed class Part : IBufferWriter<byte>, IDisposable
    {
        private const int Pleasant = 1 << 16;
        private const int Most = 16 << 20;

        private readonly OrderedOutput _owner;
        private readonly int _index;
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(2 * Pleasant);
        private int _length;

        internal Part(OrderedOutput owner, int index)
        {
            _owner = owner;
            _index = index;
        }

        public void Advance(int count)
        {
            _length += count;
            if (_length >= Pleasant && (_length >= Most || Volatile.Read(ref _owner._turn) == _index))
            {
                WriteOut();
            }
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            Reserve(sizeHint);
            return _bytes.AsMemory(_length);
        }

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Reserve(sizeHint);
            return _bytes.AsSpan(_length);
        }

        /// <summary>Writes the rest in its turn, and passes the turn on.</summary>
        public void Dispose()
        {
            WriteOut();
            ArrayPool<byte>.Shared.Return(_bytes);
            lock (_owner._lock)
            {
                _owner._turn++;
                Monitor.PulseAll(_owner._lock);
            }
        }

        private void Reserve(int size)
        {
            size = Math.Max(size, 1);
            if (_bytes.Length - _length < size)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _bytes.Length, _length + size));
                _bytes.AsSpan(0, _length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_bytes);
                _bytes = larger;
            }
        }

        private void WriteOut()
        {
            lock (_owner._lock)
            {
                while (_owner._turn != _index)
                {
                    Monitor.Wait(_owner._lock);
                }
            }

            _owner.Write(_bytes.AsSpan(0, _length));
            _length = 0;
        }
    }

    // Only the part whose turn it is writes.
    private void Write(ReadOnlySpan<byte> bytes) => output.Write(bytes);
}
