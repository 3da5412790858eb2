using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.Linux;

/// <summary>Bursts of datagrams through real sockets, on each rung of the datapath.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BatchTransportTests
{
    static readonly IPv4Endpoint AnyPort = IPv4Endpoint.Parse("127.0.0.1:0");

    readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(1 << 20, pinned: true);

    static TeredoDatapath[] Rungs => [TeredoDatapath.Segments, TeredoDatapath.Batches, TeredoDatapath.Sockets];

    [TestCaseSource(nameof(Rungs))]
    public async Task Batch_ArrivesWhole_AndEachTargetGetsItsOwnInOrder(TeredoDatapath rung)
    {
        var first = new Receiver(rung);
        var second = new Receiver(rung);
        using var sender = Open(rung, static (_, _) => { });
        var batch = new DatagramBatch();
        // Runs as the device's packets make them: one longer than a message may be, one whose last is shorter, single ones, and one to another target between.
        (Receiver To, int[] Lengths)[] groups =
        [
            (first, [.. Enumerable.Repeat(1280, 53), 7]), (first, [1280]), (second, [100, 100, 99]), (first, [60]), (first, [60]), (first, [61]), (first, [60, 60, 1]),
            (second, [.. Enumerable.Repeat(1, 200)]), (second, [2]), (first, [1280, 1280]),
        ];
        foreach (var (to, lengths) in groups)
            Add(batch, to, sender, lengths);
        sender.Send(batch, 0, batch.Groups.Length);
        foreach (var receiver in new[] { first, second })
        {
            Assert.That(await receiver.TakeAsync(receiver.Expected.Count), Is.EqualTo(receiver.Expected));
            receiver.Transport.Dispose();
        }
    }

    // A message has 64 datagrams at most, and 65507 octets.
    [TestCase(40, 500, 40), TestCase(150, 500, 64), TestCase(53, 1236, 52)]
    public async Task Runs_OfOneTarget_TravelTogether(int count, int octets, int longest)
    {
        var receiver = new Receiver(TeredoDatapath.Segments);
        using var sender = Open(TeredoDatapath.Segments, static (_, _) => { });
        var batch = new DatagramBatch();
        for (int i = 0; i < count; i++)
            Add(batch, receiver, sender, [octets]); // single packets of a device, which is what acknowledgements are
        sender.Send(batch, 0, batch.Groups.Length);
        Assert.That(await receiver.TakeAsync(count), Is.EqualTo(receiver.Expected));
        Assert.That(receiver.LongestRun, Is.EqualTo(longest), "the kernel cut a message, and joined it again");
        receiver.Transport.Dispose();
    }

    [Test]
    public async Task Datagrams_ForWhichTheBufferHasNoRoom_AreCounted()
    {
        using var begun = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var after = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var receiver = Open(TeredoDatapath.Batches, Datagrams.Each((_, payload) =>
        {
            begun.Set();
            goOn.Wait(Patience.Limit);
            if (payload[0] == 2)
                after.TrySetResult();
        }));
        using var sender = Open(TeredoDatapath.Batches, static (_, _) => { });
        byte[] datagram = new byte[1000];
        sender.Send(receiver.LocalEndpoint, datagram, 0);
        begun.Wait(Patience.Limit);
        Assert.That(receiver.Facts.Lost, Is.Zero);
        for (int i = 0; i < 2 * receiver.Facts.ReceiveBufferOctets / datagram.Length; i++)
            sender.Send(receiver.LocalEndpoint, datagram, 0);
        goOn.Set();
        datagram[0] = 2;
        for (int i = 0; i < 1000 && !after.Task.IsCompleted; i++, await Task.Delay(1)) // the count comes with the next datagram that finds room
            sender.Send(receiver.LocalEndpoint, datagram, 0);
        await after.Task.InTime();
        Assert.That(receiver.Facts.Lost, Is.GreaterThan(0));
    }

    [Test]
    public async Task ManyTransports_ShareAFewThreads_AndLeaveNone()
    {
        const int count = 40;
        int before = ReadLoop.ThreadCount;
        var receivers = Enumerable.Range(0, count).Select(_ => new Receiver(TeredoDatapath.Batches)).ToArray();
        using var sender = Open(TeredoDatapath.Sockets, static (_, _) => { });
        Assert.That(ReadLoop.ThreadCount, Is.InRange(1, 16));
        foreach (var receiver in receivers)
            sender.Send(receiver.Transport.LocalEndpoint, [7], 0);
        foreach (var receiver in receivers)
            Assert.That(await receiver.TakeAsync(1), Is.EqualTo(new[] { "07" }));
        foreach (var receiver in receivers)
            receiver.Transport.Dispose();
        foreach (var receiver in receivers)
            await receiver.Transport.Completion.InTime();
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); ReadLoop.ThreadCount > before && waited.Elapsed < Patience.Limit;)
            await Task.Delay(1);
        Assert.That(ReadLoop.ThreadCount, Is.LessThanOrEqualTo(before));
    }

    // A logger of the application may keep things there; threads that transports share must not mix them up.
    [Test]
    public async Task Handler_RunsInTheContextOfWhoOpenedItsTransport()
    {
        var owner = new AsyncLocal<int>();
        var seen = new TaskCompletionSource<int>[20];
        List<IUdpTransport> transports = [];
        using var sender = Open(TeredoDatapath.Sockets, static (_, _) => { });
        for (int i = 0; i < seen.Length; i++)
        {
            owner.Value = i + 1;
            var own = seen[i] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            transports.Add(Open(TeredoDatapath.Batches, (_, _) => own.TrySetResult(owner.Value)));
        }
        owner.Value = 0;
        for (int i = 0; i < seen.Length; i++)
        {
            sender.Send(transports[i].LocalEndpoint, [1], 0);
            Assert.That(await seen[i].Task.InTime(), Is.EqualTo(i + 1));
            transports[i].Dispose();
        }
    }

    [TestCase(TeredoDatapath.Segments), TestCase(TeredoDatapath.Batches)]
    public async Task Memory_OfATransportThatHasEnded_IsGivenBack(TeredoDatapath rung)
    {
        const int times = 50, least = 64 * 2048; // octets that each takes
        await UseAsync();
        try
        {
            nuint before = NativeHeap.InUse;
            for (int i = 0; i < times; i++)
                await UseAsync();
            Assert.That((long)NativeHeap.InUse - (long)before, Is.LessThan(times * least / 2));
        }
        catch (EntryPointNotFoundException)
        {
            Assert.Ignore("This C library does not tell.");
        }

        async Task UseAsync()
        {
            var transport = Open(rung, static (_, _) => { });
            transport.Dispose();
            await transport.Completion.InTime();
        }
    }

    [Test]
    public void Port_IsFreeAsSoonAsTheTransportIsDisposed()
    {
        for (int i = 0; i < 200; i++)
        {
            var transport = Open(TeredoDatapath.Segments, static (_, _) => { });
            transport.Dispose();
            using var again = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            Assert.DoesNotThrow(() => again.Bind(transport.LocalEndpoint.ToIPEndPoint()));
        }
    }

    [TestCase(TeredoDatapath.Segments), TestCase(TeredoDatapath.Batches)]
    public async Task Receiving_AllocatesNothing(TeredoDatapath rung)
    {
        const int bursts = 50;
        long first = -1, last = 0;
        int taken = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var receiver = Open(rung, (_, runs) =>
        {
            last = GC.GetAllocatedBytesForCurrentThread();
            if (first < 0)
                first = last;
            foreach (var run in runs)
                taken += run.Length / run.SegmentSize;
            if (taken >= bursts * 10)
                all.TrySetResult();
        });
        using var sender = Open(rung, static (_, _) => { });
        var batch = new DatagramBatch();
        for (int i = 0; i < bursts; i++)
        {
            batch.Clear();
            Add(batch, receiver.LocalEndpoint, sender, Enumerable.Repeat(1000, 10).ToArray());
            sender.Send(batch, 0, 1);
        }
        await all.Task.InTime();
        Assert.That(last - first, Is.Zero);
    }

    static IUdpTransport Open(TeredoDatapath rung, DatagramHandler handler)
    {
        var transport = new SystemNetwork(NullLogger.Instance, rung).Open(AnyPort, handler);
        Assert.That(transport.Facts.Way, Is.EqualTo(rung), transport.Facts.Problem);
        return transport;
    }

    void Add(DatagramBatch batch, Receiver to, IUdpTransport sender, int[] lengths)
    {
        int first = batch.Count;
        Add(batch, to.Transport.LocalEndpoint, sender, lengths);
        byte[] datagram = new byte[DatagramBatch.MaxDatagramOctets];
        for (int i = first; i < batch.Count; i++)
            to.Expected.Add(Convert.ToHexString(datagram, 0, batch.CopyTo(i, datagram)));
    }

    // Each datagram has a header of the batch, if it is long enough, and a payload from the memory; no two are equal.
    unsafe void Add(DatagramBatch batch, IPv4Endpoint to, IUdpTransport sender, int[] lengths)
    {
        batch.Begin(lengths[0], default);
        foreach (int length in lengths)
        {
            int header = length > 80 ? 72 : 0, at = batch.Count * 1300;
            Random.Shared.NextBytes(_memory.AsSpan(at, length - header));
            byte* payload = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_memory, at);
            byte* place = batch.Add(header, payload, length - header);
            new Span<byte>(place, header).Fill((byte)batch.Count);
        }
        ref var group = ref batch.Groups[^1];
        (group.Target, group.Transport) = (to, sender);
    }

    /// <summary>Collects what comes in.</summary>
    sealed class Receiver
    {
        readonly Channel<string> _received = Channel.CreateUnbounded<string>();

        public Receiver(TeredoDatapath rung) => Transport = Open(rung, Take);

        public IUdpTransport Transport { get; }

        public List<string> Expected { get; } = [];

        /// <summary>The most datagrams that came as one run.</summary>
        public int LongestRun { get; private set; }

        public async Task<List<string>> TakeAsync(int count)
        {
            List<string> taken = [];
            while (taken.Count < count)
                taken.Add(await _received.Reader.ReadAsync().InTime());
            return taken;
        }

        void Take(ReadOnlySpan<byte> buffer, ReadOnlySpan<DatagramRun> runs)
        {
            foreach (var run in runs)
            {
                LongestRun = Math.Max(LongestRun, (run.Length + run.SegmentSize - 1) / run.SegmentSize);
                foreach (var payload in run.In(buffer))
                    _received.Writer.TryWrite(Convert.ToHexString(payload));
            }
        }
    }
}
