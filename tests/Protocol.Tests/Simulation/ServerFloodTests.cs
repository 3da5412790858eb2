using TeredoSdk.Protocol.Wire;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>What a server does for many clients behind one address, and for friends of a client that a stranger floods through it.</summary>
[Slow]
public class ServerFloodTests
{
    [TestCase(16, 1), TestCase(60, 5)]
    public void ClientsBehindOneAddress_AllQualify(int clients, double seconds)
    {
        var internet = new SimulatedInternet();
        internet.Server();
        var nat = internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort);
        var party = Enumerable.Range(0, clients).Select(i => nat.Host($"guest{i}").StartTeredo()).ToList();
        Assert.That(internet.RunUntil(() => party.TrueForAll(guest => guest.IsQualified), TimeSpan.FromSeconds(seconds)), Is.True,
            () => $"only {party.Count(guest => guest.IsQualified)} of {clients}");
    }

    [Test]
    public void SpoofedSolicitations_DoNotKeepTheVictimFromStarting([Values(20, 45)] int perSecond)
    {
        var internet = new SimulatedInternet();
        var server = internet.Server();
        var nat = internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort);
        var solicitation = new byte[RouterSolicitation.Size];
        RouterSolicitation.Write(solicitation, TeredoLinkLocal.Client);
        Every(internet, perSecond, i => server.Core.HandleDatagram(internet.Now, LocalPort.ServerPrimary,
            new(nat.ExternalAddress, (ushort)(1024 + i % 20_000)), solicitation));
        internet.RunFor(TimeSpan.FromSeconds(5));
        for (int start = 0; start < 3; start++)
        {
            var victim = nat.Host($"victim{start}").StartTeredo();
            Assert.That(internet.RunUntil(() => victim.IsQualified, TimeSpan.FromSeconds(1)), Is.True, $"start {start}");
        }
    }

    [Test]
    public void OneHostFloodsAListener_FriendsGetInWithin5Seconds([Values(150, 400, 1000)] int perSecond, [Values(1, 256)] int ports)
    {
        var internet = new SimulatedInternet();
        var server = new IPv4Endpoint(internet.Server().Address.Primary, TeredoPorts.Server);
        var listener = internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host("listener").StartTeredo();
        listener.AcquireLease();
        internet.RunFor(TimeSpan.FromSeconds(2));
        var attacker = internet.Host("attacker");
        var sockets = Enumerable.Range(0, ports).Select(_ => attacker.Bind()).ToList();
        var bubble = new byte[Bubble.Size];
        Every(internet, perSecond, i =>
        {
            var socket = sockets[i % ports];
            Bubble.Write(bubble, new TeredoAddress(server.Address, (TeredoFlags)i & TeredoFlags.Random, socket.LocalEndpoint), listener.Address);
            socket.Send(server, bubble);
        });
        internet.RunFor(TimeSpan.FromSeconds(20));
        for (int i = 0; i < 6; i++)
        {
            var friend = internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host($"friend{i}").StartTeredo();
            Assert.That(internet.RunUntil(() => friend.IsQualified, TimeSpan.FromSeconds(1)), Is.True);
            var call = friend.Ping(listener.Address);
            Assert.That(internet.RunUntil(() => call.Succeeded, TimeSpan.FromSeconds(5)), Is.True, $"friend {i}");
        }
    }

    static void Every(SimulatedInternet internet, int perSecond, Action<int> action)
    {
        void Next(int i)
        {
            action(i);
            internet.At(internet.Now + TimeSpan.FromSeconds(1.0 / perSecond), () => Next(i + 1));
        }
        internet.At(internet.Now, () => Next(0));
    }
}
