using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>The addresses of the laboratory in CONFORMANCE's captures: documentation ranges, so AllowPrivateAddresses is on.</summary>
static class Lab
{
    public static readonly TeredoServerAddress Server = new(Ipv4("203.0.113.1"), Ipv4("203.0.113.2"));
    public static readonly TeredoServerAddress OtherServer = new(Ipv4("203.0.113.5"), Ipv4("203.0.113.6"));
    public static readonly Ipv4Endpoint Primary = new(Server.Primary, 3544);
    public static readonly Ipv4Endpoint Secondary = new(Server.Secondary, 3544);

    /// <summary>The client's address on its own network.</summary>
    public static readonly Ipv4Address Local = Ipv4("10.1.0.2");

    /// <summary>What a server sees of the client; the port differs from every local one unless the test makes them equal.</summary>
    public static readonly Ipv4Endpoint Mapped = Endpoint("203.0.113.11:39328");

    /// <summary>Another mapping of the same NAT.</summary>
    public static readonly Ipv4Endpoint OtherMapped = Endpoint("203.0.113.11:39400");

    public static TeredoClientOptions Options => new() { Servers = [Server], AllowPrivateAddresses = true };

    public static Ipv4Address Ipv4(string text) => Ipv4Address.Parse(text);

    public static Ipv4Endpoint Endpoint(string text) => Ipv4Endpoint.Parse(text);

    public static Ipv6Address Ipv6(string text) => Ipv6Address.Parse(text);

    /// <summary>The address of a peer with this mapped endpoint; flags 0 and the laboratory's server unless given.</summary>
    public static TeredoAddress Peer(Ipv4Endpoint mapped, Ipv4Address? server = null, TeredoFlags flags = TeredoFlags.None) =>
        new(server ?? Server.Primary, flags, mapped);
}
