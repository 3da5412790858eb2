using System.Text;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>The commands that build a lab: few processes, since each costs milliseconds.</summary>
static class LabScript
{
    public static string Namespaces(Lab lab) => Batch(null, lab.Hosts.Select(host => $"netns add {host.Namespace.Name}"));

    public static string Links(Lab lab)
    {
        var links = lab.Hosts.SelectMany(host => host.Links.Select(link => (host, link))).ToList();
        var script = new StringBuilder();
        script.Append(Batch(null, links.SelectMany(pair => pair.host.Delay == TimeSpan.Zero
            ? [Pair(pair.link.Device, pair.host, pair.link.Port, pair.link.Bridge)]
            : new[]
            {
                Pair(pair.link.Device, pair.host, pair.link.NearEnd, lab.Wires),
                Pair(pair.link.FarEnd, lab.Wires, pair.link.Port, pair.link.Bridge),
            })));
        script.Append(Batch(lab.Wires, links.Where(pair => pair.host.Delay > TimeSpan.Zero)
            .SelectMany(pair => new[] { $"link set {pair.link.NearEnd} up", $"link set {pair.link.FarEnd} up" })));
        foreach (var host in lab.Hosts)
            script.Append(Batch(host, BridgesOf(host, links.Select(pair => pair.link)).Concat(DevicesOf(host)).Concat(host.Routes)));
        return script.ToString();
    }

    static string Pair(string device, LabHost host, string peer, LabHost peerHost) =>
        $"link add name {device} netns {host.Namespace.Name} type veth peer name {peer} netns {peerHost.Namespace.Name}";

    static IEnumerable<string> BridgesOf(LabHost host, IEnumerable<LabLink> links)
    {
        foreach (var bridge in links.Where(link => link.Bridge == host).GroupBy(link => link.BridgeDevice))
        {
            yield return $"link add {bridge.Key} type bridge mcast_snooping 0";
            yield return $"link set {bridge.Key} up";
            foreach (var link in bridge)
                yield return $"link set {link.Port} master {bridge.Key} up";
            if (host is LabNat nat)
                yield return $"addr add {nat.LanAddress}/24 dev {bridge.Key}";
        }
    }

    static IEnumerable<string> DevicesOf(LabHost host)
    {
        yield return "link set lo up";
        foreach (var link in host.Links)
        {
            yield return $"link set {link.Device} up";
            foreach (string address in link.Addresses)
                yield return $"addr add {address} dev {link.Device}";
            if (link.Gateway is not null)
                yield return $"route add default via {link.Gateway}";
        }
    }

    static string Batch(LabHost? host, IEnumerable<string> commands) =>
        $"ip {(host is null ? "" : $"-n {host.Namespace.Name}")} -b - <<'BATCH'\n{string.Join('\n', commands)}\nBATCH\n";

    public const string RouterHop = """
        nft -f - <<'RULES'
        table bridge hop {
          chain forward { type filter hook forward priority 0
            ether type ip meta l4proto udp ip ttl < 10 drop
          }
        }
        RULES
        """;
}
