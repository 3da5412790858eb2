using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests.Linux;

/// <summary>What the kernel is asked, and what is read from its answers.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class NetlinkTests
{
    static readonly IPv4Address Server = IPv4Address.Parse("198.51.100.1");

    static string Find(string attributes, ushort type) => Convert.ToHexString(Netlink.Find(Convert.FromHexString(attributes), type));

    // Each attribute: length 16 | type 16 | value, as x64 and arm64 have numbers; the next one begins at a multiple of 4.
    [TestCase("08000500C0000201", 5, "C0000201")]
    [TestCase("08000400010000000800050001020304", 5, "01020304")]
    [TestCase("050001000900000008000500C0000201", 5, "C0000201", Description = "after padding")]
    [TestCase("0600010009090000" + "08000500C0000201", 5, "C0000201")]
    [TestCase("08000500C000020108000500C0000202", 5, "C0000201", Description = "the first")]
    [TestCase("04000500", 5, "", Description = "without a value")]
    [TestCase("08000500C0000201", 4, "")]
    [TestCase("05000100FF", 1, "FF", Description = "the padding of the last one is missing")]
    [TestCase("05000100FF", 5, "")]
    [TestCase("0300050008000500C0000201", 5, "", Description = "shorter than its header")]
    [TestCase("0000000008000500C0000201", 5, "")]
    [TestCase("09000500C0000201", 5, "", Description = "longer than the answer")]
    [TestCase("080005", 5, "")]
    [TestCase("", 5, "")]
    public void Attribute_IsFoundWhereItIsWhole(string attributes, int type, string value) => Assert.That(Find(attributes, (ushort)type), Is.EqualTo(value));

    [Test]
    public void WrittenAttribute_IsFound() =>
        Assert.That(Netlink.Find([.. Netlink.Attribute(1, [9, 9, 9, 9]), .. Netlink.Attribute(6, [1, 2, 3, 4])], 6).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3, 4 }));

    // struct rtmsg and struct ndmsg have 12 octets, then the attribute with the address: linux/rtnetlink.h, linux/neighbour.h.
    [Test]
    public void QuestionsForTheNextHop_NameTheAddressAndNothingElse()
    {
        Assert.That(Convert.ToHexString(NextHop.RouteQuestion(Server)), Is.EqualTo("022000000000000000000000" + "08000100C6336401"));
        Assert.That(Convert.ToHexString(NextHop.NeighbourQuestion(Server, 0x01020304)), Is.EqualTo("020000000403020100000000" + "08000100C6336401"));
    }

    [Test]
    public void Address_IsLocal_WhenTheKernelTakesItsPacketsIn() => OwnNetwork.Run(() =>
    {
        using var control = InterfaceControl.OfHost();
        var (own, other) = (IPAddress.Parse("2001:db8::7"), IPAddress.Parse("2001:db8::8"));
        Assert.That(control.IsLocal(other), Is.False, "there is no route");
        control.AddAddress(1, own, 64);
        Assert.That(control.IsLocal(own), Is.True);
        OwnNetwork.Ip("link add name teredotest type veth peer name teredopeer");
        OwnNetwork.Ip("link set teredotest up");
        control.AddRoute(control.IndexOf("teredotest"), IPAddress.Parse("2001:db8:1::"), 48, 0);
        Assert.That(control.IsLocal(IPAddress.Parse("2001:db8:1::1")), Is.False, "a route leads there");
        control.RemoveAddress(1, own, 64);
        Assert.That(() => control.IsLocal(own), Is.False.After((int)Patience.Limit.TotalMilliseconds, 10));
    });

    [Test]
    public void Reap_OfAProcessThatIsNoChild_Ends() => Assert.DoesNotThrowAsync(() => Task.Run(() => Libc.Reap(int.MaxValue)).InTime());

    [Test]
    public void Gateway_IsTheNextHopWithItsLinkAddress() => OwnNetwork.Run(() =>
    {
        using var link = new Link();
        var network = new SystemNetwork(NullLogger.Instance);
        Assert.That(network.Describe(Server).Gateway, Is.Null, "the kernel has not asked for its link address yet");
        OwnNetwork.Ip($"neigh replace {Link.Gateway} lladdr {Link.Hardware} dev {Link.Device} nud permanent");
        var state = network.Describe(Server);
        Assert.That((state.HasIPv4, state.LocalAddress), Is.EqualTo((true, IPv4Address.Parse(Link.Own))));
        Assert.That(state.Gateway, Is.EqualTo(Link.Expected));
        OwnNetwork.Ip($"neigh replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev {Link.Device} nud permanent");
        Assert.That(network.Describe(IPv4Address.Parse("192.0.2.9")).Gateway,
            Is.EqualTo(Link.Expected with { Address = IPv4Address.Parse("192.0.2.9"), LinkAddress = 0x0200_0000_0009 }), "on the link itself");
        Assert.That(network.Describe(IPv4Address.Parse("127.0.0.1")).Gateway, Is.Null);
        foreach (var (last, number) in new[] { (0, (ulong?)null), (1, 1ul) })
        {
            OwnNetwork.Ip($"neigh replace 192.0.2.10 lladdr 00:00:00:00:00:0{last} dev {Link.Device} nud permanent");
            Assert.That(network.Describe(IPv4Address.Parse("192.0.2.10")).Gateway?.LinkAddress, Is.EqualTo(number), "zeros are no address");
        }
    });

    [Test]
    public void GatewayThatWasKnown_IsAskedForAnew_WhenThePathIsBack() => OwnNetwork.Run(() =>
    {
        using var link = new Link();
        link.Answer();
        var network = new SystemNetwork(NullLogger.Instance);
        NextHop.Provoke(Server);
        Assert.That(() => network.Describe(Server).Gateway, Is.EqualTo(Link.Expected).After((int)Patience.Limit.TotalMilliseconds, 10));
        OwnNetwork.Ip($"link set {Link.Device} down");
        var gone = network.Describe(Server);
        Assert.That((gone.HasIPv4, gone.Gateway), Is.EqualTo((false, (NetworkGateway?)null)));
        Link.BringUp();
        Assert.That(network.Describe(Server).Gateway, Is.EqualTo(Link.Expected), "by then no packet had gone there");
    });

    // A machine's only link, and a gateway at its other end.
    sealed class Link : IDisposable
    {
        public const string Device = "teredotest", Own = "192.0.2.7", Gateway = "192.0.2.1", Hardware = "02:00:00:00:00:01";

        public static readonly NetworkGateway Expected = new() { Address = IPv4Address.Parse(Gateway), LinkAddress = 0x0200_0000_0001 };

        Process? _other;

        public Link()
        {
            OwnNetwork.Ip($"link add name {Device} type veth peer name teredopeer address {Hardware}");
            OwnNetwork.Ip($"address add {Own}/24 dev {Device}");
            OwnNetwork.Ip("link set teredopeer up");
            BringUp();
        }

        /// <summary>Lets a gateway answer in a network of its own.</summary>
        public void Answer()
        {
            _other = Process.Start(new ProcessStartInfo("unshare", ["-n", "sh", "-c", "echo ready; read line; "
                + $"ip address add {Gateway}/24 dev teredopeer; ip link set teredopeer up; echo ready; read line"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            Assert.That(_other.StandardOutput.ReadLine(), Is.EqualTo("ready"));
            OwnNetwork.Ip($"link set teredopeer netns {_other.Id}");
            _other.StandardInput.WriteLine();
            Assert.That(_other.StandardOutput.ReadLine(), Is.EqualTo("ready"));
        }

        public static void BringUp()
        {
            OwnNetwork.Ip($"link set {Device} up");
            OwnNetwork.Ip($"route add default via {Gateway}");
        }

        public void Dispose()
        {
            if (_other is null)
                return;
            _other.StandardInput.Close();
            _other.WaitForExit();
            _other.Dispose();
        }
    }
}
