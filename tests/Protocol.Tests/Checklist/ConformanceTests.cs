using System.Reflection;
using NUnit.Framework.Interfaces;

namespace TeredoSdk.Protocol.Tests.Checklist;

/// <summary>The book-keeping of the conformance checklist.</summary>
public class ConformanceTests
{
    static readonly IReadOnlyList<ConformanceRow> Rows = [.. ConformanceTable.Load(), .. ConformanceTable.LoadTcp()];

    [Test]
    public void Checklist_HasEveryRowOnce()
    {
        Assert.That(ConformanceTable.Load().Select(row => row.Id), Is.EqualTo(Enumerable.Range(1, 245).Select(i => $"C-{i:000}")));
        Assert.That(Rows.Select(row => row.Id), Is.Unique);
    }

    // RFC 9293 appendix B lists them all.
    [TestCase("MUST", 69), TestCase("SHLD", 31), TestCase("MAY", 18)]
    public void TcpList_HasEveryNumberedRuleOfTheRfc(string strength, int count) =>
        Assert.That(Rows.Select(row => row.Id), Is.SupersetOf(Enumerable.Range(1, count).Select(number => $"9293-{strength}-{number}")));

    [Test]
    public void Attribute_NamesRowsOfTheChecklistOnly() =>
        Assert.That(ConformanceTable.TestsById(typeof(ConformanceTests).Assembly).Keys, Is.SubsetOf(Rows.Select(row => row.Id)));

    [Test]
    public void AttributeOfAnotherProject_NamesRowsOfTheChecklistOnly()
    {
        var found = ConformanceTable.TestsOfOtherProjects().ToList();
        Assert.That(found.Select(test => test.Id).Distinct(), Is.SubsetOf(Rows.Select(row => row.Id)));
        Assert.That(found, Does.Contain(("C-177", "NotesTests.MappingOfADeadProcess_IsRemovedBeforeOneIsAskedFor")));
    }

    [Test]
    public void AttributeInASource_IsFoundOnItsTest()
    {
        const string source = """
            class T
            {
                [Test]
                public void Other() { }

                [TestCase("x")]
                [Conformance("C-001", "9293-3.10.7.4-rst-exact")]
                public async Task<int> Some_Test(string text)
                {
                }
            }
            """;
        Assert.That(ConformanceTable.FindInSource("T", source), Is.EqualTo(new[] { ("C-001", "T.Some_Test"), ("9293-3.10.7.4-rst-exact", "T.Some_Test") }));
        foreach (string instead in new[] { "[Category(\"x\")]", "[TestCase(\"x\"), Explicit]", "[TestCase(\"x\")]\n    [Ignore(\"never\")]" })
            Assert.That(() => ConformanceTable.FindInSource("T", source.Replace("[TestCase(\"x\")]", instead, StringComparison.Ordinal)).ToList(),
                Throws.TypeOf<InvalidDataException>(), instead);
    }

    [Test]
    public void Attribute_StandsOnTestsThatRun()
    {
        var idle = typeof(ConformanceTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Where(method => method.IsDefined(typeof(ConformanceAttribute)) && !IsTest(method)).Select(method => method.Name);
        Assert.That(idle, Is.Empty);
    }

    [Test]
    public void Reason_NamesARowOnce() => Assert.That(ConformanceTable.ReadReasons().Select(r => r.Id), Is.Unique.And.SubsetOf(Rows.Select(row => row.Id)));

    [Test]
    public void Reason_IsASentence() =>
        Assert.That(ConformanceTable.ReadReasons().Where(r => r.Reason.Length < 40 || !r.Reason.EndsWith('.')), Is.Empty);

    [Test]
    public void Reason_StandsBesideATestOnlyForAPart()
    {
        Assert.That(Rows.Where(row => row.Tests.Count > 0 && row.Reason is not null && !row.IsPartly).Select(row => row.Id), Is.Empty, "tested, yet a reason why not");
        Assert.That(Rows.Where(row => row.Tests.Count == 0 && row.IsPartly).Select(row => row.Id), Is.Empty, "partly tested, yet no test");
    }

    [Test]
    public void Status_SaysWhatIsThere()
    {
        var row = new ConformanceRow("C-001", "", "", "", "", [], null);
        Assert.That(row.Status, Is.EqualTo("OPEN"));
        Assert.That((row with { Reason = "because" }).Status, Is.EqualTo("reason"));
        Assert.That((row with { Tests = ["T"] }).Status, Is.EqualTo("tested"));
        Assert.That((row with { Tests = ["T"], Reason = "partly: x" }).Status, Is.EqualTo("partly tested"));
    }

    // [Test], [TestCase], [TestCaseSource] and FsCheck's [Property] all build tests; [Ignore] and [Explicit] take them away again.
    static bool IsTest(MethodInfo method)
    {
        var attributes = method.GetCustomAttributes().ToList();
        return attributes.Any(a => a is ISimpleTestBuilder or ITestBuilder) && !attributes.Any(a => a is IgnoreAttribute or ExplicitAttribute);
    }
}
