using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>A wire from a host's device to a port of a bridge in another host's namespace.</summary>
/// <param name="Device">The name at the host's end.</param>
/// <param name="Bridge">The host that has the bridge.</param>
/// <param name="BridgeDevice">The bridge.</param>
/// <param name="Port">The name at the bridge's end.</param>
/// <param name="Addresses">The host's addresses, with prefix lengths.</param>
/// <param name="Gateway">Where its default route goes, if it has one.</param>
sealed record LabLink(string Device, LabHost Bridge, string BridgeDevice, string Port, IReadOnlyList<string> Addresses, string? Gateway)
{
    /// <summary>Where a wire that takes time begins, in the namespace of such wires.</summary>
    public string NearEnd => $"near-{Port}";

    /// <summary>Where it ends: the other side is the port.</summary>
    public string FarEnd => $"far-{Port}";
}

/// <summary>A machine of the lab: a network namespace with its devices, in which programs and sockets of the tests run.</summary>
class LabHost(Lab lab, string name)
{
    public Lab Lab => lab;
    public string Name => name;
    public NetworkNamespace Namespace { get; } = new($"{lab.Name}-{name}");
    public List<LabLink> Links { get; } = [];

    /// <summary>Kernel settings, as /proc/sys/net has them (<c>ipv4/ip_forward</c>), made before the devices are.</summary>
    public Dictionary<string, string> Settings { get; } = new()
    {
        // No duplicate address detection: nobody else is there, and it costs a second.
        ["ipv6/conf/all/accept_dad"] = "0",
        ["ipv6/conf/default/accept_dad"] = "0",
    };

    /// <summary>How long each packet takes on each of the host's links, one way. Set it before the lab starts.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Commands of `ip` that run in the host's namespace once its links are up.</summary>
    public List<string> Routes { get; } = [];

    /// <summary>The first IPv4 address.</summary>
    public IPAddress Address => AddressOf(AddressFamily.InterNetwork);

    /// <summary>The first native IPv6 address.</summary>
    public IPAddress Address6 => AddressOf(AddressFamily.InterNetworkV6);

    IPAddress AddressOf(AddressFamily family) => Links.SelectMany(link => link.Addresses)
        .Select(address => IPNetworkAddress(address)).First(address => address.AddressFamily == family);

    static IPAddress IPNetworkAddress(string addressAndLength) => IPAddress.Parse(addressAndLength.AsSpan(0, addressAndLength.IndexOf('/')));

    /// <summary>Starts a program in this host. The lab ends it at the latest with itself.</summary>
    public LabProcess Start(string program, IEnumerable<string> arguments, StartOptions? options = null) =>
        LabProcess.Start(this, program, [.. arguments], options ?? new());

    /// <summary>Runs a program that must end with 0 and returns its standard output.</summary>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        var process = Start(program, arguments);
        int code = await process.WaitForExitAsync();
        Assert.That(code, Is.Zero, () => $"{program} in {Name} failed.\n{process.Transcript}");
        return process.Output;
    }

    /// <summary>Runs a script of commands like `ip` and `nft`, which need no files of the host.</summary>
    public Task<string> ShellAsync(string script) => Shell.RunAsync(script, Namespace);

    /// <summary>Runs code of the test on a thread within the host's namespace.</summary>
    public T Run<T>(Func<T> code) => Namespace.Run(code);

    /// <summary>A socket of this process in the host's namespace.</summary>
    public Socket CreateSocket(AddressFamily family, SocketType type, ProtocolType protocol) => Run(() => new Socket(family, type, protocol));

    /// <summary>A UDP socket over IPv4, bound to a port (0: any) on all addresses.</summary>
    public Socket CreateUdpSocket(int port = 0)
    {
        var socket = CreateSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        return socket;
    }

    /// <summary>Writes a kernel setting of the namespace, as /proc/sys/net has it.</summary>
    public void Set(string setting, string value) => Run(() =>
    {
        File.WriteAllText($"/proc/sys/net/{setting}", value);
        return 0;
    });

    /// <summary>Loses a part of the packets, each way by itself, on the host's first link; 0 ends it.</summary>
    public async Task SetLossAsync(double fraction)
    {
        var link = Links[0];
        await ShellAsync(Cutting(link.Device, fraction) + LossRules("loss", link.Device, fraction));
        await link.Bridge.ShellAsync(Cutting(link.Port, fraction) + LossRules($"loss_{link.Port}", link.Port, fraction));
    }

    /// <summary>Lets the host's first link carry so much at most, each way, behind a queue of so much time.</summary>
    public async Task SetRateAsync(int megabits, int queueMilliseconds = 50)
    {
        var link = Links[0];
        string shape = string.Create(CultureInfo.InvariantCulture, $"root tbf rate {megabits}mbit burst 32kb latency {queueMilliseconds}ms");
        await ShellAsync($"tc qdisc replace dev {link.Device} {shape}");
        await link.Bridge.ShellAsync($"tc qdisc replace dev {link.Port} {shape}");
    }

    /// <summary>Makes the host's first link carry each datagram by itself, as a real wire does.</summary>
    public async Task CutTrainsAsync()
    {
        await ShellAsync(Cutting(Links[0].Device, fraction: 1));
        await Links[0].Bridge.ShellAsync(Cutting(Links[0].Port, fraction: 1));
    }

    // A virtual wire carries a train of datagrams as one packet (UDP_SEGMENT), and a rule would lose all of it or nothing. No real wire does that.
    static string Cutting(string device, double fraction) => $"ip link set dev {device} gso_max_segs {(fraction == 0 ? 65535 : 1)}\n";

    static string LossRules(string table, string device, double fraction) => $$"""
        nft -f - <<'RULES'
        table netdev {{table}}
        delete table netdev {{table}}
        {{(fraction == 0 ? "" : $$"""
            table netdev {{table}} {
              chain arriving { type filter hook ingress device "{{device}}" priority 0
                numgen random mod 1000 < {{(int)(fraction * 1000)}} drop
              }
            }
            """)}}
        RULES
        """;
}
