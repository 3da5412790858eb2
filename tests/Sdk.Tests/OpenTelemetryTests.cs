using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace TeredoSdk.Tests;

/// <summary>What an application's OpenTelemetry gets is what happened on a network in memory.</summary>
[NonParallelizable] // the meter is that of the process
public sealed class OpenTelemetryTests
{
    [Test]
    public async Task Metrics_AreWhatTheLabDid()
    {
        var before = Measure();
        long datagrams = 0, octets = 0, lost = 0;
        await using (var lab = new Lab())
        {
            lab.Network.Passes = (_, _, payload) =>
            {
                long number = Interlocked.Increment(ref datagrams);
                Interlocked.Add(ref octets, payload.Length);
                if (number % 10 != 0)
                    return true;
                Interlocked.Increment(ref lost);
                return false;
            };
            lab.StartServer();
            await using var alice = await StartAsync(lab, "203.0.113.10");
            await using var bob = await StartAsync(lab, "203.0.113.20");
            await using var open = await bob.BindDatagramAsync(4242);
            for (int i = 0; i < 5; i++)
            {
                var ping = alice.PingAsync(bob.Address!, TimeSpan.FromMinutes(1));
                lab.Time.AdvanceUntil(() => ping.IsCompleted, TimeSpan.FromMinutes(2));
                await ping.InTime();
            }
        }
        var measured = Measure();
        Assert.That(Change("teredo.client.datagrams sent") + Change("teredo.server.datagrams sent"), Is.EqualTo(datagrams));
        Assert.That(Change("teredo.client.octets sent") + Change("teredo.server.octets sent"), Is.EqualTo(octets));
        Assert.That(Change("teredo.client.datagrams received") + Change("teredo.server.datagrams received"), Is.InRange(1, datagrams - lost));
        Assert.That(Change("teredo.server.datagrams received"), Is.GreaterThan(0).And.LessThanOrEqualTo(Change("teredo.client.datagrams sent")));
        Assert.That(Change("teredo.relay.datagrams sent"), Is.Zero);

        double Change(string name) => measured.GetValueOrDefault(name) - before.GetValueOrDefault(name);
    }

    [Test]
    public async Task Activities_TellStartConnectAndAccept()
    {
        List<Activity> activities = [];
        using (Sdk.CreateTracerProviderBuilder().AddSource(TeredoTelemetry.ActivitySourceName).AddInMemoryExporter(activities).Build())
        {
            await using var lab = new Lab();
            lab.StartServer();
            var (alice, bob) = (await lab.StartAsync("203.0.113.10"), await lab.StartAsync("203.0.113.20"));
            await using var listener = await bob.ListenAsync(80);
            await using var caller = await alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
            await using var accepted = await listener.AcceptAsync().InTime();
            Assert.ThrowsAsync<TeredoException>(() => alice.ConnectAsync(new(System.Net.IPAddress.IPv6Loopback, 80)), "not one that the log would tell");
            var connecting = alice.ConnectAsync(new(bob.Address!, 81));
            lab.Time.AdvanceUntil(() => connecting.IsCompleted, TimeSpan.FromMinutes(1));
            Assert.ThrowsAsync<TeredoException>(() => connecting.InTime());
            Assert.That(activities.Select(activity => activity.OperationName),
                Is.EqualTo(new[] { "teredo.qualify", "teredo.qualify", "teredo.connect", "teredo.accept", "teredo.connect" }));
            Assert.That(activities[2].GetTagItem("network.peer.address"), Is.EqualTo($"{bob.Address}"));
            Assert.That(activities[2].GetTagItem("network.peer.port"), Is.EqualTo("80"));
            Assert.That(activities[3].GetTagItem("network.peer.address"), Is.EqualTo($"{alice.Address}"));
            Assert.That((activities[4].Status, activities[4].GetTagItem("error.type")), Is.EqualTo((ActivityStatusCode.Error, "PeerUnreachable")));
        }
    }

    static async Task<TeredoNode> StartAsync(Lab lab, string address)
    {
        var starting = lab.BeginStart(address);
        lab.Time.AdvanceUntil(() => starting.IsCompleted, TimeSpan.FromMinutes(5));
        return await starting.InTime();
    }

    // The sums of the process until now, by the instrument's name and its tag.
    static Dictionary<string, double> Measure()
    {
        List<Metric> metrics = [];
        using (var provider = Sdk.CreateMeterProviderBuilder().AddMeter(TeredoTelemetry.MeterName).AddInMemoryExporter(metrics).Build())
            provider.ForceFlush();
        var sums = new Dictionary<string, double>();
        foreach (var metric in metrics.Where(metric => metric.MetricType == MetricType.LongSum))
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                string name = metric.Name;
                foreach (var tag in point.Tags)
                    name += $" {tag.Value}";
                sums[name] = point.GetSumLong();
            }
        }
        return sums;
    }
}
