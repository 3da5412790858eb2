using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using TeredoSdk.Windows;

namespace TeredoSdk.Architecture.Tests;

/// <summary>The package can be trimmed and compiled ahead of time: no COM of the runtime's own, no type library, no late binding.</summary>
public class NoBuiltInComTests
{
    static readonly string[] Sdk = [typeof(TeredoNode).Assembly.Location, typeof(WindowsSystem).Assembly.Location];
    static readonly string Bad = typeof(NoBuiltInComTests).Assembly.Location;

    // Members that need the runtime's own COM or marshalling made at run time.
    static readonly string[] Forbidden =
    [
        "GetTypeFromProgID", "GetTypeFromCLSID", "GetActiveObject", "GetObjectForIUnknown", "GetIUnknownForObject", "GetIDispatchForObject",
        "GetTypedObjectForIUnknown", "CreateAggregatedObject", "GetNativeVariantForObject", "GetObjectForNativeVariant",
    ];

    [TestCaseSource(nameof(Sdk))]
    public void Sdk_UsesNoBuiltInComAndNoDynamic(string path)
    {
        var (imported, members, assemblies) = Scan(path);
        Assert.That(imported, Is.Empty, "types with [ComImport]");
        Assert.That(members.Intersect(Forbidden), Is.Empty);
        Assert.That(assemblies, Does.Not.Contain("Microsoft.CSharp"));
    }

    [Test]
    public void Scan_FindsWhatItLooksFor()
    {
        var (imported, members, _) = Scan(Bad);
        Assert.That(imported, Does.Contain(nameof(IBuiltIn)));
        Assert.That(members, Does.Contain("GetTypeFromProgID"));
        Assert.That(OperatingSystem.IsWindows() ? null : LateBound(), Is.Null);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
#pragma warning disable CA1416 // returns null elsewhere
    static Type? LateBound() => Type.GetTypeFromProgID("No.Such.Class");
#pragma warning restore CA1416

    static (List<string> Imported, List<string> Members, List<string> Assemblies) Scan(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        return ([.. reader.TypeDefinitions.Select(reader.GetTypeDefinition).Where(type => type.Attributes.HasFlag(TypeAttributes.Import)).Select(type => reader.GetString(type.Name))],
            [.. reader.MemberReferences.Select(reader.GetMemberReference).Select(member => reader.GetString(member.Name))],
            [.. reader.AssemblyReferences.Select(handle => reader.GetString(reader.GetAssemblyReference(handle).Name))]);
    }

    [System.Runtime.InteropServices.ComImport, System.Runtime.InteropServices.Guid("2f2b3f4c-8a5a-4c0e-9b7e-1f8f4a3c2d10")]
    interface IBuiltIn;
}
