namespace Pinion.Vmm;

/// <summary>Whose fault a <see cref="Problem"/> is; the CLI's exit code follows from it.</summary>
public enum ProblemKind
{
    /// <summary>An option is wrong, or a file it names cannot be opened.</summary>
    Usage,

    /// <summary>A file was opened, and its contents are not what they have to be.</summary>
    CorruptInput,

    /// <summary>The guest failed: it crashed, or it asked for something that cannot be had.</summary>
    Guest,

    /// <summary>The host has not enough of something (memory, locked memory, descriptors).</summary>
    Host,
}

/// <summary>A failure told to the user: one line of what is wrong, and what to do about it.</summary>
/// <param name="Kind">Whose fault it is.</param>
/// <param name="Message">What is wrong; names the file and, for contents, the byte offset. No final full stop.</param>
/// <param name="Advice">What to do; empty where nothing helpful can be said.</param>
public sealed record Problem(ProblemKind Kind, string Message, string Advice = "")
{
    /// <summary>The one line that the user sees.</summary>
    public override string ToString() => Advice.Length == 0 ? Message : $"{Message.TrimEnd('.')}; {Advice}";
}

/// <summary>Either a value or the reason why there is none.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
public readonly struct Result<T>
{
    private readonly T _value;

    private Result(T value, Problem? problem)
    {
        _value = value;
        Problem = problem;
    }

    /// <summary>Why there is no value; null when there is one.</summary>
    public Problem? Problem { get; }

    /// <summary>The value. Asking for it when there is a problem is a programming error.</summary>
    public T Value => Problem is null ? _value : throw new InvalidOperationException(Problem.ToString());

    /// <summary>True, with the value, when there is one; otherwise false, with the problem.</summary>
    public bool TryGet(out T value, [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out Problem? problem)
    {
        value = _value;
        problem = Problem;
        return problem is null;
    }

    /// <summary>Wraps a value.</summary>
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>Wraps a problem.</summary>
    public static implicit operator Result<T>(Problem problem) => new(default!, problem);
}
