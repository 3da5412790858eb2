using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Tests.Interface;

namespace TeredoSdk.Tests.Linux;

/// <summary>The host-specific relay, on a device of a private network and an IPv4 network in memory.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class OwnAddressRelayTests
{
    const string Machine = "203.0.113.10";

    [Test]
    public async Task Problem_ThatIsOver_IsNotToldWhenTheRelayRestsLater()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunOrSkip();
        var host = new MemoryNetwork().Host(Machine);
        var interfaces = new InterfaceTable();
        interfaces.Set("2001:db8::1");
        var local = new IPv4Endpoint(IPv4Address.Parse(Machine), 3545);
        var relay = new DeviceRelay(device, new(host, CryptographicRandom.Instance), new(local, true, new ManualTime(), NullLogger.Instance));
        await using var own = new OwnAddressRelay(relay, host, interfaces, NullLogger.Instance, local.Address);
        await own.StartAsync();
        string? waiting = own.Report.Problem;
        Assert.That(waiting, Does.Contain("no native IPv6 address"));

        string? HaveNative(bool has)
        {
            host.HasNativeIPv6 = has;
            host.Move(Machine);
            return own.Report.Problem;
        }

        using (host.Open(local, (_, _) => { }))
            Assert.That(HaveNative(true), Does.Contain("3545"), "the port is taken");
        Assert.That(HaveNative(true), Is.Null);
        Assert.That(HaveNative(false), Is.EqualTo(waiting));
    }
}
