using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace TeredoSdk.Xp.Tests;

/// <summary>The library stays small and by itself.</summary>
public class LibraryTests
{
    static readonly string Sources = Path.Combine(Probe.Root, "src", "TeredoSdk.Xp");

    [Test]
    public void Sources_StaySmall()
    {
        var files = Directory.EnumerateFiles(Sources, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Sources, file).StartsWith("obj", StringComparison.Ordinal));
        Assert.That(files.Sum(file => File.ReadLines(file).Count()), Is.InRange(100, 1299));
    }

    [Test]
    public void Assembly_NeedsNothingButTheFramework()
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(Probe.Folder, "TeredoSdk.Xp.dll")));
        var reader = file.GetMetadataReader();
        var references = reader.AssemblyReferences.Select(reader.GetAssemblyReference).ToList();

        Assert.That(references.Select(reference => reader.GetString(reference.Name)), Is.EquivalentTo(new[] { "mscorlib", "System", "System.Core" }));
        Assert.That(references.Select(reference => reference.Version), Is.All.EqualTo(new Version(4, 0, 0, 0)));
    }

    [Test]
    public void Project_HasNoPackageThatUsersGet() =>
        Assert.That(XDocument.Load(Path.Combine(Sources, "TeredoSdk.Xp.csproj")).Descendants("PackageReference")
        .Select(package => package.Attribute("PrivateAssets")?.Value), Is.All.EqualTo("all"));
}
