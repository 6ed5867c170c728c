using Spectre.Console;

namespace Pinion.Cli.Compare;

/// <summary>Tells on standard error how far the comparison is, because standard output is the table: a spinner on a terminal, a line a step elsewhere.</summary>
internal sealed class CompareProgress
{
    private readonly StatusContext? _status;

    private CompareProgress(StatusContext? status) => _status = status;

    /// <summary>Runs <paramref name="job"/> under a progress display.</summary>
    public static T Run<T>(Func<CompareProgress, T> job)
    {
        if (Console.IsErrorRedirected)
        {
            return job(new CompareProgress(null));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Status().Spinner(Spinner.Known.Line).Start("starting", status => job(new CompareProgress(status)));
    }

    /// <summary>A step begins.</summary>
    public void Begin(string step)
    {
        if (_status is not null)
        {
            _status.Status(Markup.Escape(step));
        }
        else
        {
            Console.Error.WriteLine($"pinion: {step}");
        }
    }
}
