using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Engine.Stacks.Machine;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Machine;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk;

/// <summary>A Teredo interface for the whole machine, like miredo's: every program can use its address. Needs Linux and CAP_NET_ADMIN.</summary>
/// <remarks>
/// <para>
/// The network device has the Teredo address, the route to 2001::/32, and a default IPv6 route that any native one overrides. The machine's firewall
/// decides which packets get in: unlike with a <see cref="TeredoNode"/>, strangers can reach every program that listens at an IPv6 address.
/// </para>
/// <para>
/// While the machine has native IPv6 (a global address and a default route), there is no Teredo address, unless the options say
/// <see cref="NativeIPv6Mode.Beside"/>. The machine is a host-specific relay then (RFC 4380 §5.5), so that it and Teredo clients reach each other
/// without another relay. Safe for any number of threads.
/// </para>
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed class TeredoInterfaceHost : IAsyncDisposable
{
    const int MtuOctets = 1280; // RFC 4380 §5.1.2

    readonly TunDevice _device;
    readonly EmbeddedLink _link;
    readonly OwnAddressRelay? _relay;
    int _disposed;

    TeredoInterfaceHost(TeredoOptions options, TunDevice device, IReadOnlyList<TeredoServerAddress> servers, EngineParts parts, ILogger log)
    {
        _device = device;
        if (options.NativeIPv6 == NativeIPv6Mode.Instead)
        {
            var relay = new DeviceRelay(device, parts, new(default, options.AllowPrivateAddresses, options.TimeProvider, log));
            _relay = new(relay, parts.Network, new SystemInterfaces(log), log, servers[0].Primary);
        }
        var stack = new MachineStackChoice(device, _relay, parts.Network);
        _link = new(options, servers, parts, stack, [], log);
        Completion = stack.CompleteAsync();
    }

    /// <summary>The name of the network device.</summary>
    public string InterfaceName => _device.Name;

    /// <summary>The Teredo address, or null while there is none.</summary>
    public IPAddress? Address => _link.Address;

    /// <summary>The state of the client now. While the machine is a relay instead, the state is <see cref="TeredoState.Suppressed"/>.</summary>
    public TeredoReport Report => _link.Report;

    /// <summary>The state of the host-specific relay, or null while the machine is not a relay.</summary>
    public TeredoRelayReport? Relay => _relay is { Served.Count: > 0 } relay ? relay.Report : null;

    /// <summary>The changes of the address, from the moment an enumeration starts; see <see cref="TeredoNode.StateChanges"/>.</summary>
    public IAsyncEnumerable<TeredoStateChange> StateChanges => _link.Changes;

    /// <summary>
    /// Completes when the host is disposed. Fails with a <see cref="TeredoException"/> when the host can't go on, because another program removed the
    /// network device, or takes its address away again and again (<see cref="TeredoError.NetworkDeviceUnavailable"/>). What is taken away once is
    /// restored. Dispose the host then.
    /// </summary>
    public Task Completion { get; }

    /// <summary>Makes the interface, and waits until it has an address or the machine is a host-specific relay.</summary>
    /// <param name="options">The settings; null for the defaults. The call copies them.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="TeredoException">
    /// The device can't be made (<see cref="TeredoError.AccessDenied"/>, <see cref="TeredoError.NetworkDeviceUnavailable"/>), or there is no
    /// address: no server is named or found (<see cref="TeredoError.NoServer"/>, <see cref="TeredoError.ServerNotResolved"/>), or no server gave an
    /// address (<see cref="TeredoError.ServerUnreachable"/>, <see cref="TeredoError.SecondaryUnreachable"/>, <see cref="TeredoError.SymmetricNat"/>,
    /// <see cref="TeredoError.MappedAddressNotGlobal"/>, <see cref="TeredoError.PortUnavailable"/>, <see cref="TeredoError.NetworkUnavailable"/>,
    /// <see cref="TeredoError.QualificationTimeout"/>). The message says why, and what to do. Nothing is left behind.
    /// </exception>
    public static Task<TeredoInterfaceHost> StartAsync(TeredoInterfaceHostOptions? options = null, CancellationToken cancellationToken = default) =>
        StartCheckedAsync((options ?? new()).Snapshot(), cancellationToken);

    static async Task<TeredoInterfaceHost> StartCheckedAsync(TeredoInterfaceHostOptions settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var client = settings.Client;
        var log = GuardedLogger.For(LogCategories.InterfaceHost, client.LoggerFactory);
        var parts = EngineParts.OfThisMachine(client.TimeProvider, client.GatewayAddress, client.Datapath, log);
        var servers = await ServerNames.AwaitAsync(client, parts.Network, log, cancellationToken).ConfigureAwait(false);
        var device = TunDevice.OpenInHost(settings.InterfaceName, MtuOctets, parts.HasOffload);
        TeredoInterfaceHost? host = null;
        try
        {
            host = new(client, device, servers, parts, log);
            if (host._relay is { } relay)
                await relay.StartAsync().ConfigureAwait(false);
            await host._link.StartAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>Finds out whether strangers get in; see <see cref="TeredoNode.CheckReachabilityAsync"/>. The machine's firewall does not count.</summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="TeredoException">There is no address, for example because the machine is a relay instead; the message says why.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="ObjectDisposedException">The host is disposed before or during the call.</exception>
    public Task<ReachabilityCheck> CheckReachabilityAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return _link.CheckReachabilityAsync(cancellationToken);
    }

    /// <summary>Removes the interface, with its address and routes. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_relay is not null)
            await _relay.DisposeAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false); // also disposes its stack, which owns the device
    }
}
