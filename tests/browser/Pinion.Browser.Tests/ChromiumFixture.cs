using Microsoft.Playwright;
using Pinion.Trace.Html;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Browser.Tests;

/// <summary>One Chromium for all tests, the machine's own: nothing is downloaded.</summary>
public sealed class ChromiumFixture : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";

    /// <summary>The last four keep the browser itself from using the network.</summary>
    private static readonly string[] s_arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly string _folder = Directory.CreateTempSubdirectory("pinion-browser").FullName;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private int _pages;

    public async ValueTask InitializeAsync()
    {
        if (File.Exists(Executable))
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = s_arguments });
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Writes the page of a trace and opens it, in a window of its own with nothing stored.</summary>
    public async Task<ReportPage> OpenAsync(SampleSource source, ColorScheme scheme = ColorScheme.Light, int width = 1280, int height = 900, bool scripts = true, string title = "trace", ISourceLines? lines = null)
    {
        if (_browser is null)
        {
            Assert.Skip("needs chromium: apt-get install chromium");
        }

        string path = Path.Combine(_folder, $"{Interlocked.Increment(ref _pages)}.html");
        using (FileStream file = File.Create(path))
        {
            HtmlReport.Write(source, new HtmlReportOptions { Title = title, Lines = lines }, file);
        }

        IBrowserContext context = await _browser.NewContextAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height }, JavaScriptEnabled = scripts });
        var page = new ReportPage(context, await context.NewPageAsync());
        await page.GoToAsync(new Uri(path).AbsoluteUri, scripts);
        return page;
    }
}

/// <summary>Tests that share the browser run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ChromiumCollection : ICollectionFixture<ChromiumFixture>
{
    public const string Name = "chromium";
}
