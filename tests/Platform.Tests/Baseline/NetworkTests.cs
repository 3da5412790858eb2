using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>The lab itself: its hosts reach each other as the description says, and nothing of it stays.</summary>
public class NetworkTests : LabTests
{
    // A hundred milliseconds in all. What would make it slow is a program for each host, link or address.
    [Test]
    public async Task Lab_OfTwoHomes_IsMadeByAScriptForEachStageAndNat()
    {
        await Leftovers.SweepOnceAsync(); // runs a script in the first lab only
        var lab = NewLab();
        lab.AddServer();
        lab.AddRelay();
        lab.AddNativeHost();
        lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        int before = Shell.Scripts;
        var clock = Stopwatch.StartNew();
        await lab.StartAsync();
        TestContext.Out.WriteLine($"{lab.Hosts.Count} namespaces in {clock.ElapsedMilliseconds} ms");
        Assert.That(Shell.Scripts - before, Is.EqualTo(2 + 2 + 1), "namespaces and links, a script for each NAT, and the router");
    }

    [Test]
    public async Task Server_PingedFromBehindTwoNats_Answers()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var inner = lab.AddNat("outer", NatKind.PortRestricted).AddNat("inner", NatKind.Symmetric);
        var host = inner.AddHost("alice");
        await lab.StartAsync();
        await host.RunAsync("ping", "-c", "1", "-W", "2", $"{server.Address}");
    }

    [Test]
    public async Task Delay_OfTwoLinks_IsInTheRoundTrip()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var host = lab.AddNat("nat", NatKind.PortRestricted).AddHost("alice");
        host.Delay = TimeSpan.FromMilliseconds(200);
        server.Delay = TimeSpan.FromMilliseconds(300);
        await lab.StartAsync();
        await host.RunAsync("ping", "-c", "1", "-W", "10", $"{server.Address}"); // asks for link addresses, too
        string ping = await host.RunAsync("ping", "-c", "3", "-i", "0.2", "-W", "10", $"{server.Address}");
        double fastest = double.Parse(Regex.Match(ping, "min/avg/max/mdev = ([0-9.]+)/").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.That(fastest, Is.InRange(999, 1399), ping); // a delay that counts twice adds 400 or 600
    }

    [Test]
    public async Task Delay_OfALink_CarriesTcpOfManySegments()
    {
        const int size = 20_000_000;
        var lab = NewLab();
        var peer = lab.AddPublicHost("peer", native: false);
        var host = lab.AddNat("nat", NatKind.PortRestricted).AddHost("alice");
        host.Delay = TimeSpan.FromMilliseconds(1);
        await lab.StartAsync();
        using var listener = peer.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 4000));
        listener.Listen();
        using var client = host.CreateSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(Patience.Limit);
        await client.ConnectAsync(new IPEndPoint(peer.Address, 4000), limit.Token);
        using var accepted = await listener.AcceptAsync(limit.Token);
        byte[] sent = RandomNumberGenerator.GetBytes(size), received = new byte[size];
        var sending = client.SendAsync(sent, limit.Token);
        await new NetworkStream(accepted).ReadExactlyAsync(received, limit.Token);
        await sending;
        Assert.That(received.AsSpan().SequenceEqual(sent), Is.True);
    }

    [Test]
    public async Task Sweep_AfterARunThatWasKilled_RemovesItsLab()
    {
        using var ended = Process.Start("true");
        await ended.WaitForExitAsync();
        string lab = $"{Leftovers.Prefix}{ended.Id}x1";
        await Shell.RunAsync($"ip netns add {lab}-host; mkdir -p '{Path.GetTempPath()}/{lab}'");
        using var process = new NetworkNamespace($"{lab}-host").Run(() => Process.Start("sleep", "60"));
        await Leftovers.SweepAsync();
        Assert.That(Leftovers.NamespacesOf(lab), Is.Empty);
        Assert.That(Directory.Exists(Path.Combine(Path.GetTempPath(), lab)), Is.False);
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.EqualTo(128 + (int)Signal.Kill));
    }

    [Test]
    public async Task Dispose_OfALabWithProcesses_LeavesNothing()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var host = lab.AddNat("nat", NatKind.FullCone).AddHost("alice");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        await Miredo.StartClientAsync(host, server);
        host.Start("unshare", ["-n", "sleep", "60"]); // in yet another namespace
        Assert.That(Leftovers.NamespacesOf(lab.Name).Count(), Is.EqualTo(5));
        Assert.That(Leftovers.ProcessesOf(lab.Name), Has.Count.GreaterThanOrEqualTo(3));
        await lab.DisposeAsync();
        Assert.That(Leftovers.NamespacesOf(lab.Name), Is.Empty);
        Assert.That(Leftovers.ProcessesOf(lab.Name), Is.Empty);
        Assert.That(Directory.Exists(lab.Scratch), Is.False);
    }
}
