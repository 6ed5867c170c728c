namespace Pinion.Trace;

/// <summary>What is wrong with a file, and where.</summary>
/// <param name="Offset">Offset in the file, in bytes.</param>
/// <param name="Message">One sentence without a full stop.</param>
public readonly record struct Diagnosis(long Offset, string Message)
{
    public override string ToString() => $"offset 0x{Offset:x}: {Message}";
}

/// <summary>The diagnoses of one file, bounded so that a hostile file cannot fill memory with them.</summary>
public sealed class Diagnoses
{
    private const int Kept = 100;
    private readonly List<Diagnosis> _list = [];

    /// <summary>The first hundred, in the order they were found.</summary>
    public IReadOnlyList<Diagnosis> List => _list;

    /// <summary>How many there were, kept or not.</summary>
    public long Count { get; private set; }

    public void Add(long offset, string message)
    {
        Count++;
        if (_list.Count < Kept)
        {
            _list.Add(new(offset, message));
        }
    }

    /// <summary>Adds all of another list, which come after those of this one.</summary>
    public void Add(Diagnoses others)
    {
        Count += others.Count;
        _list.AddRange(others._list.Take(Kept - _list.Count));
    }
}
