using System.Globalization;
using Pinion.Trace.Profiles;

namespace Pinion.Trace.Exports;

/// <summary>Names of data sources.</summary>
internal static class DataSourceText
{
    /// <summary>The name that reports print; the number in hexadecimal where the encoding has none.</summary>
    public static string Of(int source) => source < ProfileCounts.DataSources - 1 ? ProfileTable.SourceName(source) : string.Create(CultureInfo.InvariantCulture, $"0x{source:x}");
}
