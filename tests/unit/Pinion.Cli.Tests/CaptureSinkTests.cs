using Pinion.Cli;
using Pinion.Trace;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Tests;

public sealed class CaptureSinkTests
{
    private static readonly MachineIdentity s_identity = new(0x413fd0c1, 3, 0x3607f, 62_500_000);

    [Fact]
    public void EveryRecordIsInTheFileInTheOrderOfItsCpu()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (CaptureSink sink = new(2))
            {
                sink.Open(path, s_identity).ShouldBeNull();
                for (int i = 0; i < 1001; i++)
                {
                    sink.Append(i % 2, Record(i));
                }

                sink.Error.ShouldBeNull();
            }

            TraceFile.TryRead(path, out SpeTrace trace, out string message).ShouldBeTrue(message);
            trace.Diagnoses.Count.ShouldBe(0);
            for (int cpu = 0; cpu < 2; cpu++)
            {
                byte[] bytes = [.. trace.Buffers.Where(b => b.Cpu == cpu).SelectMany(b => b.Bytes.ToArray())];
                bytes.ShouldBe([.. Enumerable.Range(0, 1001).Where(i => i % 2 == cpu).SelectMany(Record)]);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AFileThatCannotBeMadeIsAProblem()
    {
        using CaptureSink sink = new(1);
        sink.Open("/nonexistent/x.spe", s_identity).ShouldNotBeNull().Advice.ShouldContain("--spe-capture");
    }

    [Fact]
    public void AFullDiskIsToldAtTheEnd()
    {
        if (!File.Exists("/dev/full"))
        {
            Assert.Skip("needs /dev/full");
        }

        using CaptureSink sink = new(1);
        sink.Open("/dev/full", s_identity).ShouldNotBeNull();
    }

    private static byte[] Record(int number)
    {
        byte[] record = new byte[64];
        BitConverter.TryWriteBytes(record.AsSpan(1), number);
        record[63] = 1;
        return record;
    }
}
