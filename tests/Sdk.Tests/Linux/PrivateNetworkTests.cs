using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine.Linux;

namespace TeredoSdk.Tests.Linux;

[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class PrivateNetworkTests
{
    [Test]
    public async Task CreateSocket_ListenAndConnectAtOwnAddress_CarriesOctetsBothWays()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress();
        await Exchange(network, PrivateNetworks.Address, 80); // below 1024, too: the network is this process's own
    }

    [Test]
    public async Task CreateSocket_Loopback_IsUp()
    {
        using var network = PrivateNetworks.Create();
        await Exchange(network, IPAddress.IPv6Loopback, 0);
    }

    [Test]
    public void CreateSocket_PortOfTheMachine_IsNotReached()
    {
        using var network = PrivateNetworks.Create();
        using var machine = new TcpListener(IPAddress.IPv6Loopback, 0);
        try
        {
            machine.Start();
        }
        catch (SocketException e)
        {
            Assert.Ignore($"This machine has no IPv6 loopback ({e.Message}).");
        }
        using var socket = network.CreateSocket(SocketType.Stream, ProtocolType.Tcp);
        var refused = Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(machine.LocalEndpoint).InTime());
        Assert.That(refused.SocketErrorCode, Is.EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public void CreateSocket_AnyType_IsForIPv6Only([Values(SocketType.Stream, SocketType.Dgram)] SocketType type)
    {
        using var network = PrivateNetworks.Create();
        using var socket = network.CreateSocket(type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);
        Assert.Multiple(() =>
        {
            Assert.That(socket.AddressFamily, Is.EqualTo(AddressFamily.InterNetworkV6));
            Assert.That(socket.SocketType, Is.EqualTo(type));
            Assert.That(socket.DualMode, Is.False);
        });
    }

    [Test]
    public void CreateSocket_RawIcmpv6_IsAllowed()
    {
        using var network = PrivateNetworks.Create();
        using var socket = network.CreateSocket(SocketType.Raw, ProtocolType.IcmpV6);
        Assert.That(socket.ProtocolType, Is.EqualTo(ProtocolType.IcmpV6));
    }

    [Test]
    public void CreateSocket_ProtocolThatDoesNotFit_SaysSo()
    {
        using var network = PrivateNetworks.Create();
        var e = Assert.Throws<TeredoException>(() => network.CreateSocket(SocketType.Stream, ProtocolType.Udp));
        Assert.That(e.Message, Does.Contain("CreateSocket"));
    }

    [TestCase(NamespaceBroker.Step.EnterUserNamespace, 1, true)]
    [TestCase(NamespaceBroker.Step.EnterNetworkNamespace, 1, true)]
    [TestCase(NamespaceBroker.Step.EnterNetworkNamespace, 2, false)]
    [TestCase(NamespaceBroker.Step.CreateSocket, 1, false)]
    public void CreateSocket_NamespaceThatCannotBeEntered_IsTriedOnceMore(NamespaceBroker.Step step, int refusals, bool succeeds)
    {
        using var network = PrivateNetworks.Create();
        network.Broker = (user, ofNetwork, requests, made) =>
            refusals-- > 0 ? new(step, Libc.EPERM, Libc.AF_INET6) : NamespaceBroker.Run(user, ofNetwork, requests, made);
        TestDelegate create = () => network.CreateSocket(SocketType.Stream, ProtocolType.Tcp).Dispose();
        Assert.That(create, succeeds ? Throws.Nothing : Throws.TypeOf<TeredoException>());
    }

    [Test]
    public void Create_LetsTcpProbeTheMtu()
    {
        using var network = PrivateNetworks.Create();
        using var setting = Inside(network, NamespaceBroker.DescriptorRequest.File("/proc/sys/net/ipv4/tcp_mtu_probing", Libc.O_RDONLY | Libc.O_CLOEXEC));
        byte[] value = new byte[1];
        Assert.That(RandomAccess.Read(setting, value, 0), Is.EqualTo(1));
        Assert.That(value, Is.EqualTo("1"u8.ToArray()));
    }

    [Test]
    public void CreateSocket_AfterDispose_IsRefused()
    {
        var network = PrivateNetworks.Create();
        network.Dispose();
        Assert.Throws<ObjectDisposedException>(() => network.CreateSocket(SocketType.Stream, ProtocolType.Tcp));
    }

    [Test]
    public async Task Dispose_SocketsAndDevice_GoOnWorking()
    {
        var network = PrivateNetworks.Create();
        using var device = network.OpenTunWithAddress();
        using var listener = Listen(network, PrivateNetworks.Address, 0);
        using var client = network.CreateSocket(SocketType.Stream, ProtocolType.Tcp);
        network.Dispose();
        await Exchange(listener, client);
    }

    [Test]
    public void OpenTun_NoDeviceNode_SaysHowToGetOne()
    {
        PrivateNetworks.Create().Dispose();
        using var network = PrivateNetwork.Create("/dev/null/tun");
        using var other = PrivateNetwork.Create(Path.Combine(TestContext.CurrentContext.WorkDirectory, "no-such-tun"));
        var missing = Assert.Throws<TeredoException>(() => other.OpenTun("teredo", 1280, true));
        var odd = Assert.Throws<TeredoException>(() => network.OpenTun("teredo", 1280, true));
        Assert.Multiple(() =>
        {
            Assert.That(missing.Error, Is.EqualTo(TeredoError.KernelSocketsUnavailable));
            Assert.That(missing.Message, Does.Contain("modprobe tun").And.Contain("--device /dev/net/tun"));
            Assert.That(odd.Message, Does.Contain("/dev/null/tun"));
        });
    }

    [Test]
    public void Create_DisposedWithAllItMade_LeavesNoDescriptorAndNoChild()
    {
        MakeAndDispose(); // what the runtime opens once
        int before = PrivateNetworks.OpenDescriptors();
        for (int i = 0; i < 8; i++)
            MakeAndDispose();
        Assert.Multiple(() =>
        {
            Assert.That(PrivateNetworks.OpenDescriptors(), Is.LessThan(before + 8), "8 networks with 3 sockets each");
            Assert.That(PrivateNetworks.Children(), Is.Empty);
        });
    }

    // Makes a descriptor beside a socket of the network.
    static SafeFileHandle Inside(PrivateNetwork network, NamespaceBroker.DescriptorRequest request)
    {
        int made = -1;
        network.Broker = (user, ofNetwork, requests, sockets) =>
        {
            Assert.That(NamespaceBroker.Run(user, ofNetwork, [request], new(ref made)).Step, Is.EqualTo(NamespaceBroker.Step.Done));
            return NamespaceBroker.Run(user, ofNetwork, requests, sockets);
        };
        network.CreateSocket(SocketType.Stream, ProtocolType.Tcp).Dispose();
        return new(made, ownsHandle: true);
    }

    static void MakeAndDispose()
    {
        using var network = PrivateNetworks.Create();
        using var device = network.OpenTunOrSkip();
        device.StartReading(_ => { });
        for (int i = 0; i < 3; i++)
            network.CreateSocket(SocketType.Dgram, ProtocolType.Udp).Dispose();
    }

    static async Task Exchange(PrivateNetwork network, IPAddress address, int port)
    {
        using var listener = Listen(network, address, port);
        using var client = network.CreateSocket(SocketType.Stream, ProtocolType.Tcp);
        await Exchange(listener, client);
    }

    static Socket Listen(PrivateNetwork network, IPAddress address, int port)
    {
        var listener = network.CreateSocket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, port));
        listener.Listen();
        return listener;
    }

    static async Task Exchange(Socket listener, Socket client)
    {
        var accepting = listener.AcceptAsync();
        await client.ConnectAsync(listener.LocalEndPoint!).InTime();
        using var server = await accepting.InTime();
        var buffer = new byte[8];
        await client.SendAsync("ping"u8.ToArray()).InTime();
        Assert.That(await server.ReceiveAsync(buffer).InTime(), Is.EqualTo(4));
        await server.SendAsync("pong!"u8.ToArray()).InTime();
        Assert.That(await client.ReceiveAsync(buffer).InTime(), Is.EqualTo(5));
    }
}
