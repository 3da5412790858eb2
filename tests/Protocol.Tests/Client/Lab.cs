using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>The addresses of the captures (docs/protocol §8): documentation ranges, so AllowPrivateAddresses is on.</summary>
static class Lab
{
    public static readonly TeredoServerAddress Server = new(IPv4("203.0.113.1"), IPv4("203.0.113.2"));
    public static readonly TeredoServerAddress OtherServer = new(IPv4("203.0.113.5"), IPv4("203.0.113.6"));
    public static readonly IPv4Endpoint Primary = new(Server.Primary, 3544);
    public static readonly IPv4Endpoint Secondary = new(Server.Secondary, 3544);

    /// <summary>The client's address on its own network.</summary>
    public static readonly IPv4Address Local = IPv4("10.1.0.2");

    /// <summary>The gateway of that network.</summary>
    public static readonly NetworkGateway Gateway = new() { Address = IPv4("10.1.0.1"), LinkAddress = 0x02_00_00_00_00_01 };

    /// <summary>What a server sees of the client; the port differs from every local one unless the test makes them equal.</summary>
    public static readonly IPv4Endpoint Mapped = Endpoint("203.0.113.11:39328");

    /// <summary>Another mapping of the same NAT.</summary>
    public static readonly IPv4Endpoint OtherMapped = Endpoint("203.0.113.11:39400");

    public static TeredoClientOptions Options => new() { Servers = [Server], AllowPrivateAddresses = true };

    public static IPv4Address IPv4(string text) => IPv4Address.Parse(text);

    public static IPv4Endpoint Endpoint(string text) => IPv4Endpoint.Parse(text);

    public static IPv6Address IPv6(string text) => IPv6Address.Parse(text);

    /// <summary>The address of a peer with this mapped endpoint; flags 0 and the laboratory's server unless given.</summary>
    public static TeredoAddress Peer(IPv4Endpoint mapped, IPv4Address? server = null, TeredoFlags flags = TeredoFlags.None) =>
        new(server ?? Server.Primary, flags, mapped);
}
