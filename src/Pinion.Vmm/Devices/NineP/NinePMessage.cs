namespace Pinion.Vmm.Devices.NineP;

/// <summary>Types of the requests of 9P2000.L; the answer's type is one more.</summary>
internal static class NinePMessage
{
    public const byte ErrorReply = 7;
    public const byte StatFs = 8;
    public const byte Open = 12;
    public const byte Create = 14;
    public const byte Symlink = 16;
    public const byte MakeNode = 18;
    public const byte Rename = 20;
    public const byte ReadLink = 22;
    public const byte GetAttributes = 24;
    public const byte SetAttributes = 26;
    public const byte ExtendedAttributeWalk = 30;
    public const byte ExtendedAttributeCreate = 32;
    public const byte ReadDirectory = 40;
    public const byte Sync = 50;
    public const byte Lock = 52;
    public const byte GetLock = 54;
    public const byte Link = 70;
    public const byte MakeDirectory = 72;
    public const byte RenameAt = 74;
    public const byte UnlinkAt = 76;
    public const byte Version = 100;
    public const byte Authenticate = 102;
    public const byte Attach = 104;
    public const byte Flush = 108;
    public const byte Walk = 110;
    public const byte Read = 116;
    public const byte Write = 118;
    public const byte Clunk = 120;
    public const byte Remove = 122;
}
