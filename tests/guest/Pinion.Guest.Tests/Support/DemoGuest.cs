using Pinion.Cli;

namespace Pinion.Guest.Tests.Support;

/// <summary>The guest of <c>pinion demo</c>, which profiles itself; the program carries it.</summary>
internal static class DemoGuest
{
    /// <summary>Writes it into a directory: its path.</summary>
    public static string Write(TemporaryDirectory directory)
    {
        using Stream resource = typeof(RunCommand).Assembly.GetManifestResourceStream("guests/demo/pinion-demo.elf")!;
        using FileStream file = File.Create(directory.File("pinion-demo.elf"));
        resource.CopyTo(file);
        return file.Name;
    }
}
