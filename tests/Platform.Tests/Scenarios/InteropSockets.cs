using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>Ordinary IPv6 sockets in hosts that have an address of their own: native, miredo's, or that of our whole-machine client.</summary>
static class InteropSockets
{
    const int StreamOctets = 300_000;

    /// <summary>Sends to a TCP echo service, half-closes, and reads the same back.</summary>
    public static async Task CallEchoAsync(this LabHost host, IPEndPoint service, int octets = StreamOctets)
    {
        byte[] sent = RandomNumberGenerator.GetBytes(octets);
        using var limit = new CancellationTokenSource(Patience.LongLimit);
        using var socket = host.CreateStreamSocket();
        await socket.ConnectAsync(service, limit.Token);
        var received = ReadToEndAsync(socket, limit.Token);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(sent, limit.Token);
        socket.Shutdown(SocketShutdown.Send);
        Assert.That((await received).AsSpan().SequenceEqual(sent), Is.True, $"from {host.Name} to {service}");
    }

    /// <summary>Sends a datagram to a UDP echo service and gets it back from there.</summary>
    public static async Task CallDatagramEchoAsync(this LabHost host, IPEndPoint service)
    {
        byte[] sent = RandomNumberGenerator.GetBytes(1000), buffer = new byte[2000];
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var socket = host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        await socket.SendToAsync(sent, service, limit.Token);
        var answer = await socket.ReceiveFromAsync(buffer, service, limit.Token);
        Assert.That(answer.RemoteEndPoint, Is.EqualTo(service));
        Assert.That(buffer[..answer.ReceivedBytes].AsSpan().SequenceEqual(sent), Is.True, $"from {host.Name} to {service}");
    }

    /// <summary>Accepts a TCP connection and echoes it to its end, in the background.</summary>
    /// <returns>Where it listens.</returns>
    public static IPEndPoint EchoOnce(this LabHost host, IPAddress address, int port = 0)
    {
        var listener = host.CreateStreamSocket();
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen();
        _ = ServeAsync();
        return (IPEndPoint)listener.LocalEndPoint!;

        async Task ServeAsync()
        {
            using (listener)
            {
                using var limit = new CancellationTokenSource(Patience.LongLimit);
                using var socket = await listener.AcceptAsync(limit.Token);
                await using var stream = new NetworkStream(socket);
                await stream.CopyToAsync(stream, limit.Token);
                socket.Shutdown(SocketShutdown.Send);
            }
        }
    }

    /// <summary>Echoes a datagram, in the background.</summary>
    /// <returns>Where it is bound.</returns>
    public static IPEndPoint EchoDatagramOnce(this LabHost host, IPAddress address)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, 0));
        _ = ServeAsync();
        return (IPEndPoint)socket.LocalEndPoint!;

        async Task ServeAsync()
        {
            using (socket)
            {
                using var limit = new CancellationTokenSource(Patience.Limit);
                byte[] buffer = new byte[2000];
                var request = await socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.IPv6Any, 0), limit.Token);
                await socket.SendToAsync(buffer.AsMemory(0, request.ReceivedBytes), request.RemoteEndPoint, limit.Token);
            }
        }
    }

    /// <summary>Pings once by the system's own program; the test fails without an answer.</summary>
    public static Task PingAsync(this LabHost host, IPAddress address) => host.RunAsync("ping", "-6", "-c", "1", "-W", "5", $"{address}");

    static Socket CreateStreamSocket(this LabHost host)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        socket.UseCubic();
        return socket;
    }

    static async Task<byte[]> ReadToEndAsync(Socket socket, CancellationToken cancellationToken)
    {
        var all = new MemoryStream();
        await using var stream = new NetworkStream(socket);
        await stream.CopyToAsync(all, cancellationToken);
        return all.ToArray();
    }
}
