using BenchmarkDotNet.Attributes;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Benchmarks;

/// <summary>A server on one core: a million divided by the mean in microseconds is datagrams per second.</summary>
[MemoryDiagnoser]
public class ServerBenchmarks
{
    const int Sources = 100_000; // more than the rate limits remember

    static readonly IPv4Address Primary = new(0x41360001);

    readonly TeredoServer _server = new(new() { Primary = Primary, Secondary = new(0x41360002) }, CryptographicRandom.Instance);
    readonly TeredoServer _secure;
    readonly byte[] _solicitation = new byte[Authentication.MinimumSize + RouterSolicitation.Size], _bubble = new byte[Bubble.Size], _output = new byte[1500];
    readonly byte[] _securedSolicitation;
    uint _count;

    public ServerBenchmarks()
    {
        Authentication.Write(_solicitation, 0x0123456789ABCDEF);
        RouterSolicitation.Write(_solicitation.AsSpan(Authentication.MinimumSize), TeredoLinkLocal.Client);
        var keys = new ServerKeyTable();
        keys.Set("client"u8, new() { Secret = "secret"u8.ToArray() });
        _secure = new(new() { Primary = Primary, Secondary = new(0x41360002), Keys = keys }, CryptographicRandom.Instance);
        int header = Authentication.SizeOf(6, AuthenticationAlgorithm.HmacSha1);
        _securedSolicitation = [.. new byte[header], .. _solicitation.AsSpan(Authentication.MinimumSize)];
        Authentication.Write(_securedSolicitation, 1, 0, "client"u8, AuthenticationAlgorithm.HmacSha1, "secret"u8, default, _securedSolicitation.AsSpan(header));
    }

    /// <summary>A router solicitation to its advertisement in the driver's buffer.</summary>
    [Benchmark(Baseline = true)]
    public int AnswerSolicitation() => Handle(_server, NextSource(), _solicitation);

    /// <summary>The same with HMAC-SHA1 both ways.</summary>
    [Benchmark]
    public int AnswerSecuredSolicitation() => Handle(_secure, NextSource(), _securedSolicitation);

    /// <summary>An indirect bubble from one client to another.</summary>
    [Benchmark]
    public int ForwardBubble()
    {
        var source = NextSource();
        var target = new IPv4Endpoint(new(source.Address.Value ^ 0x01000000), 50000);
        Bubble.Write(_bubble, new TeredoAddress(Primary, TeredoFlags.None, source), new TeredoAddress(Primary, TeredoFlags.None, target));
        return Handle(_server, source, _bubble);
    }

    IPv4Endpoint NextSource() => new(new(0x50000000 + ++_count % Sources), 50000);

    int Handle(TeredoServer server, IPv4Endpoint source, byte[] datagram)
    {
        // A tenth of a second for each datagram: no source runs into its limit.
        server.HandleDatagram(new(TimeSpan.FromMilliseconds(100L * _count)), LocalPort.ServerPrimary, source, datagram);
        return server.TryTakeTransmit(_output, out var transmit) ? transmit.Length : throw new InvalidOperationException("Nothing was sent.");
    }
}
