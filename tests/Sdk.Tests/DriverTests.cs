using System.Collections;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests;

/// <summary>The driver of a core: its timer, its clock, its sockets, and how it notices that the network is another one.</summary>
[NonParallelizable] // the meter is the process's
public sealed class DriverTests
{
    const string Alice = "203.0.113.10";

    [Test]
    public async Task NetworkThatMovedUntold_IsNoticedAtTheFirstMissedAnswer()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        lab.Network.Passes = (from, to, _) => $"{from.Address}" != Alice && $"{to.Address}" != Alice;
        lab.Machine.MoveUntold("203.0.113.11");
        var took = lab.Time.AdvanceUntil(() => node.Report.MappedEndPoint?.Address.ToString() == "203.0.113.11", TimeSpan.FromMinutes(2));
        Assert.That(took, Is.LessThan(TimeSpan.FromSeconds(30 + 4 + 4))); // a refresh, the wait for its answer, and the spacing of solicitations
    }

    [Test]
    public async Task NetworkThatCameUntold_IsNoticedAtTheNextRetry()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        lab.Network.Passes = (from, to, _) => $"{from.Address}" != Alice && $"{to.Address}" != Alice;
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Offline, TimeSpan.FromMinutes(2));
        var retryAt = node.Report.RetryAt;
        lab.Machine.MoveUntold("203.0.113.11");
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Qualified, TimeSpan.FromMinutes(20));
        Assert.That(lab.Time.GetUtcNow(), Is.LessThanOrEqualTo(retryAt!.Value + TimeSpan.FromSeconds(4)));
    }

    [Test]
    public async Task DeadlineThatIsTheSameAfterTheTimer_ArmsItAgain()
    {
        var time = new EarlyTime();
        await using var driver = new IdleDriver(time);
        driver.Begin();
        Assert.That(time.Armed, Is.EqualTo(1));
        time.Fire(); // a timer may fire a little early: then nothing is due yet
        Assert.That(time.Armed, Is.EqualTo(2));
        time.Fire();
        Assert.That(time.Armed, Is.EqualTo(3));
    }

    // A timer counts whole milliseconds, and can't wait for as long as a deadline may be away.
    [TestCase(1.25, 2)]
    [TestCase(3, 3)]
    [TestCase(0, 0)]
    [TestCase(-5, 0)]
    [TestCase(86_400_000, 86_400_000)]
    [TestCase(86_400_001, 86_400_000)]
    [TestCase(1e12, 86_400_000)]
    public async Task Timer_IsArmedForWholeMilliseconds_AndForADayAtMost(double milliseconds, double armed)
    {
        var time = new EarlyTime();
        await using var driver = new IdleDriver(time) { Deadline = TimeSpan.FromMilliseconds(milliseconds) };
        driver.Begin();
        Assert.That(time.DueTime, Is.EqualTo(TimeSpan.FromMilliseconds(armed)));
    }

    [TestCase(4, false)]
    [TestCase(6, true)]
    [TestCase(49, true)]
    public void Clock_NoticesSleepOfMoreThanFiveSeconds(int seconds, bool slept)
    {
        var time = new ManualTime();
        var clock = new EngineClock(time);
        time.Advance(TimeSpan.FromMinutes(1));
        clock.Read(out bool sleptAwake);
        time.Sleep(TimeSpan.FromSeconds(seconds));
        clock.Read(out bool noticed);
        clock.Read(out bool again);
        Assert.That((sleptAwake, noticed, again), Is.EqualTo((false, slept, false)));
    }

    [Test]
    public async Task EmptyDatagram_IsCountedLikeAnyOther()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync(Alice);
        using var stranger = lab.Network.Host("203.0.113.77").Open(IPv4Endpoint.Parse("203.0.113.77:5000"), static (_, _) => { });
        stranger.Send(IPv4Endpoint.Parse($"{node.Report.LocalEndPoint}"), [], 0);
        Assert.That(node.Report.Drops.Values.Sum(), Is.EqualTo(1));
    }

    [Test]
    public async Task SocketOpenedWhileTheDriverStops_IsClosed()
    {
        var network = new StoppingNetwork();
        var driver = new TeredoDriver(new() { Servers = [new(IPv4Address.Parse(Lab.ServerAddress))], AllowPrivateAddresses = true },
            new(network, CryptographicRandom.Instance), new ManualTime(), new Nobody(), NullLogger.Instance);
        network.OnOpen = () => network.Stopping = driver.DisposeAsync().AsTask();
        driver.Start();
        await network.Stopping!.InTime();
        Assert.That((network.Opened, network.Closed), Is.EqualTo((1, 1)));
        Assert.That(driver.TryCheckReachability(), Is.False);
    }

    [Test]
    public async Task NetworkThatChangesWhileTheDriverStops_ConcernsNobody()
    {
        var network = new StoppingNetwork();
        var log = new Recorder();
        var driver = new TeredoDriver(new() { Servers = [new(IPv4Address.Parse(Lab.ServerAddress))], AllowPrivateAddresses = true },
            new(network, CryptographicRandom.Instance), new ManualTime(), new Nobody(), log);
        driver.Start();
        network.OnDescribe = () => network.Stopping = driver.DisposeAsync().AsTask();
        network.Tell();
        await network.Stopping!.InTime();
        Assert.That(log.Of(EventIds.NetworkChanged), Is.Empty);
        Assert.That(network.Closed, Is.EqualTo(network.Opened));
    }

    [Test]
    public async Task DisposedDriver_IsNotAmongTheCountersAnyMore()
    {
        var sums = (TrafficSums[])typeof(Metrics).GetField("Sums", BindingFlags.Static | BindingFlags.NonPublic)!.GetValue(null)!;
        var counters = (IEnumerable)typeof(TrafficSums).GetField("_counters", BindingFlags.Instance | BindingFlags.NonPublic)!
            .GetValue(sums[(int)TrafficRole.Client])!;
        await using var lab = new Lab();
        lab.StartServer();
        object[] before = [.. counters.Cast<object>()];
        var node = await lab.StartAsync(Alice);
        object own = counters.Cast<object>().Except(before).Single();
        await node.DisposeAsync();
        Assert.That(counters, Does.Not.Contain(own));
    }

    [Test]
    public async Task Bubbles_AreCountedAsWhatTheyAre()
    {
        var counted = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument is { Meter.Name: TeredoTelemetry.MeterName, Name: "teredo.client.bubbles.sent" })
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => counted[$"{tags[0].Value}"] = counted.GetValueOrDefault($"{tags[0].Value}") + value);
        listener.Start();
        await using var lab = new Lab();
        lab.StartServer();
        var (alice, bob) = (await lab.StartAsync(Alice), await lab.StartAsync("203.0.113.20"));
        var seen = new Dictionary<string, long>();
        lab.Network.Passes = (from, to, payload) =>
        {
            bool isBubble = from.Port != TeredoPorts.Server && Encapsulation.TryParse(payload, out var encapsulation, out _) && encapsulation.Packet.IsBubble;
            string kind = to.Port == TeredoPorts.Server ? "indirect" : "direct";
            if (isBubble)
                seen[kind] = seen.GetValueOrDefault(kind) + 1;
            return kind == "indirect" || !isBubble; // without direct ones there are more attempts than one, and of both kinds different numbers
        };
        await using var open = await bob.BindDatagramAsync(4242);
        await using var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(new byte[1], open.TeredoEndPoint!);
        lab.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.That(seen["direct"], Is.Not.EqualTo(seen["indirect"]), "Equal numbers would show nothing.");
        Assert.That(counted, Is.EquivalentTo(seen));
    }

    sealed class Nobody : IDriverClient
    {
        public void Receive(ReadOnlySpan<byte> buffer, Span<PacketRange> packets)
        {
            // Nobody takes it.
        }

        public void Handle(ClientEvent clientEvent)
        {
            // Nobody listens.
        }
    }

    /// <summary>Stops the driver in the middle of an opening.</summary>
    sealed class StoppingNetwork : IHostNetwork
    {
        public event Action? Changed;
        public Action OnDescribe { get; set; } = () => { };
        public Action OnOpen { get; set; } = () => { };
        public Task? Stopping { get; set; }
        public int Opened { get; private set; }
        public int Closed { get; private set; }

        public NetworkState Describe(IPv4Address server)
        {
            OnDescribe();
            return new() { LocalAddress = IPv4Address.Parse(Alice), HasNativeIPv6 = Stopping is not null };
        }

        public void Tell() => Changed?.Invoke();

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler)
        {
            Opened++;
            OnOpen();
            return new Transport(this, local);
        }

        sealed class Transport(StoppingNetwork network, IPv4Endpoint local) : IUdpTransport
        {
            public IPv4Endpoint LocalEndpoint => local;
            public Task Completion => Task.CompletedTask;

            public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
            {
                // It is lost.
            }

            public void Dispose() => network.Closed++;
        }
    }

    /// <summary>A clock that stands still, and whose one timer fires when the test says.</summary>
    sealed class EarlyTime : TimeProvider
    {
        Action? _due;

        /// <summary>How often the timer was armed.</summary>
        public int Armed { get; private set; }

        /// <summary>What the timer was set to last.</summary>
        public TimeSpan DueTime { get; private set; }

        public override long GetTimestamp() => 0;

        public void Fire() => _due!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _due = () => callback(state);
            return new Timer(this);
        }

        sealed class Timer(EarlyTime time) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                time.Armed += dueTime == Timeout.InfiniteTimeSpan ? 0 : 1;
                time.DueTime = dueTime;
                return true;
            }

            public void Dispose()
            {
                // Nothing is held.
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    /// <summary>A core with one deadline, which is a minute away by default.</summary>
    sealed class IdleDriver(TimeProvider time) : CoreDriver<int>(time, NullLogger.Instance)
    {
        public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(1);

        public void Begin() => CarryOut();

        protected override Instant? NextDeadline => new(Deadline);

        protected override void TakeTimeout(Instant now)
        {
            // Nothing is due.
        }

        protected override Verdict TakeDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload) => Verdict.Consumed;
        protected override int TakeDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> octets, int segmentSize,
            Span<Verdict> verdicts) => throw new NotSupportedException("Nothing comes in.");

        protected override bool TakeLongPacket(Instant now, ReadOnlySpan<byte> packet, out Verdict verdict) =>
            throw new NotSupportedException("Nothing goes out.");

        protected override Verdict TakePacket(Instant now, ReadOnlySpan<byte> packet) => Verdict.Consumed;
        protected override IUdpTransport? TransportOf(LocalPort port) => null;

        protected override bool TryTakeWork(out int work)
        {
            work = 0;
            return false;
        }

        protected override void Do(in int work)
        {
            // There is no work.
        }

        protected override void Deliver(ReadOnlySpan<byte> buffer, Span<PacketRange> packets)
        {
            // There are no packets.
        }
    }
}
