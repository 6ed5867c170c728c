using System.Text;
using Pinion.Kvm.Locking;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm;

/// <content>KVM_ARM_VCPU_SUPPORTED_CPUS of the SPE series' fourth posting.</content>
public sealed unsafe partial class Vcpu
{
    /// <summary>PAGE_SIZE: the longest list, its terminating zero included.</summary>
    private const int LongestCpuList = 4096;

    /// <summary>Physical CPUs that may run this vCPU; null until set.</summary>
    internal CpuSet? SupportedCpus { get; private set; }

    /// <summary>
    /// KVM_ARM_VCPU_SUPPORTED_CPUS: physical CPUs that may run this vCPU, as a list (<c>0-3,6</c>) of the host's.
    /// </summary>
    /// <returns>0; -ENOTTY in series that have no such call; -ENOEXEC when the vCPU has run; -EINVAL, -EOVERFLOW and -ERANGE as <see cref="CpuSet.TryParse"/>.</returns>
    public int SetSupportedCpus(string list)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        return Vm.Spe.Uapi.SupportedCpus is null ? -Errno.ENOTTY : _hasRun ? -Errno.ENOEXEC : ParseSupportedCpus(list);
    }

    /// <summary>The raw call: <paramref name="argument"/> is the address of a zero-terminated string. Its own failures are strndup_user's.</summary>
    private int SetSupportedCpus(nint argument)
    {
        using KvmLock.Scope _ = Mutex.Enter();
        if (_hasRun)
        {
            return -Errno.ENOEXEC;
        }

        StringBuilder list = new();
        for (int i = 0; i < LongestCpuList; i++)
        {
            int result = UserMemory.Read(argument + i, out byte character);
            if (result != 0)
            {
                return result;
            }

            if (character == 0)
            {
                return ParseSupportedCpus(list.ToString());
            }

            list.Append((char)character);
        }

        return -Errno.EINVAL;
    }

    private int ParseSupportedCpus(string list)
    {
        IHostCpus host = Vm.Kvm.Options.HostCpus;
        int result = CpuSet.TryParse(list, host.Possible.Bound, out CpuSet cpus);
        if (result == 0)
        {
            SupportedCpus = cpus;
        }

        return result;
    }
}
