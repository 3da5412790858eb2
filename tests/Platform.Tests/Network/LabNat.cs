namespace TeredoSdk.Platform.Tests.Network;

/// <summary>A NAT: a host with a LAN behind it, made of nftables.</summary>
sealed class LabNat(Lab lab, string name, NatKind kind, bool dropsInput, int lan) : LabHost(lab, name)
{
    int _lastHost = 1;

    public const string LanDevice = "lan0";
    public NatKind Kind => kind;
    public bool DropsInput => dropsInput;
    public string LanAddress => $"10.{lan}.0.1";

    /// <summary>Adds a host to the LAN.</summary>
    public LabHost AddHost(string hostName) => Attach(Lab.Add(new LabHost(Lab, hostName)));

    /// <summary>Adds a NAT whose outer side is this LAN.</summary>
    public LabNat AddNat(string natName, NatKind innerKind, bool innerDropsInput = true) =>
        (LabNat)Attach(Lab.Add(Lab.NewNat(natName, innerKind, innerDropsInput)));

    /// <summary>Gives a host a second device, in this LAN. No route goes there by itself.</summary>
    /// <returns>The gateway's address.</returns>
    public string AddDevice(LabHost host, string device)
    {
        host.Links.Add(new(device, this, LanDevice, Lab.NextPort(), [$"10.{lan}.0.{++_lastHost}/24"], null));
        return LanAddress;
    }

    LabHost Attach(LabHost host)
    {
        host.Links.Add(new("eth0", this, LanDevice, Lab.NextPort(), [$"10.{lan}.0.{++_lastHost}/24"], LanAddress));
        return host;
    }

    /// <summary>Loads the rules of the kind; mappings that exist go.</summary>
    public async Task ApplyRulesAsync()
    {
        await ShellAsync($"nft -f - <<'RULES'\n{NatRules.For(Kind, DropsInput)}\nRULES\n");
        Set("ipv4/ip_forward", "1");
    }

    /// <summary>Forgets all mappings, as a router does that reboots.</summary>
    public async Task FlushAsync()
    {
        await ShellAsync("conntrack -F 2>/dev/null");
        if (Kind is NatKind.FullCone or NatKind.AddressRestricted)
            await ShellAsync("nft flush map ip nat seen");
    }

    /// <summary>Drops all UDP that passes, or lets it pass again.</summary>
    public Task BlockUdpAsync(bool blocked = true) => ShellAsync($$"""
        nft -f - <<'RULES'
        table ip udpblock
        delete table ip udpblock
        {{(blocked ? "table ip udpblock {\n chain forward { type filter hook forward priority -10\n  meta l4proto udp drop\n }\n}" : "")}}
        RULES
        """);
}
