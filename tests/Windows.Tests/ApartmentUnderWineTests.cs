namespace TeredoSdk.Windows.Tests;

/// <summary>
/// The firewall's objects in an apartment of their own, so that each call from the SDK's thread goes through a proxy. The pages do not say whether the
/// real objects want that.
/// </summary>
[Broken]
public class ApartmentUnderWineTests
{
    static IWindowsFirewall Firewall => WindowsSystem.Current.Firewall;

    [Test]
    public void Rule_IsAddedReadChangedAndRemoved()
    {
        FakeFiles.Own.Begin();
        var rule = new FirewallRule
        {
            Name = "Größe 大小",
            Grouping = "TeredoSdk",
            ProgramPath = @"C:\Programme\Äpfel\app.exe",
            Protocol = FirewallProtocol.Udp,
            LocalPorts = "5000",
            Interfaces = "Ethernet;Jörgs Netz", // a VARIANT with an array
            Enabled = true,
            EdgeTraversal = EdgeTraversal.Allow,
        };
        Firewall.Add(rule);
        Assert.That(FakeFiles.Own.Apartment, Is.EqualTo("STA"));
        Assert.That(Firewall.ReadRules().Value.Single(), Is.EqualTo(rule));
        Firewall.Update(rule with { LocalPorts = "6000", Enabled = false });
        Assert.That((FakeFiles.Own.Rules.Single()["LocalPorts"], FakeFiles.Own.Rules.Single()["Enabled"]), Is.EqualTo(("6000", "0")));
        Firewall.Remove(rule.Name);
        Assert.That(FakeFiles.Own.Rules, Is.Empty);
    }

    [Test]
    public void Refusal_ComesThrough()
    {
        FakeFiles.Own.Begin("firewall=denied");
        Assert.That(() => Firewall.Add(new() { Name = "Chat", Protocol = FirewallProtocol.Udp, Enabled = true }),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AccessDenied));
    }

    [Test]
    public void ProfilesProductsAndOpenPorts_AreRead()
    {
        FakeFiles.Own.Begin("block_all=1", "products=Wall 3000;Brandmauer");
        Assert.That(Firewall.ReadStatus().Value.Active.Single().BlocksAllInbound);
        Assert.That(Firewall.ReadProducts().Value, Is.EqualTo(new[] { "Wall 3000", "Brandmauer" }));
        Firewall.AddOpenPort(new() { Name = "Teredo", Port = 3544, Protocol = FirewallProtocol.Udp, Enabled = true });
        Assert.That(Firewall.ReadOpenPorts().Value.Single().Port, Is.EqualTo(3544));
    }
}
