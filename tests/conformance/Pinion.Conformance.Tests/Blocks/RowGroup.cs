using Pinion.Arm.A64;

namespace Pinion.Conformance.Tests.Blocks;

/// <summary>Parts of the instruction set that random blocks are made of.</summary>
internal enum RowGroup
{
    /// <summary>Not run in blocks: exceptions, and system instructions that need EL1 or wait.</summary>
    None,
    Integer,
    Branch,
    Memory,
    Atomic,
    ScalarFp,
    SimdInteger,
    SimdFp,
    Fp16,
    Crypto,
    Crc,
    System,
}

/// <summary>A row of the encoding table as the generator sees it.</summary>
/// <param name="Id">The row.</param>
/// <param name="Group">Where it belongs.</param>
/// <param name="Operands">Operand words of the table.</param>
internal sealed record Row(A64Id Id, RowGroup Group, string Operands)
{
    private static readonly Lazy<Row[]> s_all = new(() => [.. Enumerable.Range(1, A64Table.Count - 1).Select(i => Make((A64Id)i))]);

    /// <summary>Rows that can be part of a block.</summary>
    public static IEnumerable<Row> All => s_all.Value.Where(r => r.Group != RowGroup.None);

    public string Name => A64Table.Name(Id);

    public string Mnemonic => A64Table.Mnemonic(Id);

    public string Pattern => A64Table.Pattern(Id);

    /// <summary>It computes an address from a base register.</summary>
    public bool IsMemory => Operands.Contains("[XSn");

    public bool IsLiteral => Name.Contains("Literal");

    /// <summary>Field d is a general register that the instruction writes.</summary>
    public bool WritesGeneral => Operands.Split(',')[0] is "Rd" or "RSd" or "Xd" or "Wd" or "RQd";

    /// <summary>Field d is a general register or SP.</summary>
    public bool WritesSp => Operands.StartsWith("RSd", StringComparison.Ordinal);

    /// <summary>Field t is a general register.</summary>
    public bool TransfersGeneral => !IsSimdTransfer && A64Fields.Find(Id, 't').Width == 5;

    /// <summary>The transfer register is a vector register.</summary>
    public bool IsSimdTransfer => Operands.StartsWith("Pt", StringComparison.Ordinal) || Operands.StartsWith("Mt", StringComparison.Ordinal) || Operands.StartsWith("list", StringComparison.Ordinal)
        || Operands.StartsWith("slist", StringComparison.Ordinal);

    /// <summary>Value of field <paramref name="letter"/> in <paramref name="word"/>.</summary>
    public int Field(char letter, uint word) => (int)A64Fields.Find(Id, letter).Of(word);

    public bool Has(char letter) => A64Fields.Find(Id, letter).Width != 0;

    /// <summary><paramref name="word"/> with field <paramref name="letter"/> replaced.</summary>
    public uint With(char letter, uint word, int value)
    {
        A64Field field = A64Fields.Find(Id, letter);
        uint mask = (uint)((1UL << field.Width) - 1) << field.Low;
        return (word & ~mask) | (((uint)value << field.Low) & mask);
    }

    private static Row Make(A64Id id)
    {
        string operands = A64Table.Operands(id);
        return new Row(id, Classify(id, A64Table.Name(id), A64Table.Encoding(id).Feature, operands), operands);
    }

    private static RowGroup Classify(A64Id id, string name, A64Feature feature, string operands)
    {
        switch (id)
        {
            case A64Id.B or A64Id.Bl or A64Id.BCond or A64Id.Cbz or A64Id.Cbnz or A64Id.Tbz or A64Id.Tbnz or A64Id.Br or A64Id.Blr or A64Id.Ret:
                return RowGroup.Branch;
            case A64Id.Nop or A64Id.Yield or A64Id.Sev or A64Id.Sevl or A64Id.Csdb or A64Id.Hint or A64Id.Clrex or A64Id.Dsb or A64Id.Dmb or A64Id.Isb or A64Id.Mrs or A64Id.MsrRegister or A64Id.Sys:
                return RowGroup.System;
            case A64Id.Udf or A64Id.Eret or A64Id.Drps or A64Id.Svc or A64Id.Hvc or A64Id.Smc or A64Id.Brk or A64Id.Hlt or A64Id.Dcps1 or A64Id.Dcps2 or A64Id.Dcps3
                or A64Id.Wfe or A64Id.Wfi or A64Id.Esb or A64Id.PsbCsync or A64Id.MsrUao or A64Id.MsrPan or A64Id.MsrSpSel or A64Id.MsrDaifSet or A64Id.MsrDaifClr or A64Id.Sysl:
                return RowGroup.None;
        }

        switch (feature)
        {
            case A64Feature.Lse or A64Feature.Lrcpc:
                return RowGroup.Atomic;
            case A64Feature.Crc32:
                return RowGroup.Crc;
            case A64Feature.Aes or A64Feature.Pmull or A64Feature.Sha1 or A64Feature.Sha256:
                return RowGroup.Crypto;
            case A64Feature.Fp16:
                return RowGroup.Fp16;
            case A64Feature.Rdm or A64Feature.DotProd:
                return RowGroup.SimdInteger;
        }

        if (operands.Contains("[XSn") || name.Contains("Literal"))
        {
            return name.StartsWith("Stx", StringComparison.Ordinal) || name.StartsWith("Stl", StringComparison.Ordinal) || name.StartsWith("Ldx", StringComparison.Ordinal)
                || name.StartsWith("Lda", StringComparison.Ordinal) ? RowGroup.Atomic : RowGroup.Memory;
        }

        return feature switch
        {
            A64Feature.Base => RowGroup.Integer,
            A64Feature.Fp => RowGroup.ScalarFp,
            _ => name.StartsWith('F') || name.StartsWith("Scvtf", StringComparison.Ordinal) || name.StartsWith("Ucvtf", StringComparison.Ordinal) || name is "UrecpeVector" or "UrsqrteVector"
                ? RowGroup.SimdFp : RowGroup.SimdInteger,
        };
    }
}
