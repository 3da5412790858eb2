using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests;

/// <summary>A path on which the fragments of large datagrams are lost without a word: its MTU is 1300, and each datagram above it becomes fragments.</summary>
public sealed class SmallPathTests
{
    const int PayloadOctets = 100_000;

    [Slow]
    [TestCase(1300 - 28, false)]
    [TestCase(1500 - 28, true)]
    public async Task Tcp_GetsThrough_AndTheReportTellsWhetherLargePacketsDo(int largestDatagram, bool expected)
    {
        await using var lab = new Loopback();
        await using var alice = await StartAsync(lab, largestDatagram);
        await using var bob = await StartAsync(lab, largestDatagram);
        await using var listener = await bob.ListenAsync(4242).InTime();
        Assert.That(alice.Report.LargePacketsArrive, Is.Null);
        var accepting = listener.AcceptAsync().AsTask();
        await using var client = await alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
        await using var server = await accepting.InTime();
        byte[] sent = RandomNumberGenerator.GetBytes(PayloadOctets), received = new byte[PayloadOctets];
        var writing = client.GetStream().WriteAsync(sent);
        await server.GetStream().ReadExactlyAsync(received).InTime();
        await writing.InTime();
        Assert.That(received, Is.EqualTo(sent));
        while (alice.Report.LargePacketsArrive is null) // until the last acknowledgement has come
            await Task.Delay(10).InTime();
        Assert.That(alice.Report.LargePacketsArrive, Is.EqualTo(expected));
        await client.DisposeAsync();
        Assert.That(alice.Report.LargePacketsArrive, Is.EqualTo(expected), "what was seen is not forgotten with the connection");
    }

    static async Task<TeredoNode> StartAsync(Loopback lab, int largestDatagram)
    {
        try
        {
            return await TeredoNode.StartAsync(lab.KernelOptions, new EngineParts(new NarrowNetwork(largestDatagram), CryptographicRandom.Instance), default).InTime();
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Assert.Ignore(e.Message);
            throw;
        }
    }

    sealed class NarrowNetwork(int largestDatagram) : IHostNetwork
    {
        readonly SystemNetwork _inner = new(NullLogger.Instance);

        public event Action? Changed
        {
            add => _inner.Changed += value;
            remove => _inner.Changed -= value;
        }

        public NetworkState Describe(IPv4Address server) => _inner.Describe(server);

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) => new NarrowTransport(_inner.Open(local, handler), largestDatagram);
    }

    sealed class NarrowTransport(IUdpTransport inner, int largestDatagram) : IUdpTransport
    {
        public IPv4Endpoint LocalEndpoint => inner.LocalEndpoint;

        public Task Completion => inner.Completion;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
        {
            if (payload.Length <= largestDatagram)
                inner.Send(target, payload, ttl);
        }

        public void Dispose() => inner.Dispose();
    }
}
