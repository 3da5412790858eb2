using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Platform.Probe;

/// <summary>TCP inside the process for programs that have the kernel's only: each connection goes on over another one.</summary>
static class Forward
{
    /// <summary>Peers reach a service of this machine: <c>forward in PORT</c>, at the same port of loopback.</summary>
    public static async Task<int> InAsync(int port)
    {
        await using var node = await TeredoNode.StartAsync(Options.CreateInProcess());
        await using var listener = await node.ListenAsync(port);
        Console.WriteLine($"listening {listener.TeredoEndPoint}");
        while (true)
            _ = CarryAsync(await listener.AcceptAsync(), await DialAsync(port));
    }

    /// <summary>Programs of this machine reach a peer's service: <c>forward out PEER</c>, at the same port of loopback.</summary>
    public static async Task<int> OutAsync(IPEndPoint peer)
    {
        await using var node = await TeredoNode.StartAsync(Options.CreateInProcess());
        using var listener = new TcpListener(IPAddress.Loopback, peer.Port);
        listener.Start();
        Console.WriteLine($"listening {listener.LocalEndpoint}");
        while (true)
        {
            var socket = await listener.AcceptSocketAsync();
            _ = CarryAsync(await node.ConnectAsync(peer), socket);
        }
    }

    static async Task<Socket> DialAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    static async Task CarryAsync(TeredoConnection connection, Socket socket)
    {
        try
        {
            await using (connection)
            await using (var stream = new NetworkStream(socket, ownsSocket: true))
                await Task.WhenAll(OutwardAsync(stream), InwardAsync(stream));
        }
        catch (IOException)
        {
            // One side gave up, so the other one ends, too.
        }

        async Task OutwardAsync(NetworkStream from)
        {
            await from.CopyToAsync(connection.GetStream());
            connection.CompleteWriting();
        }

        async Task InwardAsync(NetworkStream to)
        {
            await connection.GetStream().CopyToAsync(to);
            socket.Shutdown(SocketShutdown.Send);
        }
    }
}
