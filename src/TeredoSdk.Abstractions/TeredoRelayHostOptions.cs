using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Protocol;

namespace TeredoSdk;

/// <summary>Settings of a <c>TeredoRelayHost</c>. A host copies them when it starts; later changes do not affect it.</summary>
public sealed class TeredoRelayHostOptions
{
    const int TeredoPrefixLength = 32; // RFC 4380 §2.6

    /// <summary>The IPv4 address of this machine from which the relay talks to Teredo clients. Required.</summary>
    public IPAddress? Address { get; set; }

    /// <summary>The UDP port, 1 to 65535, or 0 (the default) for any free port.</summary>
    public int Port { get; set; }

    /// <summary>
    /// The network device of a relay for other machines, 1 to 15 octets; null (the default) for a host-specific relay, which serves this machine's
    /// own addresses.
    /// </summary>
    public string? InterfaceName { get; set; }

    /// <summary>The IPv6 prefixes that a relay for other machines serves; empty (the default) for all of native IPv6, 2000::/3.</summary>
    public IList<IPNetwork> Prefixes { get; set; } = [];

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories only.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Makes the relay's loggers; by default the relay does not log.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The highest rung of the ladder of ways to move packets; <see cref="TeredoDatapath.Auto"/> by default.</summary>
    public TeredoDatapath Datapath { get; set; }

    /// <summary>The relay's clock; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks every option that can be checked without asking the system.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
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
        BadOption.RequireDatapath(Datapath, nameof(Datapath));
        BadOption.RequireServices(LoggerFactory, TimeProvider);
    }

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoRelayHostOptions Snapshot()
    {
        Validate();
        var copy = (TeredoRelayHostOptions)MemberwiseClone();
        copy.Prefixes = [.. Prefixes];
        return copy;
    }

    /// <summary>The prefixes in the type that the core uses.</summary>
    internal IPv6Prefix[] ToServedPrefixes() =>
        [.. Prefixes.Select(prefix => new IPv6Prefix(IPv6Address.FromIPAddress(prefix.BaseAddress), prefix.PrefixLength))];
}
