using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.Linux;

/// <summary>What needs descriptors fails as it says while there are too few, whichever of them is the one too many, and keeps none.</summary>
[Platform("Linux"), SupportedOSPlatform("linux"), NonParallelizable]
sealed class DescriptorShortageTests
{
    const int MostNeeded = 20;

    static readonly IPv4Endpoint Any = new(IPv4Address.Parse("127.0.0.1"), 0);

    [Test]
    public void BatchTransport() => Check<SocketException>(least: 3, () => new BatchTransport(Any, segments: true, Datagrams.Each((_, _) => { }), NullLogger.Instance));

    [Test]
    public void SocketTransport() => Check<SocketException>(least: 1, () => new SocketTransport(Any, Datagrams.Each((_, _) => { }), NullLogger.Instance));

    [Test]
    public void RouteListener() => Check<Win32Exception>(least: 1, () => new RouteListener(() => { }, NullLogger.Instance));

    [Test]
    public void ReadLoopOfADescriptor()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Check<Win32Exception>(least: 2, () => ReadLoop.Add(socket.SafeHandle, new Nothing()));
    }

    [Test]
    public void PrivateNetwork()
    {
        PrivateNetworks.Create().Dispose(); // or this test is skipped
        Check<TeredoException>(least: 4, Engine.Linux.PrivateNetwork.Create, "open files");
    }

    [Test]
    public void DeviceOfAPrivateNetwork_ThatIsRead()
    {
        using var network = PrivateNetworks.Create();
        network.OpenTunOrSkip().Dispose();
        Check<TeredoException>(least: 3, () =>
        {
            var device = network.OpenTun("teredo", 1280, offload: true);
            try
            {
                device.StartReading(_ => { });
                return device;
            }
            catch
            {
                device.Dispose();
                throw;
            }
        }, "open files");
    }

    [Test]
    public void SocketOfAPrivateNetwork()
    {
        using var network = PrivateNetworks.Create();
        Check<TeredoException>(least: 3, () => network.CreateSocket(SocketType.Dgram, ProtocolType.Udp), "open files");
    }

    internal static void Check<TException>(int least, Func<IDisposable> open, string words = "") where TException : Exception
    {
        open().Dispose();
        Try(0); // as above: what .NET opens once for all
        int before = CountWhenQuiet(), needed = 0;
        for (bool isOpened = false; !isOpened; needed++)
        {
            Assert.That(needed, Is.LessThan(MostNeeded));
            var failure = Try(needed);
            isOpened = failure is null;
            Assert.That(failure, Is.Null.Or.InstanceOf<TException>().With.Message.Contains(words), $"{needed} descriptors");
            Assert.That(CountWhenQuiet(before), Is.LessThanOrEqualTo(before), $"{needed} descriptors");
        }
        Assert.That(needed - 1, Is.GreaterThanOrEqualTo(least));

        Exception? Try(int descriptors)
        {
            using (DescriptorLimit.Leave(descriptors))
            {
                try
                {
                    open().Dispose();
                    return null;
                }
                catch (Exception e)
                {
                    return e;
                }
            }
        }
    }

    // A thread closes what it used a little later.
    static int CountWhenQuiet(int wanted = 0)
    {
        var waited = Stopwatch.StartNew();
        int count = PrivateNetworks.OpenDescriptors();
        for (var limit = wanted == 0 ? TimeSpan.FromMilliseconds(50) : Patience.Limit; count > wanted && waited.Elapsed < limit; Thread.Sleep(1))
            count = PrivateNetworks.OpenDescriptors();
        return count;
    }

    sealed class Nothing : IReadable
    {
        public bool Read() => false;

        public void Ended()
        {
            // Nothing is kept.
        }
    }
}
