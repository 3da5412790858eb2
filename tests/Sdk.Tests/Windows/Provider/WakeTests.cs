using System.Net;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>Windows' Teredo is woken, and the address decides.</summary>
public sealed class WakeTests
{
    [Test]
    public async Task Start_DormantClient_IsWokenAndHasItsAddress()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        var report = node.Report;
        Assert.Multiple(() =>
        {
            Assert.That(machine.Windows.WakeCalls, Is.EqualTo(1));
            Assert.That(node.Address, Is.EqualTo(machine.Address));
            Assert.That(report.Provider, Is.EqualTo(TeredoProvider.Windows));
            Assert.That(report.State, Is.EqualTo(TeredoState.Qualified));
            Assert.That(report.Server, Is.EqualTo(IPAddress.Parse("192.0.2.1")));
            Assert.That(report.LocalEndPoint!.Port, Is.EqualTo(machine.Teredo.Port));
            Assert.That(report.NatName, Is.EqualTo("restricted"));
            Assert.That(report.Windows!.InterfaceName, Is.EqualTo(machine.Teredo.InterfaceName));
            Assert.That(report.Windows.State, Is.EqualTo(TeredoClientState.Qualified));
        });
    }

    [TestCase("cone", MappingBehaviour.EndpointIndependent, FilteringBehaviour.EndpointIndependent, "cone")]
    [TestCase("symmetric (port)", MappingBehaviour.AddressOrPortDependent, FilteringBehaviour.NotChecked, "symmetric")]
    [TestCase("none (global connectivity)", MappingBehaviour.None, FilteringBehaviour.NotChecked, "none")]
    [TestCase("kegelförmig", MappingBehaviour.NotChecked, FilteringBehaviour.NotChecked, "unknown")]
    public async Task Nat_WindowsWords_AreThoseOfTheReport(string word, MappingBehaviour mapping, FilteringBehaviour filtering, string name)
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Nat = word;
        var report = (await machine.StartAsync()).Report;
        Assert.That((report.Mapping, report.Filtering, report.NatName), Is.EqualTo((mapping, filtering, name)));
    }

    [Test]
    public async Task Start_ClientThatGoesOnAsking_EndsWithTheTime()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.Endless;
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.QualificationTimeout));
        Assert.That(failure.Message, Does.Contain("asking its server"));
    }

    [Test]
    public async Task Start_AddressThatComesLate_IsTakenWhenItComes()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        var start = machine.BeginStart();
        Assert.That(start.IsCompleted, Is.False, "that the wake returned does not mean that there is an address");
        machine.Teredo.Qualify();
        await using var node = await start.InTime();
        Assert.That(node.Address, Is.EqualTo(machine.Address));
    }

    [Test]
    public async Task Start_ServerSilent_IsOfflineInTheSystemsWords()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoOffline));
        Assert.That(failure.Message, Does.Contain("primary server unreachable over UDP").And.Contain("UDP to port 3544"));
    }

    [TestCase("10.0.19045")]
    [TestCase("6.1")]
    public async Task Start_ClientThatStaysOffline_IsGivenUpLongBeforeTheTimeIsOver(string version)
    {
        await using var machine = new WindowsMachine(Version.Parse(version));
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        var start = machine.BeginStart();
        machine.Time.Advance(TimeSpan.FromSeconds(7));
        machine.Windows.RaiseChanged();
        Assert.That(start.IsCompleted, Is.False, "it may still get its address");
        machine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => start.InTime())!.Error, Is.EqualTo(TeredoError.TeredoOffline));
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    [Test]
    public async Task Start_ClientThatBecomesInactive_IsGivenUpInItsTurn()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        var start = machine.BeginStart();
        machine.Windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Automatic };
        machine.Time.Advance(TimeSpan.FromSeconds(8));
        var failure = Assert.ThrowsAsync<TeredoException>(() => start.InTime())!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoOffline));
        Assert.That(failure.Message, Does.Contain("not active").And.Contain("within 8 s"));
    }

    [Test]
    public async Task Start_TimeThatIsShorterThanThePatience_Counts()
    {
        await using var machine = new WindowsMachine();
        machine.Options.QualificationTimeout = TimeSpan.FromSeconds(3);
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        Assert.That((await machine.FailAsync()).Error, Is.EqualTo(TeredoError.TeredoOffline));
    }

    [Test]
    public async Task Start_BesideNativeIPv6_SaysThatThereMayBeNoAddress()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Addresses = [new()
        {
            Address = IPAddress.Parse("2a00:1450::7"),
            InterfaceName = "Ethernet",
            InterfaceIndex = 3,
            IsTunnel = false,
            MtuOctets = 1500,
        }];
        machine.Teredo.Network = FakeTeredoNetwork.ServerSilent;
        Assert.That((await machine.FailAsync()).Message, Does.Contain("has other IPv6"));
    }

    [Test]
    public async Task Start_ClientOnAManagedNetwork_IsToldToBeAnEnterpriseClient()
    {
        await using var machine = new WindowsMachine(type: TeredoType.Client);
        machine.Teredo.IsManagedNetwork = true;
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.TeredoOffline));
        Assert.That(failure.Message, Does.Contain("netsh interface teredo set state type=enterpriseclient"));
    }

    [Test]
    public async Task Start_WithoutTheCallThatWakes_SaysSo()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Missing["WakeAsync"] = "This system does not have NotifyStableUnicastIpAddressTable.";
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.QualificationTimeout));
        Assert.That(failure.Message, Does.Contain("dormant").And.Contain("NotifyStableUnicastIpAddressTable"));
    }

    [Test]
    public async Task Addresses_ThatCanNotBeRead_AreTheReason()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        machine.Windows.Missing["ReadAddresses"] = "GetAdaptersAddresses failed.";
        machine.Windows.RaiseChanged();
        Assert.That(node.Report.Problem, Is.EqualTo("GetAdaptersAddresses failed."));
        Assert.That((await machine.FailAsync()).Message, Does.Contain("GetAdaptersAddresses failed."));
    }

    [Test]
    public async Task Start_Cancelled_LeavesNoTimerBehind()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.Network = FakeTeredoNetwork.Endless;
        using var cancel = new CancellationTokenSource();
        var start = TeredoNode.StartAsync(machine.Options.Snapshot(), [new Links.Windows.WindowsProvider(machine.Windows)], cancel.Token);
        await cancel.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => start.InTime());
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    [Test]
    public async Task Address_OfNoTunnel_IsTakenWithAWarning()
    {
        await using var machine = new WindowsMachine();
        foreach (string call in (string[])["WakeAsync", "ReadStatus", "RunNetshAsync"]) // so no source calls the client dormant
            machine.Windows.Missing[call] = "not there";
        machine.Windows.Addresses = [new()
        {
            Address = machine.Address,
            InterfaceName = "Ethernet",
            InterfaceIndex = 3,
            IsTunnel = false,
            MtuOctets = 1500,
        }];
        var node = await machine.StartAsync();
        Assert.That(node.Address, Is.EqualTo(machine.Address));
        Assert.That(node.Report.Windows!.Findings.Select(finding => finding.Sentence), Has.One.Contains("not a tunnel"));
    }

    [Test]
    public async Task Address_OfATunnel_IsPreferred()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Addresses = [new()
        {
            Address = IPAddress.Parse("2001:0:c000:201:0:63bf:39cc:9bf9"),
            InterfaceName = "Ethernet",
            InterfaceIndex = 3,
            IsTunnel = false,
            MtuOctets = 1500,
        }];
        machine.Teredo.Qualify();
        var node = await machine.StartAsync();
        Assert.That(node.Address, Is.EqualTo(machine.Address));
    }
}
