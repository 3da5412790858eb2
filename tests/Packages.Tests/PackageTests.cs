using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace TeredoSdk.Packages.Tests;

/// <summary>The packages as a registry gets them, and as a stranger's project takes them from a folder.</summary>
[Slow]
public sealed partial class PackageTests
{
    static readonly string[] Ids =
    [
        "TeredoSdk", "TeredoSdk.Abstractions", "TeredoSdk.AspNetCore", "TeredoSdk.Cli", "TeredoSdk.Protocol", "TeredoSdk.Testing", "TeredoSdk.Windows", "TeredoSdk.Xp",
    ];

    Feed _feed = null!;

    [OneTimeSetUp]
    public async Task PackAll() => _feed = await Feed.PackAsync();

    [OneTimeTearDown]
    public void Remove() => _feed?.Dispose();

    [Test]
    public void EachProjectOfSrc_IsAPackage() => Assert.That(_feed.Packages.Select(package => package.Id), Is.EquivalentTo(Ids));

    [TestCaseSource(nameof(Ids))]
    public void Package_SaysWhatItIs(string id)
    {
        var package = _feed.Packages.Single(found => found.Id == id);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(package.Field("version"), Is.EqualTo(Feed.Version), "the version stands in one place");
            Assert.That(package.Field("description"), Has.Length.GreaterThan(50));
            Assert.That(package.Field("authors"), Is.Not.Empty);
            Assert.That(package.Field("license"), Is.EqualTo("MIT"));
            Assert.That(package.Field("projectUrl"), Is.EqualTo(Feed.Page));
            Assert.That(package.Field("tags"), Does.Contain("teredo"));
            Assert.That(package.Field("releaseNotes").Trim(), Is.EqualTo(Unreleased()));
            Assert.That(package.Octets(package.Field("icon")).AsSpan(0, 4).ToArray(), Is.EqualTo((byte[])[0x89, .. "PNG"u8]));
            Assert.That(package.Readme, Is.EqualTo(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "src", id, "README.md"))));
        }
    }

    [TestCaseSource(nameof(Ids))]
    public void Readme_StartsWithWhatIsTyped(string id)
    {
        string readme = _feed.Packages.Single(package => package.Id == id).Readme;
        Assert.That(readme.IndexOf("```", StringComparison.Ordinal), Is.InRange(1, 250), "what is typed comes first");
        Assert.That(readme, Does.Not.Match(@"\]\((?!https:)"), "a registry has no files beside the page");
    }

    [TestCaseSource(nameof(Ids))]
    public void Assembly_HasSymbolsAndDocumentation_AndNamesNoFolderOfTheMachine(string id)
    {
        var package = _feed.Packages.Single(found => found.Id == id);
        string assembly = package.Files.Single(file => Path.GetFileName(file) == (id == "TeredoSdk.Cli" ? "teredo.dll" : $"{id}.dll"));
        if (id != "TeredoSdk.Cli")
            Assert.That(package.Files, Does.Contain(Path.ChangeExtension(assembly, "xml")), "IntelliSense");
        using var image = new PEReader(new MemoryStream(package.Octets(assembly)));
        Assert.That(image.ReadDebugDirectory().Select(entry => entry.Type), Does.Contain(DebugDirectoryEntryType.Reproducible));
        using var symbols = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(_feed.Symbols(id).Octets(Path.ChangeExtension(assembly, "pdb"))));
        var reader = symbols.GetMetadataReader();
        // What the build writes itself lies beside the sources, but not here: Feed.PackAsync.
        Assert.That(reader.Documents.Select(document => reader.GetString(reader.GetDocument(document).Name)).Where(name => !_feed.IsWrittenByTheBuild(name)),
            Is.Not.Empty.And.All.StartsWith("/_/"));
    }

    [Test]
    public async Task Tool_IsInstalledFromAFolder_AndRuns()
    {
        await DotNet.RunAsync(_feed.Consumers, "dotnet", "tool", "install", "TeredoSdk.Cli", "--tool-path", "tools", "--version", Feed.Version,
            "--configfile", Path.Combine(_feed.Consumers, "nuget.config"));
        string teredo = Path.Combine(_feed.Consumers, "tools", "teredo");
        Assert.That(await DotNet.RunAsync(_feed.Consumers, teredo, "--version"), Does.StartWith(Feed.Version));
        Assert.That(await DotNet.RunAsync(_feed.Consumers, teredo, "decode", "2001:0:4136:e378:8000:63bf:3fff:fdd2"), Does.Contain("192.0.2.45:40000"));
    }

    [Test]
    public async Task ProgramsOfTheReadmes_AreProjectsOfAStranger()
    {
        List<ReadmeProgram> programs = [.. _feed.Packages.SelectMany(ReadmeProgram.Of)];
        Assert.That(programs.Select(program => program.Package).Distinct(), Is.EquivalentTo(Ids.Except(["TeredoSdk.Cli"])));
        foreach (var program in programs)
            program.Write(_feed.Consumers);
        await ReadmeProgram.BuildAllAsync(_feed.Consumers);
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var program in programs.Where(program => program.RunsAlone))
            Assert.That(await program.RunAsync(_feed.Consumers), Is.Not.Empty, program.Name);
    }

    // With LF, as the packages have it.
    static string Unreleased() => UnreleasedSection().Match(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "CHANGELOG.md"))).Groups[1].Value.Trim();

    [GeneratedRegex(@"\n## Unreleased\n\n(.*?)(\n## |$)", RegexOptions.Singleline)]
    private static partial Regex UnreleasedSection();
}
