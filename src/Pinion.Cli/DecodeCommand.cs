using System.CommandLine;
using System.Text;
using Pinion.Trace;
using Pinion.Trace.Packets;

namespace Pinion.Cli;

/// <summary>pinion decode: the packets of a trace.</summary>
public static class DecodeCommand
{
    /// <summary>The command, to be added to the root command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A capture, a perf.data file, or packets with nothing around them." };
        var command = new Command("decode", "Print the SPE packets of a trace, as perf report -D does.") { file };
        command.SetAction(result => Run(result.GetRequiredValue(file), result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Prints every packet of <paramref name="file"/>; returns an exit code.</summary>
    public static int Run(string file, TextWriter output, TextWriter error)
    {
        if (!TraceFile.TryRead(file, out SpeTrace trace, out string message))
        {
            error.Write($"pinion: {message}\n");
            return ExitCodes.Usage;
        }

        using Stream stream = CommandOutput.Bytes(output);
        var ordered = new OrderedOutput(stream);
        BufferRuns.ForEach(trace, (run, first, end, damage) =>
        {
            using OrderedOutput.Part part = ordered.Open(run);
            for (int i = first; i < end; i++)
            {
                Write(trace.Buffers[i], part, damage);
            }
        });

        return CommandOutput.Report(file, trace.Diagnoses, error);
    }

    private static void Write(in SpeBuffer buffer, OrderedOutput.Part part, Diagnoses damage)
    {
        if (buffer.Preceding == 0)
        {
            string stream = buffer.Cpu >= 0 ? $"cpu {buffer.Cpu}" : $"thread {buffer.ThreadId}";
            Encoding.ASCII.GetBytes($"{stream}, stream offset 0x{buffer.StreamOffset:x}, file offset 0x{buffer.FileOffset:x}\n.\n. ... ARM SPE data: size 0x{buffer.Whole:x} bytes\n", part);
        }

        new PacketDump(part).Write(buffer.Bytes.Span, buffer.Preceding, buffer.FileOffset, damage);
    }
}
