using Pinion.Trace.Samples;

namespace Pinion.Trace.Store;

/// <summary>Numbers for the threads that samples belong to, one for each name a thread had, from 0.</summary>
internal sealed class TaskNumbers(TaskTable table)
{
    /// <summary>So many are kept apart; a file may have as many threads as records. The names that a file tells all have a number: it is those of which nothing but the number is known that have none beyond.</summary>
    public const int MostTasks = 1 << 18;

    private readonly Dictionary<(uint Thread, int Name), int> _numbers = [];
    private readonly List<(uint Thread, int Name)> _tasks = [];

    /// <summary>The number; -1 where there are too many.</summary>
    public int NumberOf(uint thread, int name)
    {
        if (!_numbers.TryGetValue((thread, name), out int number))
        {
            if (_tasks.Count >= MostTasks && table.NameText(name) is null && table.ProcessOf(thread) == thread)
            {
                return -1;
            }

            _numbers.Add((thread, name), number = _tasks.Count);
            _tasks.Add((thread, name));
        }

        return number;
    }

    /// <summary>Rows of table task.</summary>
    public IEnumerable<object?[]> Rows(int run) => _tasks.Select((task, number) =>
        (object?[])[run, number, (long)table.ProcessOf(task.Thread), (long)task.Thread, table.NameText(task.Name) is string name ? StoredText.Of(name) : null]);
}
