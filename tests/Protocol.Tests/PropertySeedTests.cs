using FsCheck.Fluent;

namespace TeredoSdk.Protocol.Tests;

public sealed class PropertySeedTests
{
    [TestCase(null, "4380,18241445177562691405")]
    [TestCase("", "4380,18241445177562691405")]
    [TestCase("1", "1,11400714819323198485")]
    [TestCase("(8390395513976459448,17228181757631771291,200)", "8390395513976459448,17228181757631771291,200")]
    [TestCase("8390395513976459448,17228181757631771291", "8390395513976459448,17228181757631771291")]
    public void Variable_NamesTheSeed(string? text, string replay) => Assert.That(PropertySeed.Parse(text), Is.EqualTo(replay));

    [Test]
    public void Variable_Random_IsAnotherSeedEachTime() =>
        Assert.That(Enumerable.Range(0, 3).Select(_ => PropertySeed.Parse("random")), Is.Unique);

    [Test]
    public void Variable_ThatIsNoSeed_SaysWhatIsExpected() =>
        Assert.That(Assert.Throws<FormatException>(() => PropertySeed.Parse("soon"))!.Message, Does.Contain("'soon'").And.Contain("random"));

    [Test]
    public void Failure_IsOneLine_WithTheSmallestCaseAndItsSeed()
    {
        var failure = Assert.Throws<AssertionException>(() => PropertySeed.Check(Prop.ForAll<byte[]>(octets => Assert.That(octets, Has.Length.LessThan(9)))))!;
        Assert.That(failure.Message.Split('\n'), Has.Length.EqualTo(1), failure.Message);
        Assert.That(failure.Message, Does.StartWith("Falsified by [|0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy|]:").And.Contain("less than 9")
            .And.Match($@" See it again with {PropertySeed.Variable}=\d+,\d+,\d+$"));
    }

    [Test]
    public void Seed_DecidesTheCases()
    {
        List<string> Cases()
        {
            List<string> cases = [];
            PropertySeed.Check(Prop.ForAll<byte[]>(octets => cases.Add(Convert.ToHexString(octets))), maxTest: 20);
            return cases;
        }
        var (once, again) = (Cases(), Cases());
        Assert.That(once, Has.Count.EqualTo(20).And.Some.Not.EqualTo(once[0]));
        Assert.That(again, Is.EqualTo(once));
    }
}
