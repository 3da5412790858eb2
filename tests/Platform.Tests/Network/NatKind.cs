namespace TeredoSdk.Platform.Tests.Network;

/// <summary>What a NAT of the lab does to UDP: its mapping and filtering behaviour (RFC 4787), by the names of RFC 4380 §2.</summary>
enum NatKind
{
    /// <summary>Endpoint-independent mapping and filtering.</summary>
    FullCone,

    /// <summary>Endpoint-independent mapping, address-dependent filtering.</summary>
    AddressRestricted,

    /// <summary>Endpoint-independent mapping as long as ports do not collide, address- and port-dependent filtering: Linux's own.</summary>
    PortRestricted,

    /// <summary>Another random port for each destination, address- and port-dependent filtering.</summary>
    Symmetric,
}

/// <summary>The rules of nftables that make a Linux router a NAT of a kind.</summary>
static class NatRules
{
    /// <param name="kind">The kind of NAT.</param>
    /// <param name="dropsInput">
    /// True: packets from outside to the router itself are dropped. False: they are accepted, so that an early packet from a peer makes
    /// the router's own entry, which a later packet to that peer clashes with (and leaves by another port).
    /// </param>
    public static string For(NatKind kind, bool dropsInput)
    {
        // What a datagram from outside is looked up by, and what one from inside leaves there; null: conntrack's own rules are the kind's.
        var (keyType, arriving, leaving) = kind switch
        {
            NatKind.FullCone => ("inet_service", "udp dport", "udp sport"),
            NatKind.AddressRestricted => ("inet_service . ipv4_addr", "udp dport . ip saddr", "udp sport . ip daddr"),
            _ => (null, null, null),
        };
        string map = keyType is null ? "" : $$"""
              map seen { type {{keyType}} : ipv4_addr . inet_service; flags dynamic,timeout; timeout 300s; }
              chain before { type nat hook prerouting priority -100
                iifname "eth0" meta l4proto udp dnat ip to {{arriving}} map @seen
              }
              chain learn { type filter hook postrouting priority 110
                oifname "eth0" meta l4proto udp update @seen { {{leaving}} : ct original ip saddr . ct original proto-src }
              }
            """;
        return $$"""
            flush ruleset
            table ip nat {
            {{map}}
              chain after { type nat hook postrouting priority 100
                oifname "eth0" masquerade {{(kind is NatKind.Symmetric ? "fully-random" : "")}}
              }
            }
            table ip firewall {
              chain forward { type filter hook forward priority 0; policy drop
                iifname "lan0" accept
                ct state established,related accept
                ct status dnat accept
              }
              chain input { type filter hook input priority 0
                iifname "eth0" {{(dropsInput ? "drop" : "accept")}}
              }
            }
            """;
    }
}
