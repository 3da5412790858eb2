using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Windows.Tests;

/// <summary>What the SDK reads of a Windows whose parts are all there.</summary>
[Fakes]
public class SystemTests
{
    static WindowsSystem Windows => WindowsSystem.Current;

    [SetUp]
    public void BeginAnew() => FakeFiles.Own.Begin();

    [TestCase("iphlpsvc")]
    [TestCase("mpssvc")]
    [TestCase("wscsvc")]
    public void Service_ThatRuns_IsSeenSo(string name) =>
        Assert.That(Windows.ReadService(name).Value, Is.EqualTo(new WindowsService
        {
            Exists = true,
            IsRunning = true,
            StartType = ServiceStartType.Automatic,
        }));

    [Test]
    public void Addresses_HaveTheTunnelAndItsTeredoAddress()
    {
        var found = Windows.ReadAddresses().Value.Single(address => address.IsTunnel);
        Assert.That(found.Address, Is.EqualTo(IPAddress.Parse(FakeFiles.Address)));
        Assert.That(found.InterfaceName, Is.EqualTo("Teredo Tunneling Pseudo-Interface"));
        Assert.That(found.MtuOctets, Is.EqualTo(1280));
    }

    [Test]
    public void CimText_HasAllPropertiesOfBothInstances()
    {
        FakeFiles.Own.Set("type", "enterpriseclient");
        Assert.That(Windows.ReadCimText().Value, Does.Contain("instance of MSFT_NetTeredoConfiguration").And.Contain("Type = 6").And.Contain("ServerName")
            .And.Contain("MSFT_NetTeredoState"));
    }

    [Test]
    public void Listeners_AndAdapters_AreTold()
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Any, 0));
        int port = ((IPEndPoint)socket.Client.LocalEndPoint!).Port;
        Assert.That(Windows.ReadListeners().Value.Any(listener => listener.Protocol == FirewallProtocol.Udp && listener.EndPoint.Port == port));
        Assert.That(Windows.ReadAdapters().Value.Select(adapter => adapter.Name), Does.Contain("Teredo Tunneling Pseudo-Interface"));
    }

    [Test]
    public async Task MachineReport_HasWhatTheseCallsTell()
    {
        FakeFiles.Own.Set("type", "enterpriseclient");
        string report = await MachineReport.MakeAsync(new() { WakeTimeout = TimeSpan.FromSeconds(1) }).WaitAsync(Patience.Limit);
        Assert.That(report, Does.Contain("MSFT_NetTeredoConfiguration").And.Contain("Teredo Tunneling Pseudo-Interface").And.Contain("\"digest\""));
    }

    [TestCase("disabled")]
    [TestCase("default")]
    public void Addresses_OfAClientThatIsOff_HaveNoTunnel(string type)
    {
        FakeFiles.Own.Set("type", type);
        Assert.That(Windows.ReadAddresses().Value.Where(address => address.IsTunnel), Is.Empty);
    }

    [Test]
    public async Task Wake_WithAStableTable_EndsAtOnce() => Assert.That((await Windows.WakeAsync(CancellationToken.None)).Value, Is.True);

    [Test]
    public async Task Wake_WithATableThatBecomesStable_EndsWithTheCallback()
    {
        FakeFiles.Own.Begin("stable=after");
        Assert.That((await Windows.WakeAsync(CancellationToken.None).WaitAsync(Patience.Limit)).Value, Is.True);
    }

    [Test]
    public async Task Wake_WithATableThatNeverIs_CanBeGivenUp()
    {
        FakeFiles.Own.Begin("stable=never");
        using var given = new CancellationTokenSource();
        var wake = Windows.WakeAsync(given.Token);
        Assert.That(wake.IsCompleted, Is.False);
        await given.CancelAsync();
        Assert.That(async () => await wake.WaitAsync(Patience.Limit), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void TeredoPort_ThatASocketIsBoundTo_IsKnown()
    {
        using var client = ClientSocket();
        Assert.That(Windows.ReadTeredoPort().Value, Is.EqualTo(FakeFiles.Port));
    }

    [Test]
    public void TeredoPort_WhereThePlatformDoesNotNameIt_IsAskedOfIpHelper()
    {
        FakeFiles.Own.Begin("ports=missing");
        using var client = ClientSocket();
        Assert.That(Windows.ReadTeredoPort().Value, Is.EqualTo(FakeFiles.Port));
    }

    [Test]
    public void TeredoPort_ThatNoSocketIsBoundTo_IsNotTrusted() => Assert.That(Windows.ReadTeredoPort().Reason, Does.Contain($"{FakeFiles.Port}"));

    [Test]
    public async Task Changed_WhenTheTeredoPortChanges_IsRaised()
    {
        var raised = new TaskCompletionSource();
        void OnChanged() => raised.TrySetResult();
        Windows.Changed += OnChanged;
        try
        {
            FakeFiles.Own.Set("port", "4444");
            await raised.Task.WaitAsync(Patience.Limit);
        }
        finally
        {
            Windows.Changed -= OnChanged;
        }
    }

    [Test]
    public void Configuration_ByCim_IsReadAndWritten()
    {
        Assert.That(Windows.ReadConfiguration().Value, Is.EqualTo(new TeredoConfiguration
        {
            Type = TeredoType.Client,
            ServerName = "teredo.example",
            ClientPort = 0,
            RefreshInterval = TimeSpan.FromSeconds(30),
            DefaultQualified = false,
        }));
        Windows.WriteConfiguration(new() { Type = TeredoType.EnterpriseClient, ServerName = "other.example", ClientPort = 5555 });
        Assert.That((FakeFiles.Own.Get("type"), FakeFiles.Own.Get("servername"), FakeFiles.Own.Get("clientport")),
            Is.EqualTo(("enterpriseclient", "other.example", "5555")));
        Assert.That(Windows.ReadConfiguration().Value.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [TestCase("qualified", TeredoClientState.Qualified)]
    [TestCase("dormant", TeredoClientState.Dormant)]
    [TestCase("offline", TeredoClientState.Offline)]
    public void Status_ByCim_IsRead(string state, TeredoClientState expected)
    {
        FakeFiles.Own.Set("state", state);
        FakeFiles.Own.Set("error", "Fehler äöü");
        var status = Windows.ReadStatus().Value;
        Assert.That((status.State, status.Error), Is.EqualTo((expected, "Fehler äöü")));
    }

    [Test]
    public void Status_OfAClientThatIsOff_IsInactive()
    {
        FakeFiles.Own.Set("type", "disabled");
        Assert.That(Windows.ReadStatus().Value, Is.EqualTo(TeredoStatus.Inactive));
    }

    [TestCase(0, FirewallHealth.Good)]
    [TestCase(1, FirewallHealth.NotMonitored)]
    [TestCase(2, FirewallHealth.Poor)]
    [TestCase(3, FirewallHealth.Snooze)]
    public void FirewallHealth_IsWhatWindowsSecuritySays(int health, FirewallHealth expected)
    {
        FakeFiles.Own.Begin($"health={health}");
        Assert.That(Windows.ReadFirewallHealth().Value, Is.EqualTo(expected));
    }

    [Test]
    public void FirewallHealth_WithoutTheSecurityCenter_IsNotPoorButUnknown()
    {
        FakeFiles.Own.Begin("wscsvc=stopped");
        Assert.That(Windows.ReadFirewallHealth().Reason, Does.Contain("wscsvc"));
    }

    [Test]
    public void EdgeTraversalFilters_AreThoseOfTheSublayer()
    {
        FakeFiles.Own.Begin(@"permit=\device\harddiskvolume1\programme\app.exe");
        Assert.That(Windows.ReadEdgeTraversalFilters().Value, Is.EqualTo(new EdgeTraversalFilter[]
        {
            new() { Kind = EdgeTraversalFilterKind.DefaultBlock, Name = "Teredo: default block" },
            new() { Kind = EdgeTraversalFilterKind.Dormancy, Name = "Teredo: listeners" },
            new()
            {
                Kind = EdgeTraversalFilterKind.Permit,
                Name = "Teredo: a program",
                ProgramPath = @"\device\harddiskvolume1\programme\app.exe",
            },
        }));
    }

    [Test]
    public async Task Netsh_GetsEachArgumentAsItIs()
    {
        string[] arguments = ["interface", "teredo", "set", "state", "servername=a b \"c\" & d", "äöü"];
        Assert.That((await Windows.RunNetshAsync(arguments, CancellationToken.None)).Value.ExitCode, Is.Zero);
        Assert.That(FakeFiles.Own.NetshCalls.Single(), Is.EqualTo(arguments));
    }

    [Test]
    public async Task Switches_WithoutCim_AreReadFromANetshOfAnyLanguage()
    {
        FakeFiles.Own.Begin("cim=missing");
        FakeFiles.Own.NetshSays("""
            Teredo-Parameter
            ---------------------------------------------
            Typ                           : enterpriseclient
            Servername                    : teredo.example.
            Clientaktualisierungsintervall: 30 Sekunden
            Clientport                    : unspecified
            Status                        : dormant
            """);
        var switches = await TeredoSwitches.ReadAsync(Windows, CancellationToken.None);
        Assert.That((switches.Type, switches.ServerName?.TrimEnd('.'), switches.NetshStatus?.State),
            Is.EqualTo(((TeredoType?)TeredoType.EnterpriseClient, "teredo.example", (TeredoClientState?)TeredoClientState.Dormant)));
    }

    static Socket ClientSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, FakeFiles.Port));
        return socket;
    }
}
