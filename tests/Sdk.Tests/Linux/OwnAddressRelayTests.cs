using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;
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

    [Test]
    public async Task NativeAddresses_AreServedWhileThereAreAny_UntilTheEnd()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunOrSkip();
        var memory = new MemoryNetwork();
        var sent = new List<IPv4Endpoint>();
        memory.Passes = (_, to, _) =>
        {
            sent.Add(to);
            return true;
        };
        var host = memory.Host(Machine);
        var interfaces = new InterfaceTable();
        foreach (string address in new[] { "2001:db8::2", "fe80::1", "2001:db8::1", "2001:db8::1" })
            interfaces.Candidates.Add(new("eth0", 2, 1500, IPv6Address.Parse(address)));
        var local = new IPv4Endpoint(IPv4Address.Parse(Machine), 3545);
        var relay = new DeviceRelay(device, new(host, CryptographicRandom.Instance), new(local, true, new ManualTime(), NullLogger.Instance));
        var own = new OwnAddressRelay(relay, host, interfaces, NullLogger.Instance, local.Address);
        host.HasNativeIPv6 = true;
        await own.StartAsync();
        Assert.That(own.Served.Select(prefix => $"{prefix}"), Is.EqualTo(new[] { "2001:db8::1/128", "2001:db8::2/128" }), "each once, in order");
        var report = own.Report;
        Assert.That((report.IsHostSpecific, report.EndPoint, report.Problem), Is.EqualTo((true, local.ToIPEndPoint(), (string?)null)));

        var client = new TeredoAddress(IPv4Address.Parse("192.0.2.1"), 0, new(IPv4Address.Parse("192.0.2.50"), 40000));
        byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize];
        UdpDatagram.WritePacket(packet, IPv6Address.Parse("2001:db8::1"), 1, IPv6Address.Parse("2001:db8::9"), 2, []);
        Send(own, packet);
        Assert.That(sent, Is.Empty, "not for a Teredo client");
        UdpDatagram.WritePacket(packet, IPv6Address.Parse("2001:db8::1"), 1, client, 2, []);
        Send(own, packet);
        Assert.That(sent, Is.Not.Empty);

        host.HasNativeIPv6 = false;
        host.Move(Machine);
        Assert.That((own.Served.Count, own.Report.EndPoint), Is.EqualTo((0, (System.Net.IPEndPoint?)null)));
        host.HasNativeIPv6 = true;
        await own.DisposeAsync();
        await own.DisposeAsync().InTime();
        Assert.That(host.IsWatched, Is.False);
        Assert.That((own.Served.Count, memory.OpenSockets), Is.EqualTo((0, 0)));
    }

    static unsafe void Send(OwnAddressRelay relay, byte[] packet)
    {
        fixed (byte* octets = packet)
        {
            var whole = new DevicePacket(0, packet.Length, default);
            var burst = new DeviceBurst(octets, new(in whole));
            relay.Add(burst, whole);
            relay.Flush();
        }
    }
}
