using System.Reflection;
using System.Text.RegularExpressions;
using TeredoSdk.Protocol.Tests.Documentation;

namespace TeredoSdk.Protocol.Tests.Checklist;

/// <summary>A row of the conformance checklist with what shows it.</summary>
/// <param name="Id">C-001 to C-245; of TCP the RFC with its own number for the rule, or with the section and a word: 9293-MUST-3, 9293-3.10.7.4-syn.</param>
/// <param name="Part">The part of the checklist; of Teredo's with the sections of docs/protocol in brackets.</param>
/// <param name="Source">The RFC and section; "ours" for a rule that is in none.</param>
/// <param name="Role">C, S, R: client, server, relay. Of TCP: sender, receiver, both, or the host that has the connections.</param>
/// <param name="Requirement">What is asked for.</param>
/// <param name="Tests">The tests whose attribute names the row.</param>
/// <param name="Reason">Why no test shows it, or which part of it none does; null when the tests show it all.</param>
public sealed record ConformanceRow(string Id, string Part, string Source, string Role, string Requirement, IReadOnlyList<string> Tests, string? Reason)
{
    /// <summary>Starts a reason that stands beside a test, for the part that the test does not show.</summary>
    public const string Partly = "partly: ";

    public bool IsPartly => Reason is { } reason && reason.StartsWith(Partly, StringComparison.Ordinal);

    public string Status => (Tests.Count > 0, Reason) switch
    {
        (true, null) => "tested",
        (true, _) => "partly tested",
        (false, not null) => "reason",
        _ => "OPEN",
    };
}

/// <summary>The checklist, the tests that name its rows, and the written reasons for rows without one.</summary>
public static partial class ConformanceTable
{
    /// <summary>The other projects whose tests may show a row: what the product does with sockets, gateways and programs.</summary>
    static readonly string[] OtherProjects = ["Sdk.Tests", "Hosting.Tests", "Cli.Tests", "Windows.Tests", "Platform.Tests"];

    /// <summary>Every row about Teredo in the order of the checklist.</summary>
    public static IReadOnlyList<ConformanceRow> Load() => Load("checklist.tsv");

    /// <summary>Every row about TCP.</summary>
    public static IReadOnlyList<ConformanceRow> LoadTcp() => Load("tcp.tsv");

    static IReadOnlyList<ConformanceRow> Load(string file)
    {
        var tests = TestsById(typeof(ConformanceTable).Assembly);
        foreach (var (id, test) in TestsOfOtherProjects())
            (tests.TryGetValue(id, out var names) ? names : tests[id] = []).Add(test);
        var reasons = ReadReasons().ToDictionary(r => r.Id, r => r.Reason);
        return [.. ReadTable(file, columns: 5).Select(c =>
            new ConformanceRow(c[0], c[1], c[2], c[3], c[4], tests.GetValueOrDefault(c[0], []), reasons.GetValueOrDefault(c[0])))];
    }

    /// <summary>The names of the tests of an assembly, by the row that their attribute names.</summary>
    public static Dictionary<string, List<string>> TestsById(Assembly assembly)
    {
        Dictionary<string, List<string>> tests = [];
        foreach (var method in assembly.GetTypes().SelectMany(type => type.GetMethods()))
            foreach (string id in method.GetCustomAttributes<ConformanceAttribute>().SelectMany(attribute => attribute.Ids).Distinct())
                (tests.TryGetValue(id, out var names) ? names : tests[id] = []).Add($"{method.DeclaringType!.Name}.{method.Name}");
        return tests;
    }

    /// <summary>The tests of the other projects, which this assembly does not know, out of their sources.</summary>
    public static IEnumerable<(string Id, string Test)> TestsOfOtherProjects()
    {
        foreach (string file in Pages.Files.Where(path => path.EndsWith(".cs", StringComparison.Ordinal)
            && OtherProjects.Any(project => path.StartsWith($"tests/{project}/", StringComparison.Ordinal))))
            foreach (var found in FindInSource(Path.GetFileNameWithoutExtension(file), Pages.Read(file)))
                yield return found;
    }

    /// <summary>Finds the rows that tests of a source name. A method with the attribute that is no test, or does not run, is an error.</summary>
    public static IEnumerable<(string Id, string Test)> FindInSource(string type, string source)
    {
        foreach (Match method in AttributesOfAMethod().Matches(source))
        {
            string attributes = method.Groups["attributes"].Value, test = $"{type}.{method.Groups["name"].Value}";
            if (!attributes.Contains("[Conformance(", StringComparison.Ordinal))
                continue;
            if (!TestAttribute().IsMatch(attributes) || IdleAttribute().IsMatch(attributes))
                throw new InvalidDataException($"{test} has a conformance attribute, and is no test that runs.");
            foreach (Match row in RowName().Matches(string.Concat(ConformanceAttributes().Matches(attributes).Select(match => match.Value))))
                yield return (row.Value, test);
        }
    }

    // Lines with attributes, and the method that they stand on.
    [GeneratedRegex(@"(?<attributes>(?:^[ \t]*\[.*\][ \t]*\r?\n)+)^[ \t]*(?:public|internal)[^\n(]*?(?<name>\w+)\(", RegexOptions.Multiline)]
    private static partial Regex AttributesOfAMethod();

    [GeneratedRegex(@"\[(Test|TestCase|TestCaseSource|Property)\b")]
    private static partial Regex TestAttribute();

    [GeneratedRegex(@"[\[,] *(Ignore|Explicit)\b")]
    private static partial Regex IdleAttribute();

    [GeneratedRegex(@"\[Conformance\([^)]*\)\]")]
    private static partial Regex ConformanceAttributes();

    [GeneratedRegex(@"(?<="")(C-\d{3}|\d{4}-[\w.-]+)(?="")")]
    private static partial Regex RowName();

    /// <summary>The written reasons, as they stand in the file.</summary>
    public static IEnumerable<(string Id, string Reason)> ReadReasons() => ReadTable("conformance-exceptions.tsv", columns: 2).Select(c => (c[0], c[1]));

    static IEnumerable<string[]> ReadTable(string file, int columns)
    {
        foreach (string line in File.ReadLines(Data.TestData.PathOf("Checklist", file)).Skip(1))
        {
            string[] cells = line.Split('\t');
            if (cells.Length != columns)
                throw new InvalidDataException($"{file}: '{line}' has {cells.Length} columns instead of {columns}.");
            yield return cells;
        }
    }
}
