using Pinion.Trace.Symbols;

namespace Pinion.Trace.Exports;

/// <summary>Orders places by what can be seen of them: image, function, address. Places that compare equal are the same for every format.</summary>
internal static class CodePlaceOrder
{
    public static int Compare(CodePlace left, CodePlace right)
    {
        int order = string.CompareOrdinal(left.Location.Image, right.Location.Image);
        order = order != 0 ? order : string.CompareOrdinal(left.Location.Symbol, right.Location.Symbol);
        order = order != 0 ? order : left.Pc.CompareTo(right.Pc);
        order = order != 0 ? order : left.ImageAddress.CompareTo(right.ImageAddress);
        order = order != 0 ? order : left.FunctionStart.CompareTo(right.FunctionStart);
        return order != 0 ? order : Compare(left.Mapping, right.Mapping);
    }

    /// <summary>Orders mappings by path, build and address; whose they are, and when, does not matter.</summary>
    public static int Compare(TraceMapping? left, TraceMapping? right)
    {
        if (left is not TraceMapping one || right is not TraceMapping other)
        {
            return left.HasValue.CompareTo(right.HasValue);
        }

        int order = string.CompareOrdinal(one.Path, other.Path);
        order = order != 0 ? order : string.CompareOrdinal(one.BuildId, other.BuildId);
        order = order != 0 ? order : one.Start.CompareTo(other.Start);
        order = order != 0 ? order : one.Length.CompareTo(other.Length);
        return order != 0 ? order : one.FileOffset.CompareTo(other.FileOffset);
    }
}
