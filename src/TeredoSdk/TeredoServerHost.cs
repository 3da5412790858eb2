using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk;

/// <summary>Settings of a <see cref="TeredoServerHost"/>, fixed when it starts.</summary>
public sealed record TeredoServerHostOptions
{
    /// <summary>The primary IPv4 address, one of this machine's own, which the addresses of the clients embed.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The secondary IPv4 address, another one of this machine, or null. Without it no client can check how its NAT maps ports.</summary>
    public IPAddress? SecondaryAddress { get; init; }

    /// <summary>
    /// The UDP port, 1 to 65535; 3544 by default (RFC 4380 §2.7). Another one is for laboratories that translate ports: clients always ask port 3544.
    /// </summary>
    public int Port { get; init; } = TeredoPorts.Server;

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories and loopback only.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Whether the limits of <see cref="ServerRateLimits"/> hold; on by default.</summary>
    public bool RateLimits { get; init; } = true;

    /// <summary>The secrets of secure qualification (RFC 4380 §5.2.2), or null for the nonce alone.</summary>
    public IServerKeyStore? Keys { get; init; }

    /// <summary>Where the server logs to; nowhere by default.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock of the rate limits; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>A Teredo server on this machine (RFC 4380 §5.3), at one UDP port of one or two addresses. Needs no privileges.</summary>
/// <remarks>
/// It qualifies clients and passes bubbles between them. With CAP_NET_RAW, which root has, it also forwards the pings by which clients find the
/// relay of a native IPv6 host (RFC 4380 §5.2.9); <see cref="NativeForwardingProblem"/> says why when it does not. A client can't share one of the
/// server's addresses. Safe for any number of threads.
/// </remarks>
public sealed class TeredoServerHost : IAsyncDisposable
{
    const int MaxDatagramOctets = 1500; // the core's promise

    readonly Lock _gate = new();
    readonly TeredoServer _core;
    readonly EngineClock _clock;
    readonly ILogger _log;
    readonly IUdpTransport?[] _transports = new IUdpTransport?[2]; // primary, secondary
    readonly NativeSender? _native;

    TeredoServerHost(TeredoServerOptions core, TeredoServerHostOptions options, IHostNetwork network, IRandomSource random)
    {
        _clock = new(options.TimeProvider);
        _log = GuardedLogger.For(LogCategories.ServerHost, options.LoggerFactory);
        _native = NativeSender.TryOpen(core.Primary, _log, out string? problem);
        NativeForwardingProblem = problem;
        _core = new(core with { ForwardNative = _native is not null }, random);
        try
        {
            Open(network, new(core.Primary, (ushort)options.Port), LocalPort.ServerPrimary);
            if (core.Secondary is { } secondary)
                Open(network, new(secondary, (ushort)options.Port), LocalPort.ServerSecondary);
        }
        catch
        {
            Close();
            throw;
        }
        Log.ServerStarted(_log, EndPoint, SecondaryEndPoint);
    }

    /// <summary>The primary address and the port.</summary>
    public IPEndPoint EndPoint => _transports[0]!.LocalEndpoint.ToIPEndPoint();

    /// <summary>The secondary address and the port, or null.</summary>
    public IPEndPoint? SecondaryEndPoint => _transports[1]?.LocalEndpoint.ToIPEndPoint();

    /// <summary>Whether pings of clients to native IPv6 hosts are forwarded (RFC 4380 §5.3.1).</summary>
    public bool ForwardsToNativeIPv6 => _native is not null;

    /// <summary>Why they are not, and what to do; null when they are.</summary>
    public string? NativeForwardingProblem { get; }

    /// <summary>What was dropped since the start, by reason; reasons that never occurred are left out.</summary>
    public IReadOnlyDictionary<DropReason, long> Drops
    {
        get
        {
            lock (_gate)
                return Enum.GetValues<DropReason>().Where(reason => _core.Drops[reason] > 0).ToDictionary(reason => reason, reason => _core.Drops[reason]);
        }
    }

    /// <summary>Starts a server.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
    /// <exception cref="TeredoException"><see cref="TeredoError.PortUnavailable"/>: an address is not this machine's, or its port is taken.</exception>
    public static TeredoServerHost Start(TeredoServerHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Start(options, new SystemNetwork(GuardedLogger.For(LogCategories.ServerHost, options.LoggerFactory)), CryptographicRandom.Instance);
    }

    internal static TeredoServerHost Start(TeredoServerHostOptions options, IHostNetwork network, IRandomSource random)
    {
        var primary = Parse(options.Address, nameof(options.Address));
        if (options.Port is < 1 or > ushort.MaxValue)
            throw new ArgumentException($"{nameof(options.Port)} is {options.Port}; expected 1 to 65535.", nameof(options));
        var core = new TeredoServerOptions
        {
            Primary = primary,
            AttachedSubnets = network.Describe(primary).AttachedSubnets,
            Secondary = options.SecondaryAddress is { } secondary ? Parse(secondary, nameof(options.SecondaryAddress)) : null,
            AllowPrivateAddresses = options.AllowPrivateAddresses,
            RateLimits = options.RateLimits,
            Keys = options.Keys,
        };
        return new(core, options, network, random);
    }

    /// <summary>Stops the server and closes its sockets. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await Task.WhenAll(_transports.Select(transport => transport?.Completion ?? Task.CompletedTask)).ConfigureAwait(false);
    }

    static IPv4Address Parse(IPAddress address, string option) => address is { AddressFamily: AddressFamily.InterNetwork }
        ? IPv4Address.FromIPAddress(address)
        : throw new ArgumentException($"{option} is {address?.ToString() ?? "null"}; expected an IPv4 address of this machine.", option);

    void Open(IHostNetwork network, IPv4Endpoint local, LocalPort port)
    {
        try
        {
            _transports[IndexOf(port)] = network.Open(local, (source, payload) => HandleDatagram(port, source, payload));
        }
        catch (SocketException e)
        {
            throw new TeredoException(TeredoError.PortUnavailable,
                $"UDP port {local.Port} of {local.Address} can't be used ({e.Message}). Choose an address of this machine at which no other Teredo server runs.", e);
        }
    }

    void HandleDatagram(LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        Span<byte> buffer = stackalloc byte[MaxDatagramOctets];
        Verdict verdict;
        Transmit transmit;
        bool answers, forwards;
        int length = 0;
        lock (_gate)
        {
            verdict = _core.HandleDatagram(_clock.Now, via, source, payload);
            answers = _core.TryTakeTransmit(buffer, out transmit); // at most one per datagram, of either kind
            forwards = !answers && _core.TryTakeDelivery(buffer, out length);
        }
        if (verdict.Kind == VerdictKind.Dropped)
            Log.PacketDropped(_log, source, verdict.Reason);
        if (answers) // the first datagrams may come while the second socket is being opened
            _transports[IndexOf(transmit.Via)]?.Send(transmit.Target, buffer[..transmit.Length], transmit.Ttl);
        else if (forwards)
            _native?.Send(buffer[..length]);
    }

    static int IndexOf(LocalPort port) => port == LocalPort.ServerSecondary ? 1 : 0;

    void Close()
    {
        foreach (var transport in _transports)
            transport?.Dispose();
        _native?.Dispose();
    }
}
