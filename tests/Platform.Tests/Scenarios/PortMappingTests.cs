using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>A node behind a symmetric NAT asks the router for a port, by each protocol of miniupnpd.</summary>
public class PortMappingTests : LabTests
{
    // What the router does not take. A PCP request has version 2 in its first octet (RFC 6887 §7.1), NAT-PMP 0: what is neither is answered
    // as a router does that knows NAT-PMP only.
    const string NoPcp = "udp dport 5351 @th,64,8 2 udp checksum set 0 @th,64,8 set 255", NoNatPmpAndPcp = "udp dport 5351 drop", NoUpnp = "udp dport 1900 drop";

    [TestCase("PCP", NoUpnp)]
    [TestCase("NAT-PMP", NoUpnp, NoPcp)]
    [TestCase("UPnP IGD", NoNatPmpAndPcp)]
    public async Task MapperOfASymmetricNat_MakesTheNodeReachable_AndForgetsItAtTheEnd(string protocol, params string[] refused)
    {
        var lab = NewLab(Lab.OrdinaryInternet);
        var server = lab.AddServer();
        var nat = lab.AddNat("nat1", NatKind.Symmetric);
        var alice = nat.AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await PortMapper.StartAsync(nat);
        await nat.ShellAsync($$"""
            nft -f - <<'RULES'
            table inet refuse {
              chain input { type filter hook input priority -5
                {{string.Join('\n', refused)}}
              }
            }
            RULES
            """);
        await TeredoProgram.StartServerAsync(server);
        var talker = await Talker.StartAsync(alice, [server], ("PROBE_MAPPING", "yes"));
        talker.Tell("mapping");
        string mapping = await talker.Process.WaitForLineAsync("mapping ");
        TestContext.Out.WriteLine(mapping);
        Assert.That(mapping, Does.StartWith($"mapping Mapped {protocol} {nat.Address}:"));
        var caller = await Talker.StartAsync(bob, [server]);
        // "... EXTERNAL at ENDPOINT"
        string[] words = mapping.Split(' ');
        var call = await caller.CallAsync(IPEndPoint.Parse(words[^1])); // without the mapping nobody behind a port-restricted NAT could (RFC 6081 figure 1)
        Assert.That(call.Connected, Is.True, call.Text);

        int port = IPEndPoint.Parse(words[^3]).Port;
        Assert.That(await nat.RunAsync("nft", "list", "ruleset"), Does.Contain($"dport {port} "));
        talker.Tell("stop");
        await talker.Process.WaitForLineAsync("stopped");
        Assert.That(await nat.RunAsync("nft", "list", "ruleset"), Does.Not.Contain($"dport {port} "));
    }
}
