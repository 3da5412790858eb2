namespace TeredoSdk.Tests;

/// <summary>The lists and dictionaries in records.</summary>
public sealed class ValueCollectionTests
{
    [Test]
    public void List_IsACopy_EqualToOneOfTheSameItemsInTheSameOrder()
    {
        int[] items = [1, 2];
        var list = ValueList.Of(items);
        items[0] = 9;
        Assert.Multiple(() =>
        {
            Assert.That(list, Is.EqualTo(new[] { 1, 2 }));
            Assert.That(list.Equals(ValueList.Of<int>([1, 2])));
            Assert.That(list.GetHashCode(), Is.EqualTo(ValueList.Of<int>([1, 2]).GetHashCode()));
            Assert.That(list.Equals(ValueList.Of<int>([2, 1])), Is.False);
            Assert.That(ValueList.Of(list), Is.SameAs(list));
            Assert.That(list.ToString(), Is.EqualTo("[1, 2]"));
        });
    }

    [Test]
    public void Dictionary_IsACopy_EqualToOneOfTheSameItemsInAnyOrder()
    {
        var items = new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 };
        var dictionary = ValueDictionary.Of(items);
        items.Clear();
        var reversed = ValueDictionary.Of(new Dictionary<string, int> { ["b"] = 2, ["a"] = 1 });
        Assert.Multiple(() =>
        {
            Assert.That(dictionary, Has.Count.EqualTo(2));
            Assert.That(dictionary.Equals(reversed));
            Assert.That(dictionary.GetHashCode(), Is.EqualTo(reversed.GetHashCode()));
            Assert.That(dictionary.Equals(ValueDictionary.Of(new Dictionary<string, int> { ["a"] = 1, ["b"] = 3 })), Is.False);
            Assert.That(dictionary.Equals(ValueDictionary.Of(new Dictionary<string, int> { ["a"] = 1, ["c"] = 2 })), Is.False);
            Assert.That(dictionary.ToString(), Is.EqualTo("[a: 1, b: 2]"));
        });
    }

    [Test]
    public void Report_OfTheSameNode_IsEqual_ThoughItsDropsWereCopiedTwice()
    {
        static WindowsReport Report(bool iphlpsvc) => new()
        {
            Version = new(10, 0),
            IsElevated = false,
            Services = new Dictionary<string, bool> { ["iphlpsvc"] = iphlpsvc },
            Findings = [new() { Id = "a.b", Severity = FindingSeverity.Note, Subject = "it", Problem = "One.", Evidence = ["read"] }],
            NotKnown = [new() { Id = FindingIds.NotRead, Severity = FindingSeverity.Warning, Subject = "Teredo's type", Problem = "Nobody tells it." }],
        };
        var report = Report(true);
        Assert.That(report, Is.EqualTo(Report(true)));
        Assert.That(report, Is.Not.EqualTo(Report(false)));
        Assert.That(report.ToString(), Does.Contain("[iphlpsvc: True]").And.Contain("One.").And.Contain("[read]"));
    }
}
