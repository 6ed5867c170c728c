using Pinion.Vmm.Devices.Console;

namespace Pinion.Vmm.Tests.Devices;

public sealed class ConsoleTests
{
    [Fact]
    public void EverythingPutIsWrittenInOrder()
    {
        MemoryStream stream = new();
        byte[] text = new byte[200_000];
        new Random(3).NextBytes(text);
        using (ConsoleOutput output = new(stream))
        {
            foreach (byte b in text)
            {
                output.Put(b);
            }
        }

        stream.ToArray().ShouldBe(text);
    }

    [Fact]
    public void FlushReturnsWhenTheBytesAreOut()
    {
        MemoryStream stream = new();
        using ConsoleOutput output = new(stream);
        output.Put((byte)'x');
        output.Flush();
        stream.Length.ShouldBe(1);
    }

    [Fact]
    public void AReceiverThatGoesAwayEndsTheOutputOnly()
    {
        using ConsoleOutput output = new(new ClosedPipe());
        for (int i = 0; i < 200_000; i++)
        {
            output.Put(1);
        }

        output.Flush();
        output.Failed.ShouldBeTrue();
    }

    [Fact]
    public void CtrlAxLeaves() => Check("ab\u0001x", "ab", ConsoleCommand.Leave);

    [Fact]
    public void CtrlAhAsksForHelp() => Check("\u0001h", "", ConsoleCommand.Help);

    [Fact]
    public void CtrlAaSendsCtrlA() => Check("\u0001a\u0001\u0001", "\u0001\u0001");

    [Fact]
    public void AnotherKeyAfterCtrlAIsDropped() => Check("\u0001zx", "x");

    private static void Check(string typed, string forTheGuest, params ConsoleCommand[] expected)
    {
        EscapeFilter filter = new();
        List<ConsoleCommand> commands = [];
        string text = "";
        foreach (char c in typed)
        {
            ConsoleCommand command = filter.Next((byte)c, out byte? forGuest);
            if (command != ConsoleCommand.None)
            {
                commands.Add(command);
            }

            text += forGuest is byte b ? (char)b : "";
        }

        text.ShouldBe(forTheGuest);
        commands.ShouldBe(expected);
    }

    private sealed class ClosedPipe : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }
}
