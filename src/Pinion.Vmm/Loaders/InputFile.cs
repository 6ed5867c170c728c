namespace Pinion.Vmm.Loaders;

/// <summary>Opens the files that a user names, with a diagnosis instead of an exception.</summary>
internal static class InputFile
{
    /// <summary>Opens a regular file for reading.</summary>
    public static Result<FileStream> Open(string path, string what, string advice)
    {
        if (Directory.Exists(path))
        {
            return new Problem(ProblemKind.Usage, $"cannot open the {what} {path}: it is a directory", advice);
        }

        try
        {
            // No buffer of its own: the loaders read straight into guest memory.
            FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            if (stream.CanSeek)
            {
                return stream;
            }

            stream.Dispose();
            return new Problem(ProblemKind.Usage, $"cannot open the {what} {path}: it is not a regular file", advice);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Problem(ProblemKind.Usage, $"cannot open the {what} {path}: no such file", advice);
        }
        catch (UnauthorizedAccessException)
        {
            return new Problem(ProblemKind.Usage, $"cannot open the {what} {path}: permission denied", advice);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            return new Problem(ProblemKind.Usage, $"cannot open the {what} {path}: {e.Message}", advice);
        }
    }
}
