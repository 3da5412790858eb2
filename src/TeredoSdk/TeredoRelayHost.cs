using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk;

/// <summary>A Teredo relay (RFC 4380 §5.4) on a network device of this machine. Needs Linux and CAP_NET_ADMIN.</summary>
/// <remarks>
/// The relay adds a route to 2001::/32 through its device. A relay for other machines also needs a kernel that forwards IPv6
/// (net.ipv6.conf.all.forwarding); the relay never changes that setting. Such a relay must also be announced: the native hosts' route to 2001::/32
/// must lead to this machine. A host-specific relay needs neither: it serves the machine's own native addresses, and follows their changes. Safe for
/// any number of threads.
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class TeredoRelayHost : IAsyncDisposable
{
    const int MtuOctets = 1280; // RFC 4380 §5.1.2
    const string OwnDevice = "teredo%d";

    static readonly IPv6Prefix NativeIPv6 = new(IPv6Address.Parse("2000::"), 3);

    readonly TunDevice _device;
    readonly DeviceRelay _relay;
    readonly OwnAddressRelay? _own;
    int _disposed;

    TeredoRelayHost(TeredoRelayHostOptions options, TunDevice device, EngineParts parts, ILogger log)
    {
        var local = new IPv4Endpoint(IPv4Address.FromIPAddress(options.Address!), (ushort)options.Port);
        _device = device;
        _relay = new(device, parts, new(local, options.AllowPrivateAddresses, options.TimeProvider, log));
        if (options.InterfaceName is null)
            _own = new(_relay, parts.Network, new SystemInterfaces(log), log, local.Address);
        device.Start(_relay.Send, log);
    }

    /// <summary>The state now. It can also be read after the host is disposed.</summary>
    public TeredoRelayReport Report => _own?.Report ?? _relay.Describe(isHostSpecific: false, running: KernelForwarding.Problem);

    /// <summary>
    /// Completes when the host is disposed. Fails with a <see cref="TeredoException"/> when the host can't go on, because another program removed the
    /// network device (<see cref="TeredoError.NetworkDeviceUnavailable"/>). Dispose the host then.
    /// </summary>
    public Task Completion => _device.Completion;

    /// <summary>Starts a relay. A host-specific relay may start before the machine has a native address; it waits for one.</summary>
    /// <param name="options">The settings. The call copies them.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="TeredoException">
    /// The device can't be made (<see cref="TeredoError.AccessDenied"/>, <see cref="TeredoError.NetworkDeviceUnavailable"/>), or the address and
    /// port can't be used (<see cref="TeredoError.PortUnavailable"/>). The message says why, and what to do. Nothing is left behind.
    /// </exception>
    public static Task<TeredoRelayHost> StartAsync(TeredoRelayHostOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return StartCheckedAsync(options.Snapshot(), cancellationToken);
    }

    static async Task<TeredoRelayHost> StartCheckedAsync(TeredoRelayHostOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var log = GuardedLogger.For(LogCategories.RelayHost, options.LoggerFactory);
        var parts = EngineParts.OfThisMachine(options.TimeProvider, null, options.Datapath, log);
        var device = TunDevice.OpenInHost(options.InterfaceName ?? OwnDevice, MtuOctets, parts.HasOffload);
        TeredoRelayHost? host = null;
        try
        {
            host = new(options, device, parts, log);
            IPv6Prefix[] served = options.Prefixes.Count > 0 ? options.ToServedPrefixes() : [NativeIPv6];
            await (host._own?.StartAsync() ?? host._relay.UpdateAsync(served)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return host;
        }
        catch
        {
            if (host is not null)
                await host.DisposeAsync().ConfigureAwait(false);
            device.Dispose();
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
}
