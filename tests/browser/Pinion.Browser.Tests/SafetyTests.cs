using Pinion.Trace;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using Pinion.Trace.Tests;

namespace Pinion.Browser.Tests;

/// <summary>The page fetches nothing, runs nothing that is not its own, and opens whatever a trace holds.</summary>
[Collection(ChromiumCollection.Name)]
public sealed class SafetyTests(ChromiumFixture chromium)
{
    private const string Hostile = "</script><img/src=x/onerror=alert(1)>";

    [Fact]
    public async Task NamesOfAGuestAreShownAndNotObeyed()
    {
        SampleSource source = SyntheticTrace.Make(2_000, names: ["<b>bold</b>", "\u202Etxet"], functions: [Hostile, "__proto__", "${alert(2)}", "javascript:alert(3)"]);
        source.Trace.Facts.Add(new("<i>fact</i>", Hostile));
        source.Trace.Losses.Add(new(0, 1, Hostile));
        source.Trace.Diagnoses.Add(5, Hostile);

        await using ReportPage page = await chromium.OpenAsync(source, title: Hostile);

        (await page.Page.Locator("h1").InnerTextAsync()).ShouldBe(Hostile);
        (await page.RowsAsync("function-table")).Select(row => row[0]).ShouldContain(Hostile);
        (await page.Page.Locator(".facts dd").GetByText(Hostile).CountAsync()).ShouldBe(1);
        (await page.Page.Locator(".chip[data-facet='process'] .name").AllTextContentsAsync()).ShouldContain("<b>bold</b> (100)");
        await page.SearchAsync($"\"{Hostile}\"");
        (await page.RowsAsync("function-table")).Length.ShouldBe(1);
        await page.Page.Locator("#icicle .box").Last.HoverAsync();
        (await page.Page.Locator("img, b, i").CountAsync()).ShouldBe(0);
        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task ThePolicyStopsWhatIsNotThePages()
    {
        await using ReportPage page = await chromium.OpenAsync(SyntheticTrace.Make(500));

        await page.Page.EvaluateAsync(
            "() => { const script = document.createElement('script'); script.textContent = 'window.intruder = true'; document.head.append(script); const image = new Image(); image.src = 'https://example.invalid/x.png'; document.body.append(image); }");

        (await page.Page.EvaluateAsync<bool>("() => window.intruder === undefined")).ShouldBeTrue();
        page.Complaints.ShouldContain(complaint => complaint.Contains("script-src", StringComparison.Ordinal));
        page.Complaints.ShouldContain(complaint => complaint.Contains("default-src", StringComparison.Ordinal) && complaint.Contains("x.png", StringComparison.Ordinal));
    }

    [Fact]
    public async Task UseOfEverythingAsksTheNetworkForNothing()
    {
        await using ReportPage page = await chromium.OpenAsync(SyntheticTrace.Make(5_000));
        await page.SearchAsync("function");
        await page.ToggleAsync("process", "init (100)");
        await page.Page.Locator("#theme").ClickAsync();
        await page.Page.Locator("#tab-shared").ClickAsync();
        await page.Page.Locator("#icicle .box").Nth(2).ClickAsync();
        await page.Page.Locator("#heat canvas").HoverAsync();

        page.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task AnEmptyTraceAndADamagedOneOpen()
    {
        foreach (byte[] bytes in new byte[][] { [], [0xFF, 0xFF, 0xFF], [0xB0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01] })
        {
            SpeTrace trace = TraceFile.Parse(bytes);
            await using ReportPage page = await chromium.OpenAsync(new SampleSource(trace, new SymbolResolver(trace)));

            (await page.Page.GetAttributeAsync("html", "data-state")).ShouldBe("ready");
            (await page.Page.Locator("details.notice").CountAsync()).ShouldBe(trace.Diagnoses.Count > 0 ? 1 : 0);
            page.Complaints.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task WithoutScriptsThePageSaysWhatItNeeds()
    {
        await using ReportPage page = await chromium.OpenAsync(SyntheticTrace.Make(500), scripts: false);

        (await page.Page.Locator("noscript").InnerTextAsync()).ShouldContain("needs JavaScript");
    }
}
