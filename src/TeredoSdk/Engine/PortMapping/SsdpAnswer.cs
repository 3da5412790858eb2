using System.Text;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.PortMapping;

/// <summary>Writes the search for a UPnP gateway, and reads the answers.</summary>
/// <remarks>Source: UPnP Device Architecture 1.1 §1.3.2, §1.3.3.</remarks>
static class SsdpAnswer
{
    public const int Port = 1900;

    public static readonly IPv4Address Group = new(0xEFFF_FFFA); // 239.255.255.250

    // A device of version 2 answers to a search for version 1, too (§1.3.2).
    const string Device = "urn:schemas-upnp-org:device:InternetGatewayDevice:";

    /// <param name="target">The destination of the search: the multicast group or one device.</param>
    public static byte[] WriteSearch(IPv4Address target) => Encoding.ASCII.GetBytes(
        $"M-SEARCH * HTTP/1.1\r\nHOST: {target}:{Port}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {Device}1\r\n\r\n");

    /// <summary>Reads an answer to the search.</summary>
    /// <param name="datagram">The UDP payload.</param>
    /// <param name="source">The host that sent it.</param>
    /// <param name="problem">Why the datagram is not usable.</param>
    /// <returns>The URL of the host's description. Null when a gateway did not send the datagram, or when the URL leads to another host.</returns>
    public static Uri? Read(ReadOnlySpan<byte> datagram, IPv4Address source, out string problem)
    {
        problem = "it is not an answer of an Internet gateway device";
        string[] lines = Encoding.Latin1.GetString(datagram).Trim('\0', '\r', '\n', ' ').ReplaceLineEndings("\n").Split('\n'); // gateways are sloppy
        string[] status = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (status is not ["HTTP/1.1" or "HTTP/1.0", "200", ..] || Find(lines, "ST")?.StartsWith(Device, StringComparison.Ordinal) != true)
            return null;
        problem = "its LOCATION is not an HTTP address of the host that answered";
        return Find(lines, "LOCATION") is { } location && Uri.TryCreate(location, UriKind.Absolute, out var uri) && IsAt(uri, source) ? uri : null;
    }

    /// <summary>Whether the URL is an HTTP one at this very host, given as a number. So no answer can make us connect to another host.</summary>
    public static bool IsAt(Uri uri, IPv4Address host) =>
        uri.Scheme == Uri.UriSchemeHttp && uri.UserInfo.Length == 0 && uri.Port is > 0 and <= ushort.MaxValue
        && IPv4Address.TryParse(uri.Host, out var address) && address == host;

    static string? Find(string[] lines, string name)
    {
        foreach (string line in lines.Skip(1))
            if (line.IndexOf(':') is > 0 and var colon && line.AsSpan(0, colon).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                return line[(colon + 1)..].Trim();
        return null;
    }
}
