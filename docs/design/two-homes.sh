#!/bin/sh
# The smallest lab by hand: a server, and two homes behind NATs, in network namespaces. Needs root, iproute2 and nftables.
#
#   two-homes.sh up [KIND]        build it; KIND is port (default), cone, address, symmetric or plain (no input drop, no router hop)
#   two-homes.sh in HOST CMD...   run a command in a host: inet, server, nat1, alice, nat2, bob
#   two-homes.sh down             remove it; end first what you started in it
set -eu
lab=twohomes
hosts="inet server nat1 alice nat2 bob"

link() { # HOST DEVICE ADDRESSES BRIDGE-HOST BRIDGE PORT
    ip link add name "$2" netns "$lab-$1" type veth peer name "$6" netns "$lab-$4"
    ip -n "$lab-$4" link set "$6" master "$5" up
    ip -n "$lab-$1" link set "$2" up
    for address in $3; do ip -n "$lab-$1" addr add "$address" dev "$2"; done
}

bridge() { # HOST BRIDGE
    ip -n "$lab-$1" link add "$2" type bridge mcast_snooping 0
    ip -n "$lab-$1" link set "$2" up
}

rules() { # KIND: what tests/Platform.Tests/Network/NatKind.cs loads
    key= arriving= leaving= random= input=drop
    case $1 in
    cone) key=inet_service arriving='udp dport' leaving='udp sport' ;;
    address) key='inet_service . ipv4_addr' arriving='udp dport . ip saddr' leaving='udp sport . ip daddr' ;;
    symmetric) random=fully-random ;;
    plain) input=accept ;;
    port) ;;
    *) echo "$1 is no kind of NAT" >&2; exit 2 ;;
    esac
    echo 'table ip nat {'
    [ -z "$key" ] || cat <<RULES
      map seen { type $key : ipv4_addr . inet_service; flags dynamic,timeout; timeout 300s; }
      chain before { type nat hook prerouting priority -100
        iifname "eth0" meta l4proto udp dnat ip to $arriving map @seen
      }
      chain learn { type filter hook postrouting priority 110
        oifname "eth0" meta l4proto udp update @seen { $leaving : ct original ip saddr . ct original proto-src }
      }
RULES
    cat <<RULES
      chain after { type nat hook postrouting priority 100
        oifname "eth0" masquerade $random
      }
    }
    table ip firewall {
      chain forward { type filter hook forward priority 0; policy drop
        iifname "lan0" accept
        ct state established,related accept
        ct status dnat accept
      }
      chain input { type filter hook input priority 0
        iifname "eth0" $input
      }
    }
RULES
}

up() {
    rules "$1" >/dev/null
    for host in $hosts; do ip netns add "$lab-$host"; done
    for host in $hosts; do ip -n "$lab-$host" link set lo up; done
    bridge inet br4
    link server eth0 "203.0.113.1/24 203.0.113.2/24" inet br4 port1
    for home in "1 alice" "2 bob"; do
        number=${home% *} name=${home#* }
        link "nat$number" eth0 "203.0.113.1$number/24" inet br4 "port1$number"
        bridge "nat$number" lan0
        ip -n "$lab-nat$number" addr add "10.$number.0.1/24" dev lan0
        link "$name" eth0 "10.$number.0.2/24" "nat$number" lan0 "port2$number"
        ip -n "$lab-$name" route add default via "10.$number.0.1"
        rules "$1" | ip netns exec "$lab-nat$number" nft -f -
        ip netns exec "$lab-nat$number" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    done
    # As a router between the NATs would: a bubble with a low TTL dies on the way.
    [ "$1" = plain ] || ip netns exec "$lab-inet" nft -f - <<'RULES'
    table bridge hop {
      chain forward { type filter hook forward priority 0
        ether type ip meta l4proto udp ip ttl < 10 drop
      }
    }
RULES
}

case ${1-} in
up) up "${2-port}" ;;
in) host=$2; shift 2; exec ip netns exec "$lab-$host" "$@" ;;
down) for host in $hosts; do ip netns del "$lab-$host"; done ;;
*) sed -n '2,6s/^# *//p' "$0"; exit 2 ;;
esac
