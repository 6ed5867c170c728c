namespace Pinion.Vmm.Devices.Console;

/// <summary>What a key means to the machine rather than to the guest.</summary>
public enum ConsoleCommand
{
    /// <summary>Nothing: the byte is the guest's.</summary>
    None,

    /// <summary>Ctrl-A x: leave.</summary>
    Leave,

    /// <summary>Ctrl-A h: show the keys.</summary>
    Help,
}

/// <summary>Takes the Ctrl-A commands out of what a user types. Ctrl-A a (or Ctrl-A twice) sends Ctrl-A itself; any other key after Ctrl-A is dropped with it.</summary>
public sealed class EscapeFilter
{
    private const byte Escape = 1;

    private bool _escaped;

    /// <summary>Looks at one byte: a command, and whether <paramref name="forGuest"/> goes to the guest.</summary>
    public ConsoleCommand Next(byte value, out byte? forGuest)
    {
        forGuest = null;
        if (!_escaped)
        {
            _escaped = value == Escape;
            forGuest = _escaped ? null : value;
            return ConsoleCommand.None;
        }

        _escaped = false;
        switch (value)
        {
            case (byte)'x' or (byte)'X':
                return ConsoleCommand.Leave;

            case (byte)'h' or (byte)'H' or (byte)'?':
                return ConsoleCommand.Help;

            case (byte)'a' or (byte)'A' or Escape:
                forGuest = Escape;
                return ConsoleCommand.None;

            default:
                return ConsoleCommand.None;
        }
    }
}
