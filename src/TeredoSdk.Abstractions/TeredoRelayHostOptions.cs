using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>Settings of a <c>TeredoRelayHost</c>. A host copies them when it starts; later changes do not reach it.</summary>
public sealed class TeredoRelayHostOptions
{
    const int TeredoPrefixLength = 32; // RFC 4380 §2.6

    /// <summary>The IPv4 address, one of this machine's own, that the relay talks to Teredo clients from. Has to be set.</summary>
    public IPAddress? Address { get; set; }

    /// <summary>The UDP port, 1 to 65535, or 0 (the default) for any.</summary>
    public int Port { get; set; }

    /// <summary>
    /// The network device of a relay for others, 1 to 15 octets, or null (the default) for a host-specific relay: this machine's own addresses.
    /// </summary>
    public string? InterfaceName { get; set; }

    /// <summary>The IPv6 prefixes that a relay for others serves; empty (the default) stands for all of native IPv6, 2000::/3.</summary>
    public IList<IPNetwork> Prefixes { get; set; } = [];

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories only.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Where the relay logs to; nowhere by default.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The clock of the relay; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks every option that can be checked without asking the system.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
    public void Validate()
    {
        BadOption.RequireIPv4(Address, nameof(Address));
        BadOption.RequirePort(Port, nameof(Port), allowAny: true);
        if (InterfaceName is not null)
            BadOption.RequireInterfaceName(InterfaceName, nameof(InterfaceName));
        if (Prefixes is null)
            throw BadOption.Of(nameof(Prefixes), null, "a list, which may be empty");
        if (InterfaceName is null && Prefixes.Count > 0)
            throw BadOption.Of(nameof(Prefixes), string.Join(", ", Prefixes),
                $"none without an {nameof(InterfaceName)}: a host-specific relay serves the machine's own addresses");
        foreach (var prefix in Prefixes)
            if (prefix.BaseAddress.AddressFamily != AddressFamily.InterNetworkV6 || (prefix.BaseAddress.IsIPv6Teredo && prefix.PrefixLength >= TeredoPrefixLength))
                throw BadOption.Of(nameof(Prefixes), prefix, "IPv6 prefixes that do not lie inside 2001::/32");
        BadOption.RequireServices(LoggerFactory, TimeProvider);
    }

    /// <summary>A copy that later changes do not reach, checked.</summary>
    internal TeredoRelayHostOptions Snapshot()
    {
        Validate();
        var copy = (TeredoRelayHostOptions)MemberwiseClone();
        copy.Prefixes = [.. Prefixes];
        return copy;
    }

    /// <summary>The prefixes as the core has them.</summary>
    internal IPv6Prefix[] ToServedPrefixes() =>
        [.. Prefixes.Select(prefix => new IPv6Prefix(IPv6Address.FromIPAddress(prefix.BaseAddress), prefix.PrefixLength))];
}
