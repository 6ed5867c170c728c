using System.Text;
using Pinion.Vmm.Devices;
using Pinion.Vmm.Tests.Support;

namespace Pinion.Vmm.Tests.Devices;

public sealed class Pl011Tests
{
    private const uint Receive = 1 << 4;
    private const uint Transmit = 1 << 5;
    private const uint Timeout = 1 << 6;
    private const uint ReceiveEmpty = 1 << 4;
    private const uint ReceiveFull = 1 << 6;

    private readonly RecordingLine _line = new();
    private readonly Output _output = new();
    private readonly Pl011 _uart;
    private int _taken;

    public Pl011Tests()
    {
        _uart = new Pl011(0x09000000, 1, 2, _line, _output, () => _taken++);
    }

    [Fact]
    public void TheIdentificationIsThatOfAPl011() =>
        Enumerable.Range(0, 8).Select(i => _uart.Read(0xfe0 + 4 * (ulong)i, 4)).ShouldBe([0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1]);

    [Fact]
    public void WhatTheGuestWritesComesOut()
    {
        foreach (byte b in "hi\n"u8)
        {
            _uart.Write(0, 4, b);
        }

        _output.Text.ShouldBe("hi\n");
        _uart.Read(0x18, 4).ShouldBe(0x90u);
    }

    [Fact]
    public void TheTransmitInterruptFollowsAWriteWhenUnmasked()
    {
        _uart.Write(0x38, 4, Transmit);
        _line.Level.ShouldBeFalse();
        _uart.Write(0, 4, 'x');
        _line.Level.ShouldBeTrue();
        _uart.Read(0x40, 4).ShouldBe(Transmit);
        _uart.Write(0x44, 4, Transmit);
        _line.Level.ShouldBeFalse();
        _uart.Write(0, 4, 'y');
        _uart.Write(0x38, 4, 0);
        _line.Level.ShouldBeFalse();
        _uart.Read(0x3c, 4).ShouldBe(Transmit);
    }

    [Fact]
    public void InputRaisesTheTimeoutInterruptAndReadingItLowersTheLine()
    {
        OpenAsLinuxDoes();
        _uart.Receive("ab"u8);
        _line.Level.ShouldBeTrue();
        _uart.Read(0x40, 4).ShouldBe(Timeout);
        _uart.Read(0, 4).ShouldBe('a');
        _line.Level.ShouldBeTrue();
        _uart.Read(0, 4).ShouldBe('b');
        _line.Level.ShouldBeFalse();
        (_uart.Read(0x18, 4) & ReceiveEmpty).ShouldBe(ReceiveEmpty);
        _taken.ShouldBe(1);
    }

    [Fact]
    public void MoreInputThanTheFifoHoldsWaits()
    {
        OpenAsLinuxDoes();
        string text = string.Concat(Enumerable.Repeat("0123456789", 10));
        _uart.Receive(Encoding.ASCII.GetBytes(text));
        (_uart.Read(0x18, 4) & ReceiveFull).ShouldBe(ReceiveFull);
        (_uart.Read(0x3c, 4) & Receive).ShouldBe(Receive);
        StringBuilder read = new();
        while ((_uart.Read(0x18, 4) & ReceiveEmpty) == 0)
        {
            read.Append((char)_uart.Read(0, 4));
        }

        read.ToString().ShouldBe(text);
        _line.Level.ShouldBeFalse();
    }

    [Fact]
    public void InputThatComesBeforeTheDriverOpensThePortIsNotLost()
    {
        _uart.Receive("early"u8);

        // Linux throws away what it finds in the FIFO while it opens the port.
        _uart.Write(0x30, 4, 0x301);
        while ((_uart.Read(0x18, 4) & ReceiveEmpty) == 0)
        {
            _uart.Read(0, 4);
        }

        OpenAsLinuxDoes();
        _line.Level.ShouldBeTrue();
        _uart.Read(0, 4).ShouldBe('e');
    }

    [Fact]
    public void ALoopThatPollsTheFlagsGetsInputWithoutInterrupts()
    {
        _uart.Write(0x30, 4, 0x301);
        _uart.Receive("p"u8);
        int polls = 0;
        while ((_uart.Read(0x18, 4) & ReceiveEmpty) != 0)
        {
            (++polls).ShouldBeLessThan(1000);
        }

        _uart.Read(0, 4).ShouldBe('p');
    }

    [Fact]
    public void PrintingByPollingDoesNotTakeInput()
    {
        _uart.Write(0x30, 4, 0x301);
        _uart.Receive("keep"u8);
        for (int i = 0; i < 1000; i++)
        {
            (_uart.Read(0x18, 4) & ReceiveEmpty).ShouldBe(ReceiveEmpty);
            _uart.Write(0, 4, '.');
            _uart.Read(0x18, 4);
        }

        _uart.PendingInput.ShouldBe(4);
    }

    [Fact]
    public void WithoutFifosOneByteIsHeld()
    {
        _uart.Write(0x30, 4, 0x301);
        _uart.Write(0x38, 4, Receive);
        _uart.Receive("xy"u8);
        (_uart.Read(0x18, 4) & ReceiveFull).ShouldBe(ReceiveFull);
        _uart.Read(0x40, 4).ShouldBe(Receive);
        _uart.Read(0, 4).ShouldBe('x');
        _line.Level.ShouldBeTrue();
        _uart.Read(0, 4).ShouldBe('y');
        _line.Level.ShouldBeFalse();
    }

    private void OpenAsLinuxDoes()
    {
        _uart.Write(0x2c, 4, 0x70);
        _uart.Write(0x34, 4, 0x12);
        _uart.Write(0x30, 4, 0x301);
        _uart.Write(0x38, 4, Receive | Timeout);
    }

    private sealed class Output : ISerialOutput
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Put(byte value) => _text.Append((char)value);
    }
}
