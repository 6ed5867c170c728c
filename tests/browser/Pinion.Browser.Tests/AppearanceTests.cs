using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Pinion.Trace.Samples;
using Pinion.Trace.Tests;

namespace Pinion.Browser.Tests;

[Collection(ChromiumCollection.Name)]
public sealed class AppearanceTests(ChromiumFixture chromium)
{
    private static readonly SampleSource s_source = SyntheticTrace.Make(20_000, cpus: 3);

    /// <summary>axe-core computes the contrast of every text and looks for names and roles that are missing.</summary>
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task AxeFindsNothingInEitherTheme(ColorScheme scheme, int width)
    {
        await using ReportPage page = await chromium.OpenAsync(s_source, scheme, width);
        await page.ToggleAsync("class", "load");
        foreach (string tab in new[] { "instructions", "shared" })
        {
            await page.Page.Locator($"#tab-{tab}").ClickAsync();

            AxeResult result = await page.Page.RunAxe();

            result.Violations.Select(violation => $"{violation.Id}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}").ShouldBeEmpty();
            result.Passes.Select(pass => pass.Id).ShouldContain("color-contrast");
        }
    }

    [Fact]
    public async Task TheThemeFollowsTheSystemUntilItIsChosenAndIsRemembered()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source, ColorScheme.Dark);
        string dark = await BackgroundAsync();
        await page.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await page.Page.WaitForFunctionAsync("() => document.documentElement.dataset.theme === 'light'");
        string light = await BackgroundAsync();
        light.ShouldNotBe(dark);

        ILocator button = page.Page.Locator("#theme");
        await button.ClickAsync();
        await button.ClickAsync();

        (await button.InnerTextAsync()).ShouldBe("Theme: dark");
        (await BackgroundAsync()).ShouldBe(dark);
        await page.ReloadAsync();
        (await button.InnerTextAsync()).ShouldBe("Theme: dark");
        (await BackgroundAsync()).ShouldBe(dark);
        await button.ClickAsync();
        (await BackgroundAsync()).ShouldBe(light);
        page.Complaints.ShouldBeEmpty();

        Task<string> BackgroundAsync() => page.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
    }

    [Theory]
    [InlineData(320)]
    [InlineData(390)]
    [InlineData(768)]
    [InlineData(1920)]
    public async Task NoWidthScrollsSideways(int width)
    {
        string name = new('n', 200);
        await using ReportPage page = await chromium.OpenAsync(SyntheticTrace.Make(3_000, names: ["init", "a name with fifteen"], functions: [name, "short"]), width: width, title: name);
        foreach (string tab in new[] { "instructions", "lines", "pages", "shared" })
        {
            await page.Page.Locator($"#tab-{tab}").ClickAsync();
            (await page.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).ShouldBe(width, tab);
        }
    }

    [Fact]
    public async Task TheHeatMapIsDrawnInTheColoursOfTheTheme()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        double[] light = await ColoursAsync();
        await page.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.Page.WaitForFunctionAsync("() => document.documentElement.dataset.theme === 'dark'");
        double[] dark = await ColoursAsync();

        light.Length.ShouldBeGreaterThan(20);
        dark.Length.ShouldBeGreaterThan(20);
        light.Intersect(dark).Count().ShouldBeLessThan(light.Length / 4);

        Task<double[]> ColoursAsync() => page.Page.EvaluateAsync<double[]>(
            "() => { const canvas = document.querySelector('#heat canvas'); const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; return [...new Set(new Uint32Array(data.buffer))]; }");
    }

    [Fact]
    public async Task ItPrintsInLightColoursWithoutControls()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source, ColorScheme.Dark);

        (await page.Page.PdfAsync()).Length.ShouldBeGreaterThan(10_000);

        await page.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await page.Page.EvaluateAsync("() => window.dispatchEvent(new Event('beforeprint'))");
        (await page.Page.EvaluateAsync<string>("() => document.documentElement.dataset.theme")).ShouldBe("light");
        (await page.Search.IsVisibleAsync()).ShouldBeFalse();

        // A4 without the margins that browsers leave.
        await page.Page.SetViewportSizeAsync(718, 1000);
        (await page.Page.EvaluateAsync<double>("() => document.getElementById('function-table').getBoundingClientRect().right")).ShouldBeLessThanOrEqualTo(718);
        await page.Page.EvaluateAsync("() => window.dispatchEvent(new Event('afterprint'))");
        (await page.Page.EvaluateAsync<string>("() => document.documentElement.dataset.theme")).ShouldBe("dark");
    }
}
