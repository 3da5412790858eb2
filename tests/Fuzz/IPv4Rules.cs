using TeredoSdk.Protocol;

namespace TeredoSdk.Fuzz;

/// <summary>docs/protocol §5.1, written down a second time so that the oracles do not lean on the code under test.</summary>
public sealed class IPv4Rules(bool allowPrivate, params IPv4Subnet[] attached)
{
    static readonly (uint Address, int Length)[] Never =
        [(0, 8), (0xC0586300, 24), (0xC0000000, 24), (0xE0000000, 4), (0xF0000000, 4)];
    static readonly (uint Address, int Length)[] Site =
        [(0x0A000000, 8), (0xA9FE0000, 16), (0xAC100000, 12), (0xC0A80000, 16), (0x64400000, 10), (0xC6120000, 15)];
    static readonly (uint Address, int Length)[] Special =
        [(0x7F000000, 8), (0xC0000200, 24), (0xC6336400, 24), (0xCB007100, 24)];

    /// <summary>Whether the endpoint may be sent to because an address or origin indication embeds it.</summary>
    public bool IsGlobal(IPv4Endpoint endpoint) => endpoint.Port != 0 && IsGlobal(endpoint.Address);

    /// <summary>Whether the address is global unicast.</summary>
    public bool IsGlobal(IPv4Address address) => !In(Never, address) && !IsBroadcast(address)
        && (allowPrivate || (!In(Site, address) && !In(Special, address)));

    /// <summary>Whether the address means something within one site only.</summary>
    public static bool IsSite(IPv4Address address) => In(Site, address);

    /// <summary>Whether the address is in an attached subnet.</summary>
    public bool IsAttached(IPv4Address address) => attached.Any(subnet => Contains(subnet.Address.Value, subnet.PrefixLength, address));

    bool IsBroadcast(IPv4Address address) => attached.Any(subnet =>
        subnet.PrefixLength < 31 && address.Value == (subnet.Address.Value | uint.MaxValue >> subnet.PrefixLength));

    static bool In((uint Address, int Length)[] ranges, IPv4Address address)
    {
        foreach (var (network, length) in ranges)
            if (Contains(network, length, address))
                return true;
        return false;
    }

    static bool Contains(uint network, int length, IPv4Address address) => (network ^ address.Value) >> (32 - length) == 0;
}
