using System.Net;
using System.Security.Cryptography;
using System.Text;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Html;

/// <summary>
/// A trace as one page: everything in it, nothing fetched. Its content security policy allows the page's own style and scripts by their hashes and nothing else; names from the trace reach the browser as
/// packed data and become text there.
/// </summary>
public static class HtmlReport
{
    /// <summary>Runs before the page is drawn, so that a dark one does not begin white.</summary>
    private const string ThemeScript = "theme.js";

    /// <summary>Run behind the data, in this order.</summary>
    private static readonly string[] s_scripts = ["data.js", "format.js", "selection.js", "interface.js", "icicle.js", "heatmap.js", "tables.js", "report.js"];

    /// <summary>Writes the page. The same trace gives the same bytes. Damage inside the records is added to the trace's diagnoses.</summary>
    /// <param name="source">The trace.</param>
    /// <param name="options">What the page is called and holds.</param>
    /// <param name="output">Where to, as UTF-8.</param>
    public static void Write(SampleSource source, HtmlReportOptions options, Stream output)
    {
        var model = ReportModel.Build(source, options);
        string style = Resource("report.css");
        string theme = Resource(ThemeScript);
        string[] scripts = [.. s_scripts.Select(Resource)];
        var values = new Dictionary<string, string>
        {
            ["title"] = WebUtility.HtmlEncode(options.Title),
            ["policy"] = $"default-src 'none'; style-src {Hash(style)}; script-src {string.Join(' ', scripts.Prepend(theme).Select(Hash))}; base-uri 'none'; form-action 'none'",
            ["style"] = style,
            ["theme"] = theme,
            ["data"] = new ReportData(source, options, model).ToBase64(),
            ["scripts"] = string.Concat(scripts.Select(script => $"<script>{script}</script>\n")),
        };

        using var writer = new StreamWriter(output, new UTF8Encoding(false), bufferSize: 1 << 16, leaveOpen: true);
        Fill(Resource("report.html"), values, writer);
    }

    /// <summary>Replaces each {{name}} of the template.</summary>
    private static void Fill(string template, Dictionary<string, string> values, TextWriter writer)
    {
        int at = 0;
        for (int open = template.IndexOf("{{", StringComparison.Ordinal); open >= 0; open = template.IndexOf("{{", at, StringComparison.Ordinal))
        {
            int close = template.IndexOf("}}", open, StringComparison.Ordinal);
            writer.Write(template.AsSpan(at, open - at));
            writer.Write(values[template[(open + 2)..close]]);
            at = close + 2;
        }

        writer.Write(template.AsSpan(at));
    }

    private static string Hash(string content) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'";

    private static string Resource(string name)
    {
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream($"html/{name}") ?? throw new InvalidOperationException($"{name} is not part of this program");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
