using System.Globalization;

namespace TeredoSdk.Tests.Streams;

/// <summary>What connections inside the process take from the heap, with all that belongs to them.</summary>
public sealed class InProcessMemoryTests
{
    const int Port = 4242;

    // Every way of a segment is there: both directions, the waits of both ends, the sockets below. Only what is done for each segment counts.
    [Test]
    public async Task NoSegment_CostsMemory()
    {
        const int octets = 60_000, echoes = 20, segments = 2 * echoes * (octets / 1208);
        await using var lab = new Loopback();
        var (alice, bob) = (await lab.StartAsync(), await lab.StartAsync());
        await using var listener = await bob.ListenAsync(Port).InTime();
        var calling = alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
        await using var callee = await listener.AcceptAsync().InTime();
        await using var caller = await calling;
        byte[] sent = new byte[octets], back = new byte[octets], there = new byte[octets];
        var echoing = Task.Factory.StartNew(() =>
        {
            while (callee.GetStream().Read(there) is > 0 and var read)
                callee.GetStream().Write(there.AsSpan(0, read));
        }, TaskCreationOptions.LongRunning);
        Allocations.AssertNoneEachTime(() =>
        {
            for (int i = 0; i < echoes; i++)
            {
                caller.GetStream().Write(sent);
                caller.GetStream().ReadExactly(back);
            }
        }, segments);
        caller.CompleteWriting();
        await echoing.InTime();
    }

    // Each has carried something, and somebody waits for more. TEREDOSDK_TCP_CONNECTIONS=10000 is the long form.
    [Test]
    public async Task IdleConnections_TakeLessThan4KilobytesEach()
    {
        int pairs = (int.TryParse(Environment.GetEnvironmentVariable("TEREDOSDK_TCP_CONNECTIONS"), CultureInfo.InvariantCulture, out int count) ? count : 2000) / 2;
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await using var listener = await node.ListenAsync(Port).InTime();
        var first = await OpenAsync();
        var open = new (TeredoConnection Caller, TeredoConnection Callee, Task<int>[] Reads)[pairs];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < pairs; i++)
            open[i] = await OpenAsync();
        lab.Time.Advance(TimeSpan.FromSeconds(1)); // all is acknowledged
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (2 * pairs);
        TestContext.Out.WriteLine($"{each} octets");
        Assert.That(each, Is.InRange(500, 4096));
        foreach (var (caller, callee, reads) in open.Append(first))
        {
            caller.Abort();
            callee.Abort();
            foreach (var read in reads)
                Assert.CatchAsync(() => read.InTime());
        }

        async Task<(TeredoConnection, TeredoConnection, Task<int>[])> OpenAsync()
        {
            var caller = await node.ConnectAsync(listener.TeredoEndPoint!).InTime();
            var callee = await listener.AcceptAsync().InTime();
            byte[] octet = new byte[1];
            foreach (var (from, to) in new[] { (caller, callee), (callee, caller) })
            {
                await from.GetStream().WriteAsync(octet);
                Assert.That(await to.GetStream().ReadAsync(octet).InTime(), Is.EqualTo(1));
            }
            return (caller, callee, [caller.GetStream().ReadAsync(octet).AsTask(), callee.GetStream().ReadAsync(octet).AsTask()]);
        }
    }
}
