using System.Globalization;
using Pinion.Trace.Samples;

namespace Pinion.Trace.Store.Query;

/// <summary>A <see cref="SampleFilter"/> as a condition over named_sample.</summary>
internal static class SampleCondition
{
    /// <summary>Appends WHERE with the run and the filter.</summary>
    public static void Append(SqlStatement statement, StoreDatabase database, int run, SampleFilter filter)
    {
        var terms = new List<string> { Number($"run = {run}") };
        if (filter.Classes is not null)
        {
            terms.Add($"class IN ({Numbers(filter.Classes.Select(one => (int)one))})");
        }

        if (filter.Cpus is not null)
        {
            terms.Add($"cpu IN ({Numbers(filter.Cpus)})");
        }

        if (filter.ExceptionLevels is not null)
        {
            terms.Add($"el IN ({Numbers(filter.ExceptionLevels)})");
        }

        if (filter.MinimumLatency != 0)
        {
            terms.Add(Number($"total_latency >= {filter.MinimumLatency}"));
        }

        if (filter.Events != 0)
        {
            terms.Add(Number($"(events & {(long)filter.Events}) = {(long)filter.Events}"));
        }

        if (filter.Time is (ulong from, ulong to))
        {
            terms.Add(Time(from, to));
        }

        if (filter.Processes is not null)
        {
            terms.Add(Processes(statement, filter.Processes));
        }

        if (filter.Function is not null)
        {
            terms.Add(Functions(statement, database, run, filter));
        }

        statement.Append("WHERE ").Append(string.Join("\n  AND ", terms));
    }

    private static string Processes(SqlStatement statement, IReadOnlySet<string> processes)
    {
        string[] texts = [.. processes.Order(StringComparer.Ordinal)];
        string named = statement.Dialect.IsAnyOf("task_name", statement.Parameter(statement.Dialect.TextList([.. texts.Select(StoredText.Of)])));
        uint[] numbers = [.. texts.Where(text => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && Number($"{number}") == text).Select(text => uint.Parse(text, CultureInfo.InvariantCulture))];
        return numbers.Length == 0 ? named : $"(process IN ({string.Join(", ", numbers.Select(number => Number($"{number}")))}) OR {named})";
    }

    /// <summary>The expression is .NET's and neither database's: it is tried on the run's functions here, and the database gets those that it matches.</summary>
    private static string Functions(SqlStatement statement, StoreDatabase database, int run, SampleFilter filter)
    {
        var names = new List<string>();
        var question = new SqlStatement(statement.Dialect).Append(Number($"SELECT DISTINCT function FROM place WHERE run = {run}"));
        database.Query(question, row =>
        {
            string name = row.GetString(0);
            if (filter.SelectsFunction(name))
            {
                names.Add(name);
            }
        });
        names.Sort(StringComparer.Ordinal);
        return $"(place IS NOT NULL AND {statement.Dialect.IsAnyOf("function", statement.Parameter(statement.Dialect.TextList(names)))})";
    }

    /// <summary>Unsigned from inclusive to exclusive, over signed values with the same bits: those from 2^63 on are negative.</summary>
    private static string Time(ulong from, ulong to)
    {
        const ulong Half = 1ul << 63;
        var ranges = new List<string>();
        if (from < Half && to > from)
        {
            ranges.Add(to <= Half - 1 ? Number($"(time_ns >= {from} AND time_ns < {to})") : Number($"time_ns >= {from}"));
        }

        if (to > Half)
        {
            string end = Number($"time_ns < {(long)to}");
            ranges.Add(from > Half ? Number($"(time_ns >= {(long)from} AND {end})") : end);
        }

        return ranges.Count switch
        {
            0 => "time_ns IS NULL AND time_ns IS NOT NULL",
            1 => ranges[0],
            _ => $"({string.Join(" OR ", ranges)})",
        };
    }

    private static string Numbers(IEnumerable<int> numbers) => string.Join(", ", numbers.Order().Select(number => Number($"{number}")));

    private static string Number(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
