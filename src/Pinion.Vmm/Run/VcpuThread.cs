using Pinion.Kvm;
using Pinion.Kvm.Uapi;
using Pinion.Vmm.Devices;
using Pinion.Vmm.Host;

namespace Pinion.Vmm.Run;

/// <summary>The thread of one vCPU: KVM_RUN, and what to do about each exit.</summary>
internal sealed unsafe class VcpuThread
{
    [ThreadStatic]
    private static Vcpu? s_current;

    private readonly Vcpu _vcpu;
    private readonly MmioBus _bus;
    private readonly MemlockPolicy _memlock;
    private readonly Action<MachineEnd> _end;
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>A thread that runs <paramref name="vcpu"/> until stopped; calls <paramref name="end"/> when the machine has to stop because of it.</summary>
    public VcpuThread(Vcpu vcpu, MmioBus bus, MemlockPolicy memlock, Action<MachineEnd> end)
    {
        _vcpu = vcpu;
        _bus = bus;
        _memlock = memlock;
        _end = end;
        _thread = new Thread(Loop) { Name = $"vCPU {vcpu.Index}", IsBackground = true };
    }

    /// <summary>The vCPU whose exit the calling thread is serving; null on other threads.</summary>
    public static Vcpu? Current => s_current;

    public void Start() => _thread.Start();

    /// <summary>Asks the thread to leave; does not wait.</summary>
    public void Stop()
    {
        _stopping = true;
        _vcpu.Kick();
    }

    public void Join()
    {
        if (_thread.ThreadState != ThreadState.Unstarted)
        {
            _thread.Join();
        }
    }

    private void Loop()
    {
        s_current = _vcpu;
        while (!_stopping)
        {
            int result = _vcpu.Run();
            if (Serve(result, *_vcpu.RunArea) is MachineEnd end)
            {
                _end(end);
                return;
            }
        }
    }

    /// <summary>Serves one return of KVM_RUN: null to run on, or how the machine ends.</summary>
    private MachineEnd? Serve(int result, in KvmRun run)
    {
        if (result == -Errno.EINTR)
        {
            return null;
        }

        if (result < 0)
        {
            return Fail(ProblemKind.Guest, $"vCPU {_vcpu.Index} cannot run: KVM_RUN failed: {Libc.ErrorText(-result)}{Where()}");
        }

        if (run.ExitReason != KvmExit.Rlimit)
        {
            _memlock.OnProgress();
        }

        return run.ExitReason switch
        {
            KvmExit.Mmio => ServeMmio(),
            KvmExit.SystemEvent => ServeSystemEvent(run.SystemEvent),
            KvmExit.Rlimit => ServeLimit(ref _vcpu.RunArea->Rlimit),
            KvmExit.Intr => null,
            KvmExit.FailEntry => Fail(
                ProblemKind.Host, $"vCPU {_vcpu.Index} cannot be entered: reason 0x{run.FailEntry.HardwareEntryFailureReason:x} on CPU {run.FailEntry.Cpu}"),
            KvmExit.InternalError => Fail(ProblemKind.Host, $"internal error of KVM on vCPU {_vcpu.Index}: suberror {run.Internal.Type}{Where()}"),
            KvmExit.ArmNisv => Fail(ProblemKind.Guest, $"vCPU {_vcpu.Index} accesses 0x{run.ArmNisv.FaultIpa:x} with an instruction that KVM cannot describe{Where()}"),
            _ => Fail(ProblemKind.Host, $"vCPU {_vcpu.Index} left KVM for an unknown reason, {(uint)run.ExitReason}{Where()}"),
        };
    }

    private MachineEnd? ServeMmio()
    {
        KvmRunMmio* mmio = &_vcpu.RunArea->Mmio;
        int size = (int)mmio->Len;
        bool claimed;
        if (mmio->IsWrite != 0)
        {
            claimed = _bus.Write(mmio->PhysAddr, size, mmio->Value);
        }
        else
        {
            claimed = _bus.Read(mmio->PhysAddr, size, out ulong value);
            mmio->Value = value;
        }

        if (!claimed)
        {
            // Nothing answers at this address: the bus's error is an external abort.
            _vcpu.SetEvents(new KvmVcpuEvents { ExtDabtPending = 1 });
        }

        return null;
    }

    private MachineEnd ServeSystemEvent(in KvmRunEvent what) => (KvmSystemEvent)what.Type switch
    {
        KvmSystemEvent.Shutdown => new MachineEnd(MachineEndKind.PoweredOff),
        KvmSystemEvent.Reset => new MachineEnd(MachineEndKind.Reset),
        KvmSystemEvent.Crash => Fail(ProblemKind.Guest, "the guest reports that it crashed"),
        _ => Fail(ProblemKind.Guest, $"the guest raised system event {what.Type}, which this machine does not know"),
    };

    private MachineEnd? ServeLimit(ref KvmRunRlimit what)
    {
        if (what.RlimitId != KvmRunRlimit.Memlock)
        {
            return Fail(ProblemKind.Host, $"KVM needs {what.Excess} more of resource limit {what.RlimitId}, which this machine does not raise");
        }

        LimitAnswer answer = _memlock.OnExit(what.Excess, (what.Flags & KvmRunRlimit.MayDecline) != 0);
        if (answer.Decline)
        {
            what.Flags |= KvmRunRlimit.Decline;
        }

        return answer.Problem is Problem problem ? new MachineEnd(MachineEndKind.Failed, problem) : null;
    }

    private static MachineEnd Fail(ProblemKind kind, string message) => new(MachineEndKind.Failed, new Problem(kind, message));

    private string Where() => _vcpu.GetOneReg(RegisterId.Pc, out ulong pc) == 0 ? $" (PC 0x{pc:x})" : "";
}
