using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace TeredoSdk.Telemetry;

/// <summary>The meter of the process. It sums over all nodes, relays and servers, and contains no addresses.</summary>
static class Metrics
{
    static readonly Meter Meter = new(TeredoTelemetry.MeterName);
    static readonly Histogram<double> Qualification = Meter.CreateHistogram<double>("teredo.client.qualification.duration", "s",
        "Time from the start of qualification until there is an address.");
    static readonly Histogram<double> Connect = Meter.CreateHistogram<double>("teredo.client.connect.duration", "s",
        "Time that an attempt to connect by TCP took, by outcome.");
    static readonly Histogram<double> RoundTrip = Meter.CreateHistogram<double>("teredo.client.ping.round_trip", "s", "Round trips of pings that were answered.");
    static readonly Counter<long> Bubbles = Meter.CreateCounter<long>("teredo.client.bubbles.sent", "{bubble}", "Bubbles sent, by kind.");
    static readonly UpDownCounter<long> Sockets = Meter.CreateUpDownCounter<long>("teredo.client.sockets.open", "{socket}", "Open sockets, by kind.");
    static readonly TrafficSums[] Sums = [new(Meter, "client"), new(Meter, "relay"), new(Meter, "server")]; // in the order of TrafficRole

    public static void Add(ITrafficCounter counter) => Sums[(int)counter.Role].Add(counter);

    /// <summary>Takes a counter away. What it counted stays in the sums.</summary>
    public static void Remove(ITrafficCounter counter) => Sums[(int)counter.Role].Remove(counter);

    public static void RecordQualification(TimeSpan duration) => Qualification.Record(duration.TotalSeconds);

    /// <param name="duration">How long it took.</param>
    /// <param name="error">Why it failed; null when it did not.</param>
    public static void RecordConnect(TimeSpan duration, TeredoError? error) =>
        Connect.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", error?.ToString() ?? "connected"));

    public static void RecordRoundTrip(TimeSpan duration) => RoundTrip.Record(duration.TotalSeconds);

    public static void CountBubble(bool isIndirect) => Bubbles.Add(1, new KeyValuePair<string, object?>("kind", isIndirect ? "indirect" : "direct"));

    /// <summary>Has the JIT compile what counts a bubble, and counts none.</summary>
    public static void PrepareBubbles()
    {
        RuntimeHelpers.PrepareDelegate(CountBubble);
        RuntimeHelpers.PrepareDelegate(new Action<long, KeyValuePair<string, object?>>(Bubbles.Add));
    }

    /// <param name="kind">listener, connection or datagram.</param>
    /// <param name="change">1 when a socket was opened, -1 when one was closed.</param>
    public static void CountSocket(string kind, int change) => Sockets.Add(change, new KeyValuePair<string, object?>("kind", kind));
}
