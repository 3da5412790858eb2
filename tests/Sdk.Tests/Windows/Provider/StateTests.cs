using System.Net;
using System.Net.NetworkInformation;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>
/// A listed address is no proof of a client that is awake: qualified means an address that is stable, and a client that no source calls dormant.
/// </summary>
public sealed class StateTests
{
    static readonly WindowsAddress Native = new() { Address = IPAddress.Parse("2a00:1450::7"), InterfaceName = "Ethernet", InterfaceIndex = 3, MtuOctets = 1500 };

    [Test]
    public async Task Start_AddressListedByAClientThatSleeps_WakesIt()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.ListsDormantAddress = true;
        var node = await machine.StartAsync();
        Assert.That(machine.Windows.WakeCalls, Is.EqualTo(1));
        Assert.That(machine.Teredo.State, Is.EqualTo(TeredoClientState.Qualified));
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Qualified));
    }

    [TestCase("10.0.19045")]
    [TestCase("6.1")] // where netsh alone tells the state
    public async Task Start_ListedAddressOfAClientThatStaysAsleep_IsNotQualified(string version)
    {
        await using var machine = new WindowsMachine(Version.Parse(version));
        machine.Teredo.ListsDormantAddress = true;
        machine.Windows.Missing["WakeAsync"] = "This system does not have NotifyStableUnicastIpAddressTable.";
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.QualificationTimeout));
        Assert.That(failure.Message, Does.Contain("dormant"));
    }

    // No page lists CIM's words, and its answer may be older than netsh's: one source that says so is enough.
    [TestCase(TeredoClientState.Unknown)]
    [TestCase(TeredoClientState.Qualified)]
    public async Task Start_ListedAddressOfAClientThatNetshAloneCallsDormant_IsNotQualified(TeredoClientState cim)
    {
        await using var machine = new WindowsMachine();
        (machine.Teredo.ListsDormantAddress, machine.Teredo.CimState) = (true, cim);
        machine.Windows.Missing["WakeAsync"] = "This system does not have NotifyStableUnicastIpAddressTable.";
        var failure = await machine.FailAsync();
        Assert.That(failure.Error, Is.EqualTo(TeredoError.QualificationTimeout));
        Assert.That(failure.Message, Does.Contain("dormant"));
    }

    [TestCase(DuplicateAddressDetectionState.Tentative)]
    [TestCase(DuplicateAddressDetectionState.Deprecated)]
    public async Task Address_ThatIsNotStable_IsNone(DuplicateAddressDetectionState state)
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Missing["WakeAsync"] = "not there";
        machine.Windows.Missing["ReadStatus"] = "not there";
        machine.Windows.Missing["RunNetshAsync"] = "not there";
        machine.Windows.Addresses = [new() { Address = machine.Address, InterfaceName = "Teredo", InterfaceIndex = 9, IsTunnel = true, DadState = state }];
        Assert.That((await machine.FailAsync()).Error, Is.EqualTo(TeredoError.QualificationTimeout));
    }

    [Test]
    public async Task Client_ThatFallsAsleepWithItsAddressListed_HasLostItsAddress()
    {
        await using var machine = new WindowsMachine();
        machine.Teredo.ListsDormantAddress = true;
        var node = await machine.StartAsync();
        machine.Teredo.GoDormant();
        Assert.That(node.Address, Is.Null);
        Assert.That((await node.GetReportAsync().InTime()).State, Is.EqualTo(TeredoState.Dormant));
    }

    // It stays so, as users posted: 30 to 43 s until Auto went on.
    [Test]
    public async Task Start_DormantBesideNativeIPv6_IsGivenUpWithinThePatience()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Addresses = [Native];
        machine.Windows.Missing["WakeAsync"] = "not there";
        var start = machine.BeginStart();
        machine.Time.Advance(TimeSpan.FromSeconds(8));
        var failure = Assert.ThrowsAsync<TeredoException>(() => start.InTime())!;
        Assert.That(failure.Message, Does.Contain("dormant").And.Contain("other IPv6"));
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    // The call that wakes may end with a table that is stable, and this one never is.
    [Test]
    public async Task Start_DormantBesideNativeIPv6_WithAWakeThatDoesNotEnd_IsGivenUpAsSoon()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Addresses = [Native];
        (machine.Teredo.Network, machine.Teredo.CimState) = (FakeTeredoNetwork.Endless, TeredoClientState.Dormant);
        var start = machine.BeginStart();
        machine.Time.Advance(TimeSpan.FromSeconds(8));
        var failure = Assert.ThrowsAsync<TeredoException>(() => start.InTime())!;
        Assert.That(failure.Message, Does.Contain("dormant").And.Contain("other IPv6"));
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }

    // The hour rule in its stricter reading: neither a listener nor a wake is traffic.
    [TestCase("10.0.19045")]
    [TestCase("6.1")]
    public async Task Hold_ForThreeHours_IsNeverDormant(string version)
    {
        await using var machine = new WindowsMachine(Version.Parse(version));
        machine.Windows.TimeProvider = machine.Time;
        machine.Teredo.ListsDormantAddress = true;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        var since = node.Report.Windows!.HeldSince;
        Assert.That(since, Is.EqualTo(machine.Time.GetUtcNow()));
        for (int minute = 0; minute < 180; minute++)
        {
            machine.Time.Advance(TimeSpan.FromMinutes(1));
            Assert.That(machine.Teredo.State, Is.EqualTo(TeredoClientState.Qualified), $"after {minute + 1} minutes, a late stranger finds it so");
        }
        Assert.That(node.Report.Windows!.HeldSince, Is.EqualTo(since));
    }

    [TestCase("10.0.19045", null)]
    [TestCase("10.0.19045", TeredoClientState.Unknown)]
    [TestCase("6.1", null)]
    public async Task Client_ThatFallsAsleepWhileHeld_IsWokenWithinAMinute(string version, TeredoClientState? cim)
    {
        await using var machine = new WindowsMachine(Version.Parse(version));
        machine.Teredo.CimState = cim;
        machine.Windows.TimeProvider = machine.Time;
        machine.Teredo.ListsDormantAddress = true;
        machine.Windows.Missing["SendTraffic"] = "not there";
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        var first = node.Report.Windows!.HeldSince;
        machine.Time.Advance(TimeSpan.FromMinutes(60));
        for (int minute = 0; minute < 2 && machine.Teredo.State != TeredoClientState.Qualified; minute++)
            machine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(() => machine.Teredo.State == TeredoClientState.Qualified && node.Report.Windows!.HeldSince > first,
            Is.True.After((int)Patience.Limit.TotalMilliseconds, 20), "it is held anew");
    }

    [Test]
    public async Task Options_ThatWindowsSetsItself_AreNamedAsNotApplied()
    {
        await using var machine = new WindowsMachine();
        (machine.Options.ClientPort, machine.Options.RefreshInterval) = (40000, TimeSpan.FromSeconds(20));
        machine.Teredo.Configuration = machine.Teredo.Configuration with { ClientPort = 40000 };
        var node = await machine.StartAsync();
        var finding = node.Report.Findings.Single(finding => finding.Id == FindingIds.TeredoOptionNotApplied);
        Assert.That(finding.Subject, Does.StartWith("RefreshInterval"), "the port is what was asked for");
        Assert.That(finding.Fix!.Command, Is.EqualTo("netsh interface teredo set state refreshinterval=20"));
    }
}
