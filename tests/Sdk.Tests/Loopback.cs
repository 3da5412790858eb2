using System.Net;

namespace TeredoSdk.Tests;

/// <summary>A Teredo server and nodes on loopback addresses of this machine, with real sockets.</summary>
sealed class Loopback : IAsyncDisposable
{
    readonly List<TeredoNode> _nodes = [];

    readonly LoopbackBlock _addresses = LoopbackBlock.Take();

    public Loopback()
    {
        (Primary, Secondary, Stranger, Silent) = (_addresses[1], _addresses[2], _addresses[3], _addresses[5]);
        Server = TeredoServerHost.StartAsync(new()
        {
            Address = Primary,
            SecondaryAddress = Secondary,
            ReflectAddress = Stranger,
            AllowPrivateAddresses = true,
        }).GetAwaiter().GetResult();
    }

    public IPAddress Primary { get; }
    public IPAddress Secondary { get; }

    /// <summary>The server's address of a stranger.</summary>
    public IPAddress Stranger { get; }

    /// <summary>An address where no server runs.</summary>
    public IPAddress Silent { get; }

    public TeredoServerHost Server { get; }

    public TeredoOptions Options => new() { Servers = [$"{Primary},{Secondary}"], Provider = TeredoProvider.Embedded, AllowPrivateAddresses = true, Sockets = TeredoSockets.InProcess };

    public TeredoOptions KernelOptions => new() { Servers = [$"{Primary},{Secondary}"], Provider = TeredoProvider.Embedded, AllowPrivateAddresses = true, Sockets = TeredoSockets.Kernel };

    public async Task<TeredoNode> StartAsync(TeredoOptions? options = null)
    {
        var node = await TeredoNode.StartAsync(options ?? Options).InTime();
        _nodes.Add(node);
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync().InTime();
        await Server.DisposeAsync().InTime();
        _addresses.Dispose();
    }
}
