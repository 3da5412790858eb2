using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Text.RegularExpressions;
using TeredoSdk.Windows;

namespace TeredoSdk.Platform.Tests.Windows;

/// <summary>Holds the C# declarations of the firewall's COM interfaces against the header that C programs are built with.</summary>
public partial class FirewallHeaderTests
{
    const string File = "/usr/share/mingw-w64/include/netfw.h", EnumerationFile = "/usr/share/mingw-w64/include/icftypes.h";
    const string Place = "TeredoSdk.Windows.Native.NetFwTypeLib";

    static readonly string[] Interfaces =
    [
        "INetFwMgr", "INetFwOpenPort", "INetFwOpenPorts", "INetFwPolicy", "INetFwPolicy2", "INetFwProduct", "INetFwProducts", "INetFwProfile",
        "INetFwRule", "INetFwRule2", "INetFwRule3", "INetFwRules",
    ];

    ComHeader _header = null!;

    [OneTimeSetUp]
    public void Read()
    {
        if (!System.IO.File.Exists(File))
            Assert.Ignore($"The header {File} is not there (package mingw-w64-x86-64-dev).");
        _header = new ComHeader(System.IO.File.ReadAllText(File));
    }

    [Test]
    public void Declarations_AreThoseOfTheTest() => Assert.That(
        Types().Where(type => type.IsInterface).Select(type => type.Name).Order(StringComparer.Ordinal), Is.EqualTo(Interfaces));

    [TestCaseSource(nameof(Interfaces))]
    public void Declaration_HasTheHeadersIdAndMethodsInOrderWithTheirWidths(string name)
    {
        var own = ManagedTable.Of(Type(name));
        var header = _header.Table(name);

        Assert.That(Own(own).DifferencesFrom(Own(header)), Is.Empty);
        Assert.That(own.Methods.Take(DispatchMethods).Select(Shape), Is.EqualTo(header.Methods.Take(DispatchMethods).Select(Shape)));
    }

    [Test]
    public void Classes_HaveTheHeadersIds()
    {
        var classes = Type("FirewallClasses").GetFields(BindingFlags.Static | BindingFlags.Public);

        Assert.That(classes, Has.Length.EqualTo(5));
        Assert.That(classes.Select(each => (each.Name, each.GetValue(null))),
            Is.EqualTo(classes.Select(each => (each.Name, (object)_header.Id($"CLSID_{each.Name}")))));
    }

    [Test]
    public void Enumerations_HaveTheHeadersValues()
    {
        string header = System.IO.File.ReadAllText(EnumerationFile);
        var enumerations = Types().Where(type => type.IsEnum).ToList();

        Assert.That(enumerations, Has.Count.EqualTo(6));
        foreach (var type in enumerations)
        {
            string body = Regex.Match(header, $@"enum {type.Name} \{{(?<body>[^}}]*)\}}").Groups["body"].Value;
            foreach (string name in Enum.GetNames(type))
            {
                var value = (int)Enum.Parse(type, name);
                Assert.That(Regex.Match(body, $@"\b{name} = (?<value>\w+)").Groups["value"].Value, Is.EqualTo($"{value}").Or.EqualTo($"0x{value:x}"), name);
            }
        }
    }

    [Test]
    public void WrongDeclaration_IsCaught() => Assert.That(
        ManagedTable.Of(typeof(IWrongRestriction)).DifferencesFrom(Own(_header.Table("INetFwServiceRestriction"))), Is.EqualTo(new[]
        {
            "IWrongRestriction: the IID is 8267bbe3-f890-491c-b7b6-2db1ef0e5d2c instead of 8267bbe3-f890-491c-b7b6-2db1ef0e5d2b",
            "IWrongRestriction, place 0: RestrictService(bstr, bstr, bool of 32, bool16) instead of RestrictService(bstr, bstr, bool16, bool16)",
            "IWrongRestriction, place 1: GetRules(pointer*) instead of ServiceRestricted(bstr, bstr, bool16*)",
            "IWrongRestriction, place 2: ServiceRestricted(bstr, 16, bool16*) instead of GetRules(pointer*)",
        }));

    const int DispatchMethods = 4;

    // Without IDispatch's methods, whose parameters nobody passes: their names and numbers are enough.
    static ComTable Own(ComTable table) => table with { Methods = [.. table.Methods.Skip(DispatchMethods)] };

    static (string Name, int Parameters) Shape(string method) => (method[..method.IndexOf('(', StringComparison.Ordinal)], method.Split(',').Length);

    static Type Type(string name) => Types().Single(type => type.Name == name);

    static IEnumerable<Type> Types() => typeof(WindowsSystem).Assembly.GetTypes().Where(type => type.Namespace == Place && !type.IsNested);

    [GeneratedComInterface(StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(BStrStringMarshaller))]
    [Guid("8267bbe3-f890-491c-b7b6-2db1ef0e5d2c")]
    internal partial interface IWrongRestriction
    {
        void RestrictService(
            string service, string program, [MarshalAs(UnmanagedType.Bool)] bool restrict, [MarshalAs(UnmanagedType.VariantBool)] bool sid);

        nint GetRules();

        [return: MarshalAs(UnmanagedType.VariantBool)]
        bool ServiceRestricted(string service, short program);
    }
}
