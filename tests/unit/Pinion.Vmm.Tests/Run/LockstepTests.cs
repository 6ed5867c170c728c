using System.Buffers.Binary;
using Pinion.Cpu;
using Pinion.Vmm.Run;

namespace Pinion.Vmm.Tests.Run;

/// <summary>Two runs of one machine agree, and where they are made not to, the place is found.</summary>
public sealed class LockstepTests : IDisposable
{
    /// <summary>Sums the bytes of the device tree, which X0 points to and which has the command line, a hundred times; then PSCI SYSTEM_OFF by HVC.</summary>
    private static readonly uint[] s_program =
    [
        0xD2A00601, // mov x1, #0x300000
        0xD5181041, // msr cpacr_el1, x1: with FP trapped nothing is compiled
        0xD5033FDF, // isb
        0xAA0003F3, // mov x19, x0
        0xD2800C94, // mov x20, #100
        0xD2800015, // mov x21, #0
        0x91000263, // again: add x3, x19, #0
        0xD2880004, // mov x4, #0x4000
        0x38401465, // next: ldrb w5, [x3], #1
        0x8B0502B5, // add x21, x21, x5
        0xF1000484, // subs x4, x4, #1
        0x54FFFFA1, // b.ne next
        0xF1000694, // subs x20, x20, #1
        0x54FFFF21, // b.ne again
        0xD2800100, // mov x0, #8
        0xF2B08000, // movk x0, #0x8400, lsl #16
        0xD4000002, // hvc #0
    ];

    private readonly string _kernel = Path.Combine(Path.GetTempPath(), $"pinion-lockstep-{Guid.NewGuid():N}.bin");

    public LockstepTests()
    {
        var bytes = new byte[s_program.Length * 4];
        for (int i = 0; i < s_program.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), s_program[i]);
        }

        File.WriteAllBytes(_kernel, bytes);
    }

    public void Dispose() => File.Delete(_kernel);

    [Theory]
    [InlineData(EngineKind.Threaded, 4096)]
    [InlineData(EngineKind.Switch, 4096)]
    [InlineData(EngineKind.Switch, 7)]
    public void EnginesAgree(EngineKind reference, ulong interval)
    {
        var lockstep = new Lockstep(Options, reference, interval);

        lockstep.Run(Stream.Null).TryGet(out LockstepResult result, out Problem? problem).ShouldBeTrue($"{problem}");

        result.Difference.ShouldBeNull();
        result.End.Kind.ShouldBe(MachineEndKind.PoweredOff);
        result.Instructions.ShouldBeGreaterThan(6_000_000UL);
        result.Comparisons.ShouldBe((long)(result.Instructions / interval));
    }

    [Fact]
    public void ADifferenceIsFoundAtItsBlock()
    {
        var lockstep = new Lockstep(Options with { CommandLine = "A" }, EngineKind.Switch, 4096) { Disturb = options => options with { CommandLine = "B" } };

        lockstep.Run(Stream.Null).TryGet(out LockstepResult result, out Problem? problem).ShouldBeTrue($"{problem}");

        LockstepDifference difference = result.Difference.ShouldNotBeNull();
        (string name, string here, string there) = difference.Here!.Differences(difference.There!).First(d => d.Name.StartsWith('X'));
        name.ShouldBeOneOf("X5", "X21");
        here.ShouldNotBe(there);
        difference.Before!.Executed.ShouldBeLessThan(difference.Here.Executed);
        CompiledBlock block = difference.Block.ShouldNotBeNull($"{difference.Summary}; before {difference.Before?.Executed} at {difference.Before?.Pc:x}, here {difference.Here.Executed} at {difference.Here.Pc:x}");
        block.Words.ShouldContain(0x38401465u);
        block.Code.Length.ShouldBeGreaterThan(16);
    }

    private MachineOptions Options => new() { Kernel = _kernel, Memory = 32 << 20, Spe = false };
}
