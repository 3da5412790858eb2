using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>A service of a gateway that maps ports.</summary>
/// <param name="Type">The service's type, one of the types in <see cref="UpnpDocument"/>.</param>
/// <param name="Control">The URL that calls of its actions go to.</param>
readonly record struct UpnpService(string Type, Uri Control);

/// <summary>The XML of UPnP: a device's description, calls of actions and their answers.</summary>
/// <remarks>Source: UPnP Device Architecture 1.1 §2.3, §3.2; UPnP Internet Gateway Device, WANIPConnection:1, :2 and WANPPPConnection:1.</remarks>
static partial class UpnpDocument
{
    /// <summary>The size of the largest document that we accept, in octets.</summary>
    public const int MaxOctets = 64 * 1024;

    // In order of preference.
    static readonly string[] Types =
    [
        "urn:schemas-upnp-org:service:WANIPConnection:2",
        "urn:schemas-upnp-org:service:WANIPConnection:1",
        "urn:schemas-upnp-org:service:WANPPPConnection:1",
    ];

    static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, // no entities, and nothing is fetched
        XmlResolver = null,
        MaxCharactersInDocument = MaxOctets,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    /// <summary>Whether it is the type of a service that maps ports.</summary>
    public static bool IsKnown(string type) => Types.Contains(type);

    /// <summary>Finds the services of a description that map ports, the best first. A service with a URL at another host is left out.</summary>
    /// <param name="octets">The description.</param>
    /// <param name="location">The URL of the description.</param>
    /// <param name="host">The host that all URLs must lead to.</param>
    /// <returns>Null when the description can't be read.</returns>
    public static IReadOnlyList<UpnpService>? ReadServices(byte[] octets, Uri location, IPv4Address host)
    {
        if (Load(octets) is not { } root)
            return null;
        List<UpnpService> services = [];
        var bases = Uri.TryCreate(Child(root, "URLBase"), UriKind.Absolute, out var given) // UPnP 1.0; some gateways give one that leads nowhere
            ? (Uri[])[given, location] : [location];
        foreach (var element in root.Descendants().Where(element => element.Name.LocalName == "service"))
            if (Child(element, "serviceType") is { } type && IsKnown(type) && Child(element, "controlURL") is { Length: > 0 } control)
                foreach (var start in bases)
                    if (Uri.TryCreate(start, control, out var uri) && SsdpAnswer.IsAt(uri, host) && !services.Contains(new(type, uri)))
                        services.Add(new(type, uri));
        return [.. services.OrderBy(service => Array.IndexOf(Types, service.Type)).Take(8)];
    }

    /// <param name="type">The service's type.</param>
    /// <param name="action">The action's name.</param>
    /// <param name="arguments">Names and values; no value needs escaping.</param>
    public static byte[] WriteCall(string type, string action, ReadOnlySpan<(string Name, string Value)> arguments)
    {
        var text = new StringBuilder("<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" ")
            .Append("s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>")
            .Append(CultureInfo.InvariantCulture, $"<u:{action} xmlns:u=\"{type}\">");
        foreach (var (name, value) in arguments)
            text.Append(CultureInfo.InvariantCulture, $"<{name}>{value}</{name}>");
        return Encoding.UTF8.GetBytes(text.Append(CultureInfo.InvariantCulture, $"</u:{action}></s:Body></s:Envelope>\r\n").ToString());
    }

    /// <summary>Reads the answer to a call.</summary>
    public static UpnpAnswer ReadAnswer(byte[] octets)
    {
        if (Load(octets) is not { } root)
            return new() { Error = UpnpAnswer.Unreadable };
        var elements = root.Descendants().ToList();
        if (Find("Fault") is not null)
            return new() { Error = int.TryParse(Find("errorCode"), NumberStyles.None, null, out int code) && code > 0 ? code : UpnpAnswer.Unreadable };
        return new()
        {
            Address = IPv4Address.TryParse(Find("NewExternalIPAddress"), out var address) ? address : null,
            InternalClient = IPv4Address.TryParse(Find("NewInternalClient"), out var client)
                && ushort.TryParse(Find("NewInternalPort"), NumberStyles.None, null, out ushort port) ? new(client, port) : null,
            Description = Find("NewPortMappingDescription"),
        };

        string? Find(string name) => elements.Find(element => element.Name.LocalName == name)?.Value.Trim();
    }

    static string? Child(XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value.Trim();

    static XElement? Load(byte[] octets) =>
        Parse(() => XmlReader.Create(new MemoryStream(octets), Settings))
        ?? Parse(() => XmlReader.Create(new StringReader(Mend(Encoding.UTF8.GetString(octets))), Settings));

    static XElement? Parse(Func<XmlReader> open)
    {
        try
        {
            using var reader = open();
            return XDocument.Load(reader).Root;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    // Gateways are sloppy: blank lines before the declaration, NULs at the end or between, and names with bare markup characters in them.
    static string Mend(string text)
    {
        text = new string([.. text.Where(c => XmlConvert.IsXmlChar(c) && c is not '\uFEFF')]).Trim();
        return StrayAmpersand().Replace(StrayBracket().Replace(text, "&lt;"), "&amp;");
    }

    // A bracket that begins no tag, comment, section or declaration.
    [GeneratedRegex("<(?!/?[A-Za-z_][^<>]*>|[!?])", RegexOptions.CultureInvariant)]
    private static partial Regex StrayBracket();

    [GeneratedRegex("&(?!#?[A-Za-z0-9]{1,8};)", RegexOptions.CultureInvariant)]
    private static partial Regex StrayAmpersand();
}

/// <summary>The answer to a call.</summary>
readonly record struct UpnpAnswer
{
    /// <summary>There is no answer, or the answer can't be read.</summary>
    public const int Unreadable = -1;

    public const int InvalidArguments = 402, ActionFailed = 501, NoSuchEntryInArray = 714, ConflictInMappingEntry = 718, SamePortValuesRequired = 724,
        OnlyPermanentLeasesSupported = 725, ConflictWithOtherMechanisms = 729;

    /// <summary>0 when the call succeeded, else UPnP's error code.</summary>
    public int Error { get; init; }

    /// <summary>The external address, when the answer contains it.</summary>
    public IPv4Address? Address { get; init; }

    /// <summary>Where the mapping leads to, when the answer contains it.</summary>
    public IPv4Endpoint? InternalClient { get; init; }

    /// <summary>The description of the mapping, when the answer contains it.</summary>
    public string? Description { get; init; }

    public string ErrorName => Error switch
    {
        Unreadable => "gives no readable answer",
        401 => "refuses: invalid action",
        InvalidArguments => "refuses: invalid arguments",
        ActionFailed => "refuses: action failed",
        606 => "refuses: not authorised",
        ConflictInMappingEntry or ConflictWithOtherMechanisms => "refuses: the external ports are taken",
        SamePortValuesRequired => "refuses: the external port must equal the local port",
        _ => $"refuses with error {Error}",
    };
}
