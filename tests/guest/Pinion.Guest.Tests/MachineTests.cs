using System.Buffers.Binary;
using System.Text;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Guest.Tests;

/// <summary>Machines with guests of a few instructions: how runs end, and that no guest can do more than end its own.</summary>
public sealed class MachineTests : IDisposable
{
    private const uint Hvc0 = 0xd4000002;
    private const uint Wfi = 0xd503207f;
    private const uint BranchToSelf = 0x14000000;
    private const uint Undefined = 0x00000000;

    // Flat binaries begin at RAM + 512 KiB.
    private const ulong Entry = 0x40080000;
    private const int VectorOffset = 0x1000;

    private readonly string _directory = Directory.CreateTempSubdirectory("pinion-machine-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void PsciSystemOffPowersOff() => Run([.. Load(0, 0x84000008), Hvc0]).End.Kind.ShouldBe(MachineEndKind.PoweredOff);

    [Fact]
    public void PsciSystemResetEndsTheRunAsAReset() => Run([.. Load(0, 0x84000009), Hvc0]).End.Kind.ShouldBe(MachineEndKind.Reset);

    [Fact]
    public void WhatIsPrintedComesOutBeforeTheRunEnds() => Run([.. Print('h'), .. Print('i'), .. Load(0, 0x84000008), Hvc0]).Output.ShouldBe("hi");

    [Fact]
    public void TheDeviceTreeIsInTheFirstRegister()
    {
        // ldr w2, [x0]; strb w2, [x1]: the first byte of a device tree is 0xd0.
        Run([.. Load(1, 0x09000000), 0xb9400002, 0x39000022, .. Load(0, 0x84000008), Hvc0]).Output.ShouldBe("Ð");
    }

    [Theory]
    [InlineData(0x30000000)]
    [InlineData(0x09002000)]
    [InlineData(0x7ffffff8)]
    [InlineData(0x0a000200)]
    public void AnAccessWhereNothingIsTakesAnExternalAbort(uint address)
    {
        // The vector prints the fault status (ESR_EL1 bits 5:0, plus '0') and powers off.
        uint[] handler = [0xd5385202, 0x92401442, 0x9100c042, .. Load(1, 0x09000000), 0x39000022, .. Load(0, 0x84000008), Hvc0];
        Run([.. Load(1, (uint)Entry + VectorOffset), 0xd518c001, .. Load(3, address), 0xf9400064, BranchToSelf], handler).Output.ShouldBe("@");
    }

    [Fact]
    public void AGuestWithoutVectorsRunsUntilItIsStopped() => Run([Undefined], stop: true).End.Kind.ShouldBe(MachineEndKind.Stopped);

    [Fact]
    public void AnEndlessLoopIsStopped() => Run([BranchToSelf], stop: true, cpus: 8).End.Kind.ShouldBe(MachineEndKind.Stopped);

    [Fact]
    public void ASleepingGuestIsStopped() => Run([Wfi, 0x17ffffff], stop: true, cpus: 2).End.Kind.ShouldBe(MachineEndKind.Stopped);

    [Fact]
    public void ADeterministicLoopIsStoppedToo() => Run([BranchToSelf], stop: true, cpus: 4, deterministic: true).End.Kind.ShouldBe(MachineEndKind.Stopped);

    [Fact]
    public void ARunawayStackPointerDoesNotEndTheMachine()
    {
        // mov sp, x5 (all ones); str x0, [sp, #-16]!; with vectors at the same place: exceptions without end.
        Run([0x92800005, 0x910000bf, 0xf81f0fe0, BranchToSelf], stop: true).End.Kind.ShouldBe(MachineEndKind.Stopped);
    }

    [Fact]
    public void APairAtADeviceIsACleanEnd()
    {
        // ldp x2, x3, [x1]: the syndrome of such an access does not describe it, so KVM cannot serve it.
        MachineEnd end = Run([.. Load(1, 0x09000000), 0xa9400c22, BranchToSelf]).End;
        end.Kind.ShouldBe(MachineEndKind.Failed);
        end.Problem.ShouldNotBeNull().Kind.ShouldBe(ProblemKind.Guest);
        end.Problem.Message.ShouldContain("KVM_RUN failed: Function not implemented (PC 0x40080008)");
    }

    [Fact]
    public void SecondaryCpusStartThroughPsci()
    {
        // CPU_ON64(1, Entry + VectorOffset, 'c'): the second CPU prints its context and powers off.
        uint[] second = [.. Load(1, 0x09000000), 0x39000020, .. Load(0, 0x84000008), Hvc0];
        Result result = Run([.. Load(0, 0xc4000003), .. Load(1, 1), .. Load(2, (uint)Entry + VectorOffset), .. Load(3, 'c'), Hvc0, Wfi, 0x17ffffff], second, vector: 0, cpus: 2);
        result.End.Kind.ShouldBe(MachineEndKind.PoweredOff);
        result.Output.ShouldBe("c");
    }

    [Fact]
    public void AProfilingBufferThatNoGuestCanBeToldOfIsAUsageProblem()
    {
        Problem problem = Machine.Create(Options([BranchToSelf]) with { SpeMaxBuffer = 12345 }, Stream.Null).Problem.ShouldNotBeNull();
        problem.Kind.ShouldBe(ProblemKind.Usage);
        problem.Advice.ShouldContain("--spe-max-buffer");
    }

    private static uint[] Load(int register, uint value) =>
    [
        0xd2800000 | ((value & 0xffff) << 5) | (uint)register,
        0xf2a00000 | ((value >> 16) << 5) | (uint)register,
    ];

    private static uint[] Print(char c) => [.. Load(1, 0x09000000), .. Load(2, c), 0x39000022];

    private MachineOptions Options(uint[] code, uint[]? more = null, int vector = 0x200)
    {
        byte[] image = new byte[VectorOffset + 0x1000];
        Put(code, 0);
        Put(more ?? [], VectorOffset + vector);
        string path = Path.Combine(_directory, "guest.bin");
        File.WriteAllBytes(path, image);
        return new MachineOptions { Kernel = path, Memory = 32UL << 20 };

        void Put(uint[] words, int offset)
        {
            for (int i = 0; i < words.Length; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset + i * 4), words[i]);
            }
        }
    }

    private Result Run(uint[] code, uint[]? more = null, int vector = 0x200, bool stop = false, int cpus = 1, bool deterministic = false)
    {
        MemoryStream output = new();
        MachineOptions options = Options(code, more, vector) with { Cpus = cpus, Deterministic = deterministic };
        Result<Machine> made = Machine.Create(options, output);
        using Machine machine = made.Problem is null ? made.Value : throw new InvalidOperationException(made.Problem.ToString());
        using Timer? timer = stop ? new Timer(_ => machine.Stop(), null, TimeSpan.FromMilliseconds(200), Timeout.InfiniteTimeSpan) : null;
        MachineEnd end = machine.Run();
        return new Result(end, Encoding.Latin1.GetString(output.ToArray()));
    }

    private sealed record Result(MachineEnd End, string Output);
}
