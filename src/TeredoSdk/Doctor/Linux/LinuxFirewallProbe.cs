using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Doctor.Linux;

/// <summary>
/// Asks whether a firewall of this machine blocks Teredo's UDP. Two ways: an attempt to send, which needs no rights, and the rules of nftables, which need
/// root; those of firewalld, ufw and iptables (but for iptables-legacy) are rules of nftables, too. Only what is blocked for certain is told.
/// </summary>
/// <param name="servers">The IPv4 addresses of the Teredo servers; may be empty.</param>
/// <param name="servicePort">The UDP port at which this machine serves strangers, or null.</param>
/// <param name="machine">The machine whose rules are read.</param>
[SupportedOSPlatform("linux")]
sealed class LinuxFirewallProbe(IReadOnlyList<IPAddress> servers, int? servicePort, LinuxMachine machine)
{
    public async Task<IReadOnlyList<Finding>> AskAsync(CancellationToken cancellationToken)
    {
        List<string> refused = [.. servers.Where(IsRefused).Select(server => $"A datagram to {server}:{TeredoPorts.Server} was refused by the kernel (EPERM).")];
        if (!machine.IsElevated || machine.Find("nft") is null)
            return refused.Count > 0 ? [Blocked(FindingIds.LinuxUdpBlockedOut, Outgoing, refused, null, null)] : [];

        var rules = await Firewalls.ReadNftAsync(machine, cancellationToken).ConfigureAwait(false);
        string? manager = await Firewalls.IsFirewalldRunningAsync(machine, cancellationToken).ConfigureAwait(false) ? "firewalld"
            : Firewalls.IsUfwEnabled(machine) ? "ufw" : null;
        List<Finding> findings = [];
        var leaving = rules.Blocking("output", new(TeredoPorts.Server, "new"), certainly: true).Select(Describe).ToList();
        if (refused.Count + leaving.Count > 0)
            findings.Add(Blocked(FindingIds.LinuxUdpBlockedOut, Outgoing, [.. refused, .. leaving], manager, null));
        var answers = rules.Blocking("input", new(null, "established", TeredoPorts.Server), certainly: true).Select(Describe).ToList();
        if (answers.Count > 0)
            findings.Add(Blocked(FindingIds.LinuxUdpBlockedIn, "A firewall of this machine drops the answers of Teredo servers and peers.", answers, manager, null));
        if (servicePort is { } port)
        {
            var strangers = rules.Blocking("input", new(port, "new"), certainly: true).Select(Describe).ToList();
            if (strangers.Count > 0 && answers.Count == 0)
                findings.Add(Blocked(FindingIds.LinuxServicePortBlocked, $"A firewall of this machine drops what strangers send to UDP port {port}.", strangers, manager, port));
        }
        return findings;
    }

    const string Outgoing = "A firewall of this machine drops UDP that goes out to Teredo servers.";

    static string Describe(NftChain chain) => $"The chain {chain} of nftables drops it.";

    // The octet means nothing to a server, and is no Teredo packet.
    static bool IsRefused(IPAddress server)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SendTo(new byte[1], new IPEndPoint(server, TeredoPorts.Server));
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AccessDenied;
        }
    }

    static Finding Blocked(string id, string problem, IReadOnlyList<string> evidence, string? manager, int? port) => new()
    {
        Id = id,
        Severity = FindingSeverity.Error,
        Subject = manager ?? "nftables",
        Problem = problem,
        Evidence = evidence,
        SetBy = manager,
        Fix = FixOf(id, manager, port),
        Error = TeredoError.ServerUnreachable,
    };

    static Fix FixOf(string id, string? manager, int? port)
    {
        string? command = (manager, id) switch
        {
            ("firewalld", _) when port is not null => $"firewall-cmd --add-port={port}/udp",
            ("ufw", _) when port is not null => $"ufw allow {port}/udp",
            ("ufw", FindingIds.LinuxUdpBlockedOut) => $"ufw allow out {TeredoPorts.Server}/udp",
            _ => null,
        };
        string what = port is not null ? $"UDP port {port} in" : id == FindingIds.LinuxUdpBlockedOut ? "UDP out, to any address and port" : "answers in: `ct state established,related accept`";
        return new()
        {
            Sentence = command is not null ? $"Let {what}: `{command}`." : $"Let {what}, in the named chain or by what made it.",
            Command = command,
            NeedsAdministrator = true,
        };
    }
}
