using Pinion.Trace;
using Pinion.Trace.Profiles;
using Profile = Pinion.Trace.Profiles.Profile;

namespace Pinion.Cli;

/// <summary>Profiles and shared lines as a <see cref="View"/> wants them: framed on a terminal, plain when piped, or JSON.</summary>
internal static class ViewOutput
{
    /// <summary>Rows on a terminal, where nobody scrolls through thousands; a pipe gets all.</summary>
    public const int TerminalRows = 40;

    /// <summary>Prints a profile.</summary>
    public static void Print(Profile profile, TimeConversion time, View view, TextWriter output)
    {
        if (!view.Json && CommandOutput.IsTerminal(output))
        {
            TerminalProfile.Print(TerminalTable.Console(), profile, time, view.Top ?? TerminalRows);
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (view.Json)
        {
            CommandOutput.WriteUtf8(writer, stream => ProfileJson.Write(profile, time, stream));
        }
        else
        {
            ProfileTable.WriteText(profile, time, writer, view.Top ?? int.MaxValue);
            HistogramText.Write(profile.Total, writer);
        }

        writer.Flush();
    }

    /// <summary>Prints shared cache lines.</summary>
    public static void Print(Sharing sharing, View view, TextWriter output)
    {
        if (!view.Json && CommandOutput.IsTerminal(output))
        {
            SharingTable.Print(TerminalTable.Console(), sharing, view.Top ?? TerminalRows);
            return;
        }

        using TextWriter writer = CommandOutput.Buffered(output);
        if (view.Json)
        {
            CommandOutput.WriteUtf8(writer, stream => SharingTable.WriteJson(sharing, stream));
        }
        else
        {
            SharingTable.WriteText(sharing, writer, view.Top ?? int.MaxValue);
        }

        writer.Flush();
    }
}
