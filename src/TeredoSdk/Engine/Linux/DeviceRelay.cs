using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Linux;

/// <summary>A relay on a TUN device: the route to 2001::/32 leads to it, and what comes out of the tunnel goes to the kernel.</summary>
/// <remarks>Safe for any number of threads, but one at a time starts, updates or stops it.</remarks>
[SupportedOSPlatform("linux")]
sealed class DeviceRelay(TunDevice device, IHostNetwork network, IRandomSource random, DeviceRelaySettings settings) : IAsyncDisposable
{
    const int TeredoPrefix = 32;

    static readonly IPAddress Teredo = IPAddress.Parse("2001::"); // RFC 4380 §2.6

    RelayDriver? _driver;
    IPv6Prefix[] _served = [];
    IPv4Subnet[] _subnets = [];

    /// <summary>The driver, or null while it does not run.</summary>
    public RelayDriver? Driver => Volatile.Read(ref _driver);

    public IReadOnlyList<IPv6Prefix> Served => Volatile.Read(ref _served);

    /// <summary>The state as it is now.</summary>
    /// <param name="isHostSpecific">Whether it serves this machine alone.</param>
    /// <param name="running">What is wrong while it runs, or null.</param>
    /// <param name="stopped">Why it does not run, when it does not.</param>
    public TeredoRelayReport Describe(bool isHostSpecific, string? running = null, string? stopped = null)
    {
        var driver = Driver;
        return new()
        {
            InterfaceName = device.Name,
            IsHostSpecific = isHostSpecific,
            Served = driver is null ? [] : [.. Served.Select(prefix => new IPNetwork(prefix.Address.ToIPAddress(), prefix.Length))],
            EndPoint = driver?.LocalEndpoint.ToIPEndPoint(),
            Peers = driver?.PeerCount ?? 0,
            Drops = driver?.CopyDrops() ?? [],
            Problem = driver is null ? stopped : running,
        };
    }

    /// <summary>Starts it, or starts it anew when what it serves or the machine's own addresses are others now.</summary>
    /// <param name="served">The prefixes; without any it stops.</param>
    /// <exception cref="TeredoException">The port can't be used, or the route is taken. It does not run.</exception>
    public async Task UpdateAsync(IPv6Prefix[] served)
    {
        IPv4Subnet[] subnets = [.. network.Describe(settings.Local.Address).AttachedSubnets];
        if (_driver is not null && served.SequenceEqual(_served) && subnets.SequenceEqual(_subnets))
            return;
        await StopAsync().ConfigureAwait(false);
        if (served.Length == 0)
            return;
        (_served, _subnets) = (served, subnets);
        _driver = Open();
        try
        {
            device.AddRoute(Teredo, TeredoPrefix);
        }
        catch
        {
            await StopAsync().ConfigureAwait(false);
            throw;
        }
        Log.RelayStarted(settings.Log, _driver.LocalEndpoint, string.Join(", ", served));
    }

    /// <summary>Takes a packet of the kernel. What is not for a Teredo client is the kernel's own talk on a new device, and goes nowhere.</summary>
    public void Send(ReadOnlySpan<byte> octets)
    {
        if (IPv6Packet.TryParse(octets, out var packet) && packet.Destination.IsTeredo)
            Driver?.Send(octets);
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _driver, null) is not { } driver)
            return;
        await driver.DisposeAsync().ConfigureAwait(false);
        device.RemoveRoute(Teredo, TeredoPrefix);
        Log.RelayStopped(settings.Log);
    }

    RelayDriver Open()
    {
        var options = new TeredoRelayOptions
        {
            ServedPrefixes = _served,
            OwnAddresses = [.. _subnets.Select(subnet => subnet.Address).Append(settings.Local.Address).Distinct().Where(address => !address.IsUnspecified)],
            AttachedSubnets = _subnets,
            AllowPrivateAddresses = settings.AllowPrivateAddresses,
        };
        try
        {
            return new(options, random, network, settings.Local, settings.Time, device.Write, settings.Log);
        }
        catch (SocketException e)
        {
            throw new TeredoException(TeredoError.PortUnavailable,
                $"UDP endpoint {settings.Local} of this machine can't be used for the relay ({e.Message}). "
                + "Choose an IPv4 address of this machine and a free port, or port 0 for any.", e);
        }
    }
}

/// <summary>What stays the same while a relay runs.</summary>
/// <param name="Local">The UDP endpoint to bind to; an unspecified address or port 0 stand for any.</param>
/// <param name="AllowPrivateAddresses">Whether private addresses count as public ones.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Where it logs to.</param>
readonly record struct DeviceRelaySettings(IPv4Endpoint Local, bool AllowPrivateAddresses, TimeProvider Time, ILogger Log);
