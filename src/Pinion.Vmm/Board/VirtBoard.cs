using Pinion.Vmm.Devices;
using Pinion.Vmm.Devices.NineP;
using Pinion.Vmm.Devices.Virtio;
using Pinion.Vmm.DeviceTree;

namespace Pinion.Vmm.Board;

/// <summary>What varies from board to board.</summary>
public sealed record VirtBoardOptions
{
    /// <summary>CPUs, 1 to 8.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Bytes of RAM.</summary>
    public ulong Memory { get; init; } = 256UL << 20;

    /// <summary>INTID of the profiling unit's interrupt; null: there is no profiling unit.</summary>
    public uint? SpeIntid { get; init; }

    /// <summary>Seed of the random number device; null: the host's own randomness.</summary>
    public ulong? RandomSeed { get; init; }

    /// <summary>Seed of address space layout randomization that the guest's kernel is given; null: none, so that it does not move (and SPE's driver does not meet KPTI).</summary>
    public ulong? KaslrSeed { get; init; }

    /// <summary>Directories that the guest can mount by tag.</summary>
    public IReadOnlyList<SharedDirectory> Shares { get; init; } = [];
}

/// <summary>A directory of the host for the guest.</summary>
/// <param name="Path">Where it is on the host.</param>
/// <param name="Tag">What the guest calls it: <c>mount -t 9p -o trans=virtio,version=9p2000.L TAG DIR</c>.</param>
public sealed record SharedDirectory(string Path, string Tag)
{
    private const int LongestTag = 128;

    /// <summary>Reads <c>DIR:TAG</c>; the last colon separates.</summary>
    public static Result<SharedDirectory> Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        string tag = text[(colon + 1)..];
        if (colon <= 0 || tag.Length is 0 or > LongestTag || tag.Contains('/'))
        {
            return new Problem(ProblemKind.Usage, $"cannot share '{text}'", "give --share DIR:TAG, for example --share /tmp/out:out");
        }

        return new SharedDirectory(text[..colon], tag);
    }
}

/// <summary>
/// The machine's devices and its device tree, QEMU-virt-like: one PL011, one PL031, virtio-mmio for randomness and shares. What the hypervisor itself provides
/// (GIC, timers, PMU, profiling unit, PSCI) is only described here.
/// </summary>
public sealed class VirtBoard : IDisposable
{
    private const uint GicHandle = 1;
    private const uint ClockHandle = 2;
    private const uint ClockHertz = 24_000_000;

    private readonly VirtBoardOptions _options;
    private readonly List<IDisposable> _disposables = [];

    private VirtBoard(
        VirtBoardOptions options,
        IReadOnlyList<NinePServer> servers,
        IGuestMemory memory,
        Func<uint, IInterruptLine> interruptLine,
        ISerialOutput console,
        Action? onInputTaken,
        TimeProvider time)
    {
        _options = options;
        Uart = new Pl011(MemoryMap.Uart, MemoryMap.UartSpi, ClockHandle, interruptLine(MemoryMap.UartSpi), console, onInputTaken);
        Pl031 rtc = new(MemoryMap.Rtc, MemoryMap.RtcSpi, ClockHandle, interruptLine(MemoryMap.RtcSpi), time);
        _disposables.Add(rtc);

        List<IMmioDevice> devices = [Uart, rtc];
        AddVirtio(devices, new VirtioRng(options.RandomSeed), memory, interruptLine);
        for (int i = 0; i < servers.Count; i++)
        {
            Virtio9p share = new(servers[i], options.Shares[i].Tag);
            _disposables.Add(share);
            AddVirtio(devices, share, memory, interruptLine);
        }

        Bus = new MmioBus(devices);
    }

    /// <summary>The console's serial port.</summary>
    public Pl011 Uart { get; }

    /// <summary>The devices by address.</summary>
    public MmioBus Bus { get; }

    /// <summary>Opens the shares and puts the devices together. <paramref name="interruptLine"/> gives the line of an SPI, counted from INTID 32.</summary>
    public static Result<VirtBoard> Create(
        VirtBoardOptions options,
        IGuestMemory memory,
        Func<uint, IInterruptLine> interruptLine,
        ISerialOutput console,
        Action? onInputTaken,
        TimeProvider time)
    {
        if (Check(options) is Problem wrong)
        {
            return wrong;
        }

        List<NinePServer> servers = [];
        foreach (SharedDirectory share in options.Shares)
        {
            if (!NinePServer.Open(share.Path).TryGet(out NinePServer server, out Problem? problem))
            {
                servers.ForEach(s => s.Dispose());
                return problem;
            }

            servers.Add(server);
        }

        return new VirtBoard(options, servers, memory, interruptLine, console, onInputTaken, time);
    }

    /// <summary>The device tree. <paramref name="initrd"/>: where it is in guest memory (end exclusive), null: there is none.</summary>
    public byte[] BuildDeviceTree(string? commandLine, (ulong Start, ulong End)? initrd)
    {
        FdtWriter fdt = new();
        fdt.BeginNode("");
        fdt.Cells("#address-cells", 2);
        fdt.Cells("#size-cells", 2);
        fdt.Cells("interrupt-parent", GicHandle);
        fdt.Strings("compatible", "linux,dummy-virt");
        fdt.Strings("model", "pinion,virt");
        WriteChosen(fdt, commandLine, initrd);
        WriteMemory(fdt);
        WriteCpus(fdt);
        WritePsci(fdt);
        WriteTimer(fdt);
        WriteGic(fdt);
        WriteClock(fdt);
        WritePmu(fdt);
        if (_options.SpeIntid is uint intid)
        {
            WriteSpe(fdt, intid);
        }

        foreach (IMmioDevice device in Bus.Devices)
        {
            device.WriteNode(fdt);
        }

        fdt.EndNode();
        return fdt.Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable disposable in _disposables)
        {
            disposable.Dispose();
        }
    }

    private static Problem? Check(VirtBoardOptions options)
    {
        if (options.Cpus is < 1 or > 8)
        {
            return new Problem(ProblemKind.Usage, $"the machine has 1 to 8 CPUs, not {options.Cpus}", "give another number with --cpus");
        }

        if (options.Memory is < MemoryMap.SmallestRam or > MemoryMap.LargestRam || options.Memory % 4096 != 0)
        {
            return new Problem(
                ProblemKind.Usage,
                $"the machine has from {MemoryMap.SmallestRam >> 20} MiB to {MemoryMap.LargestRam >> 30} GiB of memory in pages of 4 KiB, not {options.Memory} bytes",
                "give another size with --memory");
        }

        if (options.SpeIntid is < 16 or > 31)
        {
            return new Problem(ProblemKind.Usage, $"the profiling unit's interrupt is a private one, 16 to 31, not {options.SpeIntid}", "give another number with --spe-irq (Arm recommends 21)");
        }

        if (options.Shares.Count > MemoryMap.VirtioSlots - 1)
        {
            return new Problem(ProblemKind.Usage, $"there is room for {MemoryMap.VirtioSlots - 1} shares, not {options.Shares.Count}", "share a directory further up");
        }

        string? twice = options.Shares.GroupBy(s => s.Tag).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? null : new Problem(ProblemKind.Usage, $"two shares have the tag '{twice}'", "give each share a tag of its own");
    }

    private void AddVirtio(List<IMmioDevice> devices, IVirtioDevice device, IGuestMemory memory, Func<uint, IInterruptLine> interruptLine)
    {
        uint slot = (uint)devices.Count(d => d is VirtioMmio);
        uint spi = MemoryMap.VirtioSpi + slot;
        devices.Add(new VirtioMmio(MemoryMap.Virtio + slot * VirtioMmio.Stride, spi, interruptLine(spi), memory, device));
    }

    private void WriteChosen(FdtWriter fdt, string? commandLine, (ulong Start, ulong End)? initrd)
    {
        fdt.BeginNode("chosen");
        fdt.Strings("stdout-path", $"/pl011@{MemoryMap.Uart:x}");
        if (commandLine is not null)
        {
            fdt.Strings("bootargs", commandLine);
        }

        if (initrd is var (start, end))
        {
            fdt.Cells64("linux,initrd-start", start);
            fdt.Cells64("linux,initrd-end", end);
        }

        // Without a seed the kernel's random numbers are not ready for the whole of a short run, and each system call pays for that.
        Span<byte> entropy = stackalloc byte[32];
        if (_options.RandomSeed is ulong fixedSeed)
        {
            System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(fixedSeed), entropy);
        }
        else
        {
            System.Security.Cryptography.RandomNumberGenerator.Fill(entropy);
        }

        fdt.Bytes("rng-seed", entropy);
        if (_options.KaslrSeed is ulong seed)
        {
            fdt.Cells64("kaslr-seed", seed);
        }

        fdt.EndNode();
    }

    private void WriteMemory(FdtWriter fdt)
    {
        fdt.BeginNode($"memory@{MemoryMap.Ram:x}");
        fdt.Strings("device_type", "memory");
        fdt.Cells64("reg", MemoryMap.Ram, _options.Memory);
        fdt.EndNode();
    }

    private void WriteCpus(FdtWriter fdt)
    {
        fdt.BeginNode("cpus");
        fdt.Cells("#address-cells", 1);
        fdt.Cells("#size-cells", 0);
        for (uint i = 0; i < _options.Cpus; i++)
        {
            // The unit address is the affinity of MPIDR_EL1; KVM numbers the first 16 CPUs in Aff0.
            fdt.BeginNode($"cpu@{i:x}");
            fdt.Strings("device_type", "cpu");
            fdt.Strings("compatible", "arm,armv8");
            fdt.Cells("reg", i);
            fdt.Strings("enable-method", "psci");
            fdt.EndNode();
        }

        fdt.EndNode();
    }

    private static void WritePsci(FdtWriter fdt)
    {
        fdt.BeginNode("psci");
        fdt.Strings("compatible", "arm,psci-1.0", "arm,psci-0.2");
        fdt.Strings("method", "hvc");
        fdt.EndNode();
    }

    private static void WriteTimer(FdtWriter fdt)
    {
        fdt.BeginNode("timer");
        fdt.Strings("compatible", "arm,armv8-timer");
        fdt.Flag("always-on");
        Interrupts.Ppi(fdt, MemoryMap.TimerPpis);
        fdt.EndNode();
    }

    private void WriteGic(FdtWriter fdt)
    {
        fdt.BeginNode($"intc@{MemoryMap.GicDistributor:x}");
        fdt.Strings("compatible", "arm,gic-v3");
        fdt.Flag("interrupt-controller");
        fdt.Cells("#interrupt-cells", 3);
        fdt.Cells("#address-cells", 0);
        fdt.Cells("#redistributor-regions", 1);
        fdt.Cells64(
            "reg",
            MemoryMap.GicDistributor,
            MemoryMap.GicDistributorSize,
            MemoryMap.GicRedistributor,
            MemoryMap.GicRedistributorSize * (ulong)_options.Cpus);
        fdt.Cells("phandle", GicHandle);
        fdt.EndNode();
    }

    private static void WriteClock(FdtWriter fdt)
    {
        fdt.BeginNode("apb-pclk");
        fdt.Strings("compatible", "fixed-clock");
        fdt.Cells("#clock-cells", 0);
        fdt.Cells("clock-frequency", ClockHertz);
        fdt.Strings("clock-output-names", "clk24mhz");
        fdt.Cells("phandle", ClockHandle);
        fdt.EndNode();
    }

    private static void WritePmu(FdtWriter fdt)
    {
        fdt.BeginNode("pmu");
        fdt.Strings("compatible", "arm,armv8-pmuv3");
        Interrupts.Ppi(fdt, MemoryMap.PmuIntid - Interrupts.FirstPpi);
        fdt.EndNode();
    }

    private static void WriteSpe(FdtWriter fdt, uint intid)
    {
        fdt.BeginNode("spe-pmu");
        fdt.Strings("compatible", "arm,statistical-profiling-extension-v1");
        Interrupts.Ppi(fdt, intid - Interrupts.FirstPpi);
        fdt.EndNode();
    }
}
