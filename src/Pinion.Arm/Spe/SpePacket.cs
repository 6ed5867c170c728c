namespace Pinion.Arm.Spe;

/// <summary>Kind of a packet (Arm ARM D18.2).</summary>
public enum SpePacketKind : byte
{
    /// <summary>No packet: damage. One byte long.</summary>
    Bad,
    Padding,
    End,
    Timestamp,
    Events,
    DataSource,
    Context,
    Operation,
    Address,
    Counter,
}

/// <summary>First header bytes of packets (Arm ARM D18.2).</summary>
public static class SpePacketHeader
{
    public const byte Padding = 0x00;
    public const byte End = 0x01;
    public const byte Extended = 0x20;
    public const byte Events8 = 0x42;
    public const byte Events16 = 0x52;
    public const byte Events32 = 0x62;
    public const byte Events64 = 0x72;
    public const byte DataSource8 = 0x43;
    public const byte DataSource16 = 0x53;
    public const byte Operation = 0x48;
    public const byte Context = 0x64;
    public const byte Timestamp = 0x71;
    public const byte Counter = 0x98;
    public const byte Address = 0xB0;
}

/// <summary>One packet of a record.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Index">Address or Counter: the packet's index. Context: 0 for EL1, 1 for EL2. Operation: the class. Otherwise 0.</param>
/// <param name="Offset">Offset of the first header byte in what is read.</param>
/// <param name="HeaderSize">Bytes of header: 1, or 2 for an extended one.</param>
/// <param name="PayloadSize">Bytes of payload: 0, 1, 2, 4 or 8.</param>
/// <param name="Payload">The payload, zero-extended.</param>
public readonly record struct SpePacket(SpePacketKind Kind, byte Index, int Offset, byte HeaderSize, byte PayloadSize, ulong Payload)
{
    /// <summary>Bytes of header and payload together.</summary>
    public int Size => HeaderSize + PayloadSize;
}
