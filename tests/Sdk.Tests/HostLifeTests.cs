using System.Net;
using System.Runtime.Versioning;

namespace TeredoSdk.Tests;

/// <summary>The life of the three hosts: none starts for somebody who gave up, and all end in the same way.</summary>
public sealed class HostLifeTests
{
    static readonly CancellationToken GivenUp = new(canceled: true);

    [Test]
    public async Task Server_CancelledToken_StartsNothing()
    {
        await using var lab = new Loopback();
        var options = new TeredoServerHostOptions { Address = lab.Silent, AllowPrivateAddresses = true };
        Assert.That(() => TeredoServerHost.StartAsync(options, GivenUp), Throws.InstanceOf<OperationCanceledException>());
        await using var server = await TeredoServerHost.StartAsync(options); // its port is free
        Assert.That(server.Completion.IsCompleted, Is.False);
    }

    [Test]
    [Platform("Linux"), SupportedOSPlatform("linux")]
    public void RelayAndInterface_CancelledToken_StartNothing()
    {
        Assert.That(() => TeredoRelayHost.StartAsync(new() { Address = IPAddress.Loopback }, GivenUp), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(() => TeredoInterfaceHost.StartAsync(new() { Client = { Servers = ["8.8.8.8"] } }, GivenUp), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    [Platform("Linux"), SupportedOSPlatform("linux")]
    public void BadOptions_AreRefusedAtOnce()
    {
        Assert.Throws<ArgumentException>(() => _ = TeredoServerHost.StartAsync(new()));
        Assert.Throws<ArgumentException>(() => _ = TeredoRelayHost.StartAsync(new()));
        Assert.Throws<ArgumentException>(() => _ = TeredoInterfaceHost.StartAsync(new() { InterfaceName = "" }));
    }

    [Test]
    public async Task Server_Disposed_IsComplete_AndItsReportStays()
    {
        await using var lab = new Loopback();
        var server = lab.Server;
        await lab.StartAsync();
        var report = server.Report;
        Assert.That(report, Is.EqualTo(server.Report));
        Assert.That(new[] { report.EndPoint, report.SecondaryEndPoint, report.ReflectEndPoint },
            Is.EqualTo(new IPEndPoint[] { new(lab.Primary, 3544), new(lab.Secondary, 3544), new(lab.Stranger, 3545) }));
        Assert.That(report.ForwardsToNativeIPv6, Is.False);
        Assert.That(report.Problem, Does.Contain("loopback"));
        await server.DisposeAsync().InTime();
        Assert.That(server.Completion.IsCompletedSuccessfully);
        Assert.That(server.Report.EndPoint, Is.EqualTo(new IPEndPoint(lab.Primary, 3544)));
    }
}
