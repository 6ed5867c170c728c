using System.Runtime.InteropServices;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Registers;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST.</content>
public sealed unsafe partial class Vcpu
{
    private ulong _psciVersion;

    /// <summary>KVM_REG_ARM_PSCI_VERSION: 0.1 without the PSCI feature, 1.1 with it unless the VMM chose an older one.</summary>
    internal ulong PsciVersion
    {
        get => !HasFeature(KvmVcpuFeatures.Psci02) ? FirmwareFeatures.PsciVersion01 : _psciVersion == 0 ? FirmwareFeatures.PsciVersion11 : _psciVersion;
        set => _psciVersion = value;
    }

    /// <summary>It has been in KVM_RUN, past what the first one checks.</summary>
    internal bool HasRun => _hasRun;

    /// <summary>
    /// KVM_GET_ONE_REG: reads the register <paramref name="id"/> (see <see cref="RegisterId"/>) into <paramref name="value"/>, little endian, of the size the id says.
    /// </summary>
    /// <returns>0; -ENOEXEC before KVM_ARM_VCPU_INIT; -EINVAL for another architecture, or the wrong size of a core register; -ENOENT for an unknown register.</returns>
    public int GetOneReg(ulong id, Span<byte> value)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        if (!_initialized)
        {
            return -Errno.ENOEXEC;
        }

        return RegisterFile.Get(this, id, value);
    }

    /// <summary>KVM_SET_ONE_REG; see <see cref="GetOneReg(ulong, Span{byte})"/>.</summary>
    /// <returns>As for reading; -EINVAL for a value the register cannot take; -EBUSY for an identification register that would change after the first run.</returns>
    public int SetOneReg(ulong id, ReadOnlySpan<byte> value)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        if (!_initialized)
        {
            return -Errno.ENOEXEC;
        }

        return RegisterFile.Set(this, id, value);
    }

    /// <summary>Reads a register of up to 64 bits.</summary>
    /// <inheritdoc cref="GetOneReg(ulong, Span{byte})" path="/returns"/>
    public int GetOneReg(ulong id, out ulong value)
    {
        value = 0;
        int size = RegisterId.SizeOf(id);
        return size > 8 ? -Errno.EINVAL : GetOneReg(id, MemoryMarshal.AsBytes(new Span<ulong>(ref value))[..size]);
    }

    /// <summary>Writes a register of up to 64 bits.</summary>
    /// <inheritdoc cref="SetOneReg(ulong, ReadOnlySpan{byte})" path="/returns"/>
    public int SetOneReg(ulong id, ulong value)
    {
        int size = RegisterId.SizeOf(id);
        return size > 8 ? -Errno.EINVAL : SetOneReg(id, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in value))[..size]);
    }

    /// <summary>KVM_GET_REG_LIST: ids of all registers, in KVM's order: core, firmware, timer, system, demultiplexed. Empty before KVM_ARM_VCPU_INIT (-ENOEXEC raw).</summary>
    public ulong[] GetRegList()
    {
        using KvmLock.Scope _ = Mutex.Enter();
        return _initialized ? RegisterFile.List(this) : [];
    }
}
