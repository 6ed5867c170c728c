using Pinion.Cpu.Interpreter;
using Pinion.Cpu.State;

namespace Pinion.Cpu.Jit;

/// <summary>How the address of an access is made.</summary>
internal enum MemoryMode : byte
{
    Offset,
    Indexed,
    Extended,
    Pre,
    Post,
    Literal,

    /// <summary>As <see cref="Offset"/>, with EL0's permissions (LDTR, STTR).</summary>
    User,
}

/// <summary>What a load or store moves.</summary>
internal enum MemoryKind : byte
{
    /// <summary>Not an access with code of its own.</summary>
    None,
    Load,
    LoadSigned,
    Store,
    LoadVector,
    StoreVector,
    LoadPair,
    LoadPairSigned,
    StorePair,
    LoadVectorPair,
    StoreVectorPair,
}

/// <summary>The loads and stores that have code, by operation.</summary>
/// <param name="Kind">What moves.</param>
/// <param name="Bytes">Bytes of one register in memory.</param>
/// <param name="Wide">The general register gets 64 bits.</param>
/// <param name="Mode">How the address is made.</param>
internal readonly record struct MemoryForm(MemoryKind Kind, byte Bytes, bool Wide, MemoryMode Mode)
{
    private static readonly MemoryForm[] s_forms = Make();

    /// <summary>The form of <paramref name="op"/>; its kind is None where it has none.</summary>
    public static MemoryForm Of(Op op) => s_forms[(int)op];

    public bool IsStore => Kind is MemoryKind.Store or MemoryKind.StoreVector or MemoryKind.StorePair or MemoryKind.StoreVectorPair;

    public bool IsPair => Kind >= MemoryKind.LoadPair;

    public bool IsUser => Mode == MemoryMode.User;

    /// <summary>Bytes of the whole access.</summary>
    public int Size => IsPair ? 2 * Bytes : Bytes;

    /// <summary>The virtual address of the access of record <paramref name="r"/> at <paramref name="pc"/>, from what is in its registers before it.</summary>
    public unsafe ulong AddressOf(Rec* r, ulong pc, ulong @base, ulong index) => Mode switch
    {
        MemoryMode.Offset or MemoryMode.User or MemoryMode.Pre => @base + (ulong)r->Imm,
        MemoryMode.Indexed => @base + (index << (int)r->Aux),
        MemoryMode.Extended => @base + ((r->Imm != 0 ? (ulong)(int)index : (uint)index) << (int)r->Aux),
        MemoryMode.Literal => pc + (ulong)r->Imm,
        _ => @base,
    };

    private static MemoryForm[] Make()
    {
        (string Name, MemoryKind Kind, byte Bytes, bool Wide)[] transfers =
        [
            ("Ldrb", MemoryKind.Load, 1, false),
            ("Ldrh", MemoryKind.Load, 2, false),
            ("LdrW", MemoryKind.Load, 4, false),
            ("LdrX", MemoryKind.Load, 8, true),
            ("LdrsbW", MemoryKind.LoadSigned, 1, false),
            ("LdrsbX", MemoryKind.LoadSigned, 1, true),
            ("LdrshW", MemoryKind.LoadSigned, 2, false),
            ("LdrshX", MemoryKind.LoadSigned, 2, true),
            ("Ldrsw", MemoryKind.LoadSigned, 4, true),
            ("Strb", MemoryKind.Store, 1, false),
            ("Strh", MemoryKind.Store, 2, false),
            ("StrW", MemoryKind.Store, 4, false),
            ("StrX", MemoryKind.Store, 8, true),
            ("LdrSimdB", MemoryKind.LoadVector, 1, false),
            ("LdrSimdH", MemoryKind.LoadVector, 2, false),
            ("LdrSimdS", MemoryKind.LoadVector, 4, false),
            ("LdrSimdD", MemoryKind.LoadVector, 8, false),
            ("LdrSimdQ", MemoryKind.LoadVector, 16, false),
            ("StrSimdB", MemoryKind.StoreVector, 1, false),
            ("StrSimdH", MemoryKind.StoreVector, 2, false),
            ("StrSimdS", MemoryKind.StoreVector, 4, false),
            ("StrSimdD", MemoryKind.StoreVector, 8, false),
            ("StrSimdQ", MemoryKind.StoreVector, 16, false),
            ("LdpW", MemoryKind.LoadPair, 4, false),
            ("LdpX", MemoryKind.LoadPair, 8, true),
            ("Ldpsw", MemoryKind.LoadPairSigned, 4, true),
            ("StpW", MemoryKind.StorePair, 4, false),
            ("StpX", MemoryKind.StorePair, 8, true),
            ("LdpSimdS", MemoryKind.LoadVectorPair, 4, false),
            ("LdpSimdD", MemoryKind.LoadVectorPair, 8, false),
            ("LdpSimdQ", MemoryKind.LoadVectorPair, 16, false),
            ("StpSimdS", MemoryKind.StoreVectorPair, 4, false),
            ("StpSimdD", MemoryKind.StoreVectorPair, 8, false),
            ("StpSimdQ", MemoryKind.StoreVectorPair, 16, false),
        ];
        var forms = new MemoryForm[(int)Op.Count];
        foreach ((string name, MemoryKind kind, byte bytes, bool wide) in transfers)
        {
            foreach (MemoryMode mode in Enum.GetValues<MemoryMode>())
            {
                if (Enum.TryParse(name + mode, out Op op))
                {
                    forms[(int)op] = new(kind, bytes, wide, mode);
                }
            }
        }

        return forms;
    }
}
