namespace TeredoSdk.Protocol;

/// <summary>Decides which IPv4 addresses out of packets a core may send to or accept packets from.</summary>
/// <remarks>
/// Source: RFC 4380 §5.2.4 names the first list of refused ranges (private, loopback, link-local, multicast, broadcast and so on). RFC 6890 names the
/// second (shared, benchmarking, documentation, reserved). Immutable and safe for any number of threads.
/// </remarks>
public sealed class AddressPolicy
{
    /// <summary>The policy of the public internet: only global unicast addresses.</summary>
    public static AddressPolicy Strict { get; } = new(allowPrivate: false, []);

    /// <summary>The policy for laboratories and loopback; see <see cref="AllowsPrivate"/>.</summary>
    public static AddressPolicy Lab { get; } = new(allowPrivate: true, []);

    readonly IPv4Subnet[] _attached;

    /// <summary>Makes a policy.</summary>
    /// <param name="allowPrivate">See <see cref="AllowsPrivate"/>.</param>
    /// <param name="attachedSubnets">
    /// The subnets of the host's own interfaces. Their directed broadcast addresses are refused. The list is copied.
    /// </param>
    public AddressPolicy(bool allowPrivate, ReadOnlySpan<IPv4Subnet> attachedSubnets)
    {
        AllowsPrivate = allowPrivate;
        _attached = attachedSubnets.ToArray();
    }

    /// <summary>
    /// Whether RFC 1918, 100.64/10, 127/8, 169.254/16, 198.18/15 and the documentation ranges count as global unicast. 0/8, multicast, 192.88.99/24,
    /// 192.0.0/24, 240/4 and broadcast never do. For laboratories and loopback only.
    /// </summary>
    public bool AllowsPrivate { get; }

    /// <summary>The subnets of the host's own interfaces.</summary>
    public ReadOnlySpan<IPv4Subnet> AttachedSubnets => _attached;

    /// <summary>Whether the address lies in one of the attached subnets.</summary>
    public bool IsAttached(IPv4Address address)
    {
        foreach (var subnet in _attached)
            if (subnet.Contains(address))
                return true;
        return false;
    }

    /// <summary>Whether the address is global unicast under this policy (RFC 4380 §5.2.4).</summary>
    public bool IsGlobalUnicast(IPv4Address address) =>
        !IsNeverUnicast(address.Value) && (AllowsPrivate || !IsSpecial(address.Value)) && !IsDirectedBroadcast(address);

    /// <summary>Whether the address is global unicast and the port is not 0.</summary>
    public bool IsGlobalUnicast(IPv4Endpoint endpoint) => endpoint.Port != 0 && IsGlobalUnicast(endpoint.Address);

    /// <summary>
    /// Whether packets may be sent to a Teredo address: it has the prefix 2001::/32, global unicast server and client addresses, a port other than 0,
    /// and U and G bits that are 0 (RFC 4380 §4; the z and random bits are ignored, RFC 5991 §3.1).
    /// </summary>
    public bool IsWellFormed(TeredoAddress address) =>
        !address.HasOldPrefix && (address.Flags & TeredoFlags.UniversalAndGroup) == 0
        && IsGlobalUnicast(address.Server) && IsGlobalUnicast(address.MappedEndpoint);

    /// <summary>Whether the address is the directed broadcast address of an attached subnet.</summary>
    internal bool IsDirectedBroadcast(IPv4Address address)
    {
        foreach (var subnet in _attached)
            if (subnet.IsDirectedBroadcast(address))
                return true;
        return false;
    }

    /// <summary>Whether the address is valid only within one site or behind one NAT: private, shared, link-local or benchmarking.</summary>
    internal static bool IsSiteLocal(IPv4Address address) =>
        address.IsPrivate
        || address.Value >> 16 == 0xA9FE            // 169.254/16, link-local
        || address.Value >> 22 == 0x64400000 >> 22  // 100.64/10, shared (carrier NAT)
        || address.Value >> 17 == 0xC6120000 >> 17; // 198.18/15, benchmarking

    static bool IsNeverUnicast(uint a) =>
        a >> 24 == 0                      // 0/8
        || a >> 28 >= 0xE                 // 224/4 multicast, 240/4 reserved, 255.255.255.255
        || a >> 8 == 0xC05863             // 192.88.99/24, 6to4 anycast
        || a >> 8 == 0xC00000;            // 192.0.0/24, protocol assignments

    static bool IsSpecial(uint a) =>
        IsSiteLocal(new(a))
        || a >> 24 == 127
        || a >> 8 is 0xC00002 or 0xC63364 or 0xCB0071; // documentation: 192.0.2/24, 198.51.100/24, 203.0.113/24
}
