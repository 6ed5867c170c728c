namespace Pinion.Trace.Store;

/// <summary>Whose fault a <see cref="StoreException"/> is.</summary>
public enum StoreProblem
{
    /// <summary>What was asked for makes no sense: a URL that is none, a run that does not exist, a name that is taken.</summary>
    Usage,

    /// <summary>The database holds something else than it should.</summary>
    Corrupt,

    /// <summary>The database cannot be reached, refuses, or has no room.</summary>
    Unavailable,
}

/// <summary>Why a database cannot do what it is asked: databases fail at any call, for reasons that no caller can check before.</summary>
/// <param name="problem">Whose fault it is.</param>
/// <param name="message">What is wrong, and names the database without its password. No final full stop.</param>
/// <param name="advice">What to do.</param>
/// <param name="cause">What the driver said.</param>
public sealed class StoreException(StoreProblem problem, string message, string advice, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whose fault it is.</summary>
    public StoreProblem Problem { get; } = problem;

    /// <summary>What to do.</summary>
    public string Advice { get; } = advice;
}
