namespace TeredoSdk.Mutation;

/// <summary>Which tests may notice a mutant, the likeliest first.</summary>
sealed class TestChoice
{
    const int FirstTests = 40;
    const double FirstSeconds = 2;

    readonly List<Member> _members;
    readonly TestReach[] _tests;
    readonly TestProject _project;

    public TestChoice(TestProject project, List<Member> members, TestReach[] learned)
    {
        (_project, _members) = (project, members);
        var setups = learned.Where(test => test.Name.Length == 0).GroupBy(test => test.Class)
            .ToDictionary(group => group.Key, group => group.SelectMany(setup => setup.Members).ToArray());
        Red = [.. learned.Where(test => test.IsRed).Select(test => test.Name)];
        // Those that do least come first: they are most about what they do.
        _tests = [.. learned.Where(test => test.Name.Length > 0 && !test.IsRed && test.Seconds <= project.LongestTest)
            .Select(test => setups.TryGetValue(test.Class, out int[]? setup) ? test with { Members = [.. test.Members.Union(setup)] } : test)
            .OrderBy(test => test.Members.Length).ThenBy(test => test.Seconds)];
    }

    public IReadOnlyList<string> Red { get; }

    public IEnumerable<int> Reached => _tests.SelectMany(test => test.Members).Distinct();

    /// <returns>Groups to run one after the other, the last of which has all tests that reach anything in the file: what runs once in a process is seen in one
    /// test only. For a constant or another initial value, which runs nowhere, all tests. Of a project with a limit the nearest tests
    /// alone.</returns>
    public IReadOnlyList<TestReach[]> For(Mutant mutant)
    {
        var inFile = Enumerable.Range(0, _members.Count).Where(i => _members[i].File == mutant.File).ToHashSet();
        var inMember = inFile.Where(i => _members[i].Span.Contains(mutant.Span)).ToHashSet();
        var file = Reaching(inFile);
        var near = inMember.Count > 0 ? Reaching(inMember) : file;
        double seconds = 0;
        if (_project.MostTests is { } most)
        {
            TestReach[] nearest = [.. near.TakeWhile(test => (seconds += test.Seconds) < _project.MostSeconds).Take(most)];
            return nearest.Length > 0 ? [nearest] : [];
        }
        TestReach[] first = [.. near.Take(FirstTests).TakeWhile(test => (seconds += test.Seconds) < FirstSeconds)];
        TestReach[][] groups = [first, [.. near.Except(first)], [.. (inMember.Count > 0 ? file : _tests).Except(near)]];
        return [.. groups.Where(group => group.Length > 0)];
    }

    TestReach[] Reaching(HashSet<int> members) => [.. _tests.Where(test => test.Members.Any(members.Contains))];
}
