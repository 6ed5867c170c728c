using Microsoft.Playwright;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Tests;

namespace Pinion.Browser.Tests;

[Collection(ChromiumCollection.Name)]
public sealed class IcicleTests(ChromiumFixture chromium)
{
    private static readonly SampleSource s_source = SyntheticTrace.Make(20_000, names: ["init", "worker"]);

    [Theory]
    [InlineData("samples")]
    [InlineData("latency")]
    public async Task ABoxIsAsWideAsItsShare(string measure)
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        await page.Page.Locator($"[data-measure='{measure}']").ClickAsync();
        double whole = await WidthAsync(page.Page.Locator(".box[data-row='0']"));
        long Of(ProfileCounts counts) => measure == "samples" ? counts.Samples : counts.TotalLatency;
        Profile profile = Profile.Build(s_source, new ProfileOptions { By = ProfileBy.Process });

        foreach (ProfileRow row in profile.Rows)
        {
            ILocator box = page.Page.Locator(".box[data-row='1']").Filter(new() { HasText = row.Labels[0] });
            (await WidthAsync(box) / whole).ShouldBe((double)Of(row.Counts) / Of(profile.Total), 0.002);
            (await box.GetAttributeAsync("aria-label")).ShouldBe($"process {row.Labels[0]}, {Expected.Percent(Of(row.Counts), Of(profile.Total))}");
        }
    }

    [Fact]
    public async Task AClickWidensABoxAndAnotherOneGoesBack()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        ILocator box = page.Page.Locator(".box[data-row='1']").Nth(1);
        string path = (await box.GetAttributeAsync("data-path"))!;
        double before = await WidthAsync(box);

        await box.ClickAsync();
        ILocator same = page.Page.Locator($".box[data-path='{path}']");
        double wide = await WidthAsync(same);
        await same.ClickAsync();

        wide.ShouldBe(await WidthAsync(page.Page.Locator(".box[data-row='0']")), 1);
        (await WidthAsync(same)).ShouldBe(before, 1);
    }

    [Fact]
    public async Task TheKeyboardReachesAndWidensEveryRow()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        await page.Page.Locator(".box[tabindex='0']").FocusAsync();
        foreach (int row in new[] { 1, 2, 3, 4 })
        {
            await page.Page.Keyboard.PressAsync("ArrowDown");
            (await FocusedAsync()).ShouldBe(row);
        }

        await page.Page.Keyboard.PressAsync("ArrowUp");
        await page.Page.Keyboard.PressAsync("ArrowRight");
        (await FocusedAsync()).ShouldBe(3);
        await page.Page.Keyboard.PressAsync("Enter");
        (await page.Page.Locator(".box[data-row='3']").CountAsync()).ShouldBe(1);
        await page.Page.Keyboard.PressAsync("Escape");
        (await page.Page.Locator(".box[data-row='3']").CountAsync()).ShouldBeGreaterThan(1);

        Task<int> FocusedAsync() => page.Page.EvaluateAsync<int>("() => Number(document.activeElement.dataset.row)");
    }

    [Fact]
    public async Task ASlashGoesToTheSearchAndArrowKeysReadTheHeatMap()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        await page.Page.Keyboard.PressAsync("/");
        await page.Page.Keyboard.TypeAsync("function_2");
        (await page.Search.InputValueAsync()).ShouldBe("function_2");

        await page.Page.Locator("#heat canvas").FocusAsync();
        await page.Page.Keyboard.PressAsync("ArrowRight");
        await page.Page.Keyboard.PressAsync("ArrowUp");

        (await page.Page.Locator("#heat-cell").InnerTextAsync()).ShouldMatch("^1 cycles, time, .+ – .+, samples, [0-9,]+$");
        (await page.Page.Locator("#tooltip").IsVisibleAsync()).ShouldBeTrue();
    }

    private static async Task<double> WidthAsync(ILocator locator) => (await locator.BoundingBoxAsync())!.Width;
}
