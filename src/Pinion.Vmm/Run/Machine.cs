using Pinion.Kvm;
using Pinion.Vmm.Board;
using Pinion.Vmm.Devices.Console;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Run;

/// <summary>
/// A machine: board, memory, loaded guest and vCPUs on KVM. Made by <see cref="Create"/>, run once by <see cref="Run"/>.
/// </summary>
public sealed class Machine : IDisposable
{
    /// <summary>Seed of whatever is random in a deterministic machine.</summary>
    private const ulong DeterministicSeed = 0x9069_6e69_6f6e;

    private readonly GuestRam _ram;
    private readonly KvmMachine _kvm;
    private readonly VirtBoard _board;
    private readonly ConsoleOutput _output;
    private readonly MemlockPolicy _memlock;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _ended = new();
    private MachineEnd? _end;

    private Machine(GuestRam ram, KvmMachine kvm, VirtBoard board, ConsoleOutput output, MemlockPolicy memlock)
    {
        _ram = ram;
        _kvm = kvm;
        _board = board;
        _output = output;
        _memlock = memlock;
    }

    /// <summary>The VM, for measuring.</summary>
    public Vm Vm => _kvm.Vm;

    /// <summary>What the CPUs say of themselves.</summary>
    public MachineIdentity Identity => MachineIdentity.Of(Vm.Vcpus[0]);

    /// <summary>Accesses of the guest to addresses where nothing is.</summary>
    public long UnclaimedAccesses => _board.Bus.Unclaimed;

    /// <summary>Times the limit of locked memory was raised for the guest.</summary>
    public int MemlockRaises => _memlock.Raises;

    /// <summary>Times the guest was refused locked memory.</summary>
    public int MemlockRefusals => _memlock.Declined;

    /// <summary>
    /// Puts a machine together and loads the guest. <paramref name="console"/> gets what the guest prints; <paramref name="onInputTaken"/> is called when the guest has
    /// read all that <see cref="Type"/> gave it. The problem says what to change.
    /// </summary>
    public static Result<Machine> Create(MachineOptions options, Stream console, Action? onInputTaken = null)
    {
        if (options.Kernel is null)
        {
            return new Problem(ProblemKind.Usage, "no kernel given", "give one with --kernel, or a guest with --guest");
        }

        if (!GuestRam.Map(MemoryMap.Ram, options.Memory).TryGet(out GuestRam ram, out Problem? problem))
        {
            return problem;
        }

        ConsoleOutput output = new(console);
        Result<Machine> machine = Create(options, ram, output, onInputTaken);
        if (machine.Problem is not null)
        {
            output.Dispose();
            ram.Dispose();
        }

        return machine;
    }

    /// <summary>Writes the device tree that the options lead to into a file, and makes no machine.</summary>
    public static Problem? DumpDeviceTree(MachineOptions options)
    {
        if (!GuestRam.Map(MemoryMap.Ram, options.Memory).TryGet(out GuestRam ram, out Problem? problem))
        {
            return problem;
        }

        using (ram)
        {
            NoDevices none = new();
            if (!VirtBoard.Create(options.ToBoardOptions(null), ram, _ => none, none, null, TimeProvider.System).TryGet(out VirtBoard board, out problem))
            {
                return problem;
            }

            using (board)
            {
                if (!GuestLoader.Load(options, board, ram).TryGet(out LoadedGuest guest, out problem))
                {
                    return problem;
                }

                try
                {
                    File.WriteAllBytes(options.DumpDtb!, guest.DeviceTree);
                    return null;
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
                {
                    return new Problem(ProblemKind.Usage, $"cannot write the device tree to {options.DumpDtb}: {e.Message}", "give another file with --dump-dtb");
                }
            }
        }
    }

    /// <summary>Runs the guest until it powers off, the machine fails, or <see cref="Stop"/> is called. Once only.</summary>
    public MachineEnd Run()
    {
        List<VcpuThread> threads = [.. _kvm.Vm.Vcpus.Select(v => new VcpuThread(v, _board.Bus, _memlock, End))];
        foreach (VcpuThread thread in threads)
        {
            thread.Start();
        }

        _ended.Wait();
        threads.ForEach(t => t.Stop());
        threads.ForEach(t => t.Join());
        _output.Flush();
        return _end!;
    }

    /// <summary>Ends the run from outside; any thread.</summary>
    public void Stop() => End(new MachineEnd(MachineEndKind.Stopped));

    /// <summary>Gives the guest's console input; any thread.</summary>
    public void Type(ReadOnlySpan<byte> input) => _board.Uart.Receive(input);

    /// <summary>Bytes typed and not yet read by the guest.</summary>
    public int PendingInput => _board.Uart.PendingInput;

    /// <summary>The first guest physical address at which the memory of two machines of one size differs; null where it is the same. Neither may be running.</summary>
    public ulong? FirstDifferenceInMemory(Machine other)
    {
        const int Chunk = 1 << 20;
        for (ulong at = 0; at < _ram.Size; at += Chunk)
        {
            ulong length = Math.Min(Chunk, _ram.Size - at);
            if (_ram.TryGetSpan(_ram.GuestBase + at, length, out Span<byte> here) && other._ram.TryGetSpan(_ram.GuestBase + at, length, out Span<byte> there))
            {
                int same = here.CommonPrefixLength(there);
                if (same < here.Length)
                {
                    return _ram.GuestBase + at + (ulong)same;
                }
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _kvm.Dispose();
        _board.Dispose();
        _output.Dispose();
        _ram.Dispose();
        _ended.Dispose();
    }

    private static Result<Machine> Create(MachineOptions options, GuestRam ram, ConsoleOutput output, Action? onInputTaken)
    {
        if (!KvmMachine.Create(options, ram).TryGet(out KvmMachine kvm, out Problem? problem))
        {
            return problem;
        }

        ulong? seed = options.Deterministic ? DeterministicSeed : null;
        TimeProvider time = options.Deterministic ? new GuestTime() : TimeProvider.System;
        Result<VirtBoard> made = VirtBoard.Create(options.ToBoardOptions(seed), ram, spi => new KvmInterruptLine(kvm.Vm, spi), output, onInputTaken, time);
        if (!made.TryGet(out VirtBoard board, out problem))
        {
            kvm.Dispose();
            return problem;
        }

        // Room for every vCPU's buffer and the tables that map it, so that the limit is raised once.
        ulong perVcpu = options.SpeMaxBuffer + (options.SpeMaxBuffer >> 21 << 12) + (16 << 12);
        MemlockPolicy memlock = new(options.Memlock, options.MemlockHeadroom ?? perVcpu * (ulong)options.Cpus, new ProcessMemlockLimit()) { Report = options.Report };
        Result<LoadedGuest> loaded = GuestLoader.Load(options, board, ram);
        if (loaded.TryGet(out LoadedGuest guest, out problem))
        {
            problem = kvm.Configure(options, memlock, guest.Kernel!.Value.Entry, guest.DeviceTreeAddress);
        }

        if (problem is not null)
        {
            board.Dispose();
            kvm.Dispose();
            return problem;
        }

        if (kvm.Vm.Vcpus[0].Pe.NotCompiledBecause is string reason)
        {
            options.Report($"{reason}: the interpreter executes the guest, several times slower");
        }

        return new Machine(ram, kvm, board, output, memlock);
    }

    private void End(MachineEnd end)
    {
        lock (_lock)
        {
            // The first reason is the reason: others follow from it.
            _end ??= end;
            _ended.Set();
        }
    }
}
