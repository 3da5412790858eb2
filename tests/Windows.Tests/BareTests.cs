using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Windows.Tests;

/// <summary>Each thing that is not there is a named reason.</summary>
[Bare]
public class BareTests
{
    static WindowsSystem Windows => WindowsSystem.Current;

    static IEnumerable<TestCaseData> Missing()
    {
        yield return Case(() => Windows.ReadTeredoPort(), "GetTeredoPort");
        yield return Case(() => Windows.WakeAsync(CancellationToken.None).GetAwaiter().GetResult(), "NotifyStableUnicastIpAddressTable");
        yield return Case(() => Windows.ReadFirewallHealth(), "WscGetSecurityProviderHealth");
        yield return Case(() => Windows.ReadEdgeTraversalFilters(), "Fwpm");
        yield return Case(() => Windows.ReadConfiguration(), "CIM");
        yield return Case(() => Windows.ReadStatus(), "CIM");
        yield return Case(() => Windows.Firewall.ReadProducts(), "lacks that part of the Windows Firewall");
        yield return Case(() => Windows.Firewall.ReadStatus(), "this system's firewall does not have that function");
        yield return Case(() => Windows.Firewall.ReadRules(), "this system's firewall does not have that function");
    }

    [TestCaseSource(nameof(Missing))]
    public void Reading_OfWhatIsMissing_NamesIt(Func<string?> reason, string name) => Assert.That(reason(), Does.Contain(name));

    [TestCase("iphlpsvc")]
    [TestCase("mpssvc")]
    [TestCase("wscsvc")]
    public void Service_ThatIsNotInstalled_DoesNotExist(string name) =>
        Assert.That(Windows.ReadService(name).Value, Is.EqualTo(default(WindowsService)));

    [Test]
    public async Task Exception_OfAFirewallThatCanNotBeAsked_IsUnavailable()
    {
        var firewall = new TeredoFirewall(Windows);
        var request = new FirewallExceptionRequest { Name = "Chat", ProgramPath = Environment.ProcessPath };
        Assert.That(() => firewall.EnsureAsync(request), Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.FirewallUnavailable));
        Assert.That((await firewall.CheckAsync(request)).LetsIn, Is.Null);
    }

    [Test]
    public void Switches_OfAWindowsWithoutTeredo_ReachNetshAndNameWhatIsMissing()
    {
        var options = new TeredoOptions
        {
            Provider = TeredoProvider.Windows,
            QualificationTimeout = Patience.Limit,
            AllowPrivateAddresses = true,
        };
        var failure = Assert.ThrowsAsync<TeredoException>(async () => await TeredoNode.StartAsync(options));
        Assert.That(failure!.Error, Is.EqualTo(TeredoError.ServiceStopped), failure.Message);
    }

    [Test]
    public void Activation_WhereNothingButNetshIsThere_ReachesEachWayOfItAndReadsBackThatNothingHappened()
    {
        var activation = new TeredoActivation(new WithRunningService(Windows));
        var failure = Assert.ThrowsAsync<TeredoException>(() =>
            activation.EnableAsync(null, static (_, _) => ValueTask.FromResult(true), CancellationToken.None));
        Assert.That(failure!.Error, Is.EqualTo(TeredoError.SetupFailed), failure.Message);
        Assert.That(activation.Steps, Has.None.StartsWith("By CIM"));
        Assert.That(activation.Steps, Has.Some.StartsWith("netsh interface teredo set state").And.Some.StartsWith("netsh interface ipv6 set teredo"));
        Assert.That(activation.Steps, Has.All.Contains("Without effect"));
    }

    [Test]
    public async Task Netsh_ThatSaysNothing_HasExitCodeZeroAndNoText()
    {
        var said = await Windows.RunNetshAsync(["interface", "teredo", "show", "state"], CancellationToken.None);
        Assert.That(said.Value, Is.EqualTo(new NetshOutput { ExitCode = 0, Text = "" }));
    }

    [Test]
    public async Task Resolve_WithoutAServerForNames_IsAReasonThatNamesTheCall()
    {
        using var limit = new CancellationTokenSource(Patience.Limit); // the resolver's own patience is shorter
        var found = await Windows.ResolveAsync("peer.example.net", limit.Token);
        Assert.That(found.Reason, Does.Contain("DnsQuery_W"));
    }

    [Test]
    public void Registry_ValueThatIsNotThere_IsNull() =>
        Assert.That(Windows.ReadRegistry(@"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters", "DisabledComponents").Value, Is.Null);

    [Test]
    public async Task DatagramSockets_OverIPv6_TalkAndSurviveAPeerThatIsGone()
    {
        using var first = Bound(SocketType.Dgram);
        var gone = new IPEndPoint(IPAddress.IPv6Loopback, 1);
        await first.SendToAsync(new byte[] { 0 }, gone); // its ICMP error must not fail the next receive
        using var second = Bound(SocketType.Dgram);
        await second.SendToAsync(new byte[] { 42 }, first.LocalEndPoint!);
        byte[] buffer = new byte[10];
        using var limit = new CancellationTokenSource(Patience.Limit);
        var received = await first.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, gone, limit.Token);
        Assert.That(received.ReceivedBytes, Is.EqualTo(1));
        Assert.That(buffer[0], Is.EqualTo(42));
        Assert.That(first.DualMode, Is.False);
    }

    [Test]
    public async Task StreamSockets_OverIPv6_Connect()
    {
        using var listener = Bound(SocketType.Stream);
        listener.Listen();
        using var caller = Windows.CreateSocket(SocketType.Stream, IPProtectionLevel.Unrestricted);
        await caller.ConnectAsync(listener.LocalEndPoint!);
        using var accepted = await listener.AcceptAsync();
        Assert.That(accepted.RemoteEndPoint, Is.EqualTo(caller.LocalEndPoint));
    }

    static Socket Bound(SocketType type)
    {
        var socket = Windows.CreateSocket(type, IPProtectionLevel.Unrestricted);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        return socket;
    }

    static TestCaseData Case<T>(Func<Reading<T>> read, string name) =>
        new TestCaseData(() => read().Reason, name).SetArgDisplayNames(typeof(T).Name, name);
}
