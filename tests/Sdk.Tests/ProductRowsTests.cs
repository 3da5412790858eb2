using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests;

/// <summary>Rows of the checklist that the drivers keep, not the cores.</summary>
public sealed class ProductRowsTests
{
    const string Alice = "203.0.113.10";

    [Test]
    [Conformance("C-143")]
    public async Task NodeThatIsDisposed_ClosesItsPorts_AndSendsNothingMore()
    {
        await using var lab = new Lab();
        lab.StartServer();
        int before = lab.Network.OpenSockets;
        var node = await lab.StartAsync(Alice);
        Assert.That(lab.Network.OpenSockets, Is.GreaterThan(before));
        await node.DisposeAsync().InTime();
        Assert.That(lab.Network.OpenSockets, Is.EqualTo(before));
        int datagrams = 0;
        lab.Network.Passes = (_, _, _) =>
        {
            datagrams++;
            return true;
        };
        lab.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(datagrams, Is.Zero);
    }

    [Test]
    [Conformance("C-017")]
    public async Task Server_OpensPort3544OfBothAddresses_AndNoOther()
    {
        var network = new MemoryNetwork();
        var machine = new Opened(network.Host(Lab.ServerAddress));
        var options = new TeredoServerHostOptions
        {
            Address = System.Net.IPAddress.Parse(Lab.ServerAddress),
            SecondaryAddress = System.Net.IPAddress.Parse("192.0.2.2"),
            AllowPrivateAddresses = true,
            TimeProvider = new ManualTime(),
        };
        await using var server = TeredoServerHost.Start(options, machine, CryptographicRandom.Instance);
        Assert.That(machine.Ports, Is.EquivalentTo(new[] { IPv4Endpoint.Parse($"{Lab.ServerAddress}:3544"), IPv4Endpoint.Parse("192.0.2.2:3544") }));
    }

    [Test]
    [Conformance("C-003", "C-004")]
    public async Task Addresses_HaveRandomFlagsOfTheCryptographicGenerator_AndNoOthers()
    {
        var parts = EngineParts.OfThisMachine(TimeProvider.System, null, TeredoDatapath.Auto, NullLogger.Instance);
        Assert.That(parts.Random, Is.SameAs(SystemRandom.Instance));
        await using var lab = new Lab();
        lab.StartServer();
        List<TeredoFlags> flags = [];
        for (int i = 0; i < 8; i++)
        {
            var node = await lab.StartAsync($"203.0.113.{10 + i}");
            Assert.That(TeredoAddress.TryParse($"{node.Address}", out var address));
            flags.Add(address.Flags);
        }
        Assert.That(flags.Select(flag => flag & ~TeredoFlags.Random), Is.All.EqualTo(TeredoFlags.None));
        Assert.That(flags.Distinct().Count(), Is.GreaterThan(1), "eight equal ones come once in 10^25 runs");
    }

    sealed class Opened(IHostNetwork inner) : IHostNetwork
    {
        public List<IPv4Endpoint> Ports { get; } = [];

        public event Action? Changed
        {
            add => inner.Changed += value;
            remove => inner.Changed -= value;
        }

        public NetworkState Describe(IPv4Address server) => inner.Describe(server);

        public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler)
        {
            var transport = inner.Open(local, handler);
            Ports.Add(transport.LocalEndpoint);
            return transport;
        }
    }
}
