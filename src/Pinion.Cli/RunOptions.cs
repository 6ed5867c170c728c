using System.CommandLine;
using System.Globalization;
using Pinion.Arm.Spe;
using Pinion.Cli.Guests;
using Pinion.Cpu;
using Pinion.Cpu.Profiling;
using Pinion.Kvm;
using Pinion.Kvm.Spe;
using Pinion.Vmm;
using Pinion.Vmm.Board;
using Pinion.Vmm.Run;

namespace Pinion.Cli;

/// <summary>The options of <c>pinion run</c>, and what they say together.</summary>
internal sealed class RunOptions
{
    /// <summary>More than any core completes in a cycle.</summary>
    private const int MostInFlight = 64;

    private readonly Option<string?> _kernel = new("--kernel", "-k")
    {
        Description = "Boot FILE: an arm64 Image (also gzipped), a static ELF64 program at addresses in RAM, or a flat binary whose name ends in .bin.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _initrd = new("--initrd", "-i") { Description = "Give the kernel FILE as its initial RAM disk.", HelpName = "FILE" };

    private readonly Option<string?> _append = new("--append", "-p")
    {
        Description = "Kernel command line; goes behind the one that --guest brings.",
        HelpName = "TEXT",
    };

    private readonly Option<int> _cpus = new("--cpus", "-c") { Description = "Number of CPUs, 1 to 8.", HelpName = "N", DefaultValueFactory = _ => 1 };

    private readonly Option<string> _memory = new("--memory", "-m")
    {
        Description = "Memory of the guest, in MiB or with K, M, G.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => "512M",
    };

    private readonly Option<string?> _guest = new("--guest")
    {
        Description = $"Boot a guest that 'pinion guest' has built: {string.Join(", ", GuestCache.Names)}.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _dtb = new("--dtb")
    {
        Description = "Use the device tree in FILE; command line, initrd and memory are written into it.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _dumpDtb = new("--dump-dtb") { Description = "Write the device tree that the guest would get to FILE, and boot nothing.", HelpName = "FILE" };

    private readonly Option<string[]> _share = new("--share")
    {
        Description = "Share a directory; the guest mounts it with mount -t 9p -o trans=virtio,version=9p2000.L,cache=mmap TAG /mnt. May be given several times.",
        HelpName = "DIR:TAG",
    };

    private readonly Option<string> _spe = new("--spe") { Description = "Whether the CPUs have the Statistical Profiling Extension.", HelpName = "on|off", DefaultValueFactory = _ => "on" };

    private readonly Option<string> _speSeries = new("--spe-series")
    {
        Description = "Posting of the kernel's SPE series that KVM behaves as: how it keeps the profiling buffer mapped, pinned and charged.",
        HelpName = string.Join('|', SpeSeriesNames.All),
        DefaultValueFactory = _ => SpeSeries.V6.Name(),
    };

    private readonly Option<string> _speProfile = new("--spe-profile")
    {
        Description = "What the profiling unit implements: honest (SPEv1.2, what this model does), n1 (SPEv1.0 with a Neoverse N1's registers), v1p4 (SPEv1.4, every option, packed records).",
        HelpName = string.Join('|', SpeProfile.All.Select(profile => profile.Name)),
        DefaultValueFactory = _ => SpeProfile.Honest.Name,
    };

    private readonly Option<int> _speInFlight = new("--spe-in-flight")
    {
        Description = "Operations that go on for each cycle of a sample's latency: what is selected meanwhile collides and is dropped. 0: samples complete at once.",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<string> _speMaxBuffer = new("--spe-max-buffer")
    {
        Description = "Largest profiling buffer, in bytes or with K, M, G; 0 for no limit. It stays pinned while the guest profiles.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => "4M",
    };

    private readonly Option<string> _spePinCache = new("--spe-pin-cache")
    {
        Description = "Keep as much as this pinned of buffers that the guest has disabled, in bytes or with K, M, G; 0 for nothing. Series v6 only.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => string.Create(CultureInfo.InvariantCulture, $"{PinCacheOptions.Default.Bytes >> 20}M"),
    };

    private readonly Option<uint> _speIrq = new("--spe-irq") { Description = "Interrupt of the profiling unit, a private one (16 to 31).", HelpName = "INTID", DefaultValueFactory = _ => 21u };

    private readonly Option<string?> _speCapture = new("--spe-capture")
    {
        Description = "Write a copy of every profiling record to FILE; needs no help from the guest. 'pinion report' and 'pinion decode' read it.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _truth = new("--truth")
    {
        Description = "Count every operation that the guest executes while it profiles, sampled or not, and write the counts by address to FILE. Slows profiling down.",
        HelpName = "FILE",
    };

    private readonly Option<string> _memlock = new("--memlock")
    {
        Description = "When the limit of locked memory is too low for the profiling buffer: raise it as far as allowed, or keep it and end the guest's profiling.",
        HelpName = "raise|keep",
        DefaultValueFactory = _ => "raise",
    };

    private readonly Option<bool> _deterministic = new("--deterministic")
    {
        Description = "Let time be counted in instructions and seed all randomness: the same input gives the same run, byte for byte.",
    };

    private readonly Option<string?> _timing = new("--timing")
    {
        Description = "Which operations feed the model behind latencies and cache events: all of them, the N before each sample, or none.",
        HelpName = "full|window:N|off",
    };

    private readonly Option<string> _engine = new("--engine")
    {
        Description = "How instructions are executed: block compiles to machine code what is executed often, region compiles again, better, where most time is spent, interpreter is fast everywhere, switch is portable.",
        HelpName = "auto|block|region|interpreter|switch",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string?> _lockstep = new("--lockstep")
    {
        Description = "Run the guest twice at once, deterministically, with --engine and with this one, and stop at the first difference.",
        HelpName = "interpreter|switch",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<ulong> _lockstepInterval = new("--lockstep-interval")
    {
        Description = "Compare the states of a CPU every N instructions.",
        HelpName = "N",
        DefaultValueFactory = _ => 4096,
    };

    private readonly Option<string> _coherency = new("--coherency")
    {
        Description = "Let a guest that accesses memory past the caches see what is there, so that missing cache maintenance shows; off keeps all memory coherent.",
        HelpName = "off|strict",
        DefaultValueFactory = _ => "off",
    };

    private readonly Option<bool> _kaslr = new("--kaslr") { Description = "Give the kernel a seed to randomize its address space; Linux then refuses SPE unless kpti=off is given too." };

    private readonly Option<bool> _stats = new("--stats") { Description = "Say at the end what the run did: time, instructions, exits." };

    /// <summary>All options, in the order in which help shows them.</summary>
    public IEnumerable<Option> All =>
    [
        _kernel, _initrd, _append, _guest, _cpus, _memory, _share, _spe, _speSeries, _speProfile, _speInFlight, _speMaxBuffer, _spePinCache, _speIrq, _speCapture, _truth, _memlock, _deterministic, _timing, _engine, _lockstep, _lockstepInterval, _coherency, _kaslr, _dtb,
        _dumpDtb, _stats,
    ];

    /// <summary>File for a copy of the profiling records, or null.</summary>
    public string? Capture(ParseResult parsed) => parsed.GetValue(_speCapture);

    /// <summary>File for the counts behind the profiling records, or null.</summary>
    public string? Truth(ParseResult parsed) => parsed.GetValue(_truth);

    /// <summary>The engine to compare with and the instructions between two comparisons, or null.</summary>
    public Result<(EngineKind Reference, ulong Interval)?> Lockstep(ParseResult parsed)
    {
        if (parsed.GetResult(_lockstep) is null)
        {
            return ((EngineKind, ulong)?)null;
        }

        ulong interval = parsed.GetValue(_lockstepInterval);
        if (interval == 0)
        {
            return new Problem(ProblemKind.Usage, "--lockstep-interval 0 would compare nothing", "give a number of instructions");
        }

        return parsed.GetValue(_lockstep) switch
        {
            null or "interpreter" => (EngineKind.Threaded, interval),
            "switch" => (EngineKind.Switch, interval),
            { } other => new Problem(ProblemKind.Usage, $"--lockstep has no choice '{other}'", "there are: interpreter, switch"),
        };
    }

    /// <summary>The run's figures are wanted.</summary>
    public bool Statistics(ParseResult parsed) => parsed.GetValue(_stats);

    /// <summary>The machine that the user asked for, or what is wrong with it.</summary>
    public Result<MachineOptions> ToMachine(ParseResult parsed)
    {
        Problem? problem;
        if (!SizeText.Parse(parsed.GetValue(_memory)!, "--memory", 1 << 20).TryGet(out ulong memory, out problem)
            || !SizeText.Parse(parsed.GetValue(_speMaxBuffer)!, "--spe-max-buffer").TryGet(out ulong largestBuffer, out problem)
            || !SizeText.Parse(parsed.GetValue(_spePinCache)!, "--spe-pin-cache").TryGet(out ulong pinCache, out problem)
            || !Choose(parsed, _spe, [("on", true), ("off", false)]).TryGet(out bool spe, out problem)
            || !Choose(parsed, _speSeries, [.. Enum.GetValues<SpeSeries>().Select(series => (series.Name(), series))]).TryGet(out SpeSeries series, out problem)
            || !Choose(parsed, _speProfile, [.. SpeProfile.All.Select(candidate => (candidate.Name, candidate))]).TryGet(out SpeProfile? profile, out problem)
            || !Choose(parsed, _memlock, [("raise", MemlockAction.Raise), ("keep", MemlockAction.Keep)]).TryGet(out MemlockAction memlock, out problem)
            || !Choose(parsed, _engine, [("auto", EngineKind.Auto), ("block", EngineKind.Block), ("region", EngineKind.Region), ("interpreter", EngineKind.Threaded), ("switch", EngineKind.Switch)]).TryGet(out EngineKind engine, out problem)
            || !Choose(parsed, _coherency, [("off", Coherency.Off), ("strict", Coherency.Strict)]).TryGet(out Coherency coherency, out problem)
            || !Shares(parsed).TryGet(out List<SharedDirectory> shares, out problem)
            || !Timing(parsed).TryGet(out TimingMode? timing, out problem)
            || !Guest(parsed).TryGet(out LocatedGuest? guest, out problem))
        {
            return problem;
        }

        int inFlight = parsed.GetValue(_speInFlight);
        if (inFlight is < 0 or > MostInFlight)
        {
            return new Problem(ProblemKind.Usage, $"--spe-in-flight {inFlight} is out of range", $"there are: 0 to {MostInFlight}");
        }

        string? append = parsed.GetValue(_append);
        return new MachineOptions
        {
            Kernel = guest?.KernelPath ?? parsed.GetValue(_kernel),
            Initrd = parsed.GetValue(_initrd) ?? guest?.InitrdPath,
            CommandLine = guest is null ? append : append is null ? guest.Append : $"{guest.Append} {append}",
            Cpus = parsed.GetValue(_cpus),
            Memory = memory,
            Dtb = parsed.GetValue(_dtb),
            DumpDtb = parsed.GetValue(_dumpDtb),
            Shares = shares,
            Spe = spe,
            SpeSeries = series,
            SpeProfile = profile,
            Spu = SpuOptions.Default with { OperationsPerCycleInFlight = inFlight },
            SpeMaxBuffer = largestBuffer,
            SpePinCache = pinCache == 0 ? PinCacheOptions.Off : PinCacheOptions.Default with { Bytes = pinCache },
            SpeIrq = parsed.GetValue(_speIrq),
            Memlock = memlock,
            Deterministic = parsed.GetValue(_deterministic),
            Timing = timing,
            Engine = engine,
            Coherency = coherency,
            Kaslr = parsed.GetValue(_kaslr),
        };
    }

    private static Result<T> Choose<T>(ParseResult parsed, Option<string> option, ReadOnlySpan<(string Name, T Value)> choices)
    {
        string text = parsed.GetValue(option)!;
        List<string> names = [];
        foreach ((string name, T value) in choices)
        {
            if (name == text)
            {
                return value;
            }

            names.Add(name);
        }

        return new Problem(ProblemKind.Usage, $"{option.Name} has no choice '{text}'", $"there are: {string.Join(", ", names)}");
    }

    private Result<List<SharedDirectory>> Shares(ParseResult parsed)
    {
        List<SharedDirectory> shares = [];
        foreach (string text in parsed.GetValue(_share) ?? [])
        {
            if (!SharedDirectory.Parse(text).TryGet(out SharedDirectory share, out Problem? problem))
            {
                return problem;
            }

            shares.Add(share);
        }

        return shares;
    }

    private Result<TimingMode?> Timing(ParseResult parsed)
    {
        string? text = parsed.GetValue(_timing);
        if (text is null)
        {
            return (TimingMode?)null;
        }

        return TimingMode.TryParse(text, out TimingMode mode)
            ? (TimingMode?)mode
            : new Problem(ProblemKind.Usage, $"--timing has no choice '{text}'", "there are: full, window:N (N from 1 on), off");
    }

    /// <summary>The symbols of the kernel of <c>--guest</c>, where the guest has them.</summary>
    public string? KernelSymbols(ParseResult parsed) => Guest(parsed).TryGet(out LocatedGuest? guest, out _) ? guest?.KallsymsPath : null;

    private Result<LocatedGuest?> Guest(ParseResult parsed)
    {
        string? name = parsed.GetValue(_guest);
        if (name is null)
        {
            return (LocatedGuest?)null;
        }

        if (parsed.GetValue(_kernel) is not null)
        {
            return new Problem(ProblemKind.Usage, "--guest and --kernel both name a kernel", "give one of them");
        }

        return GuestCache.Locate(name).TryGet(out LocatedGuest guest, out Problem? problem) ? guest : problem;
    }
}
