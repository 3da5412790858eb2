using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>A host whose device another program took away: the node tells what happens all the same, and recovers.</summary>
public sealed class TakenDeviceTests
{
    const string Alice = "203.0.113.10";

    [Test]
    public async Task AddressLostAndRegained_WhileTheDeviceIsGone_IsTold_AndSocketsOpenWhenItIsBack()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var machine = lab.Network.Host(Alice);
        var stack = new FragileStack();
        await using var link = new EmbeddedLink(lab.Options.Snapshot(), [new(IPv4Address.Parse(Lab.ServerAddress))], new(machine, lab.NextRandom()),
            stack, [], NullLogger.Instance);
        await link.StartAsync(default).InTime();
        await using var changes = link.Changes.GetAsyncEnumerator();

        stack.IsGone = true;
        machine.Move(null);
        Assert.That((await changes.NextAsync()).Kind, Is.EqualTo(TeredoStateChangeKind.Lost));

        machine.Move(Alice);
        lab.Time.AdvanceUntil(() => link.Report.Error == TeredoError.NetworkDeviceUnavailable, TimeSpan.FromMinutes(1));
        Assert.That(link.Report.State, Is.EqualTo(TeredoState.Offline));

        stack.IsGone = false;
        machine.Move(null);
        machine.Move(Alice);
        lab.Time.AdvanceUntil(() => link.Report.State == TeredoState.Qualified, TimeSpan.FromMinutes(10));
        await using var socket = await link.BindDatagramAsync(4242, IPProtectionLevel.Unrestricted, default).InTime();
        Assert.That(socket.TeredoEndPoint?.Address, Is.EqualTo(link.Address));
    }

    sealed class FragileStack : ISocketStack, IStackChoice
    {
        public bool IsGone { get; set; }
        public Task<ChosenStack> MakeAsync(StackContext context) => Task.FromResult<ChosenStack>(new(this, []));
        public SocketCapabilities Capabilities => SocketCapabilities.None;

        public void SetAddress(TeredoAddress address) => Touch();

        public void LoseAddress() => Touch();

        public void Receive(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets)
        {
            // Nobody sends any.
        }

        public IDatagramEndpoint Bind(ushort port, bool isUnrestricted)
        {
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return new SocketEndpoint(socket, () => { });
        }

        public IStreamListener Listen(ushort port, bool isUnrestricted, int backlog) => throw new NotSupportedException();

        public Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Dispose()
        {
            // Nothing is held.
        }

        void Touch()
        {
            if (IsGone)
                throw new TeredoException(TeredoError.NetworkDeviceUnavailable, "The device is gone.");
        }
    }
}
