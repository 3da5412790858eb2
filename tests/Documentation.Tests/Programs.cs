using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace TeredoSdk.Documentation.Tests;

/// <summary>Compiles programs that pages show, as a console or a web project would.</summary>
static class Programs
{
    // What projects have without writing it. The web's are there where a program builds a host.
    const string ConsoleUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    const string WebUsings = """
        global using System.Net.Http.Json;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using Microsoft.Extensions.Logging;
        """;

    const string RuntimeConfiguration = """
        { "runtimeOptions": { "tfm": "net10.0", "frameworks": [
          { "name": "Microsoft.NETCore.App", "version": "10.0.0" }, { "name": "Microsoft.AspNetCore.App", "version": "10.0.0" } ] } }
        """;

    static readonly ImmutableArray<MetadataReference> References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The errors and warnings of a program, as the compiler words them.</summary>
    public static IReadOnlyList<string> Check(string text) => Messages(Compile("Program", text));

    /// <summary>Writes a program with all that it needs into a folder, and says which file runs it.</summary>
    public static string Write(string folder, string name, string text)
    {
        foreach (string path in Directory.EnumerateFiles(AppContext.BaseDirectory, "TeredoSdk*.dll"))
            File.Copy(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
        File.WriteAllText(Path.Combine(folder, $"{name}.runtimeconfig.json"), RuntimeConfiguration);
        string program = Path.Combine(folder, $"{name}.dll");
        var result = Compile(name, text).Emit(program);
        Assert.That(result.Success, $"{name}: {string.Join('\n', result.Diagnostics)}");
        return program;
    }

    static CSharpCompilation Compile(string name, string text)
    {
        var parsing = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);
        string usings = text.Contains("Host.Create", StringComparison.Ordinal) || text.Contains("WebApplication", StringComparison.Ordinal)
            || text.Contains("BackgroundService", StringComparison.Ordinal) ? ConsoleUsings + "\n" + WebUsings : ConsoleUsings;
        return CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(usings, parsing), CSharpSyntaxTree.ParseText(text, parsing)], References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
    }

    // Not what a compiler says about unused usings.
    static IReadOnlyList<string> Messages(CSharpCompilation compilation) =>
        [.. compilation.GetDiagnostics().Where(message => message.Severity >= DiagnosticSeverity.Warning).Select(message => message.ToString())];
}
