using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pinion.Trace.Store.Schema;

namespace Pinion.Trace.Store;

/// <summary>A statement under construction, with parameters. What comes from a user or a trace is a parameter, never text.</summary>
internal sealed partial class SqlStatement(SqlDialect dialect)
{
    private readonly StringBuilder _text = new();
    private readonly List<(string Name, object Value)> _parameters = [];

    /// <summary>The text, with the parameters' names.</summary>
    public string Text => _text.ToString();

    /// <summary>The parameters.</summary>
    public IReadOnlyList<(string Name, object Value)> Parameters => _parameters;

    public SqlDialect Dialect => dialect;

    public SqlStatement Append(string text)
    {
        _text.Append(text);
        return this;
    }

    /// <summary>A name that stands for <paramref name="value"/> in the text.</summary>
    public string Parameter(object value)
    {
        int known = _parameters.FindIndex(parameter => parameter.Value.Equals(value));
        if (known >= 0)
        {
            return "@" + _parameters[known].Name;
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"p{_parameters.Count + 1}");
        _parameters.Add((name, value));
        return "@" + name;
    }

    /// <summary>The statement with its values in place of the parameters, as a user can type it.</summary>
    public string Display() => Placeholder().Replace(
        Text,
        match => dialect.Literal(_parameters.First(parameter => parameter.Name == match.Groups[1].Value).Value)) + ";";

    [GeneratedRegex("@(p[0-9]+)")]
    private static partial Regex Placeholder();
}
