using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Programs;

/// <summary>miniupnpd on a NAT of the lab: UPnP IGD, NAT-PMP and PCP. The lab must be on <see cref="Lab.OrdinaryInternet"/>.</summary>
static class PortMapper
{
    const string Chains = """
        nft -f - <<'RULES'
        table inet filter {
          chain miniupnpd { }
          chain prerouting_miniupnpd { }
          chain postrouting_miniupnpd { }
          chain before { type nat hook prerouting priority -110
            jump prerouting_miniupnpd
          }
          chain after { type nat hook postrouting priority 90
            jump postrouting_miniupnpd
          }
        }
        RULES
        """;

    /// <summary>Starts the daemon; it answers when this returns.</summary>
    public static async Task<LabProcess> StartAsync(LabNat nat)
    {
        await nat.ShellAsync(Chains);
        string path = Path.Combine(nat.Lab.Scratch, $"{nat.Name}-miniupnpd.conf");
        File.WriteAllText(path, $"""
            ext_ifname=eth0
            listening_ip={LabNat.LanDevice}
            http_port=5000
            enable_upnp=yes
            enable_natpmp=yes
            secure_mode=yes
            system_uptime=yes
            notify_interval=60
            uuid=9a3e1b52-6d1c-4a84-9d6c-0f6c1f2f7a11
            upnp_table_name=filter
            upnp_nat_table_name=filter
            upnp_forward_chain=miniupnpd
            upnp_nat_chain=prerouting_miniupnpd
            upnp_nat_postrouting_chain=postrouting_miniupnpd
            allow 1-65535 10.0.0.0/8 1-65535
            deny 0-65535 0.0.0.0/0 0-65535

            """);
        var process = nat.Start("miniupnpd", ["-d", "-f", path, "-P", Path.ChangeExtension(path, "pid")]);
        await nat.WaitForUdpPortAsync(5351);
        return process;
    }
}
