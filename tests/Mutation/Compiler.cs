using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using TeredoSdk.Repetition;

namespace TeredoSdk.Mutation;

/// <summary>Compiles one project as the build does, in this process: a second where a build takes ten.</summary>
sealed class Compiler
{
    readonly string _copy;
    readonly CSharpCompilation _original;
    readonly CSharpParseOptions _parsing;
    readonly Dictionary<string, SyntaxTree> _trees = [];
    readonly ResourceDescription[] _resources;

    Compiler(string copy, CSharpCommandLineArguments arguments, IEnumerable<string> generated)
    {
        _copy = copy;
        _parsing = arguments.ParseOptions.WithDocumentationMode(DocumentationMode.None);
        foreach (string path in arguments.SourceFiles.Select(source => source.Path).Concat(generated))
            _trees[path] = Parse(path, File.ReadAllText(path));
        // What is written in a hurry need not be free of warnings.
        var silent = arguments.CompilationOptions.SpecificDiagnosticOptions.Where(option => option.Value == ReportDiagnostic.Suppress);
        var options = arguments.CompilationOptions.WithGeneralDiagnosticOption(ReportDiagnostic.Suppress).WithSpecificDiagnosticOptions(silent);
        _resources = [.. arguments.ManifestResources];
        _original = CSharpCompilation.Create(arguments.CompilationName, _trees.Values,
            arguments.MetadataReferences.Select(reference => MetadataReference.CreateFromFile(reference.Reference, reference.Properties)), options);
    }

    /// <summary>Builds the project once, to learn how it is compiled and what the generators make.</summary>
    public static async Task<Compiler> CreateAsync(string copy, Target target)
    {
        string folder = Path.Combine(copy, target.Source), generated = Path.Combine(folder, "obj", "Mutation");
        if (Directory.Exists(generated))
            Directory.Delete(generated, recursive: true); // of an earlier commit
        StringWriter output = new();
        if (await Repository.RunAsync("dotnet", ["build", folder, "-t:Rebuild", "-p:Loop=true", "--no-restore", "-p:BuildProjectReferences=false",
            "-p:ProvideCommandLineArgs=true", "-p:EmitCompilerGeneratedFiles=true", $"-p:CompilerGeneratedFilesOutputPath={generated}",
            "-getItem:CscCommandLineArgs"], output) != 0)
            throw new InvalidOperationException($"{target.Source} does not build: {output}");
        string[] lines = [.. JsonDocument.Parse(output.ToString()).RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray()
            .Select(item => item.GetProperty("Identity").GetString()!)];
        var arguments = CSharpCommandLineParser.Default.Parse(lines, folder, sdkDirectory: null);
        return new(copy, arguments, Directory.Exists(generated) ? Directory.EnumerateFiles(generated, "*.cs", SearchOption.AllDirectories) : []);
    }

    /// <summary>Compiles it with one file changed.</summary>
    /// <returns>Whether it compiles.</returns>
    public bool TryEmit(string file, string text, Stream assembly)
    {
        string path = Path.Combine(_copy, file);
        return IsEmitted(_original.ReplaceSyntaxTree(_trees[path], Parse(path, text)), assembly);
    }

    /// <summary>Compiles it so that each member says that it ran.</summary>
    /// <param name="folder">Only members of files in this folder do.</param>
    /// <param name="assembly">Takes what was compiled.</param>
    /// <returns>The members.</returns>
    public List<Member> EmitWithReach(string folder, Stream assembly)
    {
        List<Member> members = [];
        var changed = _original.AddSyntaxTrees(Parse("ReachProbe.cs", "#nullable enable\n" + ReachWriter.Probe));
        foreach (var (path, tree) in _trees)
        {
            string file = Path.GetRelativePath(_copy, path);
            if (file.StartsWith(folder + '/', StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
                changed = changed.ReplaceSyntaxTree(tree, Parse(path, ReachWriter.Apply(file, tree, members)));
        }
        if (!IsEmitted(changed, assembly))
            throw new InvalidOperationException("With the lines that tell what runs it does not compile: "
                + changed.GetDiagnostics().FirstOrDefault(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        return members;
    }

    bool IsEmitted(CSharpCompilation compilation, Stream assembly) => compilation.Emit(assembly, manifestResources: _resources).Success;

    SyntaxTree Parse(string path, string text) => CSharpSyntaxTree.ParseText(SourceText.From(text, System.Text.Encoding.UTF8), _parsing, path);
}
