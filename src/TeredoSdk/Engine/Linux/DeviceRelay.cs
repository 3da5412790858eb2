using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Linux;

/// <summary>A relay on a TUN device. The route to 2001::/32 leads to the device, and packets out of the tunnel go to the kernel.</summary>
/// <remarks>Safe for any number of threads, but calls that start, update or stop the relay must not overlap.</remarks>
[SupportedOSPlatform("linux")]
sealed class DeviceRelay : IAsyncDisposable
{
    const int TeredoPrefix = 32;

    static readonly IPAddress Teredo = IPAddress.Parse("2001::"); // RFC 4380 §2.6

    readonly TunDevice _device;
    readonly EngineParts _parts;
    readonly DeviceRelaySettings _settings;
    readonly PacketSender _sender;
    RelayDriver? _driver;
    IPv6Prefix[] _served = [];
    IPv4Subnet[] _subnets = [];

    public DeviceRelay(TunDevice device, EngineParts parts, DeviceRelaySettings settings)
    {
        (_device, _parts, _settings) = (device, parts, settings);
        _sender = new(batch => Driver?.Send(batch), static (_, _) => { }); // the core counts what it drops
    }

    /// <summary>The driver, or null while the relay does not run.</summary>
    public RelayDriver? Driver => Volatile.Read(ref _driver);

    public IReadOnlyList<IPv6Prefix> Served => Volatile.Read(ref _served);

    /// <summary>The state as it is now.</summary>
    /// <param name="isHostSpecific">Whether the relay serves this machine alone.</param>
    /// <param name="running">The problem when the relay runs, or null.</param>
    /// <param name="stopped">Why the relay does not run, when it does not.</param>
    public TeredoRelayReport Describe(bool isHostSpecific, string? running = null, string? stopped = null)
    {
        var driver = Driver;
        return new()
        {
            InterfaceName = _device.Name,
            IsHostSpecific = isHostSpecific,
            Served = driver is null ? [] : [.. Served.Select(prefix => new IPNetwork(prefix.Address.ToIPAddress(), prefix.Length))],
            EndPoint = driver?.LocalEndpoint.ToIPEndPoint(),
            Peers = driver?.PeerCount ?? 0,
            Drops = driver?.CopyDrops() ?? [],
            Datapath = driver is null ? null : DatapathFacts.Describe(driver.Transport, _device.Facts),
            Problem = driver is null ? stopped : running,
        };
    }

    /// <summary>Starts the relay. Restarts it when the served prefixes or the machine's own addresses have changed.</summary>
    /// <param name="served">The prefixes to serve. An empty array stops the relay.</param>
    /// <exception cref="TeredoException">The port can't be used, or the route is taken. The relay does not run then.</exception>
    public async Task UpdateAsync(IPv6Prefix[] served)
    {
        IPv4Subnet[] subnets = [.. _parts.Network.Describe(_settings.Local.Address).AttachedSubnets];
        if (_driver is not null && served.SequenceEqual(_served) && subnets.SequenceEqual(_subnets))
            return;
        await StopAsync().ConfigureAwait(false);
        if (served.Length == 0)
            return;
        (_served, _subnets) = (served, subnets);
        _driver = Open();
        try
        {
            _device.AddRoute(Teredo, TeredoPrefix);
        }
        catch
        {
            await StopAsync().ConfigureAwait(false);
            throw;
        }
        Log.RelayStarted(_settings.Log, _driver.LocalEndpoint, string.Join(", ", served));
    }

    /// <summary>Takes packets of the kernel, on the device's thread.</summary>
    public void Send(in DeviceBurst burst)
    {
        foreach (var packet in burst.Packets)
            Add(burst, packet);
        Flush();
    }

    /// <summary>
    /// Takes a packet of the kernel; <see cref="Flush"/> must follow before the burst ends. Packets that are not for a Teredo client are ignored; the
    /// kernel sends some on a new _device.
    /// </summary>
    public void Add(in DeviceBurst burst, in DevicePacket packet)
    {
        if (IPv6Packet.TryParse(burst[packet], out var parsed) && parsed.Destination.IsTeredo)
            _sender.Add(burst, packet);
    }

    public void Flush() => _sender.Flush();

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _driver, null) is not { } driver)
            return;
        await driver.DisposeAsync().ConfigureAwait(false);
        _device.RemoveRoute(Teredo, TeredoPrefix);
        Log.RelayStopped(_settings.Log);
    }

    RelayDriver Open()
    {
        var options = new TeredoRelayOptions
        {
            ServedPrefixes = _served,
            OwnAddresses = [.. _subnets.Select(subnet => subnet.Address).Append(_settings.Local.Address).Distinct().Where(address => !address.IsUnspecified)],
            AttachedSubnets = _subnets,
            AllowPrivateAddresses = _settings.AllowPrivateAddresses,
        };
        try
        {
            return new(options, _parts, _settings.Local, _settings.Time, _device.Write, _settings.Log);
        }
        catch (SocketException e)
        {
            throw new TeredoException(TeredoError.PortUnavailable,
                $"UDP endpoint {_settings.Local} of this machine can't be used for the relay ({e.Message}). "
                + "Choose an IPv4 address of this machine and a free port, or port 0 for any.", e);
        }
    }
}

/// <summary>What stays the same while a relay runs.</summary>
/// <param name="Local">The UDP endpoint to bind to; an unspecified address means any address, port 0 means any port.</param>
/// <param name="AllowPrivateAddresses">Whether private addresses count as public ones.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">The log.</param>
readonly record struct DeviceRelaySettings(IPv4Endpoint Local, bool AllowPrivateAddresses, TimeProvider Time, ILogger Log);
