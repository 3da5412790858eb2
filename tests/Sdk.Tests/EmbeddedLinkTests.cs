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

    [Test]
    public async Task FirstAddress_IsToldAsQualified()
    {
        await using var lab = new Lab();
        lab.StartServer();
        await using var link = NewLink(lab.Options, lab.Network.Host("203.0.113.10"));
        await using var changes = link.Changes.GetAsyncEnumerator();
        var change = changes.NextAsync();
        await link.StartAsync(default).InTime();
        Assert.That(((await change).Kind, (await change).Address), Is.EqualTo((TeredoStateChangeKind.Qualified, link.Address)));
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

    // RFC 4380 §5.5
    [Test]
    public async Task NativeIPv6_WhereTheOptionsSaySo_IsGivenWayTo()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var options = lab.Options;
        options.NativeIPv6 = NativeIPv6Mode.Instead;
        var machine = lab.Network.Host("203.0.113.10");
        machine.HasNativeIPv6 = true;
        await using var link = NewLink(options, machine);
        await using var changes = link.Changes.GetAsyncEnumerator();
        var change = changes.NextAsync();
        await link.StartAsync(default).InTime(); // it does not wait for an address
        Assert.That((link.Report.State, link.Report.Error, link.Address), Is.EqualTo((TeredoState.Suppressed, (TeredoError?)null, (System.Net.IPAddress?)null)));
        Assert.That((await change).Kind, Is.EqualTo(TeredoStateChangeKind.Relay));
    }

    [Test]
    public async Task Disposed_WhoWaitsIsTold_AndNothingIsToldAnyMore()
    {
        await using var lab = new Lab();
        var link = NewLink(lab.Options, lab.Network.Host("203.0.113.10"));
        var start = link.StartAsync(default);
        await link.DisposeAsync().InTime();
        Assert.That(async () => await start.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        foreach (var state in new[] { ClientState.Qualifying, ClientState.Dormant, ClientState.Suppressed })
            Tell(link, new ClientEvent.StateChanged { State = state });
        Tell(link, new ClientEvent.Failed { Reason = OfflineReason.MappedAddressNotGlobal, RetryAt = Instant.FromSeconds(1) });
        Assert.That((link.Report.State, link.Report.Error), Is.EqualTo((TeredoState.Stopped, (TeredoError?)null)));
        Assert.That(async () => await BindAsync(link), Throws.InstanceOf<ObjectDisposedException>());
    }

    static Task<Links.OpenDatagrams> BindAsync(EmbeddedLink link) => link.BindDatagramAsync(0, IPProtectionLevel.EdgeRestricted, default).InTime();

    static async Task<EmbeddedLink> StartAsync(Lab lab)
    {
        lab.StartServer();
        var link = NewLink(lab.Options, lab.Network.Host("203.0.113.10"));
        await link.StartAsync(default).InTime();
        return link;
    }

    static EmbeddedLink NewLink(TeredoOptions options, MemoryNetwork.MemoryHost machine) => new(options.Snapshot(), [Server],
        new(machine, CryptographicRandom.Instance), new SocketStacks(TeredoSockets.InProcess), [], NullLogger.Instance);

    static void Tell(EmbeddedLink link, ClientEvent clientEvent) => ((IEngineObserver)link).Handle(clientEvent);

    static TeredoAddress AddressOf(EmbeddedLink link) =>
        TeredoAddress.TryCreate(IPv6Address.FromIPAddress(link.Address!), out var address) ? address : throw new AssertionException("no Teredo address");

    static ClientEvent.Qualified Qualified(EmbeddedLink link) => new() { Address = AddressOf(link), Server = Server, MtuOctets = 1280, Nat = new() };
}
