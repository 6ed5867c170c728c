using System.Globalization;
using Pinion.Cli.Guests;
using Pinion.Vmm;
using Pinion.Vmm.Run;

namespace Pinion.Cli.Compare;

/// <summary>The guest of <c>guests/toggle</c>: nothing but the profiling buffer going on and off around a little work.</summary>
internal sealed class ToggleWorkload(string kernel, IReadOnlyList<ulong> bufferSizes) : GuestWorkload(bufferSizes)
{
    /// <summary>The image, the guest's arena of 72 MiB, and nothing to spare: the older series lock all of it.</summary>
    private const ulong Memory = 128UL << 20;

    /// <summary>Writes the program that travels inside this one to a file.</summary>
    public static ToggleWorkload Unpack(string directory, IReadOnlyList<ulong> bufferSizes)
    {
        string path = Path.Combine(directory, "pinion-toggle.elf");
        File.WriteAllBytes(path, GuestSources.Toggle);
        return new ToggleWorkload(path, bufferSizes);
    }

    public override MachineOptions Machine(int cycles) => new()
    {
        Kernel = kernel,
        Memory = Memory,
        CommandLine = string.Create(CultureInfo.InvariantCulture, $"cycles={cycles} buffers={string.Join(',', BufferSizes.Select(bytes => bytes >> 10))}"),
    };

    public override GuestReader Read() => new Reader(BufferSizes);

    /// <summary>Columns of the guest's table.</summary>
    private enum Column
    {
        Kib,
        Cycles,
        Ticks,
        Enable,
        Disable,
        First,
        Records,
        Lost,
        Full,
        Faults,
        DataLost,
        Collisions,
        Status,
    }

    private sealed class Reader(IReadOnlyList<ulong> bufferSizes) : GuestReader
    {
        private readonly List<ulong[]> _rows = [];
        private double _frequency;
        private bool _done;

        public override void OnLine(string line, Machine machine)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["counter", string hertz, "Hz,", ..])
            {
                double.TryParse(hertz, NumberStyles.None, CultureInfo.InvariantCulture, out _frequency);
            }
            else if (words.Length == (int)Column.Status + 1 && ulong.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                _rows.Add([.. words[..(int)Column.Status].Select(word => ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0)]);
            }
            else if (line == "TOGGLE-DONE")
            {
                _done = true;
            }
        }

        public override Result<GuestFigures> Finish(Machine machine)
        {
            if (!_done || _frequency == 0 || !_rows.Select(row => row[(int)Column.Kib] << 10).SequenceEqual(bufferSizes))
            {
                return Unexpected("the toggling guest ended before it was done");
            }

            return new GuestFigures
            {
                Buffers = [.. _rows.Select(Figures)],
                Records = Sum(Column.Records),
                Lost = Sum(Column.Lost),
                Faults = Sum(Column.Faults),
            };
        }

        private BufferFigures Figures(ulong[] row)
        {
            // The first cycle stands for itself: it brings the buffer's memory into being.
            double later = row[(int)Column.Cycles] - 1;
            return new BufferFigures(
                row[(int)Column.Kib] << 10,
                row[(int)Column.Cycles],
                later * _frequency / Math.Max(row[(int)Column.Ticks], 1),
                Microseconds(row[(int)Column.Enable] + row[(int)Column.Disable]) / later,
                Microseconds(row[(int)Column.First]));
        }

        private double Microseconds(ulong ticks) => ticks * 1e6 / _frequency;

        private ulong Sum(Column column) => _rows.Aggregate(0UL, (sum, row) => sum + row[(int)column]);
    }
}
