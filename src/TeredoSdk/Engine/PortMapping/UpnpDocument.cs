using System.Globalization;
using System.Text;
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
static class UpnpDocument
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

    /// <summary>Finds the services of a description that map ports, the best first. A service with a URL at another host is left out.</summary>
    /// <param name="octets">The description.</param>
    /// <param name="location">The URL of the description.</param>
    /// <param name="host">The host that all URLs must lead to.</param>
    public static IReadOnlyList<UpnpService> ReadServices(byte[] octets, Uri location, IPv4Address host)
    {
        if (Load(octets) is not { } root)
            return [];
        if (Uri.TryCreate(Child(root, "URLBase"), UriKind.Absolute, out var given)) // UPnP 1.0
            location = given;
        List<UpnpService> services = [];
        foreach (var element in root.Descendants().Where(element => element.Name.LocalName == "service"))
            if (Child(element, "serviceType") is { } type && Types.Contains(type) && Child(element, "controlURL") is { } control
                && Uri.TryCreate(location, control, out var uri) && SsdpAnswer.IsAt(uri, host))
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
            return new(UpnpAnswer.Unreadable, null);
        var elements = root.Descendants().ToList();
        if (Find("Fault") is not null)
            return new(int.TryParse(Find("errorCode"), NumberStyles.None, null, out int code) && code > 0 ? code : UpnpAnswer.Unreadable, null);
        return new(0, IPv4Address.TryParse(Find("NewExternalIPAddress"), out var address) ? address : null);

        string? Find(string name) => elements.Find(element => element.Name.LocalName == name)?.Value.Trim();
    }

    static string? Child(XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name)?.Value.Trim();

    static XElement? Load(byte[] octets)
    {
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(octets), Settings);
            return XDocument.Load(reader).Root;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}

/// <summary>The answer to a call.</summary>
/// <param name="Error">0 when the call succeeded, else UPnP's error code.</param>
/// <param name="Address">The external address, when the answer contains it.</param>
readonly record struct UpnpAnswer(int Error, IPv4Address? Address)
{
    /// <summary>There is no answer, or the answer can't be read.</summary>
    public const int Unreadable = -1;

    public const int NoSuchEntryInArray = 714, ConflictInMappingEntry = 718, SamePortValuesRequired = 724, OnlyPermanentLeasesSupported = 725;

    public string ErrorName => Error switch
    {
        Unreadable => "gives no readable answer",
        401 => "refuses: invalid action",
        402 => "refuses: invalid arguments",
        501 => "refuses: action failed",
        606 => "refuses: not authorised",
        ConflictInMappingEntry => "refuses: the external ports are taken",
        SamePortValuesRequired => "refuses: the external port must equal the local port",
        _ => $"refuses with error {Error}",
    };
}
