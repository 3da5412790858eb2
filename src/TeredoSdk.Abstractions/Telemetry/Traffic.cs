using System.Diagnostics.Metrics;
using TeredoSdk.Protocol;

namespace TeredoSdk.Telemetry;

/// <summary>The UDP datagrams outside the tunnel that a driver sent and received, and their payload.</summary>
struct Traffic
{
    public long DatagramsSent, OctetsSent, DatagramsReceived, OctetsReceived;

    public void Send(long datagrams, long octets) => (DatagramsSent, OctetsSent) = (DatagramsSent + datagrams, OctetsSent + octets);

    public void Receive(long datagrams, long octets) =>
        (DatagramsReceived, OctetsReceived) = (DatagramsReceived + datagrams, OctetsReceived + octets);

    public void Add(in Traffic other)
    {
        Send(other.DatagramsSent, other.OctetsSent);
        Receive(other.DatagramsReceived, other.OctetsReceived);
    }
}

/// <summary>What a driver drives.</summary>
enum TrafficRole
{
    Client,
    Relay,
    Server,
}

/// <summary>Counts what it moves and drops. Safe for any number of threads.</summary>
interface ITrafficCounter
{
    TrafficRole Role { get; }

    Traffic CopyTraffic();

    /// <summary>Returns the counts of these reasons.</summary>
    long[] CopyDrops(DropReason[] reasons);
}

/// <summary>The sums over all drivers of one role, with those that are gone, as instruments of the meter. Safe for any number of threads.</summary>
sealed class TrafficSums
{
    static readonly DropReason[] Reasons = [.. Enum.GetValues<DropReason>().Where(reason => reason != DropReason.None)];
    static readonly KeyValuePair<string, object?> SentTag = new("direction", "sent"), ReceivedTag = new("direction", "received");

    readonly Lock _gate = new();
    readonly HashSet<ITrafficCounter> _counters = [];
    readonly long[] _endedDrops = new long[Reasons.Length];
    Traffic _ended;

    /// <param name="meter">The meter.</param>
    /// <param name="role">The part of the instruments' names that tells the role.</param>
    public TrafficSums(Meter meter, string role)
    {
        meter.CreateObservableCounter($"teredo.{role}.datagrams", () => Measure(static traffic => (traffic.DatagramsSent, traffic.DatagramsReceived)),
            "{datagram}", "UDP datagrams outside the tunnel, by direction.");
        meter.CreateObservableCounter($"teredo.{role}.octets", () => Measure(static traffic => (traffic.OctetsSent, traffic.OctetsReceived)), "By",
            "Payload of UDP datagrams outside the tunnel, by direction.");
        meter.CreateObservableCounter($"teredo.{role}.packets.dropped", MeasureDrops, "{packet}", "Packets dropped, by reason.");
    }

    public void Add(ITrafficCounter counter)
    {
        lock (_gate)
            _counters.Add(counter);
    }

    public void Remove(ITrafficCounter counter)
    {
        lock (_gate)
        {
            if (!_counters.Remove(counter))
                return;
            _ended.Add(counter.CopyTraffic());
            AddDrops(counter, _endedDrops);
        }
    }

    Measurement<long>[] Measure(Func<Traffic, (long Sent, long Received)> part)
    {
        Traffic sum;
        lock (_gate)
        {
            sum = _ended;
            foreach (var counter in _counters)
                sum.Add(counter.CopyTraffic());
        }
        var (sent, received) = part(sum);
        return [new(sent, SentTag), new(received, ReceivedTag)];
    }

    IEnumerable<Measurement<long>> MeasureDrops()
    {
        long[] sums;
        lock (_gate)
        {
            sums = [.. _endedDrops];
            foreach (var counter in _counters)
                AddDrops(counter, sums);
        }
        return Reasons.Zip(sums).Where(pair => pair.Second > 0)
            .Select(pair => new Measurement<long>(pair.Second, new KeyValuePair<string, object?>("reason", pair.First.ToString())));
    }

    static void AddDrops(ITrafficCounter counter, long[] sums)
    {
        var drops = counter.CopyDrops(Reasons);
        for (int i = 0; i < sums.Length; i++)
            sums[i] += drops[i];
    }
}
