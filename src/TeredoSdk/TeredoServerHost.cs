using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Telemetry;

namespace TeredoSdk;

/// <summary>A Teredo server on this machine (RFC 4380 §5.3), at one UDP port of one or two addresses. Needs no privileges.</summary>
/// <remarks>
/// The server qualifies clients and forwards bubbles between them. With CAP_NET_RAW, which root has, it also forwards the pings by which clients find
/// the relay of a native IPv6 host (RFC 4380 §5.2.9). When it does not forward them, <see cref="TeredoServerReport.Problem"/> says why. A Teredo
/// client can't use an address of the server. Safe for any number of threads.
/// </remarks>
public sealed class TeredoServerHost : IAsyncDisposable
{
    readonly ServerDriver _driver;

    TeredoServerHost(ServerDriver driver) => _driver = driver;

    /// <summary>The state now. It can also be read after the host is disposed.</summary>
    public TeredoServerReport Report => _driver.Report;

    /// <summary>Completes when the host is disposed. It never fails, because a server can always go on.</summary>
    public Task Completion => _driver.Completion;

    /// <summary>Starts a server.</summary>
    /// <param name="options">The settings. The call copies them.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.PortUnavailable"/>: an address does not belong to this machine, or its port is taken; the message says which. Nothing
    /// is left behind.
    /// </exception>
    public static Task<TeredoServerHost> StartAsync(TeredoServerHostOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var settings = options.Snapshot();
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<TeredoServerHost>(cancellationToken);
        var log = GuardedLogger.For(LogCategories.ServerHost, settings.LoggerFactory);
        try
        {
            return Task.FromResult(Start(settings, new SystemNetwork(log, settings.Datapath), SystemRandom.Instance));
        }
        catch (TeredoException e)
        {
            return Task.FromException<TeredoServerHost>(e);
        }
    }

    internal static TeredoServerHost Start(TeredoServerHostOptions options, IHostNetwork network, IRandomSource random)
    {
        var primary = IPv4Address.FromIPAddress(options.Address!);
        var core = new TeredoServerOptions
        {
            Primary = primary,
            Secondary = options.SecondaryAddress is { } secondary ? IPv4Address.FromIPAddress(secondary) : null,
            Reflector = options.ReflectAddress is { } reflect ? IPv4Address.FromIPAddress(reflect) : null,
            AttachedSubnets = network.Describe(primary).AttachedSubnets,
            AllowPrivateAddresses = options.AllowPrivateAddresses,
            RateLimits = options.RateLimits,
            Keys = options.Keys,
        };
        var log = GuardedLogger.For(LogCategories.ServerHost, options.LoggerFactory);
        return new(new ServerDriver(core, (ushort)options.Port, options.Shards, network, random, options.TimeProvider, log));
    }

    /// <summary>Stops the server and closes its sockets. Idempotent.</summary>
    public ValueTask DisposeAsync() => _driver.DisposeAsync();
}
