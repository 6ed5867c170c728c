using Google.Protobuf;
using Pinion.Arm.Spe;
using Pinion.Trace.Exports.Perfetto;
using Pinion.Trace.Samples;
using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>A Perfetto trace: each sample at its time, on the track of its thread, with its image and function as call stack. Samples are written as they are read, in the order of the file.</summary>
public sealed class PerfettoExporter : ITraceExporter
{
    private const uint Sequence = 1;
    private const uint IncrementalStateCleared = 1;
    private const uint NeedsIncrementalState = 2;

    /// <inheritdoc/>
    public string Name => "perfetto";

    /// <inheritdoc/>
    public string Description => "samples over time for ui.perfetto.dev and trace_processor";

    /// <inheritdoc/>
    public bool IsText => false;

    /// <inheritdoc/>
    public void Write(ExportRequest request, Stream output)
    {
        using var coded = new CodedOutputStream(output, 1 << 16, leaveOpen: true);
        var timebase = new Timebase { Name = "arm_spe" };
        if (request.Source.Trace.Period != 0)
        {
            timebase.Period = request.Source.Trace.Period;
        }

        Write(coded, new()
        {
            TrustedPacketSequenceId = Sequence,
            FirstPacketOnSequence = true,
            SequenceFlags = IncrementalStateCleared,
            TracePacketDefaults = new() { PerfSampleDefaults = new() { Timebase = timebase } },
        });
        var clock = new SampleClock();
        SampleScan.Run(request.Source, request.Filter, () => new Packets(request.Source, clock, coded), threads: 1);
        clock.Report(request);
    }

    private static void Write(CodedOutputStream coded, TracePacket packet)
    {
        coded.WriteTag(Perfetto.Trace.PacketFieldNumber, WireFormat.WireType.LengthDelimited);
        coded.WriteMessage(packet);
    }

    private sealed class Packets(SampleSource source, SampleClock clock, CodedOutputStream coded) : ISampleVisitor
    {
        /// <summary>Threads under their names. A file may have as many as it has records; those beyond are named again each time.</summary>
        private const int MostThreads = 1 << 16;

        private readonly CodePlaces _places = new(source);
        private readonly PerfettoInterning _interning = new();
        private readonly HashSet<(uint Thread, int Name)> _threads = [];
        private CodePlaces.Cache? _cache;

        public void Visit(in SpeRecord record, in SampleOrigin origin)
        {
            if (origin.Thread is uint thread && _threads.Add((thread, origin.Name)))
            {
                WriteNames(thread, origin.Name);
            }

            int number = (_cache ??= new(_places)).NumberOf(record, origin);
            var packet = new TracePacket { Timestamp = clock.TimeOf(origin), TrustedPacketSequenceId = Sequence, SequenceFlags = NeedsIncrementalState };
            var sample = new PerfSample { CpuMode = ModeOf(record), CallstackIid = _interning.CallstackOf(number, _places, out InternedData? names) };
            if (names is not null)
            {
                packet.InternedData = names;
            }

            if (origin.Cpu >= 0)
            {
                sample.Cpu = (uint)origin.Cpu;
            }

            if (origin.Thread is uint owner)
            {
                (sample.Pid, sample.Tid) = (source.Tasks.ProcessOf(owner), owner);
            }

            packet.PerfSample = sample;
            Write(coded, packet);
        }

        /// <summary>Says what a process and a thread are called from here on.</summary>
        private void WriteNames(uint thread, int name)
        {
            if (_threads.Count > MostThreads)
            {
                _threads.Clear();
            }

            uint process = source.Tasks.ProcessOf(thread);
            string text = source.Tasks.NameText(name) ?? "";
            if (process == thread)
            {
                Write(coded, Described(new() { Uuid = 2 * (ulong)process + 1, Process = new() { Pid = (int)process, ProcessName = text } }));
            }

            Write(coded, Described(new() { Uuid = 2 * (ulong)thread + 2, Thread = new() { Pid = (int)process, Tid = (int)thread, ThreadName = text } }));
        }

        private static TracePacket Described(TrackDescriptor track) => new() { TrustedPacketSequenceId = Sequence, TrackDescriptor = track };

        private static uint ModeOf(in SpeRecord record)
        {
            const uint Unknown = 0;
            const uint Kernel = 1;
            const uint User = 2;
            const uint Hypervisor = 3;
            return !record.Has(SpeFields.Pc) ? Unknown
                : record.ExceptionLevel == 0 ? User
                : record.ExceptionLevel == 1 || SymbolResolver.IsKernel(record.Pc) ? Kernel
                : Hypervisor;
        }
    }
}
