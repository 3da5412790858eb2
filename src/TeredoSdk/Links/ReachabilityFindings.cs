using System.Net;
using TeredoSdk.Protocol;

namespace TeredoSdk.Links;

/// <summary>What a check of reachability says when the answer is not yes.</summary>
static class ReachabilityFindings
{
    public static Finding NotReached(IPAddress? address, IPAddress? stranger, IPv4Endpoint? local) => new()
    {
        Id = FindingIds.ReachabilityNone,
        Severity = FindingSeverity.Error,
        Subject = $"{address}",
        Problem = $"A stranger at {stranger} sent to {address}, unasked and as any Teredo peer does, and nothing of it came in: peers and this node "
            + "can't talk to each other.",
        Fix = new()
        {
            Sentence = $"Let the firewalls between this machine and the internet pass UDP between port {local?.Port} of this machine and any address, or "
                + "forward a UDP port of the router to it.",
        },
    };

    public static Finding NoAnswer(IPAddress? server) => NotChecked($"{server}",
        $"The Teredo server {server} sends no packets of a stranger: it does not answer the request, or refuses it.",
        "Ask at a server that does: one that is started with --reflect-address.");

    public static Finding NoStranger(IPAddress? stranger) => NotChecked($"{stranger}",
        $"This node has sent to {stranger} in the last ten minutes, so a packet from there would prove nothing.",
        "Ask again ten minutes after the last packet to it.");

    public static Finding Interrupted() => NotChecked("address", "The node lost its Teredo address during the check.", "Ask again.");

    public static Finding OtherProgram(TeredoProvider provider) => NotChecked($"{provider}",
        $"The address is kept by another program ({provider}), which can't ask for a stranger's packet.",
        "Ask with the embedded provider, on the same network.");

    static Finding NotChecked(string subject, string problem, string fix) => new()
    {
        Id = FindingIds.ReachabilityNotChecked,
        Severity = FindingSeverity.Warning,
        Subject = subject,
        Problem = $"{problem} So whether strangers get in is not known.",
        Fix = new() { Sentence = fix },
    };
}
