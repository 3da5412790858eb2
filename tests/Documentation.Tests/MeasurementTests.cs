namespace TeredoSdk.Documentation.Tests;

/// <summary>README.md shows the tables of the last measurement, as tests/Benchmarks/Datapath keeps them.</summary>
public class MeasurementTests
{
    [Test]
    public void Readme_ShowsTheLastMeasurement()
    {
        string[] parts = Pages.Read("README.md").Split(["<!-- datapath -->", "<!-- /datapath -->"], StringSplitOptions.None);
        string kept = Pages.Read("tests/Benchmarks/Datapath/results.md");
        Assert.That(parts, Has.Length.EqualTo(3));
        Assert.That(parts[1].Replace("\n### ", "\n## "), Is.EqualTo(kept[kept.IndexOf("\n\n", StringComparison.Ordinal)..][1..]));
    }
}
