using System.Runtime.InteropServices;
using Pinion.Kvm;
using Pinion.Kvm.Spe;
using Pinion.Kvm.Uapi;
using Pinion.Vmm.Board;
using Pinion.Vmm.Host;
using KvmSystem = Pinion.Kvm.Kvm;

namespace Pinion.Vmm.Run;

/// <summary>The VM behind a machine, made with KVM's calls in the order that KVM demands; a call that fails becomes a problem that names it.</summary>
internal sealed unsafe class KvmMachine : IDisposable
{
    // Attributes of the VGICv3 device (Documentation/virt/kvm/devices/arm-vgic-v3.rst).
    private const uint VgicGroupAddress = 0;
    private const uint VgicGroupInterruptCount = 3;
    private const uint VgicGroupControl = 4;
    private const ulong VgicAddressDistributor = 2;
    private const ulong VgicAddressRedistributor = 3;
    private const ulong VgicControlInitialize = 0;

    /// <summary>EL1h with debug, SError, IRQ and FIQ masked: the boot protocol's state.</summary>
    private const ulong BootPstate = 0x3c5;

    private readonly GuestRam _ram;

    private KvmMachine(KvmSystem kvm, Vm vm, GuestRam ram)
    {
        Kvm = kvm;
        Vm = vm;
        _ram = ram;
    }

    public KvmSystem Kvm { get; }

    public Vm Vm { get; }

    /// <summary>Opens KVM, makes a VM and gives it its memory. Devices can get their interrupt lines from it now.</summary>
    public static Result<KvmMachine> Create(MachineOptions options, GuestRam ram)
    {
        KvmSystem kvm = new(options.ToKvmOptions());
        int result = kvm.CreateVm(0, out Vm? vm);
        if (result != 0)
        {
            kvm.Dispose();
            return Failed("KVM_CREATE_VM", result);
        }

        KvmMachine machine = new(kvm, vm!, ram);
        vm!.RecordSink = options.RecordSink;
        vm.Truth = options.Truth;
        result = vm.SetUserMemoryRegion(new KvmUserspaceMemoryRegion
        {
            GuestPhysAddr = ram.GuestBase,
            MemorySize = ram.Size,
            UserspaceAddr = (ulong)ram.HostAddress,
        });
        if (result != 0)
        {
            machine.Dispose();
            return Failed("KVM_SET_USER_MEMORY_REGION", result);
        }

        return machine;
    }

    /// <summary>Makes vCPUs, interrupt controller, PMUs and profiling units, and sets the boot CPU to the kernel's entry.</summary>
    public Problem? Configure(MachineOptions options, MemlockPolicy memlock, ulong entry, ulong deviceTree) =>
        CreateVcpus(options)
        ?? CreateInterruptController()
        ?? (options.Spe && options.LockMemory ? LockMemory(options.SpeSeries, memlock) : null)
        ?? ConfigureVcpus(options, memlock)
        ?? (options.Spe ? FinalizeMemory(options.SpeSeries) : null)
        ?? SetBootRegisters(entry, deviceTree);

    public void Dispose()
    {
        if (Kvm.Options.SpeSeries.LockMemoryCapability() is uint capability)
        {
            KvmEnableCap unlock = new() { Cap = capability, Flags = KvmLockMemory.FlagsUnlock };
            unlock.Args[1] = KvmLockMemory.UnlockAll;
            Vm.EnableCap(unlock);
        }

        Vm.Dispose();
        Kvm.Dispose();
    }

    /// <summary>A call's failure as a problem of the host: nothing a user can give makes these calls fail.</summary>
    public static Problem Failed(string call, int result) => new(ProblemKind.Host, $"{call} failed: {Libc.ErrorText(-result)}");

    private Problem? CreateVcpus(MachineOptions options)
    {
        if (options.Spe && Vm.CheckExtension(options.SpeSeries.Capability()) <= 0)
        {
            return new Problem(ProblemKind.Host, $"series {options.SpeSeries.Name()} has no profiling on this host", "run without it (--spe off), or choose another --spe-series");
        }

        for (uint id = 0; id < options.Cpus; id++)
        {
            int result = Vm.CreateVcpu(id, out Vcpu? vcpu);
            if (result != 0)
            {
                return Failed("KVM_CREATE_VCPU", result);
            }

            KvmVcpuFeatures features = KvmVcpuFeatures.Psci02 | KvmVcpuFeatures.PmuV3;
            features |= options.Spe ? options.SpeSeries.Feature() : 0;
            features |= id > 0 ? KvmVcpuFeatures.PowerOff : 0;
            Vm.PreferredTarget(out KvmVcpuInit init);
            init.Features[0] = (uint)features;
            result = vcpu!.Init(init);
            if (result != 0)
            {
                return Failed("KVM_ARM_VCPU_INIT", result);
            }
        }

        return null;
    }

    private Problem? CreateInterruptController()
    {
        int result = Vm.CreateDevice(KvmDeviceType.ArmVgicV3, test: false, out Device? vgic);
        if (result != 0)
        {
            return Failed("KVM_CREATE_DEVICE(VGIC_V3)", result);
        }

        ulong distributor = MemoryMap.GicDistributor;
        ulong redistributor = MemoryMap.GicRedistributor;
        uint interrupts = MemoryMap.InterruptCount;
        return Set("distributor address", VgicGroupAddress, VgicAddressDistributor, &distributor)
            ?? Set("redistributor address", VgicGroupAddress, VgicAddressRedistributor, &redistributor)
            ?? Set("interrupt count", VgicGroupInterruptCount, 0, &interrupts)
            ?? Set("initialize", VgicGroupControl, VgicControlInitialize, null);

        Problem? Set(string what, uint group, ulong attr, void* value)
        {
            int answer = vgic!.SetAttr(new KvmDeviceAttr { Group = group, Attr = attr, Addr = (ulong)value });
            return answer == 0 ? null : Failed($"KVM_SET_DEVICE_ATTR(VGIC_V3 {what})", answer);
        }
    }

    private Problem? ConfigureVcpus(MachineOptions options, MemlockPolicy memlock)
    {
        foreach (Vcpu vcpu in Vm.Vcpus)
        {
            Problem? problem = ConfigurePmu(vcpu)
                ?? (!options.Spe ? null : options.SpeSeries is SpeSeries.V3 or SpeSeries.V4 or SpeSeries.V5 ? ConfigureEarlySpe(vcpu, options) : ConfigureSpe(vcpu, options, memlock));
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    private static Problem? ConfigurePmu(Vcpu vcpu)
    {
        int intid = (int)MemoryMap.PmuIntid;
        return Set(vcpu, "PMU_V3_IRQ", KvmVcpuAttributeGroup.Pmu, KvmVcpuAttributeGroup.PmuIrq, &intid)
            ?? Set(vcpu, "PMU_V3_INIT", KvmVcpuAttributeGroup.Pmu, KvmVcpuAttributeGroup.PmuInit, null);
    }

    /// <summary>
    /// The third to fifth posting keep all of the guest's memory in place, so it is locked before the guest runs and after everything was loaded: by us in the third, by KVM in the fourth and fifth.
    /// </summary>
    private Problem? LockMemory(SpeSeries series, MemlockPolicy memlock)
    {
        if (series.LockMemoryCapability() is uint capability)
        {
            KvmEnableCap cap = new() { Cap = capability, Flags = KvmLockMemory.FlagsLock };
            cap.Args[1] = KvmLockMemory.Read | KvmLockMemory.Write;
            return LockMemory("KVM_ENABLE_CAP(ARM_LOCK_USER_MEMORY_REGION)", memlock, () => -Vm.EnableCap(cap));
        }

        return series == SpeSeries.V3
            ? LockMemory("mlock", memlock, () => Libc.Mlock(_ram.HostAddress, (nuint)_ram.Size) == 0 ? 0 : Marshal.GetLastPInvokeError())
            : null;
    }

    private Problem? LockMemory(string call, MemlockPolicy memlock, Func<int> tryLock)
    {
        ulong? before = null;
        while (true)
        {
            int error = tryLock();
            switch (error)
            {
                case 0:
                    return null;
                case Errno.ENOMEM or Errno.EPERM or Errno.EAGAIN when memlock.Limit is var limit && limit != before:
                    // Each try has to be with another limit: these errors have other causes too.
                    before = limit;
                    if (memlock.OnExcess(_ram.Size, "the guest's memory, which this SPE series keeps locked,", "the guest less --memory") is Problem refused)
                    {
                        return refused;
                    }

                    break;
                default:
                    return Failed(call, -error);
            }
        }
    }

    /// <summary>KVM_ARM_VM_SPE_FINALIZE of the third posting.</summary>
    private Problem? FinalizeMemory(SpeSeries series)
    {
        if (series != SpeSeries.V3)
        {
            return null;
        }

        const int Attempts = 8;
        KvmDeviceAttr attr = new() { Group = KvmVmAttributeGroup.Spe, Attr = KvmVmAttributeGroup.SpeFinalize };
        int result = -Errno.EAGAIN;
        for (int i = 0; i < Attempts && result == -Errno.EAGAIN; i++)
        {
            // EAGAIN: mappings changed while KVM looked.
            result = Vm.SetAttr(attr);
        }

        return result == 0 ? null : Failed("KVM_SET_DEVICE_ATTR(SPE_FINALIZE)", result);
    }

    /// <summary>The third to fifth posting: interrupt, initialize.</summary>
    private static Problem? ConfigureEarlySpe(Vcpu vcpu, MachineOptions options)
    {
        int intid = (int)options.SpeIrq;
        return Set(vcpu, "SPE_IRQ", KvmVcpuAttributeGroup.Spe, KvmVcpuAttributeGroup.SpeIrq, &intid)
            ?? Set(vcpu, "SPE_INIT", KvmVcpuAttributeGroup.Spe, KvmVcpuAttributeGroup.SpeInitV3, null);
    }

    /// <summary>The sixth posting's order: interrupt, profiling unit, buffer size, initialize; all after the interrupt controller.</summary>
    private static Problem? ConfigureSpe(Vcpu vcpu, MachineOptions options, MemlockPolicy memlock)
    {
        int intid = (int)options.SpeIrq;
        int unit = 0;
        ulong size = options.SpeMaxBuffer;
        Problem? problem = Set(vcpu, "SPE_IRQ", KvmVcpuAttributeGroup.Spe, KvmVcpuAttributeGroup.SpeIrq, &intid)
            ?? Set(vcpu, "SPE_SPU", KvmVcpuAttributeGroup.Spe, KvmVcpuAttributeGroup.SpeSpu, &unit);
        if (problem is not null)
        {
            return problem;
        }

        KvmDeviceAttr attr = new() { Group = KvmVcpuAttributeGroup.Spe, Attr = KvmVcpuAttributeGroup.SpeMaxBufferSize, Addr = (ulong)&size };
        int result;
        while ((result = vcpu.SetAttr(attr)) == -Errno.ENOMEM)
        {
            // The reservation for the largest buffer does not fit below the limit.
            if (memlock.OnExcess(size) is Problem refused)
            {
                return refused;
            }
        }

        if (result == -Errno.EINVAL)
        {
            return new Problem(
                ProblemKind.Usage,
                $"a largest profiling buffer of {size} bytes cannot be described to the guest",
                "give a power of two from 4K on, or 0 for no limit, with --spe-max-buffer");
        }

        return result != 0
            ? Failed("KVM_SET_DEVICE_ATTR(SPE_MAX_BUFFER_SIZE)", result)
            : Set(vcpu, "SPE_INIT", KvmVcpuAttributeGroup.Spe, KvmVcpuAttributeGroup.SpeInit, null);
    }

    private static Problem? Set(Vcpu vcpu, string what, uint group, ulong attr, void* value)
    {
        int answer = vcpu.SetAttr(new KvmDeviceAttr { Group = group, Attr = attr, Addr = (ulong)value });
        return answer == 0 ? null : Failed($"KVM_SET_DEVICE_ATTR({what})", answer);
    }

    private Problem? SetBootRegisters(ulong entry, ulong deviceTree)
    {
        Vcpu boot = Vm.Vcpus[0];
        ReadOnlySpan<(ulong Id, ulong Value)> registers =
        [
            (RegisterId.Pstate, BootPstate), (RegisterId.X(0), deviceTree), (RegisterId.X(1), 0), (RegisterId.X(2), 0), (RegisterId.X(3), 0), (RegisterId.Pc, entry),
        ];
        foreach ((ulong id, ulong value) in registers)
        {
            int result = boot.SetOneReg(id, value);
            if (result != 0)
            {
                return Failed($"KVM_SET_ONE_REG(0x{id:x})", result);
            }
        }

        return null;
    }
}
