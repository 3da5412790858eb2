using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath.Parts;

/// <summary>A gigabyte over TCP arrives as it was sent. It is no question of speed: a wrong hash ends the command.</summary>
static class Hashes
{
    const long Octets = 1_000_000_000;
    const string ToMiredo = "offload to miredo", FromMiredo = "miredo to offload";

    static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static Part Part { get; } = new("hashes", "1 GB over TCP, hashes compared",
        "Random octets through each rung, and between our client and miredo in both directions; SHA-256 of what was sent and of what arrived.",
        ["sockets", "batches", "segments", "offload", ToMiredo, FromMiredo],
        [new("gigabytes", "GB that arrived whole", "0.0"), new("gbit", "Gbit/s with the hashing", "0.00")],
        (row, _) => Bed.UseAsync(bed => MeasureAsync(row, bed)))
    {
        MaxRounds = 1,
    };

    static async Task<double[]> MeasureAsync(string row, Bed bed)
    {
        await StartAsync(bed.One, row == FromMiredo);
        var address = await StartAsync(bed.Other, row == ToMiredo);
        using var listener = bed.Other.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, Traffic.TcpPort));
        listener.Listen();
        using var sender = bed.One.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Limit);
        await sender.ConnectAsync(new IPEndPoint(address, Traffic.TcpPort), limit.Token);
        using var receiver = await listener.AcceptAsync(limit.Token);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var receiving = Task.Run(() => ReceiveAsync(receiver, limit.Token));
        byte[] sent = await Task.Run(() => SendAsync(sender, limit.Token)), arrived = await receiving;
        return sent.SequenceEqual(arrived) ? [Octets / 1e9, Octets * 8 / 1e9 / clock.Elapsed.TotalSeconds]
            : throw new InvalidDataException($"{row}: the SHA-256 of what arrived is {Convert.ToHexString(arrived)}; {Convert.ToHexString(sent)} was sent.");

        async Task<IPAddress> StartAsync(LabHost host, bool isMiredo) =>
            isMiredo ? (await Miredo.StartClientAsync(host, bed.Server)).Address : (await Way.ClientAsync(host, bed.Server, row.Contains(' ') ? "offload" : row)).Address;
    }

    static async Task<byte[]> SendAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (long left = Octets; left > 0;)
        {
            var chunk = buffer.AsMemory(0, (int)Math.Min(left, buffer.Length));
            RandomNumberGenerator.Fill(chunk.Span);
            hash.AppendData(chunk.Span);
            for (var rest = chunk; rest.Length > 0;)
                rest = rest[await socket.SendAsync(rest, cancellationToken)..];
            left -= chunk.Length;
        }
        socket.Shutdown(SocketShutdown.Send);
        return hash.GetHashAndReset();
    }

    static async Task<byte[]> ReceiveAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 20];
        for (int length; (length = await socket.ReceiveAsync(buffer, cancellationToken)) > 0;)
            hash.AppendData(buffer.AsSpan(0, length));
        return hash.GetHashAndReset();
    }
}
