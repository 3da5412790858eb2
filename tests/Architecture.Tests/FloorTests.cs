using System.Reflection;
using System.Text.RegularExpressions;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Windows;

namespace TeredoSdk.Architecture.Tests;

/// <summary>The house has floors: what stands on a floor uses what is below it, and nothing above. Folders and namespaces agree.</summary>
public class FloorTests
{
    static readonly Assembly[] House = [typeof(TeredoNode).Assembly, typeof(WindowsSystem).Assembly, typeof(TeredoReport).Assembly, typeof(TeredoClient).Assembly];

    // A namespace that its users look for, in the folder of the public face.
    const string ForUsersOfDependencyInjection = "Microsoft.Extensions.DependencyInjection";

    [TestCaseSource(nameof(House))]
    public void Arrows_PointDownwards(Assembly assembly) => Assert.That(Floors.UpwardArrows(assembly), Is.Empty);

    [TestCaseSource(nameof(House))]
    public void Folders_AreNamespaces(Assembly assembly)
    {
        var files = new SourceFiles(assembly);
        // The vocabulary is spoken in the namespaces of those who use it.
        string root = assembly == typeof(TeredoReport).Assembly ? "TeredoSdk" : assembly.GetName().Name!;
        var strays =
            from type in TypeUses.WrittenIn(assembly)
            where Floors.Of(type) is not null
            from file in files.Of(type)
            where !file.StartsWith("../Shared/", StringComparison.Ordinal) // compiled into several assemblies
            let folder = Path.GetDirectoryName(file)!.Replace('/', '.')
            let expected = folder.Length == 0 ? root : $"{root}.{folder}"
            where type.Namespace != expected && (type.Namespace, folder) is not (ForUsersOfDependencyInjection, "")
            select $"{file} declares {type.FullName}; expected the namespace {expected}";
        Assert.That(strays, Is.Empty);
    }

    [TestCaseSource(nameof(House))]
    public void EveryWrittenType_HasItsFile(Assembly assembly)
    {
        var files = new SourceFiles(assembly);
        Assert.That(TypeUses.WrittenIn(assembly).Where(type => Floors.Of(type) is not null && files.Of(type).Count == 0), Is.Empty);
    }

    [Test]
    public void LowerFloors_DoNotNameTheFace()
    {
        // What leaves no trace in the assembly: nameof, crefs and sentences with interpolated names.
        string folder = Path.Combine(RepositoryRoot.Path, "src", "TeredoSdk");
        var face = TypeUses.WrittenIn(typeof(TeredoNode).Assembly).Where(type => type.Namespace == "TeredoSdk" && type.IsPublic).Select(type => type.Name).ToArray();
        var namings =
            from path in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                .Concat(Directory.EnumerateFiles(folder + ".Windows", "*.cs", SearchOption.AllDirectories))
                .Concat(Directory.EnumerateFiles(folder + ".Abstractions", "*.cs", SearchOption.AllDirectories))
            let file = Path.GetRelativePath(folder, path).Replace('\\', '/')
            where file.Contains('/') && !file.Contains("/obj/") && !file.StartsWith("obj/", StringComparison.Ordinal)
            let text = File.ReadAllText(path)
            from name in face
            where Regex.IsMatch(text, $"(nameof\\(|cref=\"){name}\\b")
            select $"{file} names {name}";
        Assert.That(namings, Is.Empty);
    }

    [TestCase(typeof(Samples.Base)), TestCase(typeof(Samples.Field)), TestCase(typeof(Samples.Parameter)), TestCase(typeof(Samples.Result))]
    [TestCase(typeof(Samples.Construction)), TestCase(typeof(Samples.StaticCall)), TestCase(typeof(Samples.GenericArgument))]
    [TestCase(typeof(Samples.Constraint<>)), TestCase(typeof(Samples.Attribute)), TestCase(typeof(Samples.Closure)), TestCase(typeof(Samples.Awaiting))]
    [TestCase(typeof(Samples.Caught)), TestCase(typeof(Samples.Cast)), TestCase(typeof(Samples.TypeOf)), TestCase(typeof(Samples.Array))]
    public void Scan_FindsEachKindOfUse(Type user) => Assert.That(TypeUses.Of(user), Does.Contain(typeof(Samples.Used)).Or.Contain(typeof(Samples.UsedException))
        .Or.Contain(typeof(Samples.UsedAttribute)));

    [Test]
    public void Scan_FindsNothingWhereNothingIsUsed() => Assert.That(TypeUses.Of(typeof(Samples.Nothing)).Select(type => type.Namespace), Has.None.EqualTo(typeof(Samples.Used).Namespace));
}
