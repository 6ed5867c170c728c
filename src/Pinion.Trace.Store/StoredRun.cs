namespace Pinion.Trace.Store;

/// <summary>A run in a database.</summary>
/// <param name="Id">Number.</param>
/// <param name="Name">What the user calls it.</param>
/// <param name="File">File it was read from.</param>
/// <param name="Format">Format of that file.</param>
/// <param name="StoredAt">When it was stored, UTC.</param>
/// <param name="Samples">Samples.</param>
/// <param name="Diagnoses">What was wrong with the file.</param>
/// <param name="Time">Counter to nanoseconds; a multiplier of 0 where unknown.</param>
public sealed record StoredRun(int Id, string Name, string File, string Format, DateTime StoredAt, long Samples, long Diagnoses, TimeConversion Time);
