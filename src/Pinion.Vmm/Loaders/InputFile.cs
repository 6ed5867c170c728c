namespace Pinion.Vmm.Loaders;

/// <summary>Opens the files that a user names, with a diagnosis instead of an exception.</summary>
internal static class InputFile
{
    private const long LargestWhole = 64 << 20;

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

    /// <summary>Reads a whole file of at most 64 MiB.</summary>
    public static Result<byte[]> ReadAll(string path, string what, string advice)
    {
        if (!Open(path, what, advice).TryGet(out FileStream stream, out Problem? problem))
        {
            return problem;
        }

        using (stream)
        {
            if (stream.Length > LargestWhole)
            {
                return new Problem(ProblemKind.CorruptInput, $"the {what} {path} has {stream.Length} bytes, more than {LargestWhole >> 20} MiB", advice);
            }

            try
            {
                byte[] bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                return bytes;
            }
            catch (IOException e)
            {
                return new Problem(ProblemKind.Usage, $"cannot read the {what} {path}: {e.Message}", advice);
            }
        }
    }
}
