using Pinion.Trace.Exports;
using Pinion.Trace.Exports.Perfetto;
using static Pinion.Trace.Tests.Exports.ExportTestData;

namespace Pinion.Trace.Tests.Exports;

public sealed class PerfettoExporterTests
{
    [Fact]
    public void ASampleHasItsTimeThreadAndStack()
    {
        Reader reader = Read(Everything());

        reader.Samples.Select(sample => $"{sample.Time} {sample.Sample.Cpu} {sample.Sample.Pid} {sample.Sample.Tid} {sample.Sample.CpuMode} {sample.Stack}").ShouldBe(
            [
                "1000 0 51 51 2 bench > main",
                "3000 0 51 52 2 bench > main",
                "1500 0 60 60 2 bench > main",
                "5000 0 0 0 2 [unknown] > [unknown]",
                "2000 1 51 51 2 bench > main",
                "9000 1 51 52 2 bench > main",
                "4000 1 51 51 1 [kernel] > do_one",
                "4001 1 0 0 0 [unknown] > [no PC]",
            ]);
    }

    [Fact]
    public void ThreadsAndProcessesAreNamed()
    {
        Reader reader = Read(Everything());

        reader.Packets.Where(packet => packet.TrackDescriptor?.Thread is not null).Select(packet => (packet.TrackDescriptor.Thread.Tid, packet.TrackDescriptor.Thread.ThreadName)).ShouldBe(
            [(51, "bench"), (52, "worker"), (60, "other"), (52, "wor;\"k,2")]);
        reader.Packets.Where(packet => packet.TrackDescriptor?.Process is not null).Select(packet => (packet.TrackDescriptor.Process.Pid, packet.TrackDescriptor.Process.ProcessName)).ShouldBe(
            [(51, "bench"), (60, "other")]);
    }

    [Fact]
    public void TheFirstPacketTellsTheEventAndItsPeriod()
    {
        TracePacket first = Read(Everything()).Packets[0];

        first.SequenceFlags.ShouldBe(1u);
        first.TracePacketDefaults.PerfSampleDefaults.Timebase.ShouldBe(new Timebase { Name = "arm_spe", Period = 1024 });
    }

    [Fact]
    public void MappingsHaveTheBytesOfTheirBuildId()
    {
        InternedData names = Read(Everything()).Packets.First(packet => packet.InternedData is not null).InternedData;

        names.BuildIds.Single().Str.ToByteArray().ShouldBe(Convert.FromHexString("0123456789abcdef0123456789abcdef01234567"));
        names.MappingPaths.Select(path => path.Str.ToStringUtf8()).ShouldBe(["usr", "bin", "bench"]);
        (names.Mappings[0].Start, names.Mappings[0].End).ShouldBe((0x7000_0000ul, 0x7000_1000ul));
    }

    [Fact]
    public void WhatASampleRefersToIsExplainedBeforeAndEverySampleIsThere() =>
        ForAnyTrace((trace, total) => ((long)Read(trace).Samples.Count).ShouldBe(total.Samples));

    private static Reader Read(SpeTrace trace) => new(Pinion.Trace.Exports.Perfetto.Trace.Parser.ParseFrom(Export(new PerfettoExporter(), trace)));

    /// <summary>Reads packets in their order, as trace_processor does: a number means what an earlier packet of the sequence, or the same, says.</summary>
    private sealed class Reader
    {
        private readonly Dictionary<ulong, string> _functions = [];
        private readonly Dictionary<ulong, string> _paths = [];
        private readonly Dictionary<ulong, Mapping> _mappings = [];
        private readonly Dictionary<ulong, Frame> _frames = [];
        private readonly Dictionary<ulong, Callstack> _stacks = [];

        public Reader(Pinion.Trace.Exports.Perfetto.Trace trace)
        {
            Packets = trace.Packet;
            foreach (TracePacket packet in trace.Packet)
            {
                packet.TrustedPacketSequenceId.ShouldBe(1u);
                if (packet.InternedData is InternedData names)
                {
                    Learn(names);
                }

                if (packet.PerfSample is PerfSample sample)
                {
                    packet.SequenceFlags.ShouldBe(2u);
                    Samples.Add((packet.Timestamp, sample, string.Join(" > ", _stacks[sample.CallstackIid].FrameIds.Select(NameOf))));
                }
            }
        }

        public IReadOnlyList<TracePacket> Packets { get; }

        public List<(ulong Time, PerfSample Sample, string Stack)> Samples { get; } = [];

        private string NameOf(ulong frame)
        {
            _mappings[_frames[frame].MappingId].PathStringIds.ShouldAllBe(path => _paths.ContainsKey(path));
            return _functions[_frames[frame].FunctionNameId];
        }

        /// <summary>A number is given once: Add throws at the second.</summary>
        private void Learn(InternedData names)
        {
            foreach (InternedString name in names.FunctionNames)
            {
                _functions.Add(name.Iid, name.Str.ToStringUtf8());
            }

            foreach (InternedString path in names.MappingPaths)
            {
                _paths.Add(path.Iid, path.Str.ToStringUtf8());
            }

            foreach (Mapping mapping in names.Mappings)
            {
                _mappings.Add(mapping.Iid, mapping);
            }

            foreach (Frame frame in names.Frames)
            {
                _frames.Add(frame.Iid, frame);
            }

            foreach (Callstack stack in names.Callstacks)
            {
                _stacks.Add(stack.Iid, stack);
            }
        }
    }
}
