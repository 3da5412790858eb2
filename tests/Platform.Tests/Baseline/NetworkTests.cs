using System.Diagnostics;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>The lab itself: its hosts reach each other as the description says, and nothing of it stays.</summary>
public class NetworkTests : LabTests
{
    [Test]
    public async Task Lab_OfTwoHomes_StandsWithinASecond()
    {
        var lab = NewLab();
        lab.AddServer();
        lab.AddRelay();
        lab.AddNativeHost();
        lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        var clock = Stopwatch.StartNew();
        await lab.StartAsync();
        TestContext.Out.WriteLine($"{lab.Hosts.Count} namespaces in {clock.ElapsedMilliseconds} ms");
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(3)));
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
    public async Task Dispose_OfALabWithProcesses_LeavesNothing()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var host = lab.AddNat("nat", NatKind.FullCone).AddHost("alice");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        await Miredo.StartClientAsync(host, server);
        host.Start("unshare", ["-n", "sleep", "60"]); // in yet another namespace
        Assert.That(Leftovers.NamespacesOf(lab.Name).Count(), Is.EqualTo(4));
        Assert.That(Leftovers.ProcessesOf(lab.Name), Has.Count.GreaterThanOrEqualTo(3));
        await lab.DisposeAsync();
        Assert.That(Leftovers.NamespacesOf(lab.Name), Is.Empty);
        Assert.That(Leftovers.ProcessesOf(lab.Name), Is.Empty);
        Assert.That(Directory.Exists(lab.Scratch), Is.False);
    }
}
