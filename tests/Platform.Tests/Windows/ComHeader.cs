using System.Text.RegularExpressions;

namespace TeredoSdk.Platform.Tests.Windows;

/// <summary>A C header that the IDL compiler made: IIDs, CLSIDs, and tables of methods.</summary>
sealed partial class ComHeader(string text)
{
    /// <summary>The table of an interface.</summary>
    public ComTable Table(string name) => new(name, Id($"IID_{name}"), [.. Methods(name)]);

    /// <summary>The value of <c>DEFINE_GUID(name, ...)</c>.</summary>
    public Guid Id(string name)
    {
        var match = Regex.Match(text, $@"DEFINE_GUID\({name}, ([^)]*)\);");
        Assert.That(match.Success, $"the header has no {name}");
        uint[] parts = [.. match.Groups[1].Value.Split(',').Select(part => Convert.ToUInt32(part.Trim(), 16))];
        return new(parts[0], (ushort)parts[1], (ushort)parts[2], (byte)parts[3], (byte)parts[4], (byte)parts[5], (byte)parts[6], (byte)parts[7],
            (byte)parts[8], (byte)parts[9], (byte)parts[10]);
    }

    IEnumerable<string> Methods(string name)
    {
        var table = Regex.Match(text, $@"typedef struct {name}Vtbl \{{(.*?)END_INTERFACE", RegexOptions.Singleline);
        Assert.That(table.Success, $"the header has no table of {name}");
        return MethodPattern().Matches(table.Groups[1].Value).Select(Method).Skip(3); // after IUnknown's
    }

    static string Method(Match method)
    {
        var parameters = method.Groups[2].Value.Split(',').Skip(1).Select(Kind); // after This
        return $"{Renamed(method.Groups[1].Value)}({string.Join(", ", parameters)})";
    }

    static string Renamed(string name) =>
        name.StartsWith("get_", StringComparison.Ordinal) ? "Get" + name["get_".Length..].TrimStart('_')
        : name.StartsWith("put_", StringComparison.Ordinal) ? "Set" + name["put_".Length..]
        : name;

    static string Kind(string parameter)
    {
        var match = ParameterPattern().Match(parameter);
        Assert.That(match.Success, $"'{parameter}' is not understood");
        string type = match.Groups[1].Value, stars = match.Groups[2].Value;
        if (Width(type) is { } width)
            return width + stars;
        Assert.That(stars, Is.Not.Empty, $"the width of {type} is not known");
        return "pointer" + stars[1..]; // to an interface or a structure
    }

    static string? Width(string type) => type switch
    {
        "BSTR" => "bstr",
        "VARIANT" => "variant",
        "VARIANT_BOOL" => "bool16",
        "BYTE" => "8",
        "WORD" => "16",
        "LONG" or "UINT" or "LCID" or "DISPID" => "32",
        "REFIID" => "pointer",
        _ => type.StartsWith("NET_FW_", StringComparison.Ordinal) ? "32" : null, // enums
    };

    [GeneratedRegex(@"(?:HRESULT|ULONG) \(STDMETHODCALLTYPE \*(\w+)\)\((.*?)\);", RegexOptions.Singleline)]
    private static partial Regex MethodPattern();

    [GeneratedRegex(@"^\s*(\w+)\s+(\**)\w+\s*$")]
    private static partial Regex ParameterPattern();
}
