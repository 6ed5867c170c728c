using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pinion.Cpu.Tests.Simd;

/// <summary>What an instruction can see and change; the layout of <c>struct state</c> in oracle.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InstructionState
{
    /// <summary>The instruction; 0 after it turned out to be undefined.</summary>
    public uint Word;
    public uint Nzcv;
    public uint Fpcr;
    public uint Fpsr;
    public fixed ulong X[8];
    public fixed ulong V[64];
}

/// <summary>Executes single instructions in oracle.c under qemu-aarch64.</summary>
internal static class InstructionOracle
{
    /// <summary>The states after each of <paramref name="before"/>; skips the test where a tool is missing.</summary>
    public static InstructionState[] Run(InstructionState[] before)
    {
        using Process process = Start("qemu-aarch64", "qemu-user", "-cpu", "max", s_program.Value);
        var writer = new Thread(() =>
        {
            Stream stream = process.StandardInput.BaseStream;
            stream.Write(MemoryMarshal.AsBytes(before.AsSpan()));
            stream.Close();
        });
        writer.Start();
        var after = new InstructionState[before.Length];
        process.StandardOutput.BaseStream.ReadExactly(MemoryMarshal.AsBytes(after.AsSpan()));
        writer.Join();
        process.WaitForExit();
        return after;
    }

    private static readonly Lazy<string> s_program = new(() =>
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Simd", "oracle.c");
        string program = Path.Combine(Directory.CreateTempSubdirectory("pinion-oracle-").FullName, "oracle");
        using Process process = Start("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "-O1", "-static", "-o", program, source);
        process.StandardInput.Close();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0);
        return program;
    });

    private static Process Start(string program, string package, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"needs {program}: apt-get install {package}");
            throw;
        }
    }
}
