using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine.Linux;
using static TeredoSdk.Engine.Linux.NamespaceBroker;

namespace TeredoSdk.Tests.Linux;

/// <summary>Descriptors that a child makes inside a private network, and which of its steps it names when one fails.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
sealed class NamespaceBrokerTests
{
    const int Times = 8; // other threads of this process open and close descriptors, too, but not so many

    static readonly DescriptorRequest Socket = new(Libc.AF_INET6, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0),
        Null = DescriptorRequest.File("/dev/null", Libc.O_RDONLY), Missing = DescriptorRequest.File("/dev/null/missing", Libc.O_RDONLY),
        Odd = new(Libc.AF_NETLINK, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 99);

    (SafeFileHandle User, SafeFileHandle Network) _namespaces;

    [OneTimeSetUp]
    public void Make()
    {
        PrivateNetworks.Create().Dispose(); // or skips
        _namespaces = NamespaceMaker.Make();
    }

    [OneTimeTearDown]
    public void End()
    {
        _namespaces.User.Dispose();
        _namespaces.Network.Dispose();
    }

    // The heap has no other way to tell. Threads of the runtime use it, too, but not so much.
    [Test]
    public unsafe void Orders_GiveTheirMemoryBack()
    {
        const int times = 20_000;
        var functions = BrokerOrder.FindFunctions();
        Use(100);
        try
        {
            nuint before = NativeHeap.InUse;
            Use(times);
            Assert.That((long)NativeHeap.InUse - (long)before, Is.LessThan(8 * times), "less than the smallest piece of each order");
        }
        catch (EntryPointNotFoundException)
        {
            Assert.Ignore("This C library does not tell.");
        }

        void Use(int count)
        {
            for (int i = 0; i < count; i++)
                BrokerOrder.Free(BrokerOrder.Create(functions, [Socket, Null]));
        }
    }

    [Test]
    public void FilesOfNamespaces_TheFirstFailureIsKept()
    {
        int errno = 0;
        NamespaceMaker.Open("/proc/self/ns/net", ref errno).Dispose();
        Assert.That(errno, Is.Zero);
        NamespaceMaker.Open("/proc/self/ns/none", ref errno).Dispose();
        Assert.That(errno, Is.EqualTo(Libc.ENOENT));
        NamespaceMaker.Open("/proc/self/exe/none", ref errno).Dispose(); // no directory
        Assert.That(errno, Is.EqualTo(Libc.ENOENT));
    }

    [Test]
    public void EachRequest_GetsADescriptor_InTheirOrder()
    {
        int[] made = new int[8];
        Assert.That(Run([Null, Socket, Null, Socket, Socket, Socket, Socket, Null], made), Is.EqualTo(new Outcome(Step.Done, 0)));
        Assert.That(made.Select(IsNull), Is.EqualTo(new[] { true, false, true, false, false, false, false, true }));
        foreach (int descriptor in made)
            Libc.Close(descriptor);
    }

    [Test]
    public void NineRequests_AreTooMany() =>
        Assert.That(() => Run([.. Enumerable.Repeat(Null, 9)], new int[9]), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void FailedStep_IsNamed_AndNothingIsLeft()
    {
        using var noNamespace = File.OpenHandle("/dev/null");
        var (user, network) = _namespaces;
        string signals = BlockedSignals();
        int before = PrivateNetworks.OpenDescriptors();
        for (int i = 0; i < Times; i++)
        {
            Assert.That(NamespaceBroker.Run(noNamespace, network, [Null], new int[1]), Is.EqualTo(new Outcome(Step.EnterUserNamespace, Libc.EINVAL)));
            Assert.That(NamespaceBroker.Run(user, noNamespace, [Null], new int[1]), Is.EqualTo(new Outcome(Step.EnterNetworkNamespace, Libc.EINVAL)));
            Assert.That(Run([Null, Missing], new int[2]), Is.EqualTo(new Outcome(Step.Open, 20)), "ENOTDIR");
            Assert.That(Run([Odd], new int[1]), Is.EqualTo(new Outcome(Step.CreateSocket, 93, Libc.AF_NETLINK)), "EPROTONOSUPPORT");
            Assert.That(Run([Null, Null], new int[3]), Is.EqualTo(new Outcome(Step.Receive, Libc.EMFILE)), "fewer came than were wanted");
        }
        Assert.That(PrivateNetworks.OpenDescriptors(), Is.LessThan(before + Times));
        Assert.That(PrivateNetworks.Children(), Is.Empty);
        Assert.That(BlockedSignals(), Is.EqualTo(signals));
    }

    [TestCase(true, true), TestCase(true, false), TestCase(false, true)]
    public void NamespacesThatAreGone_LeaveNothing(bool isUserGone, bool isNetworkGone)
    {
        int before = PrivateNetworks.OpenDescriptors();
        for (int i = 0; i < Times; i++)
        {
            var (user, network) = NamespaceMaker.Make();
            if (isUserGone)
                user.Dispose();
            if (isNetworkGone)
                network.Dispose();
            Assert.That(() => NamespaceBroker.Run(user, network, [Null], new int[1]), Throws.InstanceOf<ObjectDisposedException>());
            user.Dispose();
            network.Dispose();
        }
        Assert.That(PrivateNetworks.OpenDescriptors(), Is.LessThan(before + Times), "a handle that is still counted as used keeps its descriptor");
    }

    Outcome Run(DescriptorRequest[] requests, int[] made) => NamespaceBroker.Run(_namespaces.User, _namespaces.Network, requests, made);

    static bool IsNull(int descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget == "/dev/null";

    static string BlockedSignals() => File.ReadLines("/proc/thread-self/status").Single(line => line.StartsWith("SigBlk", StringComparison.Ordinal));
}
