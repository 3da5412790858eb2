using System.Xml.Linq;

namespace TeredoSdk.Architecture.Tests;

/// <summary>Which project of src may reference which: the arrows point one way only.</summary>
public class ProjectReferenceTests
{
    static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["TeredoSdk.Protocol"] = [],
        ["TeredoSdk.Abstractions"] = ["TeredoSdk.Protocol"],
        ["TeredoSdk.Windows"] = ["TeredoSdk.Abstractions"],
        ["TeredoSdk"] = ["TeredoSdk.Protocol", "TeredoSdk.Abstractions", "TeredoSdk.Windows"],
        ["TeredoSdk.Testing"] = ["TeredoSdk.Protocol", "TeredoSdk.Windows", "TeredoSdk"],
        ["TeredoSdk.AspNetCore"] = ["TeredoSdk"],
        ["TeredoSdk.Cli"] = ["TeredoSdk.Protocol", "TeredoSdk", "TeredoSdk.Testing", "TeredoSdk.AspNetCore"],
        ["TeredoSdk.Xp"] = [],
    };

    static readonly Dictionary<string, string> Projects = Directory
        .EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.csproj", SearchOption.AllDirectories).ToDictionary(path => Path.GetFileNameWithoutExtension(path)!);

    [Test]
    public void Project_IsOneThatIsKnown() => Assert.That(Projects.Keys, Is.SubsetOf(Allowed.Keys).And.SupersetOf(new[] { "TeredoSdk.Protocol", "TeredoSdk.Windows", "TeredoSdk", "TeredoSdk.Testing" }));

    [Test]
    public void Project_ReferencesOnlyWhatItMay()
    {
        foreach (var (name, path) in Projects)
            Assert.That(References(path, "ProjectReference").Select(ProjectName), Is.SubsetOf(Allowed[name]), name);
    }

    [Test]
    public void ProjectOfTheSdk_ReferencesOnlyTheLibrariesItMay() =>
        Assert.That(References(Projects["TeredoSdk"], "PackageReference"), Is.SubsetOf(new[]
        {
            "Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Options", "Microsoft.Extensions.Options.ConfigurationExtensions",
            "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks",
        }));

    [Test]
    public void ProjectOfTheCore_ReferencesNoPackageAndNoAssembly()
    {
        Assert.That(References(Projects["TeredoSdk.Protocol"], "PackageReference"), Is.Empty);
        Assert.That(References(Projects["TeredoSdk.Protocol"], "Reference"), Is.Empty);
        Assert.That(References(Projects["TeredoSdk.Protocol"], "FrameworkReference"), Is.Empty);
    }

    [Test]
    public void Scan_OfTheTestsOwnProject_FindsItsReferences()
    {
        string own = Path.Combine(RepositoryRoot.Path, "tests", "Architecture.Tests", "TeredoSdk.Architecture.Tests.csproj");
        Assert.That(References(own, "ProjectReference").Select(ProjectName), Does.Contain("TeredoSdk.Protocol"));
        Assert.That(References(own, "PackageReference"), Does.Contain("NUnit"));
    }

    static IEnumerable<string> References(string path, string kind) =>
        XDocument.Load(path).Descendants(kind).Select(reference => reference.Attribute("Include")!.Value);

    static string ProjectName(string include) => Path.GetFileNameWithoutExtension(include.Replace('\\', '/'));
}
