using System.Runtime.CompilerServices;
using Pinion.Arm.A64;
using Pinion.Arm.Spe;

namespace Pinion.Cpu.Profiling;

/// <summary>
/// An <see cref="OperationInfo"/> for every row of <see cref="A64Table"/>, made once from the row's identity, mnemonic and operands: the mapping of A64 to Operation type
/// packets (Arm ARM D18.2.7) and to latency classes. What only the word tells (acquire and release of atomics, DC ZVA) is added on lookup.
/// </summary>
internal static class OperationTable
{
    private const uint DcZva = 0xD50B_7420;
    private const uint SysRtMask = 0x1F;

    private static readonly OperationInfo[] s_table = Build();

    /// <summary>What is constant about all words of the row <paramref name="id"/> (an <see cref="A64Id"/>). With <see cref="OperationFlags.Refine"/> set, <see cref="Refine"/> completes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly OperationInfo Row(int id) => ref s_table[id];

    /// <summary>Whether the row <paramref name="id"/> is a conditional select or compare, integer or FP. Branches are none.</summary>
    public static bool SelectsByCondition(int id) => (A64Id)id is (>= A64Id.CcmnRegister and <= A64Id.Csneg) or A64Id.Fcsel or A64Id.Fccmp or A64Id.Fccmpe;

    /// <summary>Its condition.</summary>
    public static uint ConditionOf(uint word) => (word >> 12) & 15;

    /// <summary>The operation's constant facts.</summary>
    public static OperationInfo Lookup(in ObservedOperation operation)
    {
        ref readonly OperationInfo info = ref Row(operation.Id);
        return info.Has(OperationFlags.Refine) ? Refine(info, operation.Word) : info;
    }

    /// <summary>Adds what only the word tells to a row.</summary>
    public static OperationInfo Refine(OperationInfo info, uint word)
    {
        if ((info.Flags & OperationFlags.Atomic) == 0)
        {
            // SYS: of the cache instructions only DC ZVA is a store; the others count as "other".
            if ((word & ~SysRtMask) == DcZva)
            {
                info.Flags = OperationFlags.Store | (OperationFlags)SpeOperationClass.LoadStore;
                info.Payload = SpeOperation.UnspecifiedStore;
                info.Latency = LatencyClass.Store;
            }

            return info;
        }

        // Compare and swap has its acquire bit at 22 and its release bit at 15, the others have them at 23 and 22.
        bool compareAndSwap = (word & 0x3F00_0000) == 0x0800_0000;
        bool acquire = Bits.IsSet(word, compareAndSwap ? 22 : 23);
        bool release = Bits.IsSet(word, compareAndSwap ? 15 : 22);
        bool swap = compareAndSwap || Bits.IsSet(word, 15);

        // STADD and its kind: no acquire, and the old value goes to the zero register.
        bool storeOnly = !swap && !acquire && (word & 31) == 31;
        info.Payload = SpeOperation.Extended(store: storeOnly, atomic: true, acquireRelease: acquire || release);
        if (storeOnly)
        {
            info.Flags &= ~OperationFlags.Load;
        }

        return info;
    }

    private static OperationInfo[] Build()
    {
        var table = new OperationInfo[A64Table.Count];
        for (int i = 0; i < table.Length; i++)
        {
            var id = (A64Id)i;
            OperationInfo info = id switch
            {
                A64Id.Undefined or A64Id.Udf => Other(LatencyClass.ExceptionEntry, OperationFlags.Flush),
                < A64Id.Adr => BranchOrSystem(id),
                < A64Id.Stxr => Integer(id),
                < A64Id.ScvtfFixed => LoadOrStore(id),
                _ => FloatingPointOrSimd(id),
            };
            OperandRouting.Apply(id, ref info);
            table[i] = info;
        }

        return table;
    }

    private static OperationInfo Other(LatencyClass latency, OperationFlags flags = OperationFlags.None) => new()
    {
        Flags = flags,
        Payload = (flags & OperationFlags.Conditional) != 0 ? SpeOperation.OtherConditional : SpeOperation.Other,
        Latency = latency,
    };

    private static OperationInfo Branch(OperationFlags flags)
    {
        bool indirect = (flags & (OperationFlags.Indirect | OperationFlags.Return)) != 0;
        bool conditional = (flags & OperationFlags.Conditional) != 0;
        return new OperationInfo
        {
            Flags = flags | OperationFlags.Branch | (OperationFlags)SpeOperationClass.Branch,
            Payload = (byte)((indirect ? SpeOperation.BranchIndirect : 0) | (conditional ? SpeOperation.BranchConditional : 0)),
            Latency = LatencyClass.Branch,
        };
    }

    private static OperationInfo BranchOrSystem(A64Id id)
    {
        switch (id)
        {
            case A64Id.B:
                return Branch(OperationFlags.None);
            case A64Id.Bl:
                return Branch(OperationFlags.Call);
            case A64Id.BCond or A64Id.Cbz or A64Id.Cbnz or A64Id.Tbz or A64Id.Tbnz:
                return Branch(OperationFlags.Conditional);
            case A64Id.Br:
                return Branch(OperationFlags.Indirect);
            case A64Id.Blr:
                return Branch(OperationFlags.Indirect | OperationFlags.Call);
            case A64Id.Ret:
                return Branch(OperationFlags.Return);
            case A64Id.Eret or A64Id.Drps:
                OperationInfo eret = Branch(OperationFlags.Indirect | OperationFlags.Flush);
                eret.Latency = LatencyClass.ExceptionReturn;
                return eret;
            case A64Id.Svc or A64Id.Hvc or A64Id.Smc or A64Id.Brk or A64Id.Hlt or A64Id.Dcps1 or A64Id.Dcps2 or A64Id.Dcps3:
                return Other(LatencyClass.ExceptionEntry, OperationFlags.Flush);
            case A64Id.Isb:
                return Other(LatencyClass.Barrier, OperationFlags.Flush);
            case A64Id.Dsb:
                return Other(LatencyClass.Barrier, OperationFlags.Drain);
            case A64Id.Dmb or A64Id.Clrex:
                return Other(LatencyClass.Barrier);
            case A64Id.Sys:
                return Other(LatencyClass.System, OperationFlags.Refine);
            case A64Id.Sysl or A64Id.MsrRegister or A64Id.Mrs or A64Id.MsrUao or A64Id.MsrPan or A64Id.MsrSpSel or A64Id.MsrDaifSet or A64Id.MsrDaifClr:
                return Other(LatencyClass.System);
            default:
                return Other(LatencyClass.Alu);
        }
    }

    private static OperationInfo Integer(A64Id id)
    {
        switch (id)
        {
            case >= A64Id.CcmnRegister and <= A64Id.Csneg:
                return Other(LatencyClass.Alu, OperationFlags.Conditional);
            case >= A64Id.AddShifted and <= A64Id.SubsExtended or A64Id.Bfm or A64Id.Extr:
                return Other(LatencyClass.AluShifted);
            case A64Id.Smulh or A64Id.Umulh:
                return Other(LatencyClass.MultiplyHigh);
            case >= A64Id.Madd and <= A64Id.Umsubl:
                return Other(LatencyClass.Multiply);
            case A64Id.Udiv or A64Id.Sdiv:
                return Other(LatencyClass.Divide);
            case >= A64Id.Crc32b and <= A64Id.Crc32cx:
                return Other(LatencyClass.Crc);
            default:
                return Other(LatencyClass.Alu);
        }
    }

    private static OperationInfo Access(bool store, byte payload, LatencyClass latency, OperationFlags flags = OperationFlags.None) => new()
    {
        Flags = flags | (store ? OperationFlags.Store : OperationFlags.Load) | (OperationFlags)SpeOperationClass.LoadStore,
        Payload = payload,
        Latency = store ? LatencyClass.Store : latency,
    };

    private static OperationInfo LoadOrStore(A64Id id)
    {
        switch (id)
        {
            case >= A64Id.Stxr and <= A64Id.Ldaxp:
                bool acquireRelease = id is A64Id.Stlxr or A64Id.Ldaxr or A64Id.Stlxp or A64Id.Ldaxp;
                bool exclusiveStore = id is A64Id.Stxr or A64Id.Stlxr or A64Id.Stxp or A64Id.Stlxp;
                return Access(exclusiveStore, SpeOperation.Extended(exclusiveStore, exclusive: true, acquireRelease: acquireRelease), LatencyClass.Load);
            case A64Id.Stlr or A64Id.Ldar or A64Id.Ldapr:
                return Access(id == A64Id.Stlr, SpeOperation.Extended(id == A64Id.Stlr, acquireRelease: true), LatencyClass.Load);
            case A64Id.Cas or A64Id.Casp or (>= A64Id.Ldadd and <= A64Id.Swp):
                return Access(store: false, SpeOperation.Extended(store: false, atomic: true), LatencyClass.Atomic, OperationFlags.Store | OperationFlags.Atomic | OperationFlags.Refine);
            case A64Id.PrfmLiteral or A64Id.Prfum or A64Id.PrfmRegister or A64Id.PrfmUnsigned:
                return Other(LatencyClass.Store, OperationFlags.Prefetch);
        }

        bool store = A64Table.Mnemonic(id).StartsWith("st", StringComparison.Ordinal);
        bool structure = id >= A64Id.St4Multiple;
        if (!structure && !A64Table.Name(id).Contains("Simd", StringComparison.Ordinal))
        {
            return Access(store, store ? SpeOperation.GeneralStore : SpeOperation.GeneralLoad, LatencyClass.Load);
        }

        return Access(store, store ? SpeOperation.SimdFpStore : SpeOperation.SimdFpLoad, structure ? LatencyClass.LoadStructure : LatencyClass.LoadSimd, OperationFlags.Simd);
    }

    private static OperationInfo FloatingPointOrSimd(A64Id id)
    {
        switch (id)
        {
            case A64Id.Fcsel or A64Id.Fccmp or A64Id.Fccmpe:
                return Other(LatencyClass.FpAdd, OperationFlags.Conditional);
            case A64Id.FmovToGeneral or A64Id.FmovTopToGeneral or A64Id.Umov or A64Id.Smov:
                return Other(LatencyClass.FpTransferToGeneral);
            case A64Id.FmovFromGeneral or A64Id.FmovTopFromGeneral or A64Id.DupGeneral or A64Id.InsGeneral:
                return Other(LatencyClass.FpTransferFromGeneral);
            case >= A64Id.Aese:
                return Other(LatencyClass.Crypto);
        }

        return Other(ByMnemonic(A64Table.Mnemonic(id)));
    }

    private static LatencyClass ByMnemonic(string mnemonic)
    {
        bool Starts(params ReadOnlySpan<string> prefixes)
        {
            foreach (string prefix in prefixes)
            {
                if (mnemonic.StartsWith(prefix, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }

        return mnemonic switch
        {
            _ when Starts("fdiv") => LatencyClass.FpDivide,
            _ when Starts("fsqrt") => LatencyClass.FpSquareRoot,
            _ when Starts("fmadd", "fmsub", "fnmadd", "fnmsub", "fmla", "fmls", "frecps", "frsqrts") => LatencyClass.FpMultiplyAdd,
            _ when Starts("fmul", "fnmul") => LatencyClass.FpMultiply,
            _ when Starts("fcvt", "scvtf", "ucvtf", "frint", "frecp", "frsqrt") => LatencyClass.FpConvert,
            _ when Starts("fmov", "fabs", "fneg") => LatencyClass.FpMove,
            _ when Starts("f") => LatencyClass.FpAdd,
            _ when Starts("saddlv", "uaddlv", "addv", "smaxv", "umaxv", "sminv", "uminv") => LatencyClass.SimdReduce,
            _ when Starts("mul", "mla", "mls", "pmul", "smul", "umul", "smla", "umla", "smls", "umls", "sqdmul", "sqdml", "sqrdm", "sdot", "udot") => LatencyClass.SimdMultiply,
            _ => LatencyClass.SimdAlu,
        };
    }
}
