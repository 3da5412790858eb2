using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using TeredoSdk.Windows.Native.Cim;

namespace TeredoSdk.Tests.Windows.Cim;

/// <summary>
/// Holds the CIM interfaces against wbemcli.h of mingw-w64: identifiers, the order of the calls, and the widths of their parameters.
/// </summary>
public partial class WbemHeaderTests
{
    const string HeaderPath = "/usr/share/mingw-w64/include/wbemcli.h";
    static readonly Lazy<string> Header = new(() => File.Exists(HeaderPath) ? File.ReadAllText(HeaderPath) : "");

    static readonly Type[] Interfaces = [typeof(IWbemLocator), typeof(IWbemServices), typeof(IEnumWbemClassObject), typeof(IWbemClassObject)];

    [SetUp]
    public void RequireTheHeader()
    {
        if (Header.Value.Length == 0)
            Assert.Ignore($"{HeaderPath} is not there: install mingw-w64's headers (Debian: mingw-w64-common).");
    }

    [TestCaseSource(nameof(Interfaces))]
    public void Interface_Identifier_IsTheHeaders(Type declared)
    {
        var match = Regex.Match(Header.Value, $@"DEFINE_GUID\(IID_{declared.Name}, ([^)]*)\)");
        byte[] numbers = [.. match.Groups[1].Value.Split(',').SelectMany(Octets)];
        Assert.That(declared.GUID, Is.EqualTo(new Guid(numbers, bigEndian: true)));
    }

    [TestCaseSource(nameof(Interfaces))]
    public void Interface_Calls_AreTheHeadersInItsOrderAndWidths(Type declared)
    {
        string[] calls = [.. declared.GetMethods().OrderBy(method => method.MetadataToken).Select(Signature)];
        Assert.That(HeaderCalls(declared.Name).Take(calls.Length), Is.EqualTo(calls));
    }

    static IEnumerable<byte> Octets(string number)
    {
        string digits = number.Trim()[2..];
        return Enumerable.Range(0, digits.Length / 2)
            .Select(i => byte.Parse(digits.AsSpan(i * 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    // "Name(4,8,...)": the widths of the parameters on a 64-bit system.
    static string Signature(MethodInfo method) => $"{method.Name}({string.Join(',', method.GetParameters().Select(Width))})";

    static int Width(ParameterInfo parameter) => parameter.ParameterType == typeof(int) || parameter.ParameterType == typeof(uint) ? 4 : 8;

    static IEnumerable<string> HeaderCalls(string name)
    {
        string table = Regex.Match(Header.Value, $@"typedef struct {name}Vtbl \{{(.*?)END_INTERFACE", RegexOptions.Singleline).Groups[1].Value;
        foreach (Match call in Call().Matches(table).Skip(3)) // those of IUnknown
        {
            var parameters = call.Groups[2].Value.Split(',').Skip(1).Select(parameter => parameter.Trim()); // the object itself
            yield return $"{call.Groups[1].Value}({string.Join(',', parameters.Select(Width))})";
        }
    }

    static int Width(string parameter) =>
        !parameter.Contains('*') && parameter.Split(' ')[0] is "LONG" or "ULONG" or "CIMTYPE" ? 4 : 8;

    [GeneratedRegex(@"STDMETHODCALLTYPE \*(\w+)\)\(([^)]*)\)")]
    private static partial Regex Call();
}
