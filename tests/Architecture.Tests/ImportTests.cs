using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace TeredoSdk.Architecture.Tests;

/// <summary>
/// Native libraries come from the system's folder alone: one that lies beside an elevated installer, or in its working folder, is never loaded.
/// </summary>
public class ImportTests
{
    const string SearchPaths = "System.Runtime.InteropServices.DefaultDllImportSearchPathsAttribute";
    static readonly string Bad = typeof(ImportTests).Assembly.Location;

    // They look for a library by a name, wherever the caller says.
    static readonly string[] Loaders =
    [
        "System.Runtime.InteropServices.NativeLibrary.Load", "System.Runtime.InteropServices.NativeLibrary.TryLoad",
        "System.Runtime.InteropServices.NativeLibrary.SetDllImportResolver",
    ];

    // The assemblies of the packages lie beside the tests, but for that of the .NET Framework.
    static IEnumerable<string> Assemblies => Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
        .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("TeredoSdk", StringComparison.Ordinal) || name == "teredo.dll")
            && path != Bad)
        .Append(Path.Combine(RepositoryRoot.Path, "src", "TeredoSdk.Xp", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net40",
            "TeredoSdk.Xp.dll"));

    [TestCaseSource(nameof(Assemblies))]
    public void Assembly_ImportsFromTheSystemsFolderOnly(string path) => Assert.That(Violations(path), Is.Empty);

    [Test]
    public void Scan_SeesTheAssembliesThatImport() =>
        Assert.That(Assemblies.Where(path => Imports(path) > 0).Select(Path.GetFileName), Is.EquivalentTo(new[] { "TeredoSdk.dll", "TeredoSdk.Windows.dll", "teredo.dll" }));

    [Test]
    public void Scan_FindsWhatItLooksFor()
    {
        NativeLibrary.TryLoad("no-such-library", out _);
        Assert.That(Violations(Bad), Does.Contain("NoPaths is looked for anywhere")
            .And.Contain("BesideTheProgram is looked for in SafeDirectories").And.Contain(Loaders[1]).And.Not.Contain("FromTheSystem is looked for anywhere"));
    }

    static List<string> Violations(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        var all = PathsOf(reader, reader.GetAssemblyDefinition().GetCustomAttributes());
        var violations = AssemblyReferences.Of(path).Members.Intersect(Loaders).ToList();
        foreach (var method in ImportsOf(reader))
        {
            // The attribute of a method goes before that of its assembly.
            var paths = PathsOf(reader, method.GetCustomAttributes()) ?? all;
            if (paths != DllImportSearchPath.System32)
                violations.Add($"{NameOf(reader, method)} is looked for {(paths is null ? "anywhere" : $"in {paths}")}");
        }
        return violations;
    }

    static int Imports(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        return ImportsOf(file.GetMetadataReader()).Count();
    }

    static IEnumerable<MethodDefinition> ImportsOf(MetadataReader reader) =>
        reader.MethodDefinitions.Select(reader.GetMethodDefinition).Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl));

    // A generated import is a local function, whose name has that of its method in angle brackets.
    static string NameOf(MetadataReader reader, MethodDefinition method) =>
        reader.GetString(method.Name) is ['<', .. var rest] ? rest[..rest.IndexOf('>', StringComparison.Ordinal)] : reader.GetString(method.Name);

    static DllImportSearchPath? PathsOf(MetadataReader reader, CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes.Select(reader.GetCustomAttribute))
        {
            if (attribute.Constructor.Kind != HandleKind.MemberReference
                || reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is not { Kind: HandleKind.TypeReference } parent)
                continue;
            var type = reader.GetTypeReference((TypeReferenceHandle)parent);
            if ($"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}" != SearchPaths)
                continue;
            var value = reader.GetBlobReader(attribute.Value);
            value.ReadUInt16(); // the prolog
            return (DllImportSearchPath)value.ReadInt32();
        }
        return null;
    }

    [DllImport("none")]
    static extern void NoPaths();

    [DllImport("none")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern void BesideTheProgram();

    [DllImport("none")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    static extern void FromTheSystem();
}
