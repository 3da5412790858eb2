using System.Text.RegularExpressions;
using System.Xml.Linq;
using TeredoSdk.Architecture.Tests;
using YamlDotNet.RepresentationModel;

namespace TeredoSdk.Examples.Tests.Kits;

/// <summary>The workflow for a hosted Windows is whole: what it names exists here. Whether a host runs it, only a host shows.</summary>
public sealed class WorkflowTests
{
    static readonly string[] Steps = [.. Scalars(Load())];

    [Test]
    public void Workflow_HasAJobOfStepsOnWindows()
    {
        var job = (YamlMappingNode)((YamlMappingNode)Load()["jobs"]).Children.Single().Value;
        Assert.That(Scalars(job["strategy"]["matrix"]["os"]), Is.Not.Empty.And.All.StartsWith("windows-"));
        Assert.That(((YamlSequenceNode)job["steps"]).Children.Cast<YamlMappingNode>().ToList(),
            Has.Count.GreaterThan(4).And.All.Matches<YamlMappingNode>(step => step.Children.ContainsKey("run") != step.Children.ContainsKey("uses")));
    }

    [Test]
    public void Projects_AreThere()
    {
        string[] projects = [.. All(@"\b(?:src|tests)/[\w./]+\.csproj\b")];
        Assert.That(projects, Has.Length.EqualTo(2));
        foreach (string project in projects)
            Assert.That(Path.Combine(RepositoryRoot.Path, project), Does.Exist);

        // What it starts is what these projects make.
        Assert.That(All(@"\b(?:src|tests)/[\w./-]+\.exe\b"), Is.EquivalentTo(projects.Select(Made)));
    }

    // A filter that matches nothing would be a run that shows nothing.
    [Test]
    public void Filters_NameACategoryAndTestsThatAreThere()
    {
        string tests = Read("tests/Windows.Tests/RealWindowsTests.cs");
        string[] filters = [.. All("(?<=--filter \")[^\"]+").SelectMany(filter => filter.Split('&'))];
        Assert.That(filters, Has.Some.EqualTo("TestCategory=RealWindows"));
        foreach (string[] parts in filters.Select(filter => filter.Split('=')))
            Assert.That(tests, Does.Match(parts[0] == "TestCategory" ? $@"\[{parts[1]}\]" : $@"\b{parts[1]}\("));
    }

    [Test]
    public void Page_SaysThatTheWorkflowIsThere() =>
        Assert.That(Read("tests/Windows.Tests/README.md"), Does.Contain(".github/workflows/windows.yml"));

    static IEnumerable<string> All(string pattern) => Steps.SelectMany(step => Regex.Matches(step, pattern)).Select(match => match.Value).Distinct();

    static string Read(string path) => File.ReadAllText(Path.Combine(RepositoryRoot.Path, path));

    static string Made(string project)
    {
        var properties = XDocument.Parse(Read(project)).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        string name = properties["AssemblyName"].FirstOrDefault() ?? Path.GetFileNameWithoutExtension(project);
        string runtime = properties["RuntimeIdentifier"].FirstOrDefault() is { } identifier ? $"{identifier}/" : "";
        return $"{Path.GetDirectoryName(project)}/bin/Debug/net10.0/{runtime}{name}.exe";
    }

    static YamlMappingNode Load()
    {
        using var text = new StringReader(Read(".github/workflows/windows.yml"));
        var stream = new YamlStream();
        stream.Load(text);
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    static IEnumerable<string> Scalars(YamlNode node) => node.AllNodes.OfType<YamlScalarNode>().Select(scalar => scalar.Value ?? "");
}
