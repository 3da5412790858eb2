using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests;

/// <summary>What the embedded link makes of the core's events.</summary>
public sealed class EmbeddedLinkTests
{
    static readonly TeredoServerAddress Server = new(IPv4Address.Parse(Lab.ServerAddress));

    [Test]
    public async Task Regained_IsToldOnceForEachLoss_AndNotForANewReportOfTheNat()
    {
        await using var lab = new Lab();
        await using var link = await StartAsync(lab);
        await using var changes = link.Changes.GetAsyncEnumerator();
        Tell(link, Qualified(link));
        Tell(link, Qualified(link));
        Tell(link, new ClientEvent.AddressLost { Address = AddressOf(link) });
        Tell(link, new ClientEvent.StateChanged { State = ClientState.Qualifying });
        Tell(link, Qualified(link));
        Tell(link, Qualified(link));
        Tell(link, new ClientEvent.StateChanged { State = ClientState.Dormant });
        var told = new[] { await changes.NextAsync(), await changes.NextAsync(), await changes.NextAsync() };
        Assert.That(told.Select(change => change.Kind),
            Is.EqualTo(new[] { TeredoStateChangeKind.Lost, TeredoStateChangeKind.Regained, TeredoStateChangeKind.Dormant }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Bind_AfterAFailureThatIsOver_DoesNotGetThatFailure(bool isAskedAgainFirst)
    {
        await using var lab = new Lab();
        await using var link = await StartAsync(lab);
        Tell(link, new ClientEvent.Failed { Reason = OfflineReason.MappedAddressNotGlobal, RetryAt = Instant.FromSeconds(1) });
        if (!isAskedAgainFirst)
            Assert.That(async () => await BindAsync(link), Throws.InstanceOf<TeredoException>(), "the failure is not over");
        else
            Tell(link, new ClientEvent.StateChanged { State = ClientState.Qualifying });
        var binding = isAskedAgainFirst ? BindAsync(link) : null;
        Assert.That(binding?.IsCompleted, Is.Not.True, "it waits for the new attempt");
        Tell(link, Qualified(link));
        binding ??= BindAsync(link);
        await using var socket = await binding;
        Assert.That(socket.TeredoEndPoint, Is.Not.Null);
    }

    static Task<Links.OpenDatagrams> BindAsync(EmbeddedLink link) => link.BindDatagramAsync(0, IPProtectionLevel.EdgeRestricted, default).InTime();

    static async Task<EmbeddedLink> StartAsync(Lab lab)
    {
        lab.StartServer();
        var link = new EmbeddedLink(lab.Options.Snapshot(), [Server], new(lab.Network.Host("203.0.113.10"), CryptographicRandom.Instance),
            new SocketStacks(TeredoSockets.InProcess), [], NullLogger.Instance);
        await link.StartAsync(default).InTime();
        return link;
    }

    static void Tell(EmbeddedLink link, ClientEvent clientEvent) => ((IEngineObserver)link).Handle(clientEvent);

    static TeredoAddress AddressOf(EmbeddedLink link) =>
        TeredoAddress.TryCreate(IPv6Address.FromIPAddress(link.Address!), out var address) ? address : throw new AssertionException("no Teredo address");

    static ClientEvent.Qualified Qualified(EmbeddedLink link) => new() { Address = AddressOf(link), Server = Server, MtuOctets = 1280, Nat = new() };
}
