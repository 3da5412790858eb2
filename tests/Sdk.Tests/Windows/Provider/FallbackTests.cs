using TeredoSdk.Machine;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>Where Windows' Teredo can't be had, Auto goes on, and says why.</summary>
public sealed class FallbackTests
{
    [Test]
    public async Task Auto_TeredoOff_GoesOnToTheEmbeddedEngineWithTheReason()
    {
        await using var loopback = new Loopback();
        var options = loopback.Options;
        (options.Provider, options.Windows) = (TeredoProvider.Auto, new FakeWindows());
        var report = (await loopback.StartAsync(options)).Report;
        Assert.That(report.Provider, Is.EqualTo(TeredoProvider.Embedded));
        Assert.That(report.Windows, Is.Null);
        Assert.That(report.PassedOver[0].Way, Is.EqualTo("Windows"));
        Assert.That(report.PassedOver[0].Reason, Does.Contain("does not switch it on by default"));
    }

    [Test]
    public async Task Auto_PersonSaysNo_GoesOnToTheEmbeddedEngine()
    {
        await using var loopback = new Loopback();
        var options = loopback.Options;
        (options.Provider, options.Windows, options.Consent) = (TeredoProvider.Auto, new FakeWindows(), (_, _) => new(false));
        var report = (await loopback.StartAsync(options)).Report;
        Assert.That(report.Provider, Is.EqualTo(TeredoProvider.Embedded));
        Assert.That(report.PassedOver[0].Reason, Does.Contain("Consent was refused"));
    }

    [Test]
    public async Task Auto_TeredoOn_IsWindows()
    {
        await using var loopback = new Loopback();
        var windows = new FakeWindows();
        windows.Teredo.Configuration = windows.Teredo.Configuration with { Type = TeredoType.EnterpriseClient };
        var options = loopback.Options;
        (options.Provider, options.Windows) = (TeredoProvider.Auto, windows);
        Assert.That((await loopback.StartAsync(options)).Report.Provider, Is.EqualTo(TeredoProvider.Windows));
    }

    [Test]
    public void Windows_AskedForOnAnotherSystem_IsNotSupported()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("This is Windows.");
        var failure = Assert.ThrowsAsync<TeredoException>(() => TeredoNode.StartAsync(new() { Provider = TeredoProvider.Windows }))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.NotSupported));
        Assert.That(failure.Message, Does.Contain("not Windows"));
    }

    [Test]
    public void Server_NotNamedElsewhere_IsThatOfTheSystem()
    {
        var windows = new FakeWindows();
        windows.Teredo.Configuration = windows.Teredo.Configuration with { ServerName = "teredo.example.net." };
        var options = new TeredoOptions { Windows = windows };
        Assert.That(ServerNames.Find(options, null), Is.EqualTo(new[] { new ServerName("teredo.example.net", null) }));
        Assert.That(ServerNames.Find(options, "192.0.2.1"), Is.EqualTo(new[] { new ServerName("192.0.2.1", null) }));
        Assert.That(ServerNames.Find(new() { Windows = options.Windows, Servers = ["default"] }, null)[0].Primary, Is.EqualTo("teredo.example.net"), "netsh's word");
        Assert.That(Assert.Throws<TeredoException>(() => ServerNames.Find(new() { Servers = ["default"] }, null))!.Error, Is.EqualTo(TeredoError.NoServer));
        windows.Registry[WindowsMachine.Policy + "Teredo_ServerName"] = "policy.example.net";
        Assert.That(ServerNames.Find(options, null)[0].Primary, Is.EqualTo("policy.example.net"));
        windows.Registry[WindowsMachine.Policy + "Teredo_ServerName"] = "not a server";
        Assert.That(Assert.Throws<TeredoException>(() => ServerNames.Find(options, null))!.Error, Is.EqualTo(TeredoError.NoServer));
    }
}
