using System.Globalization;
using Pinion.Arm.SystemRegisters;
using Pinion.Cpu.State;

namespace Pinion.Cpu;

/// <summary>The architectural state of a PE at one instruction.</summary>
public sealed class PeSnapshot
{
    private const int GeneralRegisters = 32;
    private const int VectorWords = 64;

    private readonly ulong[] _x = new ulong[GeneralRegisters];
    private readonly ulong[] _v = new ulong[VectorWords];
    private readonly ulong[] _registers = new ulong[Pe.SysCount];

    /// <summary>Index of the PE.</summary>
    public int Index { get; private set; }

    /// <summary>Instructions it had executed.</summary>
    public ulong Executed { get; private set; }

    /// <summary>Address of the next one.</summary>
    public ulong Pc { get; private set; }

    /// <summary>PSTATE in SPSR layout.</summary>
    public ulong Pstate { get; private set; }

    public uint Fpcr { get; private set; }

    public uint Fpsr { get; private set; }

    /// <summary>Whatever else has to be the same.</summary>
    public ulong Extra { get; set; }

    /// <summary>Takes the state of <paramref name="pe"/>, which is not running.</summary>
    public unsafe void Take(ProcessingElement pe)
    {
        Pe* s = pe.State;
        Index = pe.Configuration.Index;
        Executed = pe.Executed;
        Pc = s->Pc;
        Pstate = pe.Pstate;
        Fpcr = s->Fpcr;
        Fpsr = s->Fpsr;
        new ReadOnlySpan<ulong>(s->X, GeneralRegisters).CopyTo(_x);
        new ReadOnlySpan<ulong>(s->V, VectorWords).CopyTo(_v);
        new ReadOnlySpan<ulong>(s->Sys, Pe.SysCount).CopyTo(_registers);
    }

    public bool Matches(PeSnapshot other) =>
        Index == other.Index && Executed == other.Executed && Pc == other.Pc && Pstate == other.Pstate && Fpcr == other.Fpcr && Fpsr == other.Fpsr && Extra == other.Extra
        && _x.AsSpan().SequenceEqual(other._x) && _v.AsSpan().SequenceEqual(other._v) && _registers.AsSpan().SequenceEqual(other._registers);

    /// <summary>What differs: a name, and the values here and there.</summary>
    public IEnumerable<(string Name, string Here, string There)> Differences(PeSnapshot other)
    {
        if (Index != other.Index)
        {
            yield return ("CPU", Decimal((ulong)Index), Decimal((ulong)other.Index));
        }

        if (Executed != other.Executed)
        {
            yield return ("instructions", Decimal(Executed), Decimal(other.Executed));
        }

        foreach ((string name, ulong here, ulong there) in Values(other))
        {
            if (here != there)
            {
                yield return (name, Hex(here), Hex(there));
            }
        }

        static string Decimal(ulong value) => value.ToString(CultureInfo.InvariantCulture);

        static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x16}");
    }

    private IEnumerable<(string Name, ulong Here, ulong There)> Values(PeSnapshot other)
    {
        yield return ("PC", Pc, other.Pc);
        yield return ("PSTATE", Pstate, other.Pstate);
        for (int i = 0; i < GeneralRegisters; i++)
        {
            yield return (i == Pe.Sp ? "SP" : $"X{i}", _x[i], other._x[i]);
        }

        for (int i = 0; i < VectorWords; i++)
        {
            yield return ($"V{i / 2}.D[{i & 1}]", _v[i], other._v[i]);
        }

        yield return ("FPCR", Fpcr, other.Fpcr);
        yield return ("FPSR", Fpsr, other.Fpsr);
        for (int i = 0; i < Pe.SysCount; i++)
        {
            yield return (((SysRegId)i).ToString(), _registers[i], other._registers[i]);
        }

        yield return ("records", Extra, other.Extra);
    }
}
