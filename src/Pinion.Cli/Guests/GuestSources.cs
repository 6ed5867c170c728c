using System.Reflection;

namespace Pinion.Cli.Guests;

/// <summary>The guest sources of this repository's <c>guests/</c> directory, which travel inside the program.</summary>
internal static class GuestSources
{
    internal static byte[] Init => Read("guests/debian/init");

    internal static byte[] Mktemp => Read("guests/debian/mktemp");

    internal static byte[] Sleep => Read("guests/debian/sleep");

    internal static byte[] SpeTest => Read("guests/debian/spe-test.sh");

    internal static byte[] Bench => Read("guests/bench/bench.c");

    internal static byte[] Mark => Read("guests/bench/mark.c");

    internal static byte[] Demo => Read("guests/demo/pinion-demo.elf");

    internal static byte[] Toggle => Read("guests/toggle/pinion-toggle.elf");

    private static byte[] Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the resource {name} is not embedded");
        byte[] data = new byte[stream.Length];
        stream.ReadExactly(data);
        return data;
    }
}
