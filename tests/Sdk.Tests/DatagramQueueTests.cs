using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Engine.Stacks.InProcess;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>What waits to be received inside the process: held against a list, and by many readers at once.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DatagramQueueTests
{
    static readonly RemotePort Peer = new(IPv6Address.Parse("2001:0:c000:201::1"), 4242);

    readonly DatagramQueue _queue = new();
    readonly byte[] _buffer = new byte[2000];
    readonly SocketAddress _source = new(AddressFamily.InterNetworkV6);

    RemotePort Source => RemotePort.TryRead(_source, out var remote) ? remote : default;

    [Test]
    public void WaitThatHasEnded_IsNotWithdrawn() => Assert.That(_queue.Withdraw(new(_queue)), Is.False);

    [Test]
    public void AnyOrderOfAddsAndTakes_IsThatOfAList([Range(1, 8)] int seed)
    {
        const int capacity = 20_000;
        var random = new Random(seed);
        var queue = new DatagramQueue { CapacityOctets = capacity };
        var list = new Queue<(RemotePort Remote, byte[] Datagram)>();
        int octets = 0, refused = 0;
        for (int i = 0; i < 20_000; i++)
        {
            bool adds = random.Next(100) < (i / 500 % 2 == 0 ? 70 : 30); // it fills and empties in turn
            if (adds)
            {
                byte[] datagram = new byte[random.Next(5) == 0 ? random.Next(3) : random.Next(1233)];
                random.NextBytes(datagram);
                var remote = Peer with { Port = (ushort)random.Next(1, 65536) };
                bool fits = octets + 20 + datagram.Length <= capacity;
                Assert.That(queue.TryAdd(remote, datagram), Is.EqualTo(fits));
                if (!fits)
                {
                    refused++;
                    continue;
                }
                octets += 20 + datagram.Length;
                list.Enqueue((remote, datagram));
            }
            else if (list.Count > 0)
            {
                var (remote, datagram) = list.Dequeue();
                octets -= 20 + datagram.Length;
                Assert.That(queue.NextOctets, Is.EqualTo(datagram.Length));
                Assert.That(queue.TryTake(_buffer, _source, out int length));
                Assert.That((Source, _buffer.AsSpan(0, length).SequenceEqual(datagram)), Is.EqualTo((remote, true)));
            }
            else
                Assert.That(queue.TryTake(_buffer, _source, out _), Is.False);
        }
        Assert.That(refused, Is.Positive, "the queue was full at times");
    }

    [Test]
    public async Task Slots_TakeWhatHasRoom()
    {
        for (byte i = 1; i <= 5; i++)
            _queue.TryAdd(Peer with { Port = i }, [i, i]);
        var slots = new DatagramSlots(3);
        Assert.That(await _queue.TakeAsync(slots, default), Is.EqualTo(3));
        Assert.That(Enumerable.Range(0, 3).Select(i => ((int)slots.RemoteOf(i).Port, slots[i].ToArray())), Is.EqualTo(new[] { 1, 2, 3 }.Select(i => (i, new[] { (byte)i, (byte)i }))));
        slots.Clear();
        Assert.That((await _queue.TakeAsync(slots, default), slots.RemoteOf(0).Port), Is.EqualTo((2, 4)));
        slots.Clear();
        var waiting = _queue.TakeAsync(slots, default).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);
        _queue.TryAdd(Peer, [6]);
        Assert.That((await waiting.InTime(), slots[0].Span[0]), Is.EqualTo((1, 6)));
    }

    [Test]
    public async Task ManyReaders_GetEachDatagramOnce()
    {
        const int readers = 8, each = 500;
        var seen = new int[readers * each];
        var reading = Enumerable.Range(0, readers).Select(_ => Task.Run(async () =>
        {
            byte[] buffer = new byte[4];
            var source = new SocketAddress(AddressFamily.InterNetworkV6);
            for (int i = 0; i < each; i++)
            {
                Assert.That(await _queue.TakeAsync(buffer, source, default), Is.EqualTo(4));
                Interlocked.Increment(ref seen[BitConverter.ToInt32(buffer)]);
            }
        })).ToArray();
        for (int i = 0; i < seen.Length; i++)
            Assert.That(_queue.TryAdd(Peer, BitConverter.GetBytes(i)));
        await Task.WhenAll(reading).InTime();
        Assert.That(seen, Is.All.EqualTo(1));
    }

    [Test]
    public async Task WaitsThatAreGivenUp_LoseNothing_AndLeaveTheOthersInTheirOrder()
    {
        using var giving = new CancellationTokenSource();
        byte[][] buffers = [.. Enumerable.Range(0, 5).Select(_ => new byte[1])];
        Task<int>[] waits = [.. buffers.Select((buffer, i) => _queue.TakeAsync(buffer, new(AddressFamily.InterNetworkV6), i % 2 == 1 ? giving.Token : default).AsTask())];
        await giving.CancelAsync();
        foreach (int i in new[] { 1, 3 })
            Assert.That(async () => await waits[i].InTime(), Throws.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(giving.Token));
        foreach (byte i in new byte[] { 0, 2, 4 })
        {
            Assert.That(waits[i].IsCompleted, Is.False);
            _queue.TryAdd(Peer, [i]);
            Assert.That((await waits[i].InTime(), buffers[i][0]), Is.EqualTo((1, i)));
        }
        _queue.TryAdd(Peer, [7]);
        Assert.That(async () => await _queue.TakeAsync(_buffer, _source, giving.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((_queue.TryTake(_buffer, _source, out _), _buffer[0]), Is.EqualTo((true, 7)), "what was given up took nothing");
    }

    [Test]
    public async Task LongDatagram_IsCutOff_WhetherItWaitsOrItsReaderDoes()
    {
        _queue.TryAdd(Peer, [1, 2, 3]);
        _queue.TryAdd(Peer, [4]);
        Assert.That((_queue.TryTake(_buffer.AsSpan(0, 2), _source, out int length), length, _buffer[1], _buffer[2]), Is.EqualTo((true, 2, 2, 0)));
        Assert.That((_queue.TryTake(_buffer, _source, out length), length, _buffer[0]), Is.EqualTo((true, 1, 4)));
        var waiting = _queue.TakeAsync(_buffer.AsMemory(0, 2), _source, default);
        _queue.TryAdd(Peer, [7, 8, 9]);
        Assert.That((await waiting.InTime(), _buffer[1], _buffer[2]), Is.EqualTo((2, 8, 0)));
    }

    [Test]
    public void End_EndsEveryWait_AndTakesNothingMore()
    {
        Task[] waits = [_queue.TakeAsync(_buffer, _source, default).AsTask(), _queue.TakeAsync(new DatagramSlots(1), default).AsTask()];
        _queue.Close();
        foreach (var wait in waits)
            Assert.That(async () => await wait.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That((_queue.TryAdd(Peer, [1]), _queue.IsClosed, _queue.NextOctets), Is.EqualTo((false, true, 0)));
        Assert.Throws<ObjectDisposedException>(() => _queue.TryTake(_buffer, _source, out _));
        Assert.Throws<ObjectDisposedException>(() => _queue.TakeAsync(_buffer, _source, default).AsTask());
    }
}
