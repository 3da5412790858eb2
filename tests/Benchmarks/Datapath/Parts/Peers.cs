using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Datapath.Parts;

/// <summary>One node that sends to many peers at once.</summary>
static class Peers
{
    const int Many = 64;
    const string Cubic = ", CUBIC";
    const string OnePeer = "1 peer", OnePeerCubic = OnePeer + Cubic;
    static readonly string ManyPeers = $"{Many} peers", ManyPeersCubic = ManyPeers + Cubic;

    static string Machine => File.ReadAllText("/proc/sys/net/ipv4/tcp_congestion_control").Trim();

    public static Part Part { get; } = new("peers", $"{Many} peers at once",
        "`teredo client` on one host sends a TCP stream to each peer. The peers are nodes of one process of an ordinary user on the other host, which shares "
        + "the processors with the sender. The least share is that of the peer that got least, as a part of what each would get by right. CPU is that of the "
        + $"sending tunnel alone. TCP's congestion control is the sending machine's ({Machine}), then CUBIC, Linux's own default.",
        [OnePeer, ManyPeers, OnePeerCubic, ManyPeersCubic],
        [
            new("tcpGbit", "TCP Gbit/s, all together", "0.00", "times 1 peer (spread)"), new("leastShare", "least share", "0.00"),
            new("cpuPerGbit", "CPU s per Gbit, sender", "0.00", "times 1 peer's"),
        ],
        MeasureAsync)
    { TimesAsLong = 5 };

    static Task<double[]> MeasureAsync(string row, TimeSpan duration) => Bed.UseAsync(async bed =>
    {
        var (process, _) = await Way.ClientAsync(bed.One, bed.Server);
        var receiver = await Actor.StartSinkAsync(bed.Other, bed.Server, TeredoProvider.Embedded, row.StartsWith(ManyPeers, StringComparison.Ordinal) ? Many : 1);
        var sockets = receiver.EndPoints.Select(_ => bed.One.CreateSocket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp)).ToList();
        if (row.EndsWith(Cubic, StringComparison.Ordinal))
            sockets.ForEach(CongestionControl.UseCubic);
        try
        {
            await Task.WhenAll(sockets.Zip(receiver.EndPoints, (socket, endPoint) => socket.ConnectAsync(endPoint)));
            foreach (var socket in sockets)
                Traffic.Start(() => Traffic.SendAll(socket));
            var reading = await Reading.TakeAsync(receiver, [process], duration);
            return new[] { reading.GbitPerSecond, reading.Gbits.Min() / reading.Gbits.Average(), reading.CpuPerGbit };
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    });
}
