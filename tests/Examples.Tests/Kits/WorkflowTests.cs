using System.Text.RegularExpressions;
using System.Xml.Linq;
using TeredoSdk.Architecture.Tests;
using YamlDotNet.RepresentationModel;

namespace TeredoSdk.Examples.Tests.Kits;

/// <summary>The workflow for a hosted Windows is whole: what it names exists here. Whether a host runs it, only a host shows.</summary>
public sealed class WorkflowTests
{
    static readonly string[] Steps = [.. Scalars(Load()).Where(text => text.Contains('/', StringComparison.Ordinal) || text.Contains("--filter", StringComparison.Ordinal))];

    [Test]
    public void Workflow_HasAJobOfStepsOnWindows()
    {
        var job = (YamlMappingNode)((YamlMappingNode)Load()["jobs"]).Children.Single().Value;
        Assert.That(Scalars(job["strategy"]), Has.All.StartsWith("windows-").Or.EqualTo("false"));
        Assert.That(((YamlSequenceNode)job["steps"]).Children.Cast<YamlMappingNode>().ToList(),
            Has.Count.GreaterThan(4).And.All.Matches<YamlMappingNode>(step => step.Children.ContainsKey("run") != step.Children.ContainsKey("uses")));
    }

    [Test]
    public void Projects_AreThere()
    {
        string[] projects = [.. Steps.SelectMany(step => Regex.Matches(step, @"\b(?:src|tests)/[\w./]+\.csproj\b").Select(match => match.Value)).Distinct()];
        Assert.That(projects, Has.Length.EqualTo(2));
        foreach (string project in projects)
            Assert.That(Path.Combine(RepositoryRoot.Path, project), Does.Exist);

        // What it starts is what these projects make.
        string[] programs = [.. Steps.SelectMany(step => Regex.Matches(step, @"\b(?:src|tests)/[\w./-]+\.exe\b").Select(match => match.Value)).Distinct()];
        Assert.That(programs, Is.EquivalentTo(projects.Select(Made)));
    }

    // A filter that matches nothing would be a run that shows nothing.
    [Test]
    public void Filters_NameACategoryAndTestsThatAreThere()
    {
        string tests = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Windows.Tests", "RealWindowsTests.cs"));
        string[] filters = [.. Steps.SelectMany(step => Regex.Matches(step, "--filter \"([^\"]+)\"").Select(match => match.Groups[1].Value)).SelectMany(filter => filter.Split('&'))];
        Assert.That(filters, Has.Some.EqualTo("TestCategory=RealWindows"));
        foreach (string filter in filters)
            Assert.That(tests, Does.Match(filter.StartsWith("TestCategory=", StringComparison.Ordinal) ? $@"\[{filter.Split('=')[1]}\]" : $@"\b{filter.Split('=')[1]}\("), filter);
    }

    [Test]
    public void Page_SaysThatTheWorkflowIsThere() =>
        Assert.That(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "tests", "Windows.Tests", "README.md")), Does.Contain(".github/workflows/windows.yml"));

    static string Made(string project)
    {
        var properties = XDocument.Load(Path.Combine(RepositoryRoot.Path, project)).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        string name = properties["AssemblyName"].FirstOrDefault() ?? Path.GetFileNameWithoutExtension(project);
        string runtime = properties["RuntimeIdentifier"].FirstOrDefault() is { } identifier ? $"{identifier}/" : "";
        return $"{Path.GetDirectoryName(project)}/bin/Debug/net10.0/{runtime}{name}.exe";
    }

    static YamlMappingNode Load()
    {
        using var text = File.OpenText(Path.Combine(RepositoryRoot.Path, ".github", "workflows", "windows.yml"));
        var stream = new YamlStream();
        stream.Load(text);
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    static IEnumerable<string> Scalars(YamlNode node) => node.AllNodes.OfType<YamlScalarNode>().Where(scalar => scalar.Value?.Length > 0).Select(scalar => scalar.Value!)
        .Except(["matrix", "os", "fail-fast"]);
}
