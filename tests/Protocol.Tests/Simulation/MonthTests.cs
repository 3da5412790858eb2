using TeredoSdk.Protocol.Client;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>A month of ordinary life: nobody is shut out, and nothing grows.</summary>
[Slow]
public sealed class MonthTests : SimulationTest
{
    const int Days = 30;

    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    SimulatedHost Behind(string name) => Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host(name);

    void Reaches(SimulatedIPv6Stack from, IPv6Address target, string who)
    {
        var ping = from.Ping(target);
        Assert.That(Internet.RunUntil(() => ping.Succeeded, 5 * Second), Is.True, who);
    }

    [Test]
    public void Month_OfRestartsRenumberingAndDormancy_ShutsNobodyOut_AndNothingGrows()
    {
        var server = Internet.Server();
        var relay = Internet.Relay();
        var home = Behind("home").StartTeredo();
        home.AcquireLease();
        var sleeper = Behind("sleeper").StartTeredo();
        var flat = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort); // one IPv4 address, whose application is started again and again
        var natives = Enumerable.Range(0, 10).Select(i => Internet.NativeNode($"native{i}")).ToList();
        Assert.That(Internet.RunUntil(() => home.IsQualified && sleeper.IsQualified, Second), Is.True);

        long client = 0, relays = 0, servers = 0;
        for (int day = 0; day < Days; day++)
        {
            var nat = (SimulatedNat)home.Host.Network;
            if (day % 7 == 3)
                nat.ChangeAddress(); // the provider's renumbering
            else if (day % 7 == 5)
                nat.Reboot();
            else if (day % 7 == 6)
            {
                server.IsRunning = false; // a fault of ten minutes
                Internet.RunFor(TimeSpan.FromMinutes(10));
                server.IsRunning = true;
            }
            Internet.RunFor(3 * Hour);
            Assert.That(home.IsQualified, Is.True, $"day {day}: home has an address again");
            for (int start = 0; start < 3; start++)
            {
                Internet.RunFor(Hour);
                var application = flat.Host($"flat{day}-{start}").StartTeredo();
                Assert.That(Internet.RunUntil(() => application.IsQualified, Second), Is.True);
                Reaches(application, home.Address, $"day {day}: the application's start {start}");
                application.Stop();
            }
            foreach (var native in natives)
            {
                Reaches(native, home.Address, $"day {day}: {native.Name} to home");
                Reaches(home, native.Address, $"day {day}: home to {native.Name}");
            }
            Assert.That(sleeper.State, Is.EqualTo(ClientState.Dormant), $"day {day}");
            sleeper.AcquireLease(); // it opens a socket for a moment
            Assert.That(Internet.RunUntil(() => sleeper.IsQualified, Second), Is.True, $"day {day}: the sleeper wakes");
            Reaches(sleeper, home.Address, $"day {day}: the sleeper calls home");
            sleeper.ReleaseLease();
            Internet.RunFor(TimeSpan.FromHours(24) - 6 * Hour);
            if (day == 9) // everything has happened once
                (client, relays, servers) = Memory();
        }

        var (clientAtEnd, relaysAtEnd, serversAtEnd) = Memory();
        Assert.Multiple(() =>
        {
            Assert.That(clientAtEnd, Is.LessThanOrEqualTo(client * 1.2), "the client's memory");
            Assert.That(relaysAtEnd, Is.LessThanOrEqualTo(relays * 1.2), "the relay's memory");
            Assert.That(serversAtEnd, Is.EqualTo(servers), "the server's memory");
            Assert.That(home.Core.PeerCount, Is.LessThanOrEqualTo(64 + natives.Count + 2));
            Assert.That(relay.Core.PeerCount, Is.LessThanOrEqualTo(64));
            Assert.That(home.Core.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
            Assert.That(home.Core.NextDeadline, Is.InRange(Internet.Now, Internet.Now + TimeSpan.FromSeconds(30)), "a refresh, and nothing forgotten before it");
            Assert.That(sleeper.Core.NextDeadline, Is.Null, "it sleeps");
            Assert.That(relay.Core.NextDeadline, Is.Null.Or.GreaterThan(Internet.Now));
            Assert.That(home.Core.Drops[DropReason.PeerTableFull] + home.Core.Drops[DropReason.QueueFull], Is.Zero);
            Assert.That(server.Core.Drops[DropReason.RateLimited], Is.Zero, "ordinary life reaches no limit");
        });

        (long, long, long) Memory() => (ReachableMemory.Of(home.Core), ReachableMemory.Of(relay.Core), ReachableMemory.Of(server.Core));
    }

    [Test]
    public void Month_OfOneAddressWithManyApplications_EveryStartIsAnswered()
    {
        Internet.Server();
        Internet.Relay();
        var native = Internet.NativeNode("native");
        var patient = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort, options => options with { UdpLifetime = Hour });
        var home = patient.Host("home").StartTeredo(options => options with { RefreshInterval = TimeSpan.FromMinutes(10) }); // a month in a moment
        home.AcquireLease();
        var flat = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort);
        long before = 0;
        for (int start = 0; start < 4 * Days; start++)
        {
            Internet.RunFor(6 * Hour);
            var application = flat.Host($"flat{start}").StartTeredo();
            Assert.That(Internet.RunUntil(() => application.IsQualified, Second), Is.True);
            Reaches(application, home.Address, $"start {start} calls home");
            Reaches(home, application.Address, $"home calls start {start}");
            Reaches(native, application.Address, $"start {start} through the relay");
            application.Stop();
            if (start == 4 * 10)
                before = ReachableMemory.Of(home.Core);
        }
        Internet.RunFor(Hour);
        Assert.Multiple(() =>
        {
            Assert.That(home.Core.PeerCount, Is.LessThanOrEqualTo(64), "those of one IPv4 address");
            Assert.That(ReachableMemory.Of(home.Core), Is.LessThanOrEqualTo(before * 1.2));
            Assert.That(home.Core.Drops[DropReason.PeerTableFull], Is.Zero);
            Assert.That(home.Core.NextDeadline, Is.InRange(Internet.Now, Internet.Now + TimeSpan.FromMinutes(10)));
        });
    }

    [Test]
    public void Month_OfABusyRelay_EndsAsItBegan()
    {
        Internet.Server();
        var relay = Internet.Relay();
        var node = Internet.NativeNode("web");
        long before = 0;
        for (int day = 0; day < Days; day++)
        {
            for (int i = 0; i < 20; i++)
            {
                var visitor = Behind($"visitor{day}-{i}").StartTeredo();
                Assert.That(Internet.RunUntil(() => visitor.IsQualified, Second), Is.True);
                Reaches(visitor, node.Address, $"day {day}, visitor {i}");
                visitor.Stop();
            }
            Internet.RunFor(23 * Hour);
            if (day == 9)
                before = ReachableMemory.Of(relay.Core);
        }
        Assert.Multiple(() =>
        {
            Assert.That(ReachableMemory.Of(relay.Core), Is.LessThanOrEqualTo(before * 1.2));
            Assert.That(relay.Core.PeerCount, Is.LessThanOrEqualTo(20 * Days), "entries go when their place is wanted");
            Assert.That(relay.Core.NextDeadline, Is.Null, "no timer runs for visitors of yesterday");
        });
    }
}
