using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.NatMatrix;

/// <summary>What came of one attempt of one host to reach another.</summary>
/// <param name="Connected">After how long the first echo reply came back, or null.</param>
/// <param name="Failed">After how long the host was told that the peer is unreachable, or null.</param>
/// <param name="Reason">The cause that was named.</param>
public readonly record struct Outcome(TimeSpan? Connected, TimeSpan? Failed, UnreachableReason? Reason);

/// <summary>Two hosts, each behind its own NATs, one Teredo server; one host pings the other until a reply comes.</summary>
public static class Trial
{
    static readonly TimeSpan PingInterval = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan QualificationLimit = TimeSpan.FromMinutes(10); // "both sides qualified beforehand", whatever the loss

    /// <param name="seed">The seed of everything random.</param>
    /// <param name="initiator">The NATs of the host that pings, the innermost first.</param>
    /// <param name="responder">The NATs of the host that is pinged.</param>
    /// <param name="loss">The loss of each way through the core, 0 to 1.</param>
    /// <param name="jitter">The jitter of the core.</param>
    /// <param name="limit">How long to wait for a reply.</param>
    /// <param name="clash">Whether the NATs with endpoint-independent mapping behave as Linux does without an input drop.</param>
    /// <param name="pcap">Where to write what crossed the core, or null.</param>
    public static Outcome Run(ulong seed, ReadOnlySpan<NatKind> initiator, ReadOnlySpan<NatKind> responder,
        double loss, TimeSpan jitter, TimeSpan limit, bool clash = false, string? pcap = null)
    {
        var internet = new SimulatedInternet(seed) { Loss = loss, Jitter = jitter };
        internet.Server();
        var (alice, bob) = (Behind(internet, initiator, clash).Host("alice"), Behind(internet, responder, clash).Host("bob"));
        alice.StartTeredo();
        bob.StartTeredo();
        if (!internet.RunUntil(() => alice.Teredo.IsQualified && bob.Teredo.IsQualified, QualificationLimit))
            throw new InvalidOperationException($"Seed {seed}: the hosts did not qualify.");
        var outcome = Connect(internet, alice.Teredo, bob.Teredo, limit);
        if (pcap is not null)
            internet.WritePcap(pcap);
        return outcome;
    }

    static Outcome Connect(SimulatedInternet internet, SimulatedTeredoClient from, SimulatedTeredoClient to, TimeSpan limit)
    {
        var start = internet.Now;
        List<SimulatedPing> pings = [];
        TimeSpan? failed = null;
        while (internet.Now - start < limit)
        {
            pings.Add(from.Ping(to.Address));
            if (internet.RunUntil(() => pings.Exists(ping => ping.Succeeded), PingInterval))
                return new(internet.Now - start, failed, null);
            var reason = from.Events.Select(e => e.Event).OfType<ClientEvent.PeerUnreachable>().FirstOrDefault()?.Reason;
            if (pings.Find(ping => ping.Error is not null)?.Error is { } error && reason is not null)
                return new(null, error.Time - start, reason);
        }
        return default;
    }

    static SimulatedNetwork Behind(SimulatedInternet internet, ReadOnlySpan<NatKind> nats, bool clash)
    {
        SimulatedNetwork network = internet;
        for (int i = nats.Length - 1; i >= 0; i--)
            network = network.Nat(nats[i], options => options with { ConntrackClash = clash && options.Mapping == Mapping.EndpointIndependent });
        return network;
    }
}
