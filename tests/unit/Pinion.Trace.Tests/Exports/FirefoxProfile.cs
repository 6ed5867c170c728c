using System.Text.Json;
using Pinion.Trace.Exports;

namespace Pinion.Trace.Tests.Exports;

/// <summary>Checks a processed profile as its format is documented: columns as long as their table, indices inside the table they point into, times in order. No program that reads the format runs without a browser and a network.</summary>
internal static class FirefoxProfile
{
    /// <summary>Checks everything; answers the sum of all weights.</summary>
    public static long Check(JsonDocument json)
    {
        JsonElement root = json.RootElement;
        JsonElement meta = root.GetProperty("meta");
        meta.GetProperty("preprocessedProfileVersion").GetInt32().ShouldBe(FirefoxExporter.FormatVersion);
        meta.GetProperty("interval").GetDouble().ShouldBeGreaterThan(0);
        meta.GetProperty("categories").EnumerateArray().ShouldContain(category => category.GetProperty("color").GetString() == "grey");
        meta.GetProperty("categories").EnumerateArray().ShouldAllBe(category => category.GetProperty("subcategories").GetArrayLength() > 0);
        foreach (JsonElement library in root.GetProperty("libs").EnumerateArray())
        {
            foreach (string text in (string[])["arch", "name", "path", "debugName", "debugPath", "breakpadId"])
            {
                library.GetProperty(text).ValueKind.ShouldBe(JsonValueKind.String);
            }
        }

        JsonElement[] threads = [.. root.GetProperty("threads").EnumerateArray()];
        threads.Select(thread => (thread.GetProperty("pid").GetString(), thread.GetProperty("tid").GetString())).ShouldBeUnique();
        return threads.Sum(thread => CheckThread(root, thread));
    }

    /// <summary>Names of the frames of a stack, the outermost first.</summary>
    public static string[] StackAt(JsonDocument json, JsonElement thread, int sample)
    {
        var names = new List<string>();
        JsonElement stacks = thread.GetProperty("stackTable");
        for (JsonElement stack = thread.GetProperty("samples").GetProperty("stack")[sample]; stack.ValueKind == JsonValueKind.Number; stack = stacks.GetProperty("prefix")[stack.GetInt32()])
        {
            int function = thread.GetProperty("frameTable").GetProperty("func")[stacks.GetProperty("frame")[stack.GetInt32()].GetInt32()].GetInt32();
            names.Insert(0, Text(json, thread.GetProperty("funcTable").GetProperty("name")[function]));
        }

        return [.. names];
    }

    /// <summary>The text behind a number.</summary>
    public static string Text(JsonDocument json, JsonElement number) => json.RootElement.GetProperty("shared").GetProperty("stringArray")[number.GetInt32()].GetString()!;

    private static long CheckThread(JsonElement root, JsonElement thread)
    {
        int texts = root.GetProperty("shared").GetProperty("stringArray").GetArrayLength();
        int categories = root.GetProperty("meta").GetProperty("categories").GetArrayLength();
        int libraries = root.GetProperty("libs").GetArrayLength();
        JsonElement samples = Table(thread, "samples", ["stack", "time", "weight"]);
        JsonElement stacks = Table(thread, "stackTable", ["frame", "prefix"]);
        JsonElement frames = Table(thread, "frameTable", ["address", "inlineDepth", "category", "subcategory", "func", "nativeSymbol", "innerWindowID", "line", "column"]);
        JsonElement functions = Table(thread, "funcTable", ["name", "isJS", "relevantForJS", "resource", "fileName", "lineNumber", "columnNumber"]);
        JsonElement resources = Table(thread, "resourceTable", ["lib", "name", "host", "type"]);
        JsonElement symbols = Table(thread, "nativeSymbols", ["libIndex", "address", "name", "functionSize"]);
        Table(thread, "markers", ["data", "name", "startTime", "endTime", "phase", "category"]);

        Indices(samples, "stack", Length(stacks));
        Indices(stacks, "frame", Length(frames));
        Indices(stacks, "prefix", Length(stacks), orNull: true);
        Indices(frames, "func", Length(functions));
        Indices(frames, "category", categories);
        Indices(frames, "nativeSymbol", Length(symbols), orNull: true);
        Indices(functions, "name", texts);
        Indices(functions, "resource", Length(resources), least: -1);
        Indices(functions, "fileName", texts, orNull: true);
        Indices(resources, "lib", libraries);
        Indices(resources, "name", texts);
        Indices(symbols, "libIndex", libraries);
        Indices(symbols, "name", texts);
        stacks.GetProperty("prefix").EnumerateArray().Select((prefix, index) => prefix.ValueKind == JsonValueKind.Null || prefix.GetInt32() < index).ShouldAllBe(earlier => earlier);
        double[] times = [.. samples.GetProperty("time").EnumerateArray().Select(time => time.GetDouble())];
        times.ShouldBe(times.Order());
        times.ShouldAllBe(time => time >= 0);
        samples.GetProperty("weightType").GetString().ShouldBe("samples");
        return samples.GetProperty("weight").EnumerateArray().Sum(weight => weight.GetInt64());
    }

    private static JsonElement Table(JsonElement thread, string name, string[] columns)
    {
        JsonElement table = thread.GetProperty(name);
        foreach (string column in columns)
        {
            table.GetProperty(column).GetArrayLength().ShouldBe(Length(table), $"{name}.{column}");
        }

        return table;
    }

    private static int Length(JsonElement table) => table.GetProperty("length").GetInt32();

    private static void Indices(JsonElement table, string column, int limit, int least = 0, bool orNull = false)
    {
        foreach (JsonElement index in table.GetProperty(column).EnumerateArray())
        {
            if (!orNull || index.ValueKind != JsonValueKind.Null)
            {
                index.GetInt32().ShouldBeInRange(least, limit - 1, column);
            }
        }
    }
}
