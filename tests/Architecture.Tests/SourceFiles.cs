using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Text.RegularExpressions;

namespace TeredoSdk.Architecture.Tests;

/// <summary>Where the types of an assembly were written: the symbols say it for types with code, the sources for the rest.</summary>
sealed class SourceFiles
{
    readonly Dictionary<int, SortedSet<string>> _files = [];
    readonly ILookup<string, string> _declarations;
    readonly string _folder;

    // What is compiled into several assemblies.
    static readonly string Shared = System.IO.Path.Combine(RepositoryRoot.Path, "src", "Shared");

    public SourceFiles(Assembly assembly)
    {
        _folder = System.IO.Path.Combine(RepositoryRoot.Path, "src", assembly.GetName().Name!);
        string symbols = System.IO.Path.ChangeExtension(assembly.Location, ".pdb");
        using var provider = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(symbols));
        var reader = provider.GetMetadataReader();
        foreach (var method in assembly.GetTypes().SelectMany(type => type.GetMembers(
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly)).OfType<MethodBase>())
        {
            var debug = reader.GetMethodDebugInformation(MetadataTokens.MethodDebugInformationHandle(method.MetadataToken & 0xFFFFFF));
            if (debug.Document.IsNil || !IsWritten(reader.GetString(reader.GetDocument(debug.Document).Name), out string file))
                continue;
            int type = TypeUses.Outermost(method.DeclaringType!).MetadataToken;
            (_files.TryGetValue(type, out var files) ? files : _files[type] = []).Add(file);
        }
        _declarations = new[] { _folder, Shared }.SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(path => IsWritten(path, out _))
            .SelectMany(path => Regex.Matches(File.ReadAllText(path), @"^[\w\s]*\b(?:class|struct|interface|enum|record|delegate [^(]+?)\s+(\w+)", RegexOptions.Multiline)
                .Select(match => (Name: match.Groups[1].Value, File: Relative(path))))
            .ToLookup(declared => declared.Name, declared => declared.File);
    }

    /// <summary>The files of a type, below the folder of its project.</summary>
    public IReadOnlyCollection<string> Of(Type type) => _files.TryGetValue(type.MetadataToken, out var files) ? files
        : [.. _declarations[type.Name.Split('`')[0]].Distinct()];

    // Not what a generator or the compiler made.
    bool IsWritten(string path, out string relative)
    {
        relative = "";
        path = path.Replace("/_/", RepositoryRoot.Path + "/", StringComparison.Ordinal); // deterministic builds
        if ((!path.StartsWith(_folder, StringComparison.Ordinal) && !path.StartsWith(Shared, StringComparison.Ordinal)) || Relative(path).Split('/')[0] is "obj" or "bin")
            return false;
        relative = Relative(path);
        return true;
    }

    string Relative(string path) => System.IO.Path.GetRelativePath(_folder, path).Replace('\\', '/');
}
