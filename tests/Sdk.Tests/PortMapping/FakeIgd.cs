using System.Text;
using System.Xml.Linq;

namespace TeredoSdk.Tests.PortMapping;

/// <summary>
/// An Internet gateway device as UPnP's documents have it: SSDP (Device Architecture 1.1 §1.3), a description (§2.3), and WANIPConnection:1 with a
/// table of mappings. A test says in which way it is sloppy.
/// </summary>
sealed class FakeIgd(LoopbackGateway gateway)
{
    public const string IpService = "urn:schemas-upnp-org:service:WANIPConnection:1";

    public sealed record Entry(string Client, string Port, string Description, string Lease);

    /// <summary>The mappings by their external port. The tests and the gateway's own thread use it one after the other.</summary>
    public Dictionary<string, Entry> Table { get; } = [];

    /// <summary>The actions that were called, with external port and lease where they have one.</summary>
    public List<(string Action, string Port, string Lease)> Calls { get; } = [];

    public string ExternalAddress { get; set; } = LoopbackGateway.Public.ToString();

    /// <summary>The error that a request for a mapping gets, by external port and lease; 0 for none.</summary>
    public Func<string, string, int> AddError { get; set; } = (_, _) => 0;

    /// <summary>What is sent for the description, made from the one that is right.</summary>
    public Func<string, string> Describe { get; set; } = right => right;

    /// <summary>Whether the gateway answers the search itself.</summary>
    public bool AnswersSearch { get; set; } = true;

    /// <summary>Called before the search is answered.</summary>
    public Action BeforeSearchAnswer { get; set; } = () => { };

    public string Location => $"http://{gateway.HttpAddress}:{gateway.HttpPort}/igd.xml";

    public static string SearchAnswer(string location) =>
        $"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nSERVER: test/1 UPnP/1.1 igd/1\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
        + $"USN: uuid:0::urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: {location}\r\n\r\n";

    public FakeIgd Listen()
    {
        gateway.Ssdp = search =>
        {
            if (!search.StartsWith("M-SEARCH * HTTP/1.1\r\n", StringComparison.Ordinal))
                return null;
            BeforeSearchAnswer();
            return AnswersSearch ? SearchAnswer(Location) : null;
        };
        gateway.Http = Answer;
        gateway.Listen();
        return this;
    }

    static string Description(string control) =>
        "<?xml version=\"1.0\"?>\r\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><specVersion><major>1</major><minor>0</minor></specVersion><device>"
        + "<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>Router</friendlyName><deviceList><device>"
        + $"<serviceList><service><serviceType>{IpService}</serviceType><controlURL>{control}</controlURL></service></serviceList></device></deviceList>"
        + "</device></root>";

    (int, string) Answer(string action, string body)
    {
        if (action == "/igd.xml")
            return (200, Describe(Description("/control")));
        if (action.StartsWith('/'))
            return (404, "");
        var arguments = XDocument.Parse(body).Descendants().ToLookup(element => element.Name.LocalName, element => element.Value);
        string port = arguments["NewExternalPort"].FirstOrDefault("-"), lease = arguments["NewLeaseDuration"].FirstOrDefault("-");
        Calls.Add((action, port, lease));
        gateway.Note(action);
        switch (action)
        {
            case "GetExternalIPAddress":
                return Succeed(action, ("NewExternalIPAddress", ExternalAddress));
            case "AddPortMapping":
                var wanted = new Entry(arguments["NewInternalClient"].Single(), arguments["NewInternalPort"].Single(),
                    arguments["NewPortMappingDescription"].Single(), lease);
                int error = AddError(port, lease);
                if (error == 0 && Table.TryGetValue(port, out var known) && known.Client != wanted.Client)
                    error = 718; // WANIPConnection:1 §2.4.16
                if (error != 0)
                    return Fail(error);
                Table[port] = wanted;
                return Succeed(action);
            case "DeletePortMapping":
                return Table.Remove(port) ? Succeed(action) : Fail(714);
            case "GetSpecificPortMappingEntry":
                return Table.TryGetValue(port, out var entry)
                    ? Succeed(action, ("NewInternalPort", entry.Port), ("NewInternalClient", entry.Client), ("NewEnabled", "1"),
                        ("NewPortMappingDescription", entry.Description), ("NewLeaseDuration", entry.Lease))
                    : Fail(714);
            default:
                return Fail(401);
        }
    }

    static (int, string) Succeed(string action, params (string Name, string Value)[] values)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in values)
            text.Append($"<{name}>{value}</{name}>");
        return (200, Envelope($"<u:{action}Response xmlns:u=\"{IpService}\">{text}</u:{action}Response>"));
    }

    static (int, string) Fail(int error) => (500, Envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
        + $"<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{error}</errorCode></UPnPError></detail></s:Fault>"));

    static string Envelope(string body) => "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
        + $"s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>{body}</s:Body></s:Envelope>";
}
