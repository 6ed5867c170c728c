namespace Pinion.Guest.Tests.Support;

/// <summary>A directory of one test's own, gone with the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pinion-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file and answers its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> contents)
    {
        System.IO.File.WriteAllBytes(File(name), contents);
        return File(name);
    }

    /// <inheritdoc cref="Write(string, ReadOnlySpan{byte})"/>
    public string Write(string name, string contents)
    {
        System.IO.File.WriteAllText(File(name), contents.ReplaceLineEndings("\n"));
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
