using System.Runtime.InteropServices;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Devices.Console;

/// <summary>The terminal on standard input in raw mode, so that every key reaches the guest. Gets its settings back however the process ends, short of SIGKILL.</summary>
public sealed unsafe class HostTerminal : IDisposable
{
    private const int StandardInput = 0;
    private const int Now = 0;

    // Offsets and bits of struct termios, the same on x86-64 and arm64 Linux.
    private const int TermiosSize = 128;
    private const int InputFlags = 0;
    private const int ControlFlags = 8;
    private const int LocalFlags = 12;
    private const int ControlChars = 17;
    private const int MinimumChars = 6;
    private const int Time = 5;

    private const uint InputIgnore = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x400;
    private const uint LocalIgnore = 0x1 | 0x2 | 0x8 | 0x40 | 0x8000;
    private const uint CharSizeMask = 0x30 | 0x100;
    private const uint CharSize8 = 0x30;

    private readonly byte[] _saved;
    private readonly PosixSignalRegistration[] _signals;
    private int _restored;

    private HostTerminal(byte[] saved)
    {
        _saved = saved;

        // These end the process by default; the handler puts the terminal right first and lets them.
        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Restore()),
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => Restore()),
        ];
        AppDomain.CurrentDomain.ProcessExit += OnExit;
        AppDomain.CurrentDomain.UnhandledException += OnCrash;
    }

    /// <summary>True when standard input is a terminal.</summary>
    public static bool IsPresent => Libc.IsATty(StandardInput) == 1;

    /// <summary>Puts the terminal into raw mode; null when standard input is none. Output processing stays on, so our own lines look right.</summary>
    public static HostTerminal? Open()
    {
        byte[] saved = new byte[TermiosSize];
        fixed (byte* old = saved)
        {
            if (!IsPresent || Libc.TcGetAttr(StandardInput, old) != 0)
            {
                return null;
            }
        }

        byte[] raw = [.. saved];
        Change(raw, InputFlags, InputIgnore | 0x4 | 0x10, 0);
        Change(raw, LocalFlags, LocalIgnore, 0);
        Change(raw, ControlFlags, CharSizeMask, CharSize8);
        raw[ControlChars + MinimumChars] = 1;
        raw[ControlChars + Time] = 0;
        HostTerminal terminal = new(saved);
        fixed (byte* settings = raw)
        {
            Libc.TcSetAttr(StandardInput, Now, settings);
        }

        return terminal;
    }

    /// <summary>Gives the terminal its settings back.</summary>
    public void Dispose()
    {
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        AppDomain.CurrentDomain.UnhandledException -= OnCrash;
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
    }

    private static void Change(byte[] termios, int offset, uint clear, uint set)
    {
        Span<uint> field = MemoryMarshal.Cast<byte, uint>(termios.AsSpan(offset, sizeof(uint)));
        field[0] = (field[0] & ~clear) | set;
    }

    private void OnExit(object? sender, EventArgs e) => Restore();

    private void OnCrash(object sender, UnhandledExceptionEventArgs e) => Restore();

    private void Restore()
    {
        if (Interlocked.Exchange(ref _restored, 1) != 0)
        {
            return;
        }

        fixed (byte* settings = _saved)
        {
            Libc.TcSetAttr(StandardInput, Now, settings);
        }
    }
}
