using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests;

/// <summary>What a node logs and counts.</summary>
[NonParallelizable] // the meter is the process's
public sealed class TelemetryTests
{
    static readonly List<LoggerMessageAttribute> Messages =
        [.. new[] { typeof(Log), typeof(MappingLog) }.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()];

    [Test]
    public void EventIds_AreUniqueAndInTheirBlocks()
    {
        Assert.That(Messages, Has.Count.GreaterThan(10));
        Assert.That(Messages.Select(message => message.EventId), Is.Unique.And.All.InRange(1000, 4999));
    }

    [Test]
    public async Task Log_TellsOfTheAddressAndItsLoss()
    {
        var log = new Recorder();
        await using var lab = new Lab();
        var server = lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10", options => options.LoggerFactory = log);
        string address = node.Address!.ToString();
        Assert.That(log.Of(EventIds.Qualified), Has.One.Items.And.All.Contains(address));
        await server.DisposeAsync();
        lab.Time.AdvanceUntil(() => node.Report.State == TeredoState.Offline, TimeSpan.FromMinutes(1));
        Assert.That(log.Of(EventIds.AddressLost), Has.One.Items.And.All.Contains(address));
        Assert.That(log.Of(EventIds.QualificationFailed), Has.One.Items.And.All.Contains(Lab.ServerAddress));
        Assert.That(log.Of(EventIds.EngineFault), Is.Empty);
    }

    [Test]
    public async Task Log_TellsOfDroppedPacketsAtTraceOnly()
    {
        var log = new Recorder();
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10", options => options.LoggerFactory = log);
        SendTo(lab, node, [1, 2, 3]);
        Assert.That(log.Of(EventIds.PacketDropped), Has.One.Contains(nameof(DropReason.MalformedPacket)));
        Assert.That(Messages.Single(message => message.EventId == EventIds.PacketDropped).Level, Is.EqualTo(LogLevel.Trace));
        Assert.That(node.Report.Drops[DropReason.MalformedPacket], Is.EqualTo(1));
    }

    [Test]
    public async Task Server_LogsThatALimitIsReachedOnceAMinute()
    {
        var log = new Recorder();
        await using var lab = new Lab();
        var server = lab.StartServer(configure: options =>
        {
            options.LoggerFactory = log;
            options.RateLimits = new() { AnswersPerEndpoint = new(1, 3) };
        });
        var solicitation = new byte[RouterSolicitation.Size];
        RouterSolicitation.Write(solicitation, TeredoLinkLocal.Client);
        using var client = lab.Network.Host("203.0.113.66").Open(IPv4Endpoint.Parse("203.0.113.66:1234"), (_, _) => { });
        void Solicit(int times)
        {
            for (int i = 0; i < times; i++)
                client.Send(IPv4Endpoint.FromIPEndPoint(server.Report.EndPoint), solicitation, 0);
        }
        Solicit(10);
        Assert.That(log.Of(EventIds.LimitReached), Has.One.Items.And.All.Contains("203.0.113.66:1234").And.All.Contains(nameof(ServerLimit.AnswersPerEndpoint)));
        lab.Time.Advance(TimeSpan.FromSeconds(59));
        Solicit(10);
        Assert.That(log.Of(EventIds.LimitReached), Has.One.Items);
        lab.Time.Advance(TimeSpan.FromSeconds(2));
        Solicit(10);
        Assert.That(log.Of(EventIds.LimitReached), Has.Exactly(2).Items);
        Assert.That(log.Of(EventIds.LimitReached)[1], Does.Contain("dropped 14 datagrams"), "six of the first ten, seven of the second, one of the third");
    }

    [Test]
    public async Task Meter_CountsQualificationBubblesAndDrops()
    {
        var sums = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == TeredoTelemetry.MeterName)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, 1, tags));
        listener.Start();

        await using (var lab = new Lab())
        {
            lab.StartServer();
            var (alice, bob) = (await lab.StartAsync("203.0.113.10"), await lab.StartAsync("203.0.113.20"));
            await using var open = await bob.BindDatagramAsync(4242);
            await using var caller = await alice.BindDatagramAsync(0);
            await caller.SendToAsync(new byte[1], open.TeredoEndPoint!);
            double before = Drops();
            SendTo(lab, alice, [1, 2, 3]);
            Assert.That(Drops() - before, Is.EqualTo(1));
            await alice.DisposeAsync();
            Assert.That(Drops() - before, Is.EqualTo(1), "a node that is gone has dropped what it dropped");
        }
        Assert.That(sums["teredo.client.qualification.duration"], Is.EqualTo(2));
        Assert.That(sums["teredo.client.bubbles.sent direct"], Is.GreaterThanOrEqualTo(1));
        Assert.That(sums["teredo.client.bubbles.sent indirect"], Is.GreaterThanOrEqualTo(1));

        double Drops()
        {
            const string name = $"teredo.client.packets.dropped {nameof(DropReason.MalformedPacket)}";
            sums.TryRemove(name, out _); // observed as sums, not as steps
            listener.RecordObservableInstruments();
            return sums.GetValueOrDefault(name);
        }

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            sums.AddOrUpdate(tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}", value, (_, sum) => sum + value);
    }

    // From a host that the node knows nothing of.
    static void SendTo(Lab lab, TeredoNode node, byte[] payload)
    {
        using var stranger = lab.Network.Host("203.0.113.66").Open(IPv4Endpoint.Parse("203.0.113.66:1234"), (_, _) => { });
        stranger.Send(IPv4Endpoint.FromIPEndPoint(node.Report.LocalEndPoint!), payload, 0);
    }

    [Test, NonParallelizable] // the meter is that of the process
    public async Task Meter_CountsOpenSockets()
    {
        var sums = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "TeredoSdk" && instrument.Name == "teredo.client.sockets.open")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, change, tags, _) => sums[$"{tags[0].Key} {tags[0].Value}"] = sums.GetValueOrDefault($"{tags[0].Key} {tags[0].Value}") + change);
        listener.Start();
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await using (await node.BindDatagramAsync(0).InTime())
        {
            await using var other = await node.BindDatagramAsync(0).InTime();
            Assert.That(sums, Is.EqualTo(new Dictionary<string, long> { ["kind datagram"] = 2 }));
        }
        Assert.That(sums["kind datagram"], Is.Zero);
    }

    [Test]
    public async Task Logger_ThatThrows_DoesNotStopTheEngine()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var alice = await lab.StartAsync("203.0.113.10", options => options.LoggerFactory = new Thrower());
        var bob = await lab.StartAsync("203.0.113.20", options => options.LoggerFactory = new Thrower());
        await using var open = await bob.BindDatagramAsync(4242).InTime();
        await using var caller = await alice.BindDatagramAsync(0).InTime();
        await caller.SendToAsync(new byte[] { 1 }, open.TeredoEndPoint!).InTime();
        Assert.That((await open.ReceiveAsync().InTime()).Buffer, Is.EqualTo(new byte[] { 1 }));
    }

    sealed class Thrower : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider) => throw new InvalidOperationException();
        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => logLevel > LogLevel.Trace ? true : throw new InvalidOperationException();

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException();

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
