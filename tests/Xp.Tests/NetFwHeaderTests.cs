using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace TeredoSdk.Xp.Tests;

/// <summary>The declarations of the firewall's interfaces against the header of the Windows SDK: identity, order and types.</summary>
public partial class NetFwHeaderTests
{
    static readonly string[] Interfaces = ["INetFwMgr", "INetFwPolicy", "INetFwProfile", "INetFwOpenPorts", "INetFwOpenPort", "INetFwAuthorizedApplications", "INetFwAuthorizedApplication"];
    static readonly Lazy<string> Header = new(() => File.ReadAllText(Requirements.Header));
    static readonly Lazy<Assembly> Library = new(() => Assembly.LoadFrom(Path.Combine(Probe.Folder, "TeredoSdk.Xp.dll")));

    [SetUp]
    public void CheckHeader() => Requirements.CheckHeader();

    [TestCaseSource(nameof(Interfaces))]
    public void Interface_HasTheIdentityOfTheHeader(string name)
    {
        var declared = Declared(name);
        Assert.That(declared.GUID, Is.EqualTo(Identity(name)));
        Assert.That(declared.IsImport);
        Assert.That(declared.GetCustomAttribute<InterfaceTypeAttribute>()!.Value, Is.EqualTo(ComInterfaceType.InterfaceIsDual));
    }

    [TestCaseSource(nameof(Interfaces))]
    public void Interface_HasTheMembersOfTheHeaderInTheirOrder(string name)
    {
        string[] declared = [.. Methods(name).Select(Describe)];
        string[] expected = [.. Slots(name)];

        Assert.That(declared, Is.Not.Empty);
        Assert.That(declared, Is.EqualTo(expected.Take(declared.Length)));
    }

    [TestCase("XpProtocol", "Tcp", "NET_FW_IP_PROTOCOL_TCP")]
    [TestCase("XpProtocol", "Udp", "NET_FW_IP_PROTOCOL_UDP")]
    [TestCase("NetFwScope", "All", "NET_FW_SCOPE_ALL")]
    [TestCase("NetFwScope", "LocalSubnet", "NET_FW_SCOPE_LOCAL_SUBNET")]
    [TestCase("NetFwScope", "Custom", "NET_FW_SCOPE_CUSTOM")]
    public void Value_IsThatOfTheHeader(string type, string value, string nameInHeader)
    {
        string types = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Requirements.Header)!, "icftypes.h"));
        int expected = int.Parse(Regex.Match(types, $@"\b{nameInHeader} = (\d+)").Groups[1].Value);
        Assert.That((int)Enum.Parse(Declared(type), value), Is.EqualTo(expected));
    }

    static Type Declared(string name) => Library.Value.GetType($"TeredoSdk.Xp.{name}", throwOnError: true)!;

    // A vtable has the order of the metadata.
    static IEnumerable<MethodInfo> Methods(string name) => Declared(name).GetMethods().OrderBy(method => method.MetadataToken);

    static Guid Identity(string name)
    {
        string numbers = Regex.Match(Header.Value, $@"DEFINE_GUID\(IID_{name}, (.*?)\);").Groups[1].Value;
        uint[] parts = [.. numbers.Split(',').Select(number => Convert.ToUInt32(number.Trim(), 16))];
        return new((int)parts[0], (short)parts[1], (short)parts[2], [.. parts[3..].Select(part => (byte)part)]);
    }

    // "get_Port(out int)": what follows IDispatch in the vtable.
    static IEnumerable<string> Slots(string name)
    {
        string table = Regex.Match(Header.Value, $@"typedef struct {name}Vtbl \{{.*?/\*\*\* {name} methods \*\*\*/(.*?)END_INTERFACE",
            RegexOptions.Singleline).Groups[1].Value;
        return Slot().Matches(table).Select(slot => $"{slot.Groups[1].Value}({string.Join(", ", Parameters(slot.Groups[2].Value))})");
    }

    static IEnumerable<string> Parameters(string list) => list.Split(',').Skip(1).Select(parameter =>
    {
        var parts = Parameter().Match(parameter.Trim());
        string type = parts.Groups[1].Value;
        int stars = parts.Groups[2].Length;
        bool isInterface = type.StartsWith("INetFw", StringComparison.Ordinal) || type is "IUnknown";
        return (stars > (isInterface ? 1 : 0) ? "out " : "") + Kind(type);
    });

    // What is passed, by its size and form.
    static string Kind(string type) => type switch
    {
        "LONG" => "int",
        "VARIANT_BOOL" => "bool",
        "BSTR" => "string",
        _ when type.StartsWith("NET_FW_", StringComparison.Ordinal) => "int",
        "INetFwRemoteAdminSettings" or "INetFwIcmpSettings" or "INetFwServices" => "pointer",
        _ => type,
    };

    // A result is the last parameter of the header, a setter's name starts with "put_" there.
    static string Describe(MethodInfo method)
    {
        bool isResult = method.ReturnType != typeof(void) && (method.MethodImplementationFlags & MethodImplAttributes.PreserveSig) == 0;
        var parameters = method.GetParameters().Select(parameter => (parameter.IsOut ? "out " : "") + Kind(parameter.ParameterType));
        string name = method.Name.StartsWith("set_", StringComparison.Ordinal) ? "put_" + method.Name["set_".Length..] : method.Name;
        return $"{name}({string.Join(", ", isResult ? parameters.Append("out " + Kind(method.ReturnType)) : parameters)})";
    }

    static string Kind(Type type) => (type.IsByRef ? type.GetElementType()! : type) switch
    {
        var value when value == typeof(int) || value.IsEnum => "int",
        var value when value == typeof(bool) => "bool",
        var value when value == typeof(string) => "string",
        var value when value == typeof(IntPtr) => "pointer",
        var value => value.Name,
    };

    [GeneratedRegex(@"\(STDMETHODCALLTYPE \*(\w+)\)\((.*?)\);", RegexOptions.Singleline)]
    private static partial Regex Slot();

    [GeneratedRegex(@"^(\w+) (\**)\w+$")]
    private static partial Regex Parameter();
}
