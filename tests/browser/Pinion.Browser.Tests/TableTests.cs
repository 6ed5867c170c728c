using System.Globalization;
using Microsoft.Playwright;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;
using Pinion.Trace.Tests;
using Location = Pinion.Trace.Symbols.Location;

namespace Pinion.Browser.Tests;

[Collection(ChromiumCollection.Name)]
public sealed class TableTests(ChromiumFixture chromium)
{
    private static readonly SampleSource s_source = SyntheticTrace.Make(20_000, cpus: 3);

    [Fact]
    public async Task EveryColumnSortsBothWays()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        int columns = await page.Page.Locator("#function-table thead th").CountAsync();
        columns.ShouldBe(14);
        for (int column = 0; column < columns - 1; column++)
        {
            ILocator heading = page.Page.Locator("#function-table thead th").Nth(column);
            foreach (int click in new[] { 1, 2 })
            {
                await heading.Locator("button").ClickAsync();
                bool descending = await heading.GetAttributeAsync("aria-sort") == "descending";
                string[] cells = [.. (await page.RowsAsync("function-table")).Select(row => row[column])];
                if (column == 0)
                {
                    cells.Length.ShouldBe(cells.Distinct().Count() + 1, "two programs have an [unknown] function");
                }
                else
                {
                    double[] values = [.. cells.Where(cell => cell != "–").Select(Number)];
                    values.ShouldBe([.. descending ? values.OrderDescending() : values.Order()], $"column {column}, click {click}");
                    cells.SkipWhile(cell => cell != "–").ShouldAllBe(cell => cell == "–");
                }
            }

            (await page.Page.Locator("#function-table th[aria-sort='none']").CountAsync()).ShouldBe(columns - 1);
        }
    }

    [Fact]
    public async Task NamesSortAsPeopleCount()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);

        await page.Page.Locator("#function-table thead th button").First.ClickAsync();

        string[] names = [.. (await page.RowsAsync("function-table")).Select(row => row[0]).Where(name => name.StartsWith("function_", StringComparison.Ordinal))];
        names.ShouldBe(names.OrderBy(name => int.Parse(name.AsSpan("function_".Length), CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task AClickOnAFunctionSelectsIt()
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);

        await page.Page.Locator("#function-table .link").GetByText("function_1", new() { Exact = true }).ClickAsync();

        (await page.Search.InputValueAsync()).ShouldBe("\"function_1\"");
        (await page.RowsAsync("function-table")).Single()[0].ShouldBe("function_1");
    }

    [Theory]
    [InlineData("lines", "line-table", ProfileBy.CacheLine)]
    [InlineData("pages", "page-table", ProfileBy.Page)]
    public async Task HotLinesAndPagesAreThoseOfAProfile(string tab, string table, ProfileBy by)
    {
        await using ReportPage page = await chromium.OpenAsync(s_source);
        await page.ToggleAsync("class", "store");
        var filter = new SampleFilter { Classes = new HashSet<ProfileClass> { ProfileClass.Store } };
        Profile profile = Profile.Build(s_source, new ProfileOptions { By = by, Filter = filter });

        await page.Page.Locator($"#tab-{tab}").ClickAsync();

        (await page.RowsAsync(table)).Select(row => $"{row[0]} {row[1]} {row[3]}").ShouldHold(profile.Rows.Select(row => $"{row.Labels[1]} {Expected.Count(row.Counts.Samples)} {Expected.Mean(row.Counts.MeanTotalLatency)}"));
    }

    [Fact]
    public async Task SourceLinesAreThoseOfAProfile()
    {
        var lines = new EverySixteenBytes();
        await using ReportPage page = await chromium.OpenAsync(s_source, lines: lines);
        await page.ToggleAsync("cpu", "1");
        var filter = new SampleFilter { Cpus = new HashSet<int> { 1 } };
        Profile profile = Profile.Build(s_source, new ProfileOptions { By = ProfileBy.Line, Filter = filter, Lines = lines });

        await page.Page.Locator("#tab-source").ClickAsync();

        (await page.RowsAsync("source-table")).Select(row => $"{row[0]} {row[1]} {row[3]}").ShouldHold(
            profile.Rows.Where(row => row.Labels[2] is not ("" or Location.Unknown)).Select(row => $"{row.Labels[2]} {Expected.Count(row.Counts.Samples)} {Expected.Mean(row.Counts.MeanTotalLatency)}"));
        (await page.Page.Locator("#instruction-table").CountAsync()).ShouldBe(0);
    }

    private sealed class EverySixteenBytes : ISourceLines
    {
        public SourceLine? Find(ElfImage image, ulong address) => new("/src/program.c", 1 + (int)((address - SyntheticTrace.ProgramBase) / 16));
    }

    [Fact]
    public async Task SharedLinesAndTheirKindAreThoseOfTheReport()
    {
        SampleSource source = SyntheticTrace.Make(3_000, cpus: 4);
        await using ReportPage page = await chromium.OpenAsync(source);
        var sharing = Sharing.Find(source, SampleFilter.All);
        sharing.Lines.Select(line => line.Kind).Distinct().Count().ShouldBe(2);

        await page.Page.Locator("#tab-shared").ClickAsync();

        string[] rows = [.. (await page.RowsAsync("shared-table")).Select(row => $"{row[0]} {(row[1].StartsWith("false", StringComparison.Ordinal) ? "False" : "True")} {row[2]} {row[4]}")];
        rows.ShouldHold(sharing.Lines.Select(line => $"0x{line.Address:x} {line.Kind} {Expected.Count(line.Samples)} {Expected.Count(line.Users.Sum(user => user.Writes))}"));
    }

    private static double Number(string cell) => cell.StartsWith('<') ? 0.05 : double.Parse(cell.Replace(" %", "", StringComparison.Ordinal), NumberStyles.Number, CultureInfo.InvariantCulture);
}
