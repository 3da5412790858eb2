using System.Xml.Linq;

namespace TeredoSdk.Cli.Tests.Installers;

/// <summary>
/// The custom actions of the WiX kit in each kind of run, by their conditions. Windows Installer sets <c>Installed</c> and <c>REMOVE</c>, for a
/// version that a newer one removes <c>UPGRADINGPRODUCTCODE</c>, and for the newer one <c>WIX_UPGRADE_DETECTED</c>.
/// </summary>
public sealed class WixSequenceTests
{
    static readonly XDocument File = XDocument.Load(Path.Combine(KitCommands.Folder, "Wix", "TeredoSetup.wxs"));

    static XNamespace Wix => File.Root!.Name.Namespace;

    [TestCase("a first installation with consent", "TEREDO=1", "TeredoUndo TeredoSetup")]
    [TestCase("without consent", "", "")]
    [TestCase("a repair", "TEREDO=1 Installed=1", "TeredoSetup")]
    [TestCase("the new version, at an upgrade", "TEREDO=1 WIX_UPGRADE_DETECTED={X}", "TeredoSetup")]
    [TestCase("the old version, at an upgrade", "Installed=1 REMOVE=ALL UPGRADINGPRODUCTCODE={X}", "")]
    [TestCase("an uninstallation", "Installed=1 REMOVE=ALL", "TeredoRemove")]
    [TestCase("an uninstallation that remembers the consent", "TEREDO=1 Installed=1 REMOVE=ALL", "TeredoRemove")]
    public void Actions_OfARun(string run, string properties, string actions)
    {
        var set = properties.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(property => property.Split('='))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.That(string.Join(' ', File.Descendants(Wix + "Custom").Where(custom => Holds((string)custom.Attribute("Condition")!, set))
            .Select(custom => (string)custom.Attribute("Action")!)), Is.EqualTo(actions), run);
    }

    // Each action has its command line, and runs with the rights of the system whatever its exit code.
    [Test]
    public void Actions_AreWhole()
    {
        string[] actions = [.. File.Descendants(Wix + "CustomAction").Select(action => (string)action.Attribute("Id")!)];
        Assert.That(actions, Has.Length.EqualTo(3));
        Assert.That(File.Descendants(Wix + "SetProperty").Select(line => (string)line.Attribute("Id")!), Is.EquivalentTo(actions));
        Assert.That(File.Descendants(Wix + "Custom").Select(custom => (string)custom.Attribute("Action")!), Is.EquivalentTo(actions));
        foreach (var action in File.Descendants(Wix + "CustomAction"))
            Assert.That(((string)action.Attribute("Impersonate")!, (string)action.Attribute("Return")!), Is.EqualTo(("no", "ignore")));
    }

    // As much of the installer's conditions as is used here: terms that are joined by AND.
    static bool Holds(string condition, Dictionary<string, string> set) => condition.Split(" AND ").All(term =>
    {
        bool isNegated = term.StartsWith("NOT ", StringComparison.Ordinal);
        string[] parts = (isNegated ? term["NOT ".Length..] : term).Split('=');
        Assert.That(parts[0], Does.Match("^[A-Za-z_]+$"), "this test reads no such condition");
        bool isTrue = set.TryGetValue(parts[0], out string? value) && (parts.Length == 1 || parts[1] == $"\"{value}\"");
        return isTrue != isNegated;
    });
}
