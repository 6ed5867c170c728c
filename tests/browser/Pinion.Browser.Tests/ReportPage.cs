using Microsoft.Playwright;

namespace Pinion.Browser.Tests;

/// <summary>A page that is open, and what it did that it must not do.</summary>
public sealed class ReportPage : IAsyncDisposable
{
    /// <summary>A bound for machines that do much else, not a measure: <c>bench/report-page</c> measures.</summary>
    private const float SlowestMilliseconds = 60_000;

    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];
    private string _address = "";

    internal ReportPage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.SetDefaultTimeout(SlowestMilliseconds);
        page.Console += (_, message) => Complain(message.Type is "error" or "warning", message.Text);
        page.PageError += (_, error) => Complain(true, error);
        page.Request += (_, request) => Complain(request.Url != _address, $"request {request.Url}");
        page.Dialog += (_, dialog) => Complain(true, $"dialog {dialog.Message}");
    }

    public IPage Page { get; }

    /// <summary>Errors, dialogs, and requests for anything but the page itself.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public ILocator Search => Page.Locator("#search");

    public ValueTask DisposeAsync() => new(_context.CloseAsync());

    /// <summary>Text of the number of selected samples.</summary>
    public Task<string> StatusAsync() => Page.Locator("#status").InnerTextAsync();

    /// <summary>Types into the search box, and waits until the page has followed.</summary>
    public async Task SearchAsync(string text)
    {
        await Search.FillAsync(text);
        await Page.EvaluateAsync("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    /// <summary>Presses the button of a member of a facet.</summary>
    public async Task ToggleAsync(string facet, string name)
    {
        if (facet == "process")
        {
            await Page.EvaluateAsync("() => { document.querySelector('details.choice').open = true; }");
        }

        await Page.Locator($".chip[data-facet='{facet}'][data-name='{name}']").ClickAsync();
    }

    /// <summary>Texts of a table, all rows.</summary>
    public async Task<string[][]> RowsAsync(string table)
    {
        await Page.EvaluateAsync("(id) => { const more = document.getElementById(id).closest('.table-frame').parentElement.querySelector('.more'); while (!more.hidden) { more.click(); } }", table);
        return await Page.EvaluateAsync<string[][]>(
            "(id) => [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [...row.cells].map((cell) => (cell.querySelector('.name, code') ?? cell).textContent))", table);
    }

    /// <summary>Big text of a figure.</summary>
    public Task<string> FigureAsync(string key) => Page.Locator($"[data-figure='{key}'] .figure-value").InnerTextAsync();

    internal async Task GoToAsync(string address, bool scripts)
    {
        _address = address;
        await Page.GotoAsync(address);
        await WaitAsync(scripts);
    }

    /// <summary>Loads the page again.</summary>
    public async Task ReloadAsync()
    {
        await Page.ReloadAsync();
        await WaitAsync(scripts: true);
    }

    private async Task WaitAsync(bool scripts)
    {
        if (scripts)
        {
            await Page.WaitForFunctionAsync("() => document.documentElement.dataset.state !== undefined", null, new() { Timeout = SlowestMilliseconds });
        }
    }

    private void Complain(bool isMeant, string text)
    {
        if (isMeant)
        {
            _complaints.Add(text);
        }
    }
}
