using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Tests.Linux;

/// <summary>How the engine sees the network of a Linux machine: what it is told, and what it reads while the network changes under it.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class SystemNetworkTests
{
    static readonly IPv4Address Server = IPv4Address.Parse("192.0.2.1");

    [TestCase("rule add to 192.0.2.0/24 table 77")]
    [TestCase("-6 rule add to 2001:db8::/32 table 77")]
    [TestCase("route add unreachable 192.0.2.0/24")]
    [TestCase("-6 route add unreachable 2001:db8::/32")]
    [TestCase("address add 192.0.2.7/32 dev lo")]
    [TestCase("-6 address add 2001:db8::7/128 dev lo")]
    [TestCase("link add name teredotest type veth peer name teredopeer")]
    public void Change_OfTheNetwork_IsTold(string change) => OwnNetwork.Run(() =>
    {
        var network = new SystemNetwork(NullLogger.Instance);
        using var told = new SemaphoreSlim(0);
        Action handler = () => told.Release();
        network.Changed += handler;
        Assert.That(network.WatchProblem, Is.Null);
        OwnNetwork.Ip(change);
        Assert.That(told.Wait(Patience.Limit));
        network.Changed -= handler;
    });

    [Test]
    public void NetworkThatTellsNothing_IsLookedAtEachTenSeconds_WhateverALookMeetsWith()
    {
        var (clock, log) = (new OneTimer(), new Recorder());
        int looks = 0;
        using (NetworkWatch.Open(() => throw new Win32Exception(Libc.EACCES), Look, clock, log, out string? problem))
        {
            Assert.That(problem, Does.Contain("AF_NETLINK").And.Contain("every 10 s"));
            Assert.That(log.Of(EventIds.NotWatching), Is.EqualTo(new[] { problem }));
            Assert.That((clock.DueTime, clock.Period), Is.EqualTo((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10))));
            clock.Ring!(null);
            clock.Ring(null);
            Assert.That(looks, Is.EqualTo(2));
            Assert.That(log.Of(EventIds.EngineFault), Has.Exactly(2).Items);
        }
        Assert.That(clock.IsEnded, Is.True);

        void Look()
        {
            looks++;
            throw new InvalidOperationException("A defect.");
        }
    }

    [Test]
    public void NetworkThatStandsStill_IsNotTold() => OwnNetwork.Run(() =>
    {
        var network = new SystemNetwork(NullLogger.Instance);
        using var told = new SemaphoreSlim(0);
        Action handler = () => told.Release();
        network.Changed += handler;
        Assert.That(told.Wait(TimeSpan.FromMilliseconds(400)), Is.False); // four times as long as changes are gathered
        network.Changed -= handler;
    });

    [Test]
    public void Interfaces_AreListedWithTheirIPv6AddressesOnly_AndTheSourceIsWhereTheRouteLeads() => OwnNetwork.Run(() =>
    {
        OwnNetwork.Ip("address add 192.0.2.7/32 dev lo");
        OwnNetwork.Ip("-6 address add 2001:db8::7/128 dev lo");
        var interfaces = new SystemInterfaces(NullLogger.Instance);
        var own = IPv6Address.Parse("2001:db8::7");
        var loopback = interfaces.List().Where(candidate => candidate.Name == "lo").ToArray();
        Assert.That(loopback.Select(candidate => candidate.Address), Is.EquivalentTo(new[] { own, IPv6Address.Parse("::1") }));
        Assert.That(loopback.Select(candidate => candidate.Index), Is.All.EqualTo(1));
        Assert.That(() => interfaces.FindSource(own.ToIPAddress()), Is.EqualTo(own.ToIPAddress()).After((int)Patience.Limit.TotalMilliseconds, 10),
            "as soon as the kernel has taken the address into use");
        Assert.That(interfaces.FindSource(IPv6Address.Parse("2001:db8:1::1").ToIPAddress()), Is.Null, "there is no route");
    });

    [TestCase(0, true), TestCase(3, true), TestCase(4, false)]
    public void InterfacesThatVanishWhileTheyAreRead_AreReadAgain_FourTimesInAll(int failures, bool isRead)
    {
        var log = new Recorder();
        int reads = 0;
        string? read = NetworkInterfaces.Read(_ => ++reads <= failures ? throw new ArgumentException("It vanished.") : "all", log);
        Assert.That(read, Is.EqualTo(isRead ? "all" : null));
        Assert.That(reads, Is.EqualTo(isRead ? failures + 1 : 4));
        Assert.That(log.Of(EventIds.InterfacesUnknown), Has.Exactly(isRead ? 0 : 1).Items);
    }

    [Test]
    public void Gateway_IsOnTheLinkOfTheInterfaceThatHasTheAddress() => OwnNetwork.Run(() =>
    {
        IPv4Address own = IPv4Address.Parse("192.0.2.7"), named = IPv4Address.Parse("192.0.2.1"), other = IPv4Address.Parse("192.0.2.200");
        OwnNetwork.Ip($"address add {own}/25 dev lo");
        Assert.That(GatewayRoute.Find(own, named, NullLogger.Instance), Is.EqualTo(new LocalGateway(named, new(own, 25))));
        Assert.That(GatewayRoute.Find(other, named, NullLogger.Instance), Is.EqualTo(new LocalGateway(named, new(named, 32))));
        Assert.That(GatewayRoute.Find(own, null, NullLogger.Instance), Is.Null, "loopback has no default route");
        Assert.That(GatewayRoute.Find(IPv4Address.Parse("127.0.0.1"), named, NullLogger.Instance), Is.Null);
    });

    // A device that answers nobody; who is its neighbour, the test says.
    [Test]
    public void LinkAddressOfTheGateway_IsAskedForAnew_WhenThePathIsBack_AndOnlyThen() => OwnNetwork.Run(() =>
    {
        const string neighbour = "192.0.2.1 lladdr 02:00:00:00:00:0b dev d0";
        var gateway = new NetworkGateway { Address = IPv4Address.Parse("192.0.2.1"), LinkAddress = 0x0200_0000_000B };
        var server = IPv4Address.Parse("198.51.100.1");
        OwnNetwork.Ip("link add d0 type veth peer name d1");
        OwnNetwork.Ip("link set d1 up");
        OwnNetwork.Ip("address add 192.0.2.7/24 dev d0");
        Up();
        var network = new SystemNetwork(NullLogger.Instance);
        Assert.That(network.Describe(server), Has.Property(nameof(NetworkState.Gateway)).Null.And.Property(nameof(NetworkState.HasIPv4)).True);
        Assert.That(Neighbours(), Is.Empty, "no packet of ours asks for an address that was never known");
        OwnNetwork.Ip($"neighbour add {neighbour} nud permanent");
        Assert.That(network.Describe(server).Gateway, Is.EqualTo(gateway));
        OwnNetwork.Ip("link set d0 down");
        Assert.That(network.Describe(server), Has.Property(nameof(NetworkState.Gateway)).Null.And.Property(nameof(NetworkState.HasIPv4)).False);
        Up();
        using (var later = Process.Start("sh", ["-c", $"sleep 0.3; ip neighbour replace {neighbour} nud permanent"]))
        {
            Assert.That(network.Describe(server).Gateway, Is.EqualTo(gateway), "it is waited for");
            later.WaitForExit();
        }
        OwnNetwork.Ip("neighbour flush dev d0 nud permanent");
        Assert.That(network.Describe(server).Gateway, Is.Null, "the path was not away");
        OwnNetwork.Ip("link set d0 down");
        network.Describe(server);
        Up();
        var waited = Stopwatch.StartNew();
        Assert.That(network.Describe(server).Gateway, Is.Null, "not for ever");
        Assert.That(waited.Elapsed, Is.GreaterThan(TimeSpan.FromSeconds(1)));
        Assert.That(Neighbours(), Does.Contain("192.0.2.1"), "the kernel was made to ask");

        static void Up()
        {
            OwnNetwork.Ip("link set d0 up");
            OwnNetwork.Ip("route replace default via 192.0.2.1");
        }

        static string Neighbours()
        {
            using var ip = Process.Start(new ProcessStartInfo("ip", "-4 neighbour show dev d0 nud all") { RedirectStandardOutput = true })!;
            return ip.StandardOutput.ReadToEnd();
        }
    });

    [Test]
    public void LastHandlerGone_ClosesTheSocket() => OwnNetwork.Run(() =>
    {
        var network = new SystemNetwork(NullLogger.Instance);
        Action one = () => { }, two = () => { };
        network.Changed += one;
        network.Changed += two;
        Assert.That(OpenNetlinkSockets(), Is.EqualTo(1));
        network.Changed -= one;
        Assert.That(OpenNetlinkSockets(), Is.EqualTo(1));
        network.Changed -= two;
        Assert.That(OpenNetlinkSockets(), Is.Zero);
    });

    [Slow]
    [Test]
    public void InterfacesThatComeAndGo_NeverMakeADescriptionFailOrForgetASubnet() => OwnNetwork.Run(() =>
    {
        OwnNetwork.Ip("address add 192.0.2.7/24 dev lo");
        var subnet = new IPv4Subnet(IPv4Address.Parse("192.0.2.7"), 24);
        var network = new SystemNetwork(NullLogger.Instance);
        using var storm = Process.Start("sh", ["-c", "i=0; while [ $i -lt 40 ]; do i=$((i+1)); "
            + "ip link add name a$i type veth peer name b$i && ip address add 198.51.100.1/32 dev a$i && ip link set a$i up && ip link delete a$i; done"]);
        int looks = 0;
        while (!storm.HasExited)
        {
            Assert.That(network.Describe(Server).AttachedSubnets, Does.Contain(subnet));
            GatewayRoute.Find(subnet.Address, null, NullLogger.Instance);
            looks++;
        }
        Assert.That(looks, Is.Positive);
    });

    // The runtime's own subscription would hold one, too. Only those of this thread's namespace are listed.
    static int OpenNetlinkSockets() => File.ReadLines("/proc/thread-self/net/netlink").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Count(columns => columns[1] == "0" && columns[3] != "00000000");

    sealed class OneTimer : TimeProvider, ITimer
    {
        public TimerCallback? Ring { get; private set; }

        public TimeSpan DueTime { get; private set; }

        public TimeSpan Period { get; private set; }

        public bool IsEnded { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            (Ring, DueTime, Period) = (callback, dueTime, period);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => IsEnded = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
