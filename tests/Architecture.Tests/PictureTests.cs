using System.Xml.Linq;
using TeredoSdk.ArchitecturePicture;

namespace TeredoSdk.Architecture.Tests;

/// <summary>The picture of the architecture shows the code as it is.</summary>
public class PictureTests
{
    static readonly string Drawn = Path.Combine(RepositoryRoot.Path, "docs", "design", "architecture.svg");

    [Test]
    public void Picture_IsDrawnFromTheCode() => Assert.That(File.ReadAllText(Drawn).ReplaceLineEndings("\n"), Is.EqualTo(Picture.Draw(House.Look())),
        "Draw it anew: dotnet run --project tests/ArchitecturePicture");

    [Test]
    public void Picture_IsWellFormed() => Assert.That(XDocument.Load(Drawn).Root!.Name.LocalName, Is.EqualTo("svg"));

    [Test]
    public void House_HasEveryFloorAndArrowsBetweenThem()
    {
        var house = House.Look();
        Assert.That(house.Rooms.Select(room => room.Name), Does.Contain("public face").And.Contain("Engine").And.Contain("Protocol").And.Contain("TeredoSdk.Cli"));
        Assert.That(house.Arrows.Where(arrow => arrow is { From.Name: "Engine", To.Name: "Protocol" }).Select(arrow => arrow.Pairs), Has.One.GreaterThan(20));
    }
}
