namespace Pinion.Cli;

/// <summary>Files that commands write.</summary>
internal static class OutputFile
{
    /// <summary>
    /// Has <paramref name="write"/> fill the file <paramref name="path"/>, or <paramref name="output"/> where that is null. A file gets its name when it is complete, so it may replace one that is being read.
    /// Returns an exit code: <see cref="ExitCodes.Usage"/> where the file cannot be made, <see cref="ExitCodes.HostResource"/> where the host takes no more.
    /// </summary>
    public static int Write(string? path, TextWriter output, TextWriter error, Action<Stream> write)
    {
        string? part = null;
        try
        {
            if (path is null)
            {
                using Stream stream = CommandOutput.Bytes(output);
                write(stream);
            }
            else if (new FileInfo(path) is { Exists: true, Length: 0 })
            {
                // Devices and pipes must keep their place, and an empty file is being read by nobody.
                using FileStream stream = new(path, FileMode.Open, FileAccess.Write);
                write(stream);
            }
            else
            {
                var named = new FileInfo(path);
                string target = named.LinkTarget is null ? path : named.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
                FileStream stream = new(target + ".part", FileMode.Create, FileAccess.ReadWrite);
                part = stream.Name;
                using (stream)
                {
                    write(stream);
                }

                File.Move(part, target, overwrite: true);
                part = null;
            }

            return ExitCodes.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error.Write($"pinion: cannot write {path ?? "standard output"}: {e.Message}\n");
            return path is not null && part is null ? ExitCodes.Usage : ExitCodes.HostResource;
        }
        finally
        {
            if (part is not null)
            {
                File.Delete(part);
            }
        }
    }
}
