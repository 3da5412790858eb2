using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace TeredoSdk.Hosting;

/// <summary>
/// Reads options from a section of the configuration. For each value that can't be read, it keeps a sentence with the path of the value.
/// </summary>
sealed class OptionsReader(IConfiguration section)
{
    readonly Dictionary<string, IConfigurationSection> _unread =
        section.GetChildren().ToDictionary(child => child.Key, StringComparer.OrdinalIgnoreCase);
    readonly List<string> _known = [];
    readonly List<string> _problems = [];

    /// <summary>Returns a sentence for each value that could not be read, and for each key that no option has. Called at the end.</summary>
    public IReadOnlyList<string> Finish()
    {
        foreach (var stray in _unread.Values)
            _problems.Add($"{stray.Path} is not an option; expected one of {string.Join(", ", _known)}.");
        _unread.Clear();
        return _problems;
    }

    public bool Read(string key, bool byDefault) =>
        Take(key) is not { } value ? byDefault
        : bool.TryParse(value.Value, out bool parsed) ? parsed : Refuse(value, "true or false", byDefault);

    public bool? Read(string key, bool? byDefault) =>
        Take(key) is not { } value ? byDefault
        : bool.TryParse(value.Value, out bool parsed) ? parsed : Refuse(value, "true or false", byDefault);

    public int Read(string key, int byDefault) =>
        Take(key) is not { } value ? byDefault
        : int.TryParse(value.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int parsed) ? parsed
        : Refuse(value, "a whole number", byDefault);

    // TimeSpan.TryParse takes a number alone for days, which nobody means.
    public TimeSpan Read(string key, TimeSpan byDefault) =>
        Take(key) is not { } value ? byDefault
        : value.Value is { } text && text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var parsed)
            ? parsed : Refuse(value, "hours, minutes and seconds such as 00:00:30", byDefault);

    public T Read<T>(string key, T byDefault) where T : struct, Enum => Take(key) is { } value ? Parse(value, byDefault) : byDefault;

    public string Read(string key, string byDefault) =>
        Take(key) is not { } value ? byDefault : value.Value ?? Refuse(value, "a text", byDefault);

    public IPAddress? Read(string key, IPAddress? byDefault) =>
        Take(key) is not { } value ? byDefault
        : IPAddress.TryParse(value.Value, out var parsed) ? parsed : Refuse(value, "an IP address such as 192.168.1.1", byDefault);

    /// <summary>Reads a list, or one text with semicolons between the items.</summary>
    public IList<string> Read(string key, IList<string> byDefault)
    {
        if (Take(key) is not { } value)
            return byDefault;
        if (value.Value is { } text)
            return text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var items = value.GetChildren().ToList();
        foreach (var item in items.Where(item => item.Value is null))
            Refuse(item, "a text", "");
        return [.. items.Select(item => item.Value ?? "")];
    }

    /// <summary>Reads a section within this section.</summary>
    public T? ReadSection<T>(string key, Func<OptionsReader, T> read, T? byDefault) where T : class
    {
        if (Take(key) is not { } inner)
            return byDefault;
        if (inner.Value is not null)
            return Refuse(inner, "a section", byDefault);
        var reader = new OptionsReader(inner);
        var parsed = read(reader);
        _problems.AddRange(reader.Finish());
        return parsed;
    }

    T Parse<T>(IConfigurationSection value, T byDefault) where T : struct, Enum
    {
        string[] names = Enum.GetNames<T>();
        bool isNamed = (value.Value ?? "").Split(',', StringSplitOptions.TrimEntries)
            .All(part => names.Contains(part, StringComparer.OrdinalIgnoreCase)); // Enum.TryParse accepts numbers, too
        return isNamed && Enum.TryParse(value.Value, ignoreCase: true, out T parsed) ? parsed
            : Refuse(value, string.Join(", ", names.SkipLast(1)) + " or " + names[^1], byDefault);
    }

    IConfigurationSection? Take(string key)
    {
        _known.Add(key);
        return _unread.Remove(key, out var value) ? value : null;
    }

    T Refuse<T>(IConfigurationSection value, string expected, T byDefault)
    {
        _problems.Add($"{value.Path} is {(value.Value is { } text ? $"'{text}'" : "a section")}; expected {expected}.");
        return byDefault;
    }
}
