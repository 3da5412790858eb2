using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>
/// The native IPv6 internet. It delivers packets to native nodes, and hands packets for 2001::/32 to a relay that serves their source.
/// </summary>
sealed class NativeNetwork(SimulatedInternet internet)
{
    readonly Dictionary<IPv6Address, SimulatedNativeNode> _nodes = [];
    readonly List<SimulatedRelay> _relays = [];
    readonly SimulatedRandom _random = internet.NextRandom();

    /// <summary>The prefix of all native nodes.</summary>
    public static IPv6Prefix Prefix => new(new(0x2610_0000_0000_0000, 0), 32);

    public SimulatedInternet Internet => internet;

    public Link Core { get; } = new() { Delay = TimeSpan.FromMilliseconds(50) };

    public IPv6Address Add(SimulatedNativeNode node)
    {
        var address = new IPv6Address(Prefix.Address.High + (ulong)_nodes.Count + 1, 1); // 2610:0:0:n::1
        _nodes.Add(address, node);
        return address;
    }

    public void Add(SimulatedRelay relay) => _relays.Add(relay);

    public void Send(ReadOnlySpan<byte> octets)
    {
        if (!TryRoute(octets, out var node, out var relay) || !Core.IsUp || _random.Chance(Core.Loss))
            return;
        byte[] packet = octets.ToArray();
        bool crosses = relay is null || !relay.IsHostSpecific; // a host-specific relay runs on the sender itself
        internet.At(crosses ? internet.Now + Core.DrawDelay(_random) : internet.Now, () =>
        {
            if (relay is null)
                node!.Receive(packet);
            else
                relay.HandlePacket(packet);
        });
    }

    bool TryRoute(ReadOnlySpan<byte> octets, out SimulatedNativeNode? node, out SimulatedRelay? relay)
    {
        IPv6Address source = IPv6Address.Read(octets[8..]), destination = IPv6Address.Read(octets[24..]);
        node = null;
        // A host's own relay is preferred to those of others (RFC 4380 §5.4).
        relay = destination.IsTeredo
            ? _relays.Where(relay => relay.IsRunning && relay.Serves(source)).OrderByDescending(relay => relay.IsHostSpecific).FirstOrDefault()
            : null;
        return relay is not null || _nodes.TryGetValue(destination, out node);
    }
}
