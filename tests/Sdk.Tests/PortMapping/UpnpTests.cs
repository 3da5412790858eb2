using System.Diagnostics;
using System.Text;
using System.Xml.Linq;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>UPnP IGD with a gateway on loopback, over real sockets: SSDP, description, actions.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UpnpTests : IAsyncDisposable
{
    const string IpService = "urn:schemas-upnp-org:service:WANIPConnection:1", PppService = "urn:schemas-upnp-org:service:WANPPPConnection:1";

    readonly LoopbackGateway _gateway = new();
    readonly List<(string Action, string Port, string Lifetime)> _actions = [];
    readonly List<string> _meant = [];
    string? _description;
    string _address = LoopbackGateway.Public.ToString();
    Func<string, string, int> _error = (_, _) => 0; // of AddPortMapping, by port and lifetime

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    static string Description(string service, string control) =>
        $"<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><deviceList><device><serviceList><service>"
        + $"<serviceType>{service}</serviceType><controlURL>{control}</controlURL></service></serviceList></device></deviceList></device></root>";

    void Listen(string service = IpService)
    {
        _description ??= Description(service, "/control");
        _gateway.Ssdp = search => search.StartsWith("M-SEARCH * HTTP/1.1\r\n", StringComparison.Ordinal)
            ? $"HTTP/1.1 200 OK\r\nCache-Control: max-age=120\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
                + $"LOCATION: http://{_gateway.Address}:{_gateway.HttpPort}/igd.xml\r\n\r\n"
            : null;
        _gateway.Http = Answer;
        _gateway.Listen();
    }

    (int, string) Answer(string action, string body)
    {
        _gateway.Note(action);
        if (action == "/igd.xml")
            return (200, _description!);
        var arguments = XDocument.Parse(body).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        string port = arguments["NewExternalPort"].FirstOrDefault("-"), lifetime = arguments["NewLeaseDuration"].FirstOrDefault("-");
        _actions.Add((action, port, lifetime));
        int error = action == "AddPortMapping" ? _error(port, lifetime) : 0;
        if (action == "AddPortMapping")
            _meant.Add(string.Join(' ', new[] { "NewPortMappingDescription", "NewProtocol", "NewInternalClient", "NewInternalPort" }
                .Select(name => arguments[name].Single())));
        if (error != 0)
            return (500, Envelope($"<s:Fault><detail><UPnPError xmlns=\"u\"><errorCode>{error}</errorCode></UPnPError></detail></s:Fault>"));
        return (200, Envelope(action == "GetExternalIPAddress" ? $"<NewExternalIPAddress>{_address}</NewExternalIPAddress>" : ""));
    }

    static string Envelope(string body) => $"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>";

    // Nobody listens at the PCP port, so that is over at once.
    Task<MappingResult> MapAsync() => _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default).InTime();

    [TestCase(IpService)]
    [TestCase(PppService)]
    [TestCase("urn:schemas-upnp-org:service:WANIPConnection:2")]
    [Conformance("C-178", "C-181")]
    public async Task Mapping_IsMadeAndRemoved(string service)
    {
        Listen(service);
        var lease = (await MapAsync()).Lease!;
        Assert.That((lease.Protocol, lease.External), Is.EqualTo(("UPnP IGD", new IPv4Endpoint(LoopbackGateway.Public, _gateway.Client.Port))));
        await lease.DisposeAsync().InTime();
        string port = $"{_gateway.Client.Port}";
        Assert.That(_actions, Is.EqualTo(new[]
        {
            ("GetExternalIPAddress", "-", "-"), ("AddPortMapping", port, "7200"), ("DeletePortMapping", port, "-"),
        }));
        Assert.That(_meant, Is.EqualTo(new[] { $"TEREDO UDP {_gateway.Client.Address} {port}" }));
    }

    [Test]
    public async Task Renew_AddsTheMappingAgain()
    {
        Listen();
        await using var lease = (await MapAsync()).Lease!;
        _actions.Clear();
        _ = _gateway.Requests;
        lease.Renew();
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("GetExternalIPAddress"));
        Assert.That(await _gateway.NextRequestAsync(), Is.EqualTo("AddPortMapping"));
    }

    [Test]
    public async Task GatewayWithoutLeases_IsAskedForAPermanentOne()
    {
        _error = (_, lifetime) => lifetime == "0" ? 0 : 725;
        Listen();
        await using var lease = (await MapAsync()).Lease!;
        Assert.That(lease, Is.Not.Null);
        Assert.That(_actions.Select(action => action.Lifetime), Is.EqualTo(new[] { "-", "7200", "0" }));
    }

    [TestCase(402), TestCase(501)]
    public async Task GatewayThatRefusesALease_IsAskedForAShorterOne_AndThenForAPermanentOne(int error)
    {
        _error = (_, lifetime) => lifetime switch
        {
            "7200" => error,
            "3600" => 725,
            _ => 0,
        };
        Listen();
        await using var lease = (await MapAsync()).Lease!;
        Assert.That(_actions.Select(action => action.Lifetime), Is.EqualTo(new[] { "-", "7200", "3600", "0" }));
    }

    [Test]
    public async Task TakenPort_AnotherOneIsAskedFor()
    {
        _error = (port, _) => port == $"{_gateway.Client.Port}" ? 718 : 0;
        Listen();
        await using var lease = (await MapAsync()).Lease!;
        Assert.That(lease.External!.Value.Port, Is.Not.EqualTo(_gateway.Client.Port).And.GreaterThanOrEqualTo(1024));
    }

    [TestCase(718, "taken", 4)]
    [TestCase(606, "not authorised", 1)]
    [TestCase(725, "725", 2)]
    [TestCase(402, "invalid arguments", 3)]
    [TestCase(501, "action failed", 3)]
    [TestCase(999, "error 999", 1)]
    public async Task Refusal_IsNamed_AfterAFewTries(int error, string reason, int tries)
    {
        _error = (_, _) => error;
        Listen();
        var result = await MapAsync();
        Assert.That((result.Lease, _actions.Count(action => action.Action == "AddPortMapping")), Is.EqualTo(((PortLease?)null, tries)));
        Assert.That(result.Problem, Does.Contain(reason));
    }

    [TestCase("0.0.0.0")]
    [TestCase("")]
    [TestCase("fe80::1")]
    [Conformance("C-182")]
    public async Task NoExternalAddress_NothingIsMapped(string address)
    {
        _address = address;
        Listen();
        Assert.That((await MapAsync()).Lease, Is.Null);
        Assert.That(_actions.Select(action => action.Action), Is.All.EqualTo("GetExternalIPAddress"));
    }

    [Slow]
    [Test]
    public async Task SilentPcp_DoesNotHoldUpUpnp()
    {
        _gateway.Udp = _ => null;
        Listen();
        await using var lease = (await _gateway.MapperWith(TimeProvider.System).MapAsync(_gateway.Client, 5000, default).InTime()).Lease!;
        Assert.That(lease.Protocol, Is.EqualTo("UPnP IGD"));
    }

    [Test]
    public async Task PcpMapping_LeavesUpnpAlone()
    {
        _gateway.Udp = request => LoopbackGateway.Pcp(request, LoopbackGateway.Public, 1);
        Listen();
        await using var lease = (await MapAsync()).Lease!;
        Assert.That((lease.Protocol, _actions.Count), Is.EqualTo(("PCP", 0)));
    }

    [TestCase("localhost")]
    [TestCase("127.255.255.1")]
    [TestCase("[::1]")]
    public async Task Host_ThatIsNotOnTheLink_IsNeverConnectedTo(string host)
    {
        var log = new Recorder();
        using var http = new UpnpHttp(_gateway.Path with { Log = log });
        Assert.That(await http.GetAsync(new($"http://{host}:1/"), default).InTime(), Is.Null);
        Assert.That(log.Of(EventIds.UpnpAnswerIgnored), Has.Count.EqualTo(1).And.All.Contains("not on the link"));
    }

    [Test]
    public async Task SilentProtocol_IsWaitedForThreeQuartersOfASecond_OnceUpnpIsFound()
    {
        var rest = TimeSpan.FromMilliseconds(750);
        _gateway.Udp = _ => null;
        Listen();
        var mapping = _gateway.Mapper.MapAsync(_gateway.Client, _gateway.Client.Port, default);
        for (var waited = Stopwatch.StartNew(); !_gateway.Time.IsArmedWithin(rest, rest) && waited.Elapsed < Patience.Limit;)
            await Task.Delay(1); // time stands still meanwhile
        Assert.That(_gateway.Time.IsArmedWithin(rest, rest));
        await using var lease = (await _gateway.PassTimeAsync(mapping)).Lease!;
        Assert.That(lease.Protocol, Is.EqualTo("UPnP IGD"));
        Assert.That(_gateway.Time.Elapsed, Is.GreaterThanOrEqualTo(2 * rest), "PCP and NAT-PMP");
    }

    [Test]
    public async Task Redirect_IsNotFollowed()
    {
        Listen();
        _gateway.Http = (_, _) => (302, "");
        Assert.That(await _gateway.DescriptionProblemAsync(), Does.Contain("description could not be fetched"));
    }

    [Test]
    public async Task HugeDescription_IsGivenUp()
    {
        _description = Description(IpService, "/control") + new string(' ', UpnpDocument.MaxOctets);
        Listen();
        Assert.That(await _gateway.DescriptionProblemAsync(), Does.Contain("description could not be fetched"));
    }

    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.1:80/x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", true)]
    [TestCase("HTTP/1.1 200 OK\r\nlocation:http://10.0.0.1/x\r\nst:urn:schemas-upnp-org:device:InternetGatewayDevice:2\r\n\r\n", true)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.2:80/x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: http://localhost/x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.1@127.0.0.1/x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: http://u@10.0.0.1/x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: file:///etc/hosts\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: /x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nLOCATION: http://10.0.0.1/x\r\nST: urn:schemas-upnp-org:device:Basic:1\r\n\r\n", false)]
    [TestCase("NOTIFY * HTTP/1.1\r\nLOCATION: http://10.0.0.1/x\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n", false)]
    [TestCase("HTTP/1.1 200", false)]
    [TestCase("", false)]
    public void SsdpAnswer_LeadsOnlyToTheHostThatSentIt(string answer, bool taken) =>
        Assert.That(SsdpAnswer.Read(Encoding.ASCII.GetBytes(answer), IPv4Address.Parse("10.0.0.1"), out _) is not null, Is.EqualTo(taken));

    [TestCase("/ctl", "http://10.0.0.1:5000/ctl")]
    [TestCase("http://10.0.0.1:6000/ctl", "http://10.0.0.1:6000/ctl")]
    [TestCase("http://10.0.0.2/ctl", null)]
    [TestCase("//10.0.0.2/ctl", null)]
    [TestCase("https://10.0.0.1/ctl", null)]
    [TestCase("http://router.example/ctl", null)]
    public void ControlUrl_LeadsOnlyToTheGateway(string control, string? expected)
    {
        var services = Read(Description(IpService, control));
        Assert.That(services!.Select(service => service.Control.ToString()), expected is null ? Is.Empty : Is.EqualTo(new[] { expected }));
    }

    [TestCase("<!DOCTYPE root [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><root>&b;</root>")]
    [TestCase("<!DOCTYPE root SYSTEM \"http://10.0.0.2/evil.dtd\"><root/>")]
    [TestCase("<root><device>")]
    [TestCase("not XML")]
    [TestCase("")]
    public void HostileDescription_HasNoServices(string text)
    {
        Assert.That(Read(text), Is.Null);
        Assert.That(UpnpDocument.ReadAnswer(Encoding.UTF8.GetBytes(text)).Error, Is.EqualTo(UpnpAnswer.Unreadable));
    }

    [Test]
    public void DeepDescription_IsReadWithoutEndOfStack()
    {
        string text = string.Concat(Enumerable.Repeat("<a>", 9000)) + string.Concat(Enumerable.Repeat("</a>", 9000));
        Assert.That(Read(text), Is.Empty);
    }

    static IReadOnlyList<UpnpService>? Read(string text) =>
        UpnpDocument.ReadServices(Encoding.UTF8.GetBytes(text), new("http://10.0.0.1:5000/igd.xml"), IPv4Address.Parse("10.0.0.1"));
}
