using Pinion.Kvm.Locking;

namespace Pinion.Kvm;

/// <summary>Something that takes ioctls: KVM itself, a VM, a vCPU, a device.</summary>
public interface IKvmFile
{
    /// <summary>Its number among the files of its <see cref="Kvm"/>: what the raw calls that create files answer.</summary>
    int Fd { get; }

    /// <summary>
    /// The raw entry: KVM's request number and an argument, which is a number or the address of a structure with KVM's layout.
    /// </summary>
    /// <returns>0 or a value, or a negative errno; -ENOTTY for a request this kind of file does not know.</returns>
    int Ioctl(uint command, nint argument);
}

/// <summary>The open files of one <see cref="Kvm"/>, by number. There are no descriptors of the host behind them.</summary>
public sealed class KvmFiles
{
    private readonly KvmLock _lock = new(LockRank.Files);
    private readonly List<IKvmFile?> _files = [];

    /// <summary>The file with number <paramref name="fd"/>; null when there is none or it is of another kind (a caller answers EBADF).</summary>
    public T? Get<T>(int fd) where T : class, IKvmFile
    {
        using (_lock.Enter())
        {
            return (uint)fd < (uint)_files.Count ? _files[fd] as T : null;
        }
    }

    internal int Add(IKvmFile file)
    {
        using (_lock.Enter())
        {
            int free = _files.IndexOf(null);
            if (free >= 0)
            {
                _files[free] = file;
                return free;
            }

            _files.Add(file);
            return _files.Count - 1;
        }
    }

    internal void Remove(IKvmFile file)
    {
        using (_lock.Enter())
        {
            int index = _files.IndexOf(file);
            if (index >= 0)
            {
                _files[index] = null;
            }
        }
    }
}
