using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests.Linux;

/// <summary>The stack of kernel sockets by itself, over a driver that has no address.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class KernelStackTests
{
    static readonly IPv6Address Old = IPv6Address.FromIPAddress(PrivateNetworks.Address), Peer = IPv6Address.FromIPAddress(PrivateNetworks.Stranger),
        Now = new(Old.High, Old.Low ^ 0xFF);

    [Test]
    public async Task PacketOfAStaleSocket_EndsAttemptsFromItsAddressOnly()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        var time = new ManualTime();
        var clock = new EngineClock(time);
        var watch = new PeerWatch();
        var options = new TeredoClientOptions { Servers = [new(IPv4Address.Parse(Lab.ServerAddress))], AllowPrivateAddresses = true };
        var machine = new MemoryNetwork().Host("203.0.113.10");
        await using var driver = new TeredoDriver(options, new(machine, CryptographicRandom.Instance), time, new Nobody(), NullLogger.Instance);
        using var stack = KernelStack.Open(new(clock, new(clock), watch, driver, NullLogger.Instance));
        Assert.That(TeredoAddress.TryCreate(Old, out var address));
        stack.SetAddress(address);
        using CancellationTokenSource fresh = new(), stale = new();
        using var freshEntry = watch.Add(Peer, Now, fresh); // before the other one, so that it would have been told first
        using var staleEntry = watch.Add(Peer, Old, stale);
        var connecting = stack.ConnectAsync(new(Peer.ToIPAddress(), 80), stale.Token);
        Assert.That(async () => await connecting.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(staleEntry.Problem?.Error, Is.EqualTo(TeredoError.NoAddress));
        Assert.That(freshEntry.Problem, Is.Null);
    }

    sealed class Nobody : IDriverClient
    {
        public void Receive(ReadOnlySpan<byte> packet) => throw new NotSupportedException();

        public void Handle(ClientEvent clientEvent)
        {
            // Of no concern.
        }
    }
}
