using System.Runtime.InteropServices;
using Pinion.Cpu;
using Pinion.Kvm.Memory;
using Pinion.Kvm.Uapi;

namespace Pinion.Kvm.Tests;

public sealed unsafe partial class MemoryAheadTests : IDisposable
{
    private const ulong Gpa = 0x8000_0000;
    private const int Page = 4096;
    private const int Stretch = 64;
    private const int Pages = 16 * Stretch;

    private readonly nint _memory = Map(0, Pages * Page, 3, 0x4022, -1, 0);

    /// <summary>A guest that goes through its memory, upwards or downwards, finds the next stretch there.</summary>
    [Theory]
    [InlineData(3, 1)]
    [InlineData(10, -1)]
    public void TheNextStretchIsResidentBeforeItIsTouched(int from, int step)
    {
        using TestVm test = Vm(true);
        Touch(test, from);
        Touch(test, from + step);
        SpinWait.SpinUntil(() => Resident(from + (2 * step)) == Stretch, TimeSpan.FromSeconds(20)).ShouldBeTrue();
        Resident(from + (3 * step)).ShouldBe(0);
    }

    /// <summary>Neither one that touches here and there, nor one whose VMM has not said that its memory may be touched.</summary>
    [Theory]
    [InlineData(true, new[] { 3, 9, 5, 12 })]
    [InlineData(false, new[] { 3, 4, 5, 6 })]
    public void NothingElseIsTouched(bool ahead, int[] stretches)
    {
        using (TestVm test = Vm(ahead))
        {
            foreach (int stretch in stretches)
            {
                Touch(test, stretch);
            }
        }

        // The thread has ended with the VM.
        Enumerable.Range(0, Pages / Stretch).Sum(Resident).ShouldBe(0);
    }

    /// <summary>At the slot's end there is no next stretch.</summary>
    [Fact]
    public void TheEndOfASlotIsTheEnd()
    {
        using TestVm test = Vm(true);
        Touch(test, (Pages / Stretch) - 2);
        Touch(test, (Pages / Stretch) - 1);
        Touch(test, 1);
        Touch(test, 0);
    }

    public void Dispose() => Unmap(_memory, Pages * Page);

    private TestVm Vm(bool ahead)
    {
        TestVm test = new(64 * 1024, new KvmOptions { TouchesAhead = ahead });
        test.Vm.SetUserMemoryRegion(TestVm.Region(1, Gpa, Pages * Page, _memory)).ShouldBe(0);
        return test;
    }

    /// <summary>A vCPU's first access to a stretch, as far as stage 2 is asked; the memory itself stays as it is.</summary>
    private static void Touch(TestVm test, int stretch) =>
        test.Vm.Stage2.Translate(Gpa + ((ulong)stretch * Stretch * Page), MemoryAccess.Write, 0xFF).Host.ShouldNotBe(0);

    private int Resident(int stretch)
    {
        byte* pages = stackalloc byte[Stretch];
        Mincore(_memory + (stretch * Stretch * Page), Stretch * Page, pages).ShouldBe(0);
        int count = 0;
        for (int i = 0; i < Stretch; i++)
        {
            count += pages[i] & 1;
        }

        return count;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint length);

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int Mincore(nint address, nint length, byte* residency);
}
