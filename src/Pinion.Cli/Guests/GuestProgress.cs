using Spectre.Console;

namespace Pinion.Cli.Guests;

/// <summary>Tells how a long job is going: a spinner with a changing text on a terminal, one plain line a step elsewhere.</summary>
internal sealed class GuestProgress
{
    private readonly IAnsiConsole _console;
    private readonly StatusContext? _status;

    private GuestProgress(IAnsiConsole console, StatusContext? status)
    {
        _console = console;
        _status = status;
    }

    /// <summary>Runs <paramref name="job"/> under a progress display on the standard output.</summary>
    internal static T Run<T>(Func<GuestProgress, T> job)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected || !console.Profile.Capabilities.Interactive)
        {
            return job(new GuestProgress(console, null));
        }

        return console.Status().Spinner(Spinner.Known.Line).Start("starting", status => job(new GuestProgress(console, status)));
    }

    /// <summary>A step that may take a while begins.</summary>
    internal void Begin(string step)
    {
        if (_status is not null)
        {
            _status.Status(Markup.Escape(step));
        }
        else
        {
            Console.WriteLine(step);
        }
    }

    /// <summary>The current step got further; shown on a terminal only.</summary>
    internal void Update(string step) => _status?.Status(Markup.Escape(step));

    /// <summary>Something the user should read even after the job has ended.</summary>
    internal void Say(string line)
    {
        if (_status is not null)
        {
            _console.WriteLine(line);
        }
        else
        {
            Console.WriteLine(line);
        }
    }
}
