using System.CommandLine;
using Pinion.Trace.Profiles;
using Pinion.Trace.Samples;
using Pinion.Vmm;

namespace Pinion.Cli;

/// <summary>What is looked at and how it is shown.</summary>
/// <param name="By">What a row is.</param>
/// <param name="Filter">Which samples.</param>
/// <param name="Latency">With quantiles and histograms of the latencies.</param>
/// <param name="Sharing">Shared cache lines instead of a profile.</param>
/// <param name="Top">Rows of the table; null: as many as the output likes.</param>
/// <param name="Json">JSON instead of a table.</param>
internal sealed record View(ProfileBy By, SampleFilter Filter, bool Latency = false, bool Sharing = false, int? Top = null, bool Json = false)
{
    /// <summary>A profile by function.</summary>
    public static View Default { get; } = new(ProfileBy.Function, SampleFilter.All);
}

/// <summary>What the commands that print profiles look at, and how they show it.</summary>
internal sealed class ViewOptions
{
    private static readonly (string Name, ProfileBy By)[] s_by =
    [
        ("function", ProfileBy.Function),
        ("line", ProfileBy.Line),
        ("instruction", ProfileBy.Instruction),
        ("image", ProfileBy.Image),
        ("process", ProfileBy.Process),
        ("thread", ProfileBy.Thread),
        ("cpu", ProfileBy.Cpu),
        ("class", ProfileBy.Class),
        ("source", ProfileBy.DataSource),
        ("address", ProfileBy.Address),
        ("cacheline", ProfileBy.CacheLine),
        ("page", ProfileBy.Page),
    ];

    private readonly Option<string> _by = new("--by") { HelpName = "WHAT", Description = $"What a row is: {string.Join(", ", s_by.Select(b => b.Name))}.", DefaultValueFactory = _ => "function" };
    private readonly Option<bool> _latency = new("--latency") { Description = "Add quantiles of the total latency to each row, and histograms of all three latencies of all samples." };
    private readonly Option<bool> _sharing = new("--sharing") { Description = "Print the cache lines that several CPUs touch, one of them with writes: candidates for false sharing." };
    private readonly Option<int?> _top = new("--top") { HelpName = "N", Description = $"Print so many rows. [default: all, {ViewOutput.TerminalRows} on a terminal]" };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON, all rows." };
    private readonly FilterOptions _filter = new();

    public ViewOptions() => _by.AcceptOnlyFromAmong([.. s_by.Select(b => b.Name)]);

    public void AddTo(Command command)
    {
        command.Options.Add(_by);
        command.Options.Add(_latency);
        command.Options.Add(_sharing);
        command.Options.Add(_top);
        command.Options.Add(_json);
        _filter.AddTo(command);
    }

    /// <summary>What was asked for.</summary>
    public Result<View> Read(ParseResult parsed)
    {
        if (!_filter.Read(parsed).TryGet(out SampleFilter filter, out Problem? problem))
        {
            return problem;
        }

        ProfileBy by = s_by.Single(b => b.Name == parsed.GetRequiredValue(_by)).By;
        return new View(by, filter, parsed.GetValue(_latency), parsed.GetValue(_sharing), parsed.GetValue(_top), parsed.GetValue(_json));
    }
}
