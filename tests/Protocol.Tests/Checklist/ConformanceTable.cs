using System.Reflection;

namespace TeredoSdk.Protocol.Tests.Checklist;

/// <summary>A row of the conformance checklist with what shows it.</summary>
/// <param name="Id">C-001 to C-245.</param>
/// <param name="Part">The part of the checklist, with the sections of docs/protocol in brackets.</param>
/// <param name="Source">The RFC and section; "ours" for a rule that is in none.</param>
/// <param name="Role">C, S, R: client, server, relay.</param>
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
public static class ConformanceTable
{
    /// <summary>Every row in the order of the checklist.</summary>
    public static IReadOnlyList<ConformanceRow> Load()
    {
        var tests = TestsById(typeof(ConformanceTable).Assembly);
        var reasons = ReadReasons().ToDictionary(r => r.Id, r => r.Reason);
        return [.. ReadTable("checklist.tsv", columns: 5).Select(c =>
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
