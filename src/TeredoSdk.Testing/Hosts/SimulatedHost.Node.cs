using TeredoSdk.Engine;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Testing;

/// <remarks>Real nodes on the host.</remarks>
public sealed partial class SimulatedHost
{
    /// <summary>Starts a real node on this host, with the engine and the sockets that an application has, and waits until it has an address.</summary>
    /// <remarks>
    /// Call it within <see cref="SimulatedInternet.RunAsync"/>. A host can have several nodes, as a machine can. The clock is always that of the internet,
    /// the provider the embedded engine, and the sockets are those inside the process, whatever the options name; no gateway is asked for port mappings. Where the
    /// options name no server, those of the internet are used; names of hosts and servers of the internet resolve.
    /// </remarks>
    /// <param name="options">The settings; null for the defaults. The call copies them.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <returns>The node. It is disposed at the end of the run, if nobody does it before.</returns>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="InvalidOperationException">No run of the internet is on.</exception>
    /// <exception cref="TeredoException">There is no address; the message says why (see <see cref="TeredoNode.StartAsync(TeredoOptions?, CancellationToken)"/>).</exception>
    public async Task<TeredoNode> StartNodeAsync(TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        var internet = Network.Internet;
        internet.RequireRun();
        var settings = (options ?? new()).Snapshot();
        if (settings.Servers.Count == 0)
            settings.Servers = [.. internet.Servers.Select(server => $"{server.Address.Primary},{server.Address.Secondary}")];
        (settings.TimeProvider, settings.Provider, settings.Sockets, settings.PortMapping) =
            (internet.TimeProvider, TeredoProvider.Embedded, TeredoSockets.InProcess, false);
        var parts = new EngineParts(new SimulatedMachine(this), internet.NextRandom()) { Wakeups = internet.Wakeups };
        var node = await TeredoNode.StartAsync(settings, parts, cancellationToken).ConfigureAwait(false);
        internet.Add(node);
        return node;
    }

    /// <summary>Raised when the host has moved.</summary>
    internal event Action? NetworkChanged;

    internal NetworkState DescribeNetwork() => new()
    {
        LocalAddress = Address,
        AttachedSubnets = Network is SimulatedNat nat ? [nat.InsideSubnet] : [],
    };
}
