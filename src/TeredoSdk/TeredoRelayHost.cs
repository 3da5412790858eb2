using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk;

/// <summary>Settings of a <see cref="TeredoRelayHost"/>, fixed when it starts.</summary>
public sealed record TeredoRelayHostOptions
{
    /// <summary>The IPv4 address, one of this machine's own, that the relay talks to Teredo clients from.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>The UDP port, 1 to 65535, or 0 (the default) for any.</summary>
    public int Port { get; init; }

    /// <summary>The network device of a relay for others, or null (the default) for a host-specific relay: this machine's own addresses.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>The prefixes that a relay for others serves; empty (the default) stands for all of native IPv6, 2000::/3.</summary>
    public IReadOnlyList<IPv6Prefix> Prefixes { get; init; } = [];

    /// <summary>Whether private, loopback, link-local, benchmarking and documentation addresses count as public ones. For laboratories only.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>Where the relay logs to; nowhere by default.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The clock of the relay; the system's by default.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>A Teredo relay (RFC 4380 §5.4) on a network device of this machine. Linux, with CAP_NET_ADMIN.</summary>
/// <remarks>
/// It adds a route to 2001::/32 over its device. A relay for others needs the kernel to forward IPv6 (net.ipv6.conf.all.forwarding), which it never
/// changes itself, and has to be announced: the native hosts' route to 2001::/32 leads to this machine. A host-specific relay serves the machine's
/// own native addresses, follows their changes, and needs neither. Safe for any number of threads.
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class TeredoRelayHost : IAsyncDisposable
{
    const int MtuOctets = 1280; // RFC 4380 §5.1.2
    const string OwnDevice = "teredo%d";
    const string Forwarding = "/proc/sys/net/ipv6/conf/all/forwarding";

    static readonly IPv6Prefix NativeIPv6 = new(IPv6Address.Parse("2000::"), 3);

    readonly TunDevice _device;
    readonly DeviceRelay _relay;
    readonly OwnAddressRelay? _own;
    int _disposed;

    TeredoRelayHost(TeredoRelayHostOptions options, IPv4Endpoint local, TunDevice device, EngineParts parts, ILogger log)
    {
        _device = device;
        _relay = new(device, parts, new(local, options.AllowPrivateAddresses, options.TimeProvider, log));
        if (options.InterfaceName is null)
            _own = new(_relay, parts.Network, new SystemInterfaces(log), log, local.Address);
        device.Start(_relay.Send, e => Log.EngineFault(log, e));
    }

    /// <summary>The state as it is now.</summary>
    public TeredoRelayReport Report => _own?.Describe(_device.Name) ?? new()
    {
        InterfaceName = _device.Name,
        IsHostSpecific = false,
        Served = _relay.Served,
        EndPoint = _relay.Driver?.LocalEndpoint.ToIPEndPoint(),
        Peers = _relay.Driver?.PeerCount ?? 0,
        Drops = _relay.Driver?.CopyDrops() ?? [],
        Problem = Forwards() ? null : "The kernel of this machine does not forward IPv6, so only the machine itself can use the relay. Switch it on: "
            + "sysctl -w net.ipv6.conf.all.forwarding=1.",
    };

    /// <summary>Ends when this is disposed; fails with a <see cref="TeredoException"/> when another program took the network device away.</summary>
    public Task Completion => _device.Completion;

    /// <summary>Starts a relay. A host-specific one may start before the machine has a native address: it waits for one.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
    /// <exception cref="TeredoException">
    /// The device can't be made (<see cref="TeredoError.AccessDenied"/>, <see cref="TeredoError.NetworkDeviceUnavailable"/>), or the address and
    /// port can't be used (<see cref="TeredoError.PortUnavailable"/>); why, and what to do. Nothing is left behind.
    /// </exception>
    public static async Task<TeredoRelayHost> StartAsync(TeredoRelayHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var local = Check(options);
        var log = GuardedLogger.For(LogCategories.RelayHost, options.LoggerFactory);
        var device = TunDevice.OpenInHost(options.InterfaceName ?? OwnDevice, MtuOctets);
        var host = new TeredoRelayHost(options, local, device, EngineParts.OfThisMachine(options.TimeProvider, log), log);
        try
        {
            IPv6Prefix[] served = options.Prefixes.Count > 0 ? [.. options.Prefixes] : [NativeIPv6];
            await (host._own?.StartAsync() ?? host._relay.UpdateAsync(served)).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops the relay and removes its device, with its route. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_own is not null)
            await _own.DisposeAsync().ConfigureAwait(false);
        await _relay.DisposeAsync().ConfigureAwait(false);
        _device.Dispose();
    }

    static IPv4Endpoint Check(TeredoRelayHostOptions options)
    {
        if (options.Address is not { AddressFamily: AddressFamily.InterNetwork })
            throw Bad(nameof(options.Address), options.Address?.ToString() ?? "null", "an IPv4 address of this machine");
        if (options.Port is < 0 or > ushort.MaxValue)
            throw Bad(nameof(options.Port), options.Port, "0 (any) or 1 to 65535");
        if (options.InterfaceName is null && options.Prefixes.Count > 0)
        {
            throw Bad(nameof(options.Prefixes), string.Join(", ", options.Prefixes),
                $"none without an {nameof(options.InterfaceName)}: a host-specific relay serves the machine's own addresses");
        }
        return new(IPv4Address.FromIPAddress(options.Address), (ushort)options.Port);
    }

    static ArgumentException Bad(string option, object value, string expected) => new($"{option} is {value}; expected {expected}.", option);

    static bool Forwards()
    {
        try
        {
            return File.ReadAllText(Forwarding).Trim() != "0";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true; // not known
        }
    }
}
