using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using TeredoSdk.Engine;

namespace TeredoSdk.Tests.Linux;

/// <summary>Kernel sockets of a node over each rung of the datapath, with real sockets and devices.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class RungTests
{
    const int StreamOctets = 3_000_000;

    [Test]
    public async Task Stream_ArrivesWhole_BothWays(
        [Values(TeredoDatapath.Auto, TeredoDatapath.Offload, TeredoDatapath.Segments, TeredoDatapath.Batches, TeredoDatapath.Sockets)] TeredoDatapath rung)
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var lab = new Loopback();
        var (alice, bob) = (await StartAsync(lab, rung), await StartAsync(lab, rung));
        Assert.That(bob.Report.Datapath?.Way, Is.EqualTo(rung == TeredoDatapath.Auto ? TeredoDatapath.Offload : rung), string.Join(" ", bob.Report.Datapath!.Reasons));
        await using var listener = await bob.ListenAsync(4242).InTime();
        var accepting = listener.AcceptAsync();
        await using var caller = await alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
        await using var callee = await accepting.AsTask().InTime();
        byte[] data = RandomNumberGenerator.GetBytes(StreamOctets);
        await Task.WhenAll(SendAsync(caller), SendAsync(callee), ReceiveAsync(caller), ReceiveAsync(callee)).InTime();
        Assert.That((bob.Report.Datapath!.LostPackets, alice.Report.Datapath!.LostPackets), Is.EqualTo((0, 0)));

        async Task SendAsync(TeredoConnection connection)
        {
            await connection.GetStream().WriteAsync(data);
            connection.Socket!.Shutdown(SocketShutdown.Send);
        }

        async Task ReceiveAsync(TeredoConnection connection)
        {
            byte[] received = new byte[StreamOctets + 1];
            int length = await connection.GetStream().ReadAtLeastAsync(received, received.Length, throwOnEndOfStream: false);
            Assert.That(received.AsSpan(0, length).SequenceEqual(data), $"{length} octets came");
        }
    }

    [Test]
    public async Task Datagrams_ArriveEachByItself(
        [Values(TeredoDatapath.Offload, TeredoDatapath.Segments, TeredoDatapath.Batches, TeredoDatapath.Sockets)] TeredoDatapath rung)
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        await using var lab = new Loopback();
        var (alice, bob) = (await StartAsync(lab, rung), await StartAsync(lab, rung));
        await using var listener = await bob.BindDatagramAsync(4242).InTime();
        await using var caller = await alice.BindDatagramAsync(0).InTime();
        await alice.PingAsync(bob.Address!, Patience.Limit).InTime(); // only four datagrams wait for a new peer
        foreach (int length in new[] { 0, 1, 1200, 1232, 1200, 1200, 3 })
        {
            byte[] datagram = RandomNumberGenerator.GetBytes(length);
            await caller.SendToAsync(datagram, listener.TeredoEndPoint!).InTime();
            Assert.That((await listener.ReceiveAsync().AsTask().InTime()).Buffer, Is.EqualTo(datagram), $"{length} octets");
        }
    }

    [TestCase(TeredoDatapath.Segments, true, TeredoDatapath.Offload)]
    [TestCase(TeredoDatapath.Segments, false, TeredoDatapath.Segments)]
    [TestCase(TeredoDatapath.Batches, true, TeredoDatapath.Batches)]
    public void Report_NamesTheWay_WhatStandsAgainstABetterOne_AndTheKernel(TeredoDatapath transport, bool hasOffload, TeredoDatapath way)
    {
        var report = DatapathFacts.Describe(new(transport, "No batches.", 3, 9), new DeviceFacts(hasOffload, "No offload.", 5));
        Assert.That((report.Way, report.LostDatagrams, report.LostPackets), Is.EqualTo((way, 3L, 5L)));
        Assert.That(report.Reasons, Is.EqualTo(new[] { "No batches.", "No offload." }));
        Assert.That(report.Kernel, Is.EqualTo(File.ReadAllText("/proc/sys/kernel/osrelease").Trim()));
        Assert.That(DatapathFacts.Describe(new(transport, null, 0, 9)).Reasons, Is.Empty);
    }

    static Task<TeredoNode> StartAsync(Loopback lab, TeredoDatapath rung)
    {
        var options = lab.KernelOptions;
        options.Datapath = rung;
        return lab.StartAsync(options);
    }
}
