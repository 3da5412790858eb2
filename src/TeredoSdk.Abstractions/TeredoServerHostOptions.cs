using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk;

/// <summary>Settings of a <c>TeredoServerHost</c>. A host copies them when it starts; later changes do not affect it.</summary>
public sealed class TeredoServerHostOptions
{
    internal const int MaxShards = 64;

    /// <summary>The primary IPv4 address, an address of this machine. The addresses of the clients contain it. Required.</summary>
    public IPAddress? Address { get; set; }

    /// <summary>
    /// The secondary IPv4 address, another address of this machine, or null (the default) for none. Without it, no client can check how its NAT maps
    /// ports.
    /// </summary>
    public IPAddress? SecondaryAddress { get; set; }

    /// <summary>
    /// A third IPv4 address of this machine, or null (the default) for none. From there clients that ask for it get a packet of a stranger, which
    /// shows them whether strangers get in (docs/protocol §9). UDP ports 3545 and 3546 are used there.
    /// </summary>
    public IPAddress? ReflectAddress { get; set; }

    /// <summary>
    /// The UDP port, 1 to 65535; 3544 by default (RFC 4380 §2.7). Another port is for laboratories that translate ports, because clients always ask
    /// port 3544.
    /// </summary>
    public int Port { get; set; } = TeredoPorts.Server;

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories and loopback only.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>
    /// What one host can make the server send; null for no limits. By default those of a new <see cref="ServerRateLimits"/>. Each limit is 1 to
    /// 1,000,000 per second and at once.
    /// </summary>
    public ServerRateLimits? RateLimits { get; set; } = new();

    /// <summary>The secrets of secure qualification (RFC 4380 §5.2.2), or null (the default): clients then qualify with the nonce alone.</summary>
    public IServerKeyStore? Keys { get; set; }

    /// <summary>Makes the server's loggers; by default the server does not log.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>The highest rung of the ladder of ways to move packets; <see cref="TeredoDatapath.Auto"/> by default.</summary>
    public TeredoDatapath Datapath { get; set; }

    /// <summary>
    /// How many sockets at each address share the work, 1 to 64; 1 by default. More than one is for Linux, and for a server that would keep more than one
    /// processor busy: a thread each takes a part of the sources. The rate limits hold for all of them together.
    /// </summary>
    public int Shards { get; set; } = 1;

    /// <summary>The clock of the rate limits; the system's by default.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Checks every option that can be checked without asking the system.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        var policy = AllowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict;
        string unicast = AllowPrivateAddresses ? "a unicast IPv4 address"
            : $"a global unicast IPv4 address ({nameof(AllowPrivateAddresses)} lifts that in a laboratory)";
        var primary = BadOption.RequireIPv4(Address, nameof(Address));
        if (!policy.IsGlobalUnicast(primary))
            throw BadOption.Of(nameof(Address), primary, unicast);
        if (SecondaryAddress is not null && BadOption.RequireIPv4(SecondaryAddress, nameof(SecondaryAddress)) is var secondary
            && (secondary == primary || !policy.IsGlobalUnicast(secondary)))
            throw BadOption.Of(nameof(SecondaryAddress), secondary, $"{unicast} other than {nameof(Address)}, or null");
        if (ReflectAddress is not null && BadOption.RequireIPv4(ReflectAddress, nameof(ReflectAddress)) is var reflect
            && (ReflectAddress.Equals(Address) || ReflectAddress.Equals(SecondaryAddress) || !policy.IsGlobalUnicast(reflect)))
            throw BadOption.Of(nameof(ReflectAddress), reflect, $"{unicast} other than {nameof(Address)} and {nameof(SecondaryAddress)}, or null");
        BadOption.RequirePort(Port, nameof(Port), allowAny: false);
        RateLimits?.Validate();
        if (Shards is < 1 or > MaxShards)
            throw BadOption.Of(nameof(Shards), Shards, $"1 to {MaxShards}");
        if (Shards > 1 && !OperatingSystem.IsLinux())
            throw BadOption.Of(nameof(Shards), Shards, "1: only Linux spreads datagrams over several sockets");
        BadOption.RequireDatapath(Datapath, nameof(Datapath));
        BadOption.RequireServices(LoggerFactory, TimeProvider);
    }

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoServerHostOptions Snapshot()
    {
        Validate();
        return (TeredoServerHostOptions)MemberwiseClone();
    }
}
