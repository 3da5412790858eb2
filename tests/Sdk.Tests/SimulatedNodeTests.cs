using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>What an application meets, in the simulated internet: real nodes behind NATs, and what becomes of their sockets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SimulatedNodeTests
{
    const int Port = 4242;

    readonly SimulatedInternet _internet = new(seed: 3);
    readonly SimulatedNat _alicesNat, _bobsNat;
    readonly SimulatedHost _alicesHost, _bobsHost;

    public SimulatedNodeTests()
    {
        _internet.Server();
        (_alicesNat, _bobsNat) = (_internet.Nat(NatKind.PortRestricted), _internet.Nat(NatKind.PortRestricted));
        (_alicesHost, _bobsHost) = (_alicesNat.Host("alice"), _bobsNat.Host("bob"));
    }

    [Test]
    public Task TwoNodesBehindTwoNats_EchoByTcpAndUdp() => RunAsync(async (alice, bob) =>
    {
        await using var listener = await bob.ListenAsync(Port);
        await using var caller = await alice.ConnectAsync(listener.TeredoEndPoint!);
        await using var callee = await listener.AcceptAsync();
        Assert.That((caller.Socket, callee.RemoteEndPoint.Address), Is.EqualTo(((Socket?)null, alice.Address)));
        byte[] sent = Octets(100_000), received = new byte[sent.Length];
        var echo = callee.GetStream().CopyToAsync(callee.GetStream());
        var writing = caller.GetStream().WriteAsync(sent);
        await caller.GetStream().ReadExactlyAsync(received);
        await writing;
        caller.CompleteWriting();
        await echo;
        Assert.That(received, Is.EqualTo(sent));

        await using var here = await alice.BindDatagramAsync(0);
        await using var there = await bob.BindDatagramAsync(Port);
        await here.SendToAsync(new byte[] { 7 }, there.TeredoEndPoint!);
        var request = await there.ReceiveAsync();
        await there.SendToAsync(request.Buffer, request.RemoteEndPoint);
        Assert.That((await here.ReceiveAsync()).Buffer, Is.EqualTo(new byte[] { 7 }));
    });

    [TestCase(0d), TestCase(0.01), TestCase(0.05), TestCase(0.1)]
    public Task Megabyte_ArrivesWhole_WhateverIsLost(double loss) => TransferAsync(1 << 20, loss, TimeSpan.FromMinutes(20));

    [TestCase(0d), TestCase(0.001), TestCase(0.01), TestCase(0.05), TestCase(0.1)]
    [Explicit("A minute or more for each, when a person asks for them.")]
    public Task HundredMegabytes_ArriveWhole_WhateverIsLost(double loss) => TransferAsync(100 << 20, loss, TimeSpan.FromHours(20));

    Task TransferAsync(int octets, double loss, TimeSpan limit) => RunAsync(async (alice, bob) =>
    {
        (_internet.Core.Loss, _internet.Core.Jitter) = (loss, TimeSpan.FromMilliseconds(5));
        (_internet.Core.Reordering, _internet.Core.Duplication) = (loss / 10, loss / 10);
        var begin = _internet.Now;
        var (caller, callee) = await ConnectAsync(alice, bob);
        byte[] sent = Octets(octets);
        var sending = SendAsync(caller, sent);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[1 << 16];
        while (await callee.GetStream().ReadAsync(buffer) is > 0 and var read)
            hash.AppendData(buffer, 0, read);
        await sending;
        var time = _internet.Now - begin;
        TestContext.Out.WriteLine($"{octets} octets with {loss:P1} lost: {time.TotalSeconds:0.0} s of virtual time");
        Assert.That(hash.GetHashAndReset(), Is.EqualTo(SHA256.HashData(sent)));
        Assert.That(time, Is.LessThan(limit));
    });

    [Test]
    public Task NatThatForgetsInMidTransfer_EndsConnectionsWithTheCause_AndTheNodeGoesOn([Values] bool reboots) => RunAsync(async (alice, bob) =>
    {
        var (caller, _) = await ConnectAsync(alice, bob);
        var (before, begin) = (alice.Address, _internet.Now);
        var sending = SendForEverAsync(caller);
        await Pass(TimeSpan.FromSeconds(1));
        if (reboots)
            _alicesNat.Reboot(); // its next port is another one
        else
            _alicesNat.ChangeAddress();
        await Assert.ThatAsync(() => sending, Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.AddressChanged));
        Assert.That(_internet.Now - begin, Is.LessThan(TimeSpan.FromSeconds(30 + 12)), "a refresh interval, and a qualification");
        Assert.That(alice.Address, Is.Not.EqualTo(before));
        var (again, callee) = await ConnectAsync(alice, bob, Port + 1);
        await SendAsync(again, Octets(10));
        Assert.That(await callee.GetStream().ReadAtLeastAsync(new byte[10], 10), Is.EqualTo(10));
    });

    [Test]
    public Task PeerThatVanishes_EndsTheConnectionInBoundedTime() => RunAsync(async (alice, bob) =>
    {
        var (caller, _) = await ConnectAsync(alice, bob);
        var (begin, address) = (_internet.Now, bob.Address!);
        _bobsHost.Uplink.IsUp = false;
        await Assert.ThatAsync(() => SendForEverAsync(caller), Throws.InstanceOf<IOException>()
            .With.InnerException.Property("SocketErrorCode").EqualTo(SocketError.HostUnreachable));
        Assert.That(_internet.Now - begin, Is.LessThan(TimeSpan.FromMinutes(10)));
        Assert.That((await alice.PingAsync(address, TimeSpan.FromSeconds(3))).Status, Is.Not.EqualTo(IPStatus.Success));
    });

    [Test]
    public Task HostThatMoves_HasAnotherAddress_AndItsListenerStays() => RunAsync(async (alice, bob) =>
    {
        await using var listener = await bob.ListenAsync(Port);
        await using var changes = bob.StateChanges.GetAsyncEnumerator();
        var before = bob.Address;
        _bobsHost.MoveTo(_internet.Nat(NatKind.AddressRestricted));
        while (bob.Address is null || bob.Address.Equals(before))
            Assert.That(await changes.MoveNextAsync(), Is.True);
        await using var caller = await alice.ConnectAsync(listener.TeredoEndPoint!);
        await using var callee = await listener.AcceptAsync();
        Assert.That(caller.RemoteEndPoint.Address, Is.EqualTo(bob.Address));
    });

    [Test]
    public Task IdleNode_GoesDormant_AndASocketWakesIt() => RunAsync(async (alice, bob) =>
    {
        await Pass(TimeSpan.FromHours(1.1));
        Assert.That(alice.Report.State, Is.EqualTo(TeredoState.Dormant));
        var (caller, callee) = await ConnectAsync(alice, bob);
        await SendAsync(caller, Octets(10));
        Assert.That(await callee.GetStream().ReadAtLeastAsync(new byte[10], 10), Is.EqualTo(10));
        Assert.That(alice.Report.State, Is.EqualTo(TeredoState.Qualified));
    });

    [Test]
    public async Task Capture_HasThePackets()
    {
        var capture = _internet.CaptureAt(_bobsHost);
        await RunAsync(async (alice, bob) =>
        {
            var (caller, _) = await ConnectAsync(alice, bob);
            await SendAsync(caller, "found in the capture"u8.ToArray());
            await Pass(TimeSpan.FromSeconds(1));
        });
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "bob.pcap");
        capture.WritePcap(path);
        Assert.That((await File.ReadAllBytesAsync(path)).AsSpan().IndexOf("found in the capture"u8), Is.Positive);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Test]
    public async Task ManyNodes_MeetAtOne() => await _internet.RunAsync(async () =>
    {
        const int guests = 64;
        var bob = await _bobsHost.StartNodeAsync();
        await using var listener = await bob.ListenAsync(Port);
        var kinds = new[] { NatKind.Cone, NatKind.AddressRestricted, NatKind.PortRestricted, NatKind.PortPreservingSymmetric };
        var calls = Enumerable.Range(0, guests).Select(async i =>
        {
            var node = await _internet.Nat(kinds[i % kinds.Length]).Host($"guest{i}").StartNodeAsync();
            await using var caller = await node.ConnectAsync(listener.TeredoEndPoint!);
            await SendAsync(caller, [(byte)i]);
        }).ToArray();
        HashSet<byte> heard = [];
        byte[] one = new byte[1];
        while (heard.Count < guests)
        {
            await using var callee = await listener.AcceptAsync();
            await callee.GetStream().ReadExactlyAsync(one);
            heard.Add(one[0]);
        }
        await Task.WhenAll(calls);
    }).InTime();

    [Test]
    public async Task OneHost_CanHaveSeveralNodes() => await _internet.RunAsync(async () =>
    {
        var (one, two) = (await _alicesHost.StartNodeAsync(), await _alicesHost.StartNodeAsync());
        Assert.That(one.Address, Is.Not.EqualTo(two.Address));
        var (caller, callee) = await ConnectAsync(one, two);
        await SendAsync(caller, Octets(10));
        Assert.That(await callee.GetStream().ReadAtLeastAsync(new byte[10], 10), Is.EqualTo(10));
    }).InTime();

    Task RunAsync(Func<TeredoNode, TeredoNode, Task> code) =>
        _internet.RunAsync(async () => await code(await _alicesHost.StartNodeAsync(), await _bobsHost.StartNodeAsync())).WaitAsync(Patience.LongLimit);

    Task Pass(TimeSpan time) => Task.Delay(time, _internet.TimeProvider);

    static async Task<(TeredoConnection Caller, TeredoConnection Callee)> ConnectAsync(TeredoNode from, TeredoNode to, int port = Port)
    {
        var listener = await to.ListenAsync(port);
        var caller = await from.ConnectAsync(listener.TeredoEndPoint!);
        return (caller, await listener.AcceptAsync());
    }

    static async Task SendAsync(TeredoConnection connection, byte[] octets)
    {
        await connection.GetStream().WriteAsync(octets);
        connection.CompleteWriting();
    }

    static async Task SendForEverAsync(TeredoConnection connection)
    {
        while (true)
            await connection.GetStream().WriteAsync(new byte[10_000]);
    }

    static byte[] Octets(int count)
    {
        byte[] octets = new byte[count];
        new Random(count).NextBytes(octets);
        return octets;
    }
}
