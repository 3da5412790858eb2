using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using TeredoSdk.Protocol;

namespace TeredoSdk.Telemetry;

/// <summary>Counts the packets that it drops. Safe for any number of threads.</summary>
interface IDropCounter
{
    /// <summary>Returns the counts of these reasons.</summary>
    long[] CopyDrops(DropReason[] reasons);
}

/// <summary>The meter "TeredoSdk". It sums over all nodes of the process, and contains no addresses.</summary>
static class Metrics
{
    public const string MeterName = "TeredoSdk";

    static readonly Meter Meter = new(MeterName);
    static readonly Histogram<double> Qualification = Meter.CreateHistogram<double>("teredo.client.qualification.duration", "s",
        "Time from the start of qualification until there is an address.");
    static readonly Counter<long> Bubbles = Meter.CreateCounter<long>("teredo.client.bubbles.sent", "{bubble}", "Bubbles sent, by kind.");
    static readonly UpDownCounter<long> Sockets = Meter.CreateUpDownCounter<long>("teredo.client.sockets.open", "{socket}", "Open sockets, by kind.");
    static readonly DropReason[] Reasons = [.. Enum.GetValues<DropReason>().Where(reason => reason != DropReason.None)];
    static readonly Lock Gate = new();
    static readonly HashSet<IDropCounter> Counters = [];
    static readonly long[] Ended = new long[Reasons.Length]; // the drops of counters that were removed

    static Metrics() => Meter.CreateObservableCounter("teredo.client.packets.dropped", MeasureDrops, "{packet}", "Packets dropped, by reason.");

    public static void Add(IDropCounter counter)
    {
        lock (Gate)
            Counters.Add(counter);
    }

    public static void Remove(IDropCounter counter)
    {
        lock (Gate)
            if (Counters.Remove(counter))
                AddDrops(counter, Ended);
    }

    public static void RecordQualification(TimeSpan duration) => Qualification.Record(duration.TotalSeconds);

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

    static IEnumerable<Measurement<long>> MeasureDrops()
    {
        long[] sums;
        lock (Gate)
        {
            sums = [.. Ended];
            foreach (var counter in Counters)
                AddDrops(counter, sums);
        }
        return Reasons.Zip(sums).Where(pair => pair.Second > 0)
            .Select(pair => new Measurement<long>(pair.Second, new KeyValuePair<string, object?>("reason", pair.First.ToString())));
    }

    static void AddDrops(IDropCounter counter, long[] sums)
    {
        var drops = counter.CopyDrops(Reasons);
        for (int i = 0; i < sums.Length; i++)
            sums[i] += drops[i];
    }
}
