using System.Xml.Linq;

namespace TeredoSdk.Packages.Tests;

/// <summary>All packages of this repository, packed once in a run into a folder that other projects take them from.</summary>
sealed class Feed : IDisposable
{
    /// <summary>What a release names, too: docs/releasing.md.</summary>
    public const string Page = "https://teredosdk.example/";

    /// <summary>A version that no cache of packages has.</summary>
    public static string Version { get; } = $"0.0.0-test.{Environment.ProcessId}.{DateTime.UtcNow:yyyyMMddHHmmss}";

    readonly string _scratch = Directory.CreateTempSubdirectory("teredosdk-packages-").FullName;

    Feed()
    {
    }

    /// <summary>The folder with the packages.</summary>
    public string Folder => Path.Combine(_scratch, "feed");

    /// <summary>A folder outside the repository, for projects that take the packages.</summary>
    public string Consumers => Path.Combine(_scratch, "consumers");

    public IEnumerable<Package> Packages => Directory.EnumerateFiles(Folder, "*.nupkg").Select(path => new Package(path));

    public Package Symbols(string id) => new(Path.Combine(Folder, $"{id}.{Version}.snupkg"));

    string Artifacts => Path.Combine(_scratch, "artifacts");

    /// <summary>Whether a source file was written by the build.</summary>
    public bool IsWrittenByTheBuild(string source) => source.StartsWith(Artifacts, StringComparison.Ordinal);

    public static async Task<Feed> PackAsync()
    {
        var feed = new Feed();
        Directory.CreateDirectory(feed.Consumers);
        // Restored once, then packed beside each other. In folders of its own: other tests publish meanwhile.
        string script = Path.Combine(feed._scratch, "pack.proj");
        new XElement("Project",
            new XElement("ItemGroup", new XElement("Packed", new XAttribute("Include", Path.Combine(RepositoryRoot.Path, "src", "*", "*.csproj")))),
            new XElement("Target", new XAttribute("Name", "Pack"),
                Task("Restore", ("MSBuildRestoreSessionId", "pack")), Task("Pack"))).Save(script);
        await DotNet.RunAsync(RepositoryRoot.Path, "dotnet", "msbuild", script, "-t:Pack", "-v:q", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:Configuration=Release",
            "-p:RunAnalyzers=false", $"-p:Version={Version}", $"-p:PackageProjectUrl={Page}", $"-p:PackageOutputPath={feed.Folder}",
            $"-p:ArtifactsPath={feed.Artifacts}", "-p:UseArtifactsOutput=true");
        File.WriteAllText(Path.Combine(feed.Consumers, "nuget.config"), $"""
            <configuration><packageSources><add key="packed" value="{feed.Folder}" /></packageSources></configuration>
            """);
        return feed;

        static XElement Task(string target, params (string Name, string Value)[] properties) => new("MSBuild", new XAttribute("Projects", "@(Packed)"),
            new XAttribute("Targets", target), new XAttribute("BuildInParallel", "true"),
            new XAttribute("Properties", string.Join(';', properties.Select(property => $"{property.Name}={property.Value}"))));
    }

    /// <summary>Removes the folders, and what the machine's cache of packages got of this version.</summary>
    public void Dispose()
    {
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (string folder in Packages.Select(package => Path.Combine(cache, package.Id.ToLowerInvariant(), Version)).Where(Directory.Exists).ToList())
            Directory.Delete(folder, recursive: true);
        Directory.Delete(_scratch, recursive: true);
    }
}
