using System.Xml.Linq;

namespace TeredoSdk.Examples.Tests.Kits;

/// <summary>The XML of the kits for WiX and MSIX has names of those formats, as their documentation and WiX's compiler list them.</summary>
public sealed class XmlKitTests
{
    const string Wxs = "http://wixtoolset.org/schemas/v4/wxs";
    const string Firewall = Wxs + "/firewall";
    const string Windows10 = "http://schemas.microsoft.com/appx/manifest/foundation/windows10";
    const string Uap = "http://schemas.microsoft.com/appx/manifest/uap/windows10";
    const string Desktop2 = "http://schemas.microsoft.com/appx/manifest/desktop/windows10/2";

    // "Element: attributes", by namespace. What the kits do not use is not here.
    static readonly Dictionary<string, string[]> Known = new()
    {
        [Wxs] =
        [
            "Wix:", "Package: Name Manufacturer Version UpgradeCode Scope", "MajorUpgrade: Schedule DowngradeErrorMessage",
            "MediaTemplate: EmbedCab", "Property: Id Secure", "Feature: Id", "ComponentGroupRef: Id", "Fragment:", "StandardDirectory: Id",
            "Directory: Id Name", "ComponentGroup: Id Directory", "Component: Id Guid", "File: Id Source", "CreateFolder:",
            "CustomAction: Id BinaryRef DllEntry Execute Impersonate Return", "SetProperty: Id Value Before After Sequence Condition",
            "InstallExecuteSequence:", "Custom: Action Before After Condition",
        ],
        [Firewall] =
        [
            "FirewallException: Id Name Grouping Description Program Protocol Port Profile Scope EdgeTraversal",
        ],
        [Windows10] =
        [
            "Package: IgnorableNamespaces", "Identity: Name Publisher Version ProcessorArchitecture", "Properties:", "DisplayName:",
            "PublisherDisplayName:", "Logo:", "Dependencies:", "TargetDeviceFamily: Name MinVersion MaxVersionTested", "Resources:",
            "Resource: Language", "Applications:",
            "Application: Id Executable EntryPoint", "Extensions:", "Capabilities:",
        ],
        [Uap] = ["VisualElements: DisplayName Description BackgroundColor Square150x150Logo Square44x44Logo"],
        [Desktop2] =
        [
            "Extension: Category", "FirewallRules: Executable", "Rule: Direction IPProtocol Profile LocalPortMin LocalPortMax",
        ],
        ["http://schemas.microsoft.com/appx/manifest/foundation/windows10/restrictedcapabilities"] = ["Capability: Name"],
    };

    static IEnumerable<string> Files => ["Wix/Package.wxs", "Wix/TeredoSetup.wxs", "Wix/FirewallRules.wxs", "Msix/AppxManifest.xml"];

    [TestCaseSource(nameof(Files))]
    public void Names_AreThoseOfTheFormat(string file)
    {
        var known = Known.SelectMany(space => space.Value, (space, line) => (Space: space.Key, Parts: line.Split(':')))
            .ToDictionary(element => XName.Get(element.Parts[0], element.Space), element => element.Parts[1].Split(' '));
        foreach (var element in Load(file).Descendants())
        {
            Assert.That(known, Does.ContainKey(element.Name), file);
            Assert.That(element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration).Select(attribute => attribute.Name.LocalName),
                Is.SubsetOf(known[element.Name]), element.Name.LocalName);
        }
    }

    // A reference to what no file of the kit has is an error of WiX's linker.
    [Test]
    public void Wix_RefersToWhatItHas()
    {
        var all = Files.Where(file => file.StartsWith("Wix", StringComparison.Ordinal)).SelectMany(file => Load(file).Descendants()).ToList();
        string[] ids =
        [
            .. all.Where(element => element.Name.LocalName is "ComponentGroup" or "Directory" or "CustomAction")
                .Select(element => (string)element.Attribute("Id")!),
        ];
        string[] standard = ["InstallFiles", "RemoveFiles"];
        string[] references =
        [
            .. all.Where(element => element.Name.LocalName is "ComponentGroupRef").Select(element => (string)element.Attribute("Id")!),
            .. all.Attributes("Directory").Concat(all.Attributes("Action")).Select(attribute => attribute.Value),
            .. all.Attributes("Before").Concat(all.Attributes("After")).Select(attribute => attribute.Value),
        ];
        Assert.That(references.Distinct(), Is.Not.Empty.And.SubsetOf(ids.Concat(standard)));
    }

    // The values of WiX's compiler; a rule without edge traversal lets no stranger in.
    [Test]
    public void Wix_Rule_DefersToTheApplication()
    {
        var rule = Load("Wix/FirewallRules.wxs").Descendants(XName.Get("FirewallException", Firewall)).Single();
        string Of(string attribute) => (string)rule.Attribute(attribute)!;
        Assert.That((Of("EdgeTraversal"), Of("Protocol"), Of("Profile"), Of("Scope"), Of("Program")),
            Is.EqualTo(("deferToApp", "tcp", "all", "any", "[INSTALLFOLDER]Chess.exe")));
    }

    static XDocument Load(string file) => XDocument.Load(Kit.Path(file));
}
