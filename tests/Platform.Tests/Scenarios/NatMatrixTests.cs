using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>Who reaches whom across real NATs: what RFC 6081 figure 1 promises connects, and what can't connect fails by itself, with its cause.</summary>
public class NatMatrixTests : LabTests
{
    // Groups of RFC 6081 figure 1. The names of hosts begin with theirs.
    const string Symmetric = "symmetric", PortRestricted = "port", DoubleNat = "double", Mapped = "mapped";

    [Test]
    public async Task EachPairOfNats_ConnectsOrFailsWithItsCause_AsRfc6081Promises()
    {
        var lab = NewLab(Lab.OrdinaryInternet); // for miniupnpd
        var server = lab.AddServer();
        var shared = lab.AddNat("nat1", NatKind.PortRestricted);
        var outer = lab.AddNat("nat5", NatKind.PortRestricted);
        var mapper = lab.AddNat("nat8", NatKind.PortRestricted);
        LabHost[] hosts =
        [
            shared.AddHost("port1"),
            shared.AddHost("port2"),
            lab.AddNat("nat2", NatKind.PortRestricted).AddHost("port3"),
            lab.AddNat("nat3", NatKind.AddressRestricted).AddHost("address"),
            lab.AddNat("nat4", NatKind.FullCone).AddHost("cone"),
            outer.AddNat("inner", NatKind.PortRestricted).AddHost("double"),
            lab.AddNat("nat6", NatKind.Symmetric).AddHost("symmetric1"),
            lab.AddNat("nat7", NatKind.Symmetric).AddHost("symmetric2"),
            mapper.AddHost("mapped"),
        ];
        await lab.StartAsync();
        await PortMapper.StartAsync(mapper);
        await Miredo.StartServerAsync(server); // it does not limit what hosts behind one address ask
        var talkers = await Task.WhenAll(hosts.Select(host => Talker.StartAsync(host, [server], [.. SettingsOf(host)])));

        var pairs = await Task.WhenAll(talkers.SelectMany(_ => talkers, (from, to) => (from, to)).Where(pair => pair.from != pair.to)
            .Select(async pair => (From: pair.from.Host.Name, To: pair.to.Host.Name, Result: await pair.from.CallAsync(pair.to))));
        foreach (var (from, to, result) in pairs)
            TestContext.Out.WriteLine($"{from} -> {to}: {result.Text}");
        Assert.Multiple(() =>
        {
            foreach (var (from, to, result) in pairs)
                Check($"{from} -> {to}", CanConnect(from, to), result);
        });
    }

    [Test]
    public async Task PlainLinuxNats_WithoutInputDrop_ConnectWhereARouterLiesBetween()
    {
        var (alice, bob) = await StartPlainNatsAsync(hasRouterHop: true);
        var results = await Task.WhenAll(alice.CallAsync(bob), bob.CallAsync(alice));
        Assert.That(results.Select(result => result.Connected), Is.All.True, string.Join('\n', results.Select(result => result.Text)));
    }

    // The first bubble makes an entry of the other NAT's own, with which the other's bubble clashes: it leaves by a port that nobody knows.
    [Test]
    public async Task PlainLinuxNats_WithoutInputDropSideBySide_AreADocumentedNo()
    {
        var (alice, bob) = await StartPlainNatsAsync(hasRouterHop: false);
        foreach (var result in await Task.WhenAll(alice.CallAsync(bob), bob.CallAsync(alice)))
            Check("side by side", false, result);
    }

    [Test]
    public async Task Connect_BetweenTwoSymmetricNats_ExitsWith1AndTheCause()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.Symmetric).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.Symmetric).AddHost("bob");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var listener = await Talker.StartAsync(bob, [server]);
        var connect = alice.Start(TeredoProgram.Path, ["connect", $"{listener.EndPoint}", "--server", $"{server.Address}", "--allow-private"], StartOptions.User);
        Assert.That(await connect.WaitForExitAsync(), Is.EqualTo(1));
        Assert.That(connect.Errors.Split('\n')[^1], Does.Contain("symmetric").And.EndWith("."), connect.Transcript);
    }

    async Task<(Talker Alice, Talker Bob)> StartPlainNatsAsync(bool hasRouterHop)
    {
        var lab = NewLab(hasRouterHop: hasRouterHop);
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted, dropsInput: false).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted, dropsInput: false).AddHost("bob");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        return (await Talker.StartAsync(alice, [server]), await Talker.StartAsync(bob, [server]));
    }

    static (string, string)[] SettingsOf(LabHost host) => host.Name == Mapped ? [("PROBE_MAPPING", "yes")] : [];

    // Figure 1: of a NAT that maps each peer to a random port, only those reach it and are reached by it whose NATs do not filter by port.
    static bool? CanConnect(string from, string to) => IsSymmetric(from) ? IsOpenToSymmetric(to) : !IsSymmetric(to) ? true : IsOpenToSymmetric(from);

    // Null: no promise, but it may be, since what the mapper opened lets everybody in, as soon as it is open.
    static bool? IsOpenToSymmetric(string host) => host == Mapped ? null : !FiltersByPort(host);

    static bool IsSymmetric(string host) => host.StartsWith(Symmetric, StringComparison.Ordinal);

    static bool FiltersByPort(string host) => IsSymmetric(host) || host.StartsWith(PortRestricted, StringComparison.Ordinal) || host == DoubleNat;

    static void Check(string pair, bool? canConnect, CallResult result)
    {
        if (canConnect is { } expected)
            Assert.That(result.Connected, Is.EqualTo(expected), $"{pair}: {result.Text}");
        if (result.Connected)
            return;
        // The engine has found it out by itself, which takes 12 s (tests in virtual time hold the seconds): the call did not just end.
        Assert.That(result.Text, Does.Contain("PeerUnreachable").And.Contain("symmetric"), pair);
    }
}
