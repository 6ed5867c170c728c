using System.Text.RegularExpressions;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Tests;

namespace Pinion.Browser.Tests;

/// <summary>Filters and the search act on everything, and give the numbers of a profile with the same filter.</summary>
[Collection(ChromiumCollection.Name)]
public sealed class FilterTests(ChromiumFixture chromium)
{
    private static readonly SampleSource s_source = SyntheticTrace.Make(20_000, cpus: 3);

    private sealed record Case(SampleFilter Filter, string Search, params (string Facet, string Name)[] Buttons);

    private static readonly Dictionary<string, Case> s_cases = new()
    {
        ["nothing"] = new(SampleFilter.All, ""),
        ["loads"] = new(new() { Classes = new HashSet<ProfileClass> { ProfileClass.Load } }, "", ("class", "load")),
        ["stores and atomics"] = new(new() { Classes = new HashSet<ProfileClass> { ProfileClass.Store, ProfileClass.Atomic } }, "", ("class", "store"), ("class", "atomic")),
        ["a CPU"] = new(new() { Cpus = new HashSet<int> { 1 } }, "", ("cpu", "1")),
        ["an Exception level"] = new(new() { ExceptionLevels = new HashSet<int> { 0 } }, "", ("level", "EL0")),
        ["a process"] = new(new() { Processes = new HashSet<string> { "101" } }, "", ("process", "worker (101)")),
        ["two processes"] = new(new() { Processes = new HashSet<string> { "worker" } }, "", ("process", "worker (101)"), ("process", "worker (102)")),
        ["part of a name"] = new(new() { Function = new Regex("function_1") }, "Function_1"),
        ["a whole name"] = new(new() { Function = new Regex("^function_1$") }, "\"function_1\""),
        ["all of it"] = new(
            new()
            {
                Classes = new HashSet<ProfileClass> { ProfileClass.Branch },
                Cpus = new HashSet<int> { 0, 2 },
                ExceptionLevels = new HashSet<int> { 1 },
                Processes = new HashSet<string> { "init" },
                Function = new Regex("function_"),
            },
            "function_", ("class", "branch"), ("cpu", "0"), ("cpu", "2"), ("level", "EL1"), ("process", "init (100)")),
    };

    public static TheoryData<string> Cases => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task NumbersAreThoseOfAProfile(string name)
    {
        Case one = s_cases[name];
        Profile profile = Profile.Build(s_source, new ProfileOptions { Filter = one.Filter, Histograms = true });
        ProfileCounts total = profile.Total;
        await using ReportPage page = await chromium.OpenAsync(s_source);

        await page.SearchAsync(one.Search);
        foreach ((string facet, string member) in one.Buttons)
        {
            await page.ToggleAsync(facet, member);
        }

        (await page.StatusAsync()).ShouldStartWith(one.Filter.IsEmpty ? "20,000 samples" : $"{Expected.Count(total.Samples)} of 20,000 samples");
        (await page.FigureAsync("samples")).ShouldBe(Expected.Count(total.Samples));
        (await page.FigureAsync("latency")).ShouldBe(Expected.Mean(total.MeanTotalLatency));
        (await page.FigureAsync("mispredicted")).ShouldBe(Expected.Percent(total.Mispredicted, total.Of(ProfileClass.Branch)));
        (await page.FigureAsync("tlbWalks")).ShouldBe(Expected.Count(total.TlbWalks));
        (await page.RowsAsync("function-table")).Select(row => string.Join('|', row[..^1])).ShouldHold(profile.Rows.Select(row => string.Join('|', Expected.Function(row, total))));
        await CheckSourcesAsync(page, total);
        await CheckHeatMapAsync(page, total);
        await CheckInstructionsAsync(page, one.Filter);
        page.Complaints.ShouldBeEmpty();
    }

    private static async Task CheckSourcesAsync(ReportPage page, ProfileCounts total)
    {
        for (int source = 0; source < ProfileCounts.DataSources; source++)
        {
            string[] cells = await page.Page.EvaluateAsync<string[]>("(key) => [...document.querySelectorAll(`#sources tr[data-key='${key}'] > *`)].map((cell) => cell.textContent)", source);
            cells.LastOrDefault("0").ShouldBe(Expected.Count(total.FromSource(source)), ProfileTable.SourceName(source));
        }
    }

    private static async Task CheckHeatMapAsync(ReportPage page, ProfileCounts total)
    {
        LatencyHistogram latency = total.TotalHistogram!;
        (await page.Page.Locator("#heat canvas").GetAttributeAsync("aria-label")).ShouldBe(
            $"Latency over time. p50 {latency.Quantile(0.5)} cycles, p90 {latency.Quantile(0.9)} cycles, p99 {latency.Quantile(0.99)} cycles. Arrow keys read cells.");
    }

    private static async Task CheckInstructionsAsync(ReportPage page, SampleFilter filter)
    {
        Profile instructions = Profile.Build(s_source, new ProfileOptions { By = ProfileBy.Instruction, Filter = filter });
        IEnumerable<string> expected = instructions.Rows.Where(row => row.Labels[1] != "[no PC]").Select(row => $"{row.Labels[1]} {row.Labels[2]} {Expected.Count(row.Counts.Samples)} {Expected.Mean(row.Counts.MeanTotalLatency)}");

        string[][] rows = await page.RowsAsync("instruction-table");

        rows.Select(row => $"{row[0]} {row[1]} {row[2]} {row[4]}").ShouldHold(expected);
    }

    [Fact]
    public async Task ButtonsTellWhatTheyWouldSelectUnderTheOtherFilters()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        await page.ToggleAsync("class", "load");
        await page.ToggleAsync("cpu", "1");

        var filter = new SampleFilter { Classes = new HashSet<ProfileClass> { ProfileClass.Store }, Cpus = new HashSet<int> { 1 } };

        long stores = Profile.Build(s_source, new ProfileOptions { Filter = filter }).Total.Samples;
        (await page.Page.Locator(".chip[data-facet='class'][data-name='store']").GetAttributeAsync("title")).ShouldBe($"{Expected.Count(stores)} samples");
        (await page.Page.Locator(".chip[data-facet='class'][data-name='load']").GetAttributeAsync("aria-pressed")).ShouldBe("true");
    }

    [Fact]
    public async Task ResetShowsEverythingAgain()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        await page.SearchAsync("function_3");
        await page.ToggleAsync("class", "load");

        await page.Page.Locator("#reset").ClickAsync();

        (await page.StatusAsync()).ShouldBe("20,000 samples");
        (await page.Search.InputValueAsync()).ShouldBeEmpty();
        (await page.Page.Locator(".chip[aria-pressed='true']").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task ASelectionOfNothingSaysSoEverywhere()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);

        await page.SearchAsync("no such function");

        (await page.StatusAsync()).ShouldStartWith("0 of 20,000 samples");
        (await page.Page.Locator(".empty-state:visible").CountAsync()).ShouldBe(5);
        page.Complaints.ShouldBeEmpty();
    }
}
