using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Client;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>Bad settings are refused at once, with the option's name, its value and what is allowed.</summary>
public class ServerOptionsTests
{
    static readonly TeredoServerOptions Public = new() { Primary = new(0x41360001), Secondary = new(0x41360002) };

    static readonly object[] BadOptions =
    [
        new object[] { Public with { Primary = Primary }, "Primary is 203.0.113.1; expected a global unicast IPv4 address" },
        new object[] { Options with { Primary = default }, "Primary is 0.0.0.0; expected a unicast IPv4 address" },
        new object[] { Options with { Primary = IPv4Address.Parse("224.0.0.253") }, "Primary is 224.0.0.253" },
        new object[] { Public with { Secondary = IPv4Address.Parse("10.0.0.1") }, "Secondary is 10.0.0.1; expected a global unicast" },
        new object[] { Options with { Secondary = Primary }, "Secondary is 203.0.113.1; expected a unicast IPv4 address other than Primary" },
        new object[] { Options with { AttachedSubnets = [new(Primary, 33)] }, "AttachedSubnets is 203.0.113.1/33; expected prefix lengths of 1 to 32" },
        new object[] { Options with { AttachedSubnets = [new(Primary, 24)], Secondary = IPv4Address.Parse("203.0.113.255") }, "Secondary is 203.0.113.255" },
        new object[] { Options with { AttachedSubnets = null! }, "AttachedSubnets is null" },
        new object[] { Options with { PeerServers = [Secondary] }, "PeerServers is 203.0.113.2; expected a unicast IPv4 address of another server" },
        new object[] { Options with { PeerServers = null! }, "PeerServers is null" },
        new object[] { Options with { Relay = new(Primary, 3544) }, "Relay is 203.0.113.1:3544; expected a unicast IPv4 address with a port of 1 to 65535 other than 3544" },
        new object[] { Options with { Relay = new(Primary, 0) }, "Relay is 203.0.113.1:0" },
    ];

    [TestCaseSource(nameof(BadOptions))]
    public void Server_BadOption_IsRefused(TeredoServerOptions options, string message) =>
        Assert.That(() => new TeredoServer(options, new SeededRandom(1)), Throws.ArgumentException.With.Message.Contains(message));

    [Test]
    public void Null_IsRefused()
    {
        Assert.That(() => new TeredoServer(null!, new SeededRandom(1)), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("options"));
        Assert.That(() => new TeredoServer(Options, null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("random"));
    }

    [Test]
    public void Server_DatagramToSocketItDoesNotHave_IsTheDriversMistake()
    {
        var server = new TeredoServer(Options with { Secondary = null }, new SeededRandom(1));
        foreach (var via in new[] { LocalPort.Service, LocalPort.ServerSecondary })
            Assert.That(() => server.HandleDatagram(default, via, MappedA, Vectors.Tv01), Throws.ArgumentException.With.Message.Contains($"came to {via}"));
    }
}
