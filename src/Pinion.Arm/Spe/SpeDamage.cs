namespace Pinion.Arm.Spe;

/// <summary>A stretch of bytes that gave no records, because some of it is damaged.</summary>
/// <param name="Offset">Where the first record that is left out begins, or a byte that begins no packet.</param>
/// <param name="Size">Bytes up to the next record, or to the end; 0 where nothing is damaged.</param>
/// <param name="BadBytes">How many of them are part of no packet. Where all are, a record has no end, or has a packet twice.</param>
public readonly record struct SpeDamage(int Offset, int Size, int BadBytes);
