using System.Net;
using System.Text.RegularExpressions;

namespace Pinion.Trace.Tests.Exports;

/// <summary>The release of speedscope that npm has, fetched when a test first asks for it, and shown in a headless browser.</summary>
public sealed partial class SpeedscopePackage : IDisposable
{
    private const string Package = "speedscope@1.25.0";

    private readonly Lazy<string?> _folder = new(Fetch);

    /// <summary>A file of the release; the test skips where npm cannot be had.</summary>
    public string File(string name)
    {
        Assert.SkipWhen(_folder.Value is null, $"needs the npm package {Package}: npm pack {Package}");
        return Path.Combine(_folder.Value!, "package", "dist", "release", name);
    }

    /// <summary>Opens a profile in the sandwich view, which is a table, and answers all that is to be read on the page.</summary>
    public IReadOnlyList<string> Show(string name, byte[] profile)
    {
        string page = File("index.html");
        string script = Path.Combine(_folder.Value!, $"{Guid.NewGuid():N}.js");
        System.IO.File.WriteAllText(script, $"speedscope.loadFileFromBase64('{name}', '{Convert.ToBase64String(profile)}')");
        string dom = ExternalTool.Run(
            "chromium",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            $"--user-data-dir={Path.Combine(_folder.Value!, "browser")}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            $"file://{page}#localProfilePath={script}&view=sandwich");
        return [.. Texts().Matches(dom).Select(text => WebUtility.HtmlDecode(text.Groups[1].Value))];
    }

    public void Dispose()
    {
        if (_folder is { IsValueCreated: true, Value: string folder })
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? Fetch()
    {
        string folder = Directory.CreateTempSubdirectory("pinion-speedscope-").FullName;
        (int exitCode, string output, _) = ExternalTool.TryRun("npm", "npm", "pack", Package, "--silent", "--pack-destination", folder);
        if (exitCode == 0)
        {
            ExternalTool.Run("tar", "tar", "-xzf", Path.Combine(folder, output.Trim().Split('\n')[^1]), "-C", folder);
            return folder;
        }

        Directory.Delete(folder, recursive: true);
        return null;
    }

    [GeneratedRegex(">([^<>{}]+)<")]
    private static partial Regex Texts();
}
