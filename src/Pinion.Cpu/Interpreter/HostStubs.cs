using System.Runtime.InteropServices;

namespace Pinion.Cpu.Interpreter;

/// <summary>A few host instructions that the class library does not offer, as machine code of our own. The page is written first and made executable then, never both.</summary>
internal static unsafe partial class HostStubs
{
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4, MapPrivate = 2, MapAnonymous = 0x20;

    /// <summary>
    /// CMPXCHG16B: (address, values) with values = expected low and high, new low and high; answers 1 if it stored, and puts what memory held into expected.
    /// Null on hosts that have no such instruction or forbid new code.
    /// </summary>
    public static readonly delegate* unmanaged<void*, ulong*, int> CompareExchange16 = (delegate* unmanaged<void*, ulong*, int>)Make(
    [
        0x53, // push rbx
        0x48, 0x8B, 0x06, // mov rax, [rsi]
        0x48, 0x8B, 0x56, 0x08, // mov rdx, [rsi+8]
        0x48, 0x8B, 0x5E, 0x10, // mov rbx, [rsi+16]
        0x48, 0x8B, 0x4E, 0x18, // mov rcx, [rsi+24]
        0xF0, 0x48, 0x0F, 0xC7, 0x0F, // lock cmpxchg16b [rdi]
        0x48, 0x89, 0x06, // mov [rsi], rax
        0x48, 0x89, 0x56, 0x08, // mov [rsi+8], rdx
        0x0F, 0x94, 0xC0, // sete al
        0x0F, 0xB6, 0xC0, // movzx eax, al
        0x5B, // pop rbx
        0xC3, // ret
    ]);

    private static void* Make(ReadOnlySpan<byte> code)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || !OperatingSystem.IsLinux())
        {
            return null;
        }

        nint page = Map(0, 4096, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1, 0);
        if (page == -1)
        {
            return null;
        }

        code.CopyTo(new Span<byte>((void*)page, code.Length));
        return Protect(page, 4096, ProtRead | ProtExec) == 0 ? (void*)page : null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);
}
