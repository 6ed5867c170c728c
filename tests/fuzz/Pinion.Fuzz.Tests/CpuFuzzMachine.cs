using System.Runtime.InteropServices;
using Pinion.Arm.Spe;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;

namespace Pinion.Fuzz.Tests;

/// <summary>A PE with a little memory between inaccessible pages: an access that goes astray ends the process. Time follows instructions.</summary>
internal sealed unsafe partial class CpuFuzzMachine : IStage2, IPeOutputs, ITimeSource, IDisposable
{
    public const ulong Base = 0x4000_0000;
    public const int Size = 2 << 20;

    private const int Guard = 64 << 20;

    private readonly nint _mapping;
    private readonly nint _memory;
    private readonly bool[] _readOnly;
    private readonly bool[] _unmapped;
    private int _lines;

    public CpuFuzzMachine(EngineKind engine, TimingMode? profiling, CpuFuzzProgram program)
    {
        _mapping = Map(0, Size + (2 * Guard), 0, 0x4022, -1, 0);
        _memory = _mapping + Guard;
        if (_mapping == -1 || Protect(_memory, Size, 3) != 0)
        {
            throw new InvalidOperationException("no memory for the machine");
        }

        program.Memory.CopyTo(new Span<byte>((void*)_memory, Size));
        _readOnly = program.ReadOnlyPages;
        _unmapped = program.UnmappedPages;
        Pe = new ProcessingElement(new PeConfiguration(0, new InnerShareableDomain(), this, this, this, engine)
        {
            Profiling = profiling is { } timing ? new ProfilingConfiguration(SpeProfile.Honest, timing) : null,
        });
        program.Apply(Pe);
    }

    public ProcessingElement Pe { get; }

    public ReadOnlySpan<byte> Memory => new((void*)_memory, Size);

    public ulong Frequency => 1_000_000_000;

    public bool IsDeterministic => true;

    public ulong Count(ulong executed) => 0x1000 + executed;

    public ulong InstructionsUntil(ulong deadline, ulong executed) => deadline <= Count(executed) ? 0 : deadline - Count(executed);

    public Stage2Page TranslateForProfiling(ulong ipa, MemoryAccess access, byte attributes) => Translate(ipa, access, attributes);

    public Stage2Page Translate(ulong ipa, MemoryAccess access, byte attributes)
    {
        ulong page = (ipa - Base) >> 12;
        return page >= Size >> 12 || _unmapped[page] ? default : new Stage2Page(_memory + (nint)(page << 12), !_readOnly[page]);
    }

    public void TimerLine(bool physical, bool level) => Line(physical ? 1 : 2, level);

    public void PmuLine(bool level) => Line(4, level);

    private void Line(int bit, bool level)
    {
        _lines = level ? _lines | bit : _lines & ~bit;
        Pe.SetInterrupt(fiq: false, (_lines & 3) != 0);
        Pe.SetInterrupt(fiq: true, (_lines & 4) != 0);
    }

    public void Dispose()
    {
        Pe.Dispose();
        Unmap(_mapping, Size + (2 * Guard));
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
