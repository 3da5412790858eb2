using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>A server whose work several sockets share: the same server for everyone outside.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class ServerShardTests
{
    const int Shards = 4, Sources = 64;
    static readonly IPv4Address Source = IPv4Address.Parse("203.0.113.7");

    [Test]
    public async Task OneSource_OverAllShards_GetsOneBudget()
    {
        const int budget = 8;
        var network = new ShardNetwork();
        var options = Options(IPAddress.Parse("192.0.2.1"), new() { AnswersPerAddress = new(1, budget) });
        await using var server = TeredoServerHost.Start(options, network, CryptographicRandom.Instance);
        Assert.That(network.Handlers, Has.Count.EqualTo(Shards));
        for (int i = 0; i < Sources; i++)
            network.Handlers[i % Shards].Take(new(Source, (ushort)(40_000 + i)), Solicitation());
        Assert.That(network.Answers.Sum(), Is.EqualTo(budget));
        Assert.That(network.Answers, Is.EqualTo(Enumerable.Repeat(budget / Shards, Shards)), "each shard answers by its own socket");
        Assert.That(server.Report.Drops[DropReason.RateLimited], Is.EqualTo(Sources - budget));
    }

    [Test]
    public async Task EachSource_IsAnswered()
    {
        using var addresses = LoopbackBlock.Take();
        await using var server = await TeredoServerHost.StartAsync(Options(addresses[1], null));
        for (int i = 0; i < Sources; i++)
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            client.Bind(new IPEndPoint(addresses[2], 0));
            await client.SendToAsync(Solicitation(), server.Report.EndPoint);
            var from = await client.ReceiveFromAsync(new byte[1500], new IPEndPoint(IPAddress.Any, 0)).InTime();
            Assert.That(from.RemoteEndPoint, Is.EqualTo(server.Report.EndPoint));
        }
    }

    [Test]
    public async Task OtherShardsAtTheSamePort_AreRefused()
    {
        using var addresses = LoopbackBlock.Take();
        await using var server = await TeredoServerHost.StartAsync(Options(addresses[1], null));
        var e = Assert.ThrowsAsync<TeredoException>(() => TeredoServerHost.StartAsync(Options(addresses[1], null)))!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
    }

    [TestCase(TeredoDatapath.Auto)]
    [TestCase(TeredoDatapath.Sockets)]
    public async Task Sources_AreSpreadOverTheSockets(TeredoDatapath rung)
    {
        using var addresses = LoopbackBlock.Take();
        int[] came = new int[2];
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var at = IPv4Endpoint.FromIPEndPoint(new(addresses[1], TeredoPorts.Server));
        var shards = new SystemNetwork(NullLogger.Instance, rung).OpenShards(at, [Handler(0), Handler(1)]);
        for (int i = 0; i < Sources; i++)
        {
            using var source = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            source.SendTo([1], new IPEndPoint(addresses[1], TeredoPorts.Server));
        }
        await all.Task.InTime(() => $"{came[0]} and {came[1]} came");
        Assert.That(came, Is.All.GreaterThan(0), "the kernel gives all of them to one socket once in 10^19 runs");
        foreach (var shard in shards)
            shard.Dispose();

        DatagramHandler Handler(int shard) => Datagrams.Each((_, _) =>
        {
            Interlocked.Increment(ref came[shard]);
            if (came.Sum() == Sources)
                all.TrySetResult();
        });
    }

    static TeredoServerHostOptions Options(IPAddress address, ServerRateLimits? limits) =>
        new() { Address = address, Shards = Shards, AllowPrivateAddresses = true, RateLimits = limits, TimeProvider = new ManualTime() };

    static byte[] Solicitation()
    {
        byte[] solicitation = new byte[Authentication.MinimumSize + RouterSolicitation.Size];
        Authentication.Write(solicitation, 1);
        RouterSolicitation.Write(solicitation.AsSpan(Authentication.MinimumSize), TeredoLinkLocal.Client);
        return solicitation;
    }

    /// <summary>Counts what each shard sends.</summary>
    sealed class ShardNetwork : IHostNetwork
    {
        public event Action? Changed { add { } remove { } }

        public IReadOnlyList<DatagramHandler> Handlers { get; private set; } = [];

        public int[] Answers { get; } = new int[Shards];

        public NetworkState Describe(IPv4Address server) => new();

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) => throw new NotSupportedException("Shards are opened together.");

        public IUdpTransport[] OpenShards(IPv4Endpoint local, IReadOnlyList<DatagramHandler> handlers)
        {
            Handlers = handlers;
            return [.. handlers.Select((_, shard) => new Transport(this, local, shard))];
        }

        sealed class Transport(ShardNetwork network, IPv4Endpoint local, int shard) : IUdpTransport
        {
            public IPv4Endpoint LocalEndpoint => local;

            public Task Completion => Task.CompletedTask;

            public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl) => network.Answers[shard]++;

            public void Dispose()
            {
                // Nothing is open.
            }
        }
    }
}
