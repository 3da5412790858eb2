using System.Security.Cryptography;

namespace TeredoSdk.Testing;

/// <summary>
/// A Teredo server and nodes on loopback addresses of this machine, with real sockets in real time: for tests of what the simulated internet can't carry, such
/// as Kestrel and <see cref="HttpClient"/>. There is no NAT between the nodes, and no privileges are needed.
/// </summary>
/// <remarks>
/// Each has a block 127.x.y.0/24 of its own, which it finds by trying. On macOS it does not start, because there only 127.0.0.1 is on the loopback
/// interface. Safe for any number of threads.
/// </remarks>
public sealed class LoopbackInternet : IAsyncDisposable
{
    const int Attempts = 20;

    readonly Lock _gate = new();
    readonly List<TeredoNode> _nodes = [];

    LoopbackInternet(TeredoServerHost server) => Server = server;

    /// <summary>The server, at two addresses; a third one belongs to the stranger that checks reachability.</summary>
    public TeredoServerHost Server { get; }

    /// <summary>
    /// New settings for a node of this internet: its server, the embedded engine, and loopback addresses count as public. Change them at will, or give
    /// them to <see cref="TeredoSocket"/> or to the services of an application.
    /// </summary>
    public TeredoOptions Options => With(new());

    /// <summary>Starts a server.</summary>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="TeredoException">No block of loopback addresses is usable; the message says why (<see cref="TeredoError.PortUnavailable"/>).</exception>
    public static async Task<LoopbackInternet> StartAsync(CancellationToken cancellationToken = default)
    {
        for (int left = Attempts - 1; ; left--)
        {
            byte second = (byte)RandomNumberGenerator.GetInt32(64, 192), third = (byte)RandomNumberGenerator.GetInt32(256);
            var options = new TeredoServerHostOptions
            {
                Address = new([127, second, third, 1]),
                SecondaryAddress = new([127, second, third, 2]),
                ReflectAddress = new([127, second, third, 3]),
                AllowPrivateAddresses = true,
            };
            try
            {
                return new(await TeredoServerHost.StartAsync(options, cancellationToken).ConfigureAwait(false));
            }
            catch (TeredoException e) when (e.Error == TeredoError.PortUnavailable && left > 0)
            {
                // Another test has these addresses.
            }
        }
    }

    /// <summary>Starts a node, and waits until it has an address.</summary>
    /// <param name="options">
    /// The settings; null for the defaults. The call copies them. The server, the provider and what counts as a public address are always those of
    /// <see cref="Options"/>.
    /// </param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <returns>The node. It is disposed with this internet, if nobody does it before.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="TeredoException">There is no address; the message says why (see <see cref="TeredoNode.StartAsync(TeredoOptions?, CancellationToken)"/>).</exception>
    public async Task<TeredoNode> StartNodeAsync(TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        var node = await TeredoNode.StartAsync(With((options ?? new()).Snapshot()), cancellationToken).ConfigureAwait(false);
        lock (_gate)
            _nodes.Add(node);
        return node;
    }

    /// <summary>Disposes the nodes and the server. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        TeredoNode[] nodes;
        lock (_gate)
        {
            nodes = [.. _nodes];
            _nodes.Clear();
        }
        foreach (var node in nodes)
            await node.DisposeAsync().ConfigureAwait(false);
        await Server.DisposeAsync().ConfigureAwait(false);
    }

    TeredoOptions With(TeredoOptions options)
    {
        var report = Server.Report;
        (options.Servers, options.Provider, options.AllowPrivateAddresses) =
            ([$"{report.EndPoint.Address},{report.SecondaryEndPoint!.Address}"], TeredoProvider.Embedded, true);
        return options;
    }
}
