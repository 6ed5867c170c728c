using System.Diagnostics.CodeAnalysis;

namespace Pinion.Arm.Spe;

/// <summary>How an implementation places packets in a record.</summary>
public enum SpeRecordLayout
{
    /// <summary>64-byte records, every packet at its own offset, absent ones zero, as on Neoverse N1.</summary>
    FixedSlots,

    /// <summary>Packets one behind the other, padded to the alignment.</summary>
    Packed,
}

/// <summary>What a modelled profiling unit implements: its identification registers and what they imply.</summary>
/// <param name="Name">Name on a command line.</param>
/// <param name="PmsVer">ID_AA64DFR0_EL1.PMSVer: 1 = SPEv1p0, 3 = SPEv1p2, 5 = SPEv1p4.</param>
/// <param name="Pmsidr">PMSIDR_EL1.</param>
/// <param name="Pmbidr">PMBIDR_EL1 with P clear.</param>
/// <param name="EventMask">Implemented bits of PMSEVFR_EL1 (and PMSNEVFR_EL1 where it exists), without SVE.</param>
/// <param name="Layout">Placement of packets.</param>
public sealed record SpeProfile(string Name, int PmsVer, Pmsidr Pmsidr, Pmbidr Pmbidr, ulong EventMask, SpeRecordLayout Layout)
{
    /// <summary>Neoverse N1: SPEv1p0, micro-operations, 12-bit counters, recommended interval 1024.</summary>
    public static SpeProfile NeoverseN1 { get; } = new("n1", 1, new(0x0002_6417), new(0x06), 0xAA, SpeRecordLayout.FixedSlots);

    /// <summary>SPEv1p2 as this model really behaves: architectural instructions, 16-bit counters, interval 256, discard mode, inverted event filter. The default.</summary>
    public static SpeProfile Honest { get; } = new("honest", 3, new(0x0003_607F), new(0x26), 0x8EA, SpeRecordLayout.FixedSlots);

    /// <summary>SPEv1p4 with every optional sampling feature; records of 128 bytes.</summary>
    public static SpeProfile V1P4 { get; } = new("v1p4", 5, new(0x0F03_70FF), new(0x126), 0xF80FFE, SpeRecordLayout.Packed);

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<SpeProfile> All { get; } = [Honest, NeoverseN1, V1P4];

    /// <summary>Finds a profile by its name.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out SpeProfile? profile)
    {
        profile = All.FirstOrDefault(candidate => candidate.Name == name);
        return profile is not null;
    }
}
