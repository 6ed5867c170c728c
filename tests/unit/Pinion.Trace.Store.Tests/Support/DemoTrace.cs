using System.Diagnostics;
using Pinion.Cli;

namespace Pinion.Trace.Store.Tests;

/// <summary>What the demo guest recorded, once for all tests of a class, and its program.</summary>
public sealed class DemoTrace : IDisposable
{
    private static readonly Lazy<byte[]> s_elf = new(() =>
    {
        using Stream stream = typeof(DemoCommand).Assembly.GetManifestResourceStream("guests/demo/pinion-demo.elf")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    });

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pinion-demo-");

    public DemoTrace()
    {
        Capture = Path.Combine(_directory.FullName, "demo.spe");
        Program = Path.Combine(_directory.FullName, "pinion-demo.elf");
        File.WriteAllBytes(Program, Elf);
        using Process demo = PinionProcess.Start(["demo", "--timing", "window:32", "--output", Capture]);
        demo.WaitForExit();
        demo.ExitCode.ShouldBe(ExitCodes.Success);
    }

    /// <summary>The program of the demo guest.</summary>
    public static byte[] Elf => s_elf.Value;

    /// <summary>File with the guest's records.</summary>
    public string Capture { get; }

    /// <summary>File with the guest's program.</summary>
    public string Program { get; }

    public void Dispose() => _directory.Delete(recursive: true);
}
