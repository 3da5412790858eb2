using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Datapath;

/// <summary>Two hosts in network namespaces of this machine, each behind a NAT of nftables, and a Teredo server.</summary>
/// <param name="Server">The server's host.</param>
/// <param name="One">The host that sends.</param>
/// <param name="Other">The host that receives.</param>
/// <param name="OneNat">What the host that sends is behind.</param>
/// <param name="OtherNat">What the other host is behind.</param>
sealed record Bed(LabHost Server, LabHost One, LabHost Other, LabNat OneNat, LabNat OtherNat)
{
    /// <summary>Builds it, measures on it and removes it. When that fails, standard error gets what the programs said.</summary>
    public static async Task<T> UseAsync<T>(Func<Bed, Task<T>> measure)
    {
        await using var lab = new Lab();
        var (one, other) = (lab.AddNat("nat1", NatKind.PortRestricted), lab.AddNat("nat2", NatKind.PortRestricted));
        var bed = new Bed(lab.AddServer(), one.AddHost("one"), other.AddHost("other"), one, other);
        await lab.StartAsync();
        try
        {
            await TeredoProgram.StartServerAsync(bed.Server);
            return await measure(bed);
        }
        catch (Exception)
        {
            Console.Error.WriteLine(lab.Transcript);
            throw;
        }
    }

    /// <summary>Lets the other host be reached from outside without a tunnel: its NAT forwards these ports.</summary>
    /// <param name="ports">For example <c>tcp dport 80</c>.</param>
    public Task ForwardAsync(params string[] ports) => OtherNat.ShellAsync($$"""
        nft -f - <<'RULES'
        table ip direct {
          chain before { type nat hook prerouting priority -110
            {{string.Join("\n    ", ports.Select(port => $"iifname \"eth0\" {port} dnat to {Other.Address}"))}}
          }
        }
        RULES
        """);
}
