using System.Collections.Generic;
using System.Globalization;

namespace TeredoSdk.Xp.Probe;

/// <summary>What a test asks for, as "key=value" arguments; a key alone has an empty value.</summary>
sealed class Script
{
    readonly Dictionary<string, string> _values = [];

    public Script(IEnumerable<string> arguments)
    {
        foreach (string argument in arguments)
        {
            int sign = argument.IndexOf('=');
            _values[sign < 0 ? argument : argument.Substring(0, sign)] = sign < 0 ? "" : argument.Substring(sign + 1);
        }
    }

    public bool Has(string key) => _values.ContainsKey(key);

    public string? Text(string key) => _values.TryGetValue(key, out string? value) ? value : null;

    public int? Number(string key) => Text(key) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
