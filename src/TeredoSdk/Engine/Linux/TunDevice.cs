using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Linux;

/// <summary>A network device whose packets this process reads and writes. Disposing it removes it, with its addresses and routes.</summary>
/// <remarks>
/// Safe for any number of threads. The kernel sends packets of its own on such a device (router solicitations and multicast reports
/// from a link-local address). The handler gets these, too.
/// </remarks>
[SupportedOSPlatform("linux")]
sealed class TunDevice : IDisposable
{
    public const int OpenFlags = Libc.O_RDWR | Libc.O_NONBLOCK | Libc.O_CLOEXEC;

    // Nothing slows a sender down when a TUN device is full: packets are lost. The kernel's 500 are less than one TCP connection has under way, and then one
    // packet in twenty is; 2000 are what its receive window holds by default, at most 20 ms at 1 Gbit/s. Long packets need no more, and would hold 128 MB.
    const int SinglePackets = 2000;

    const int MinMtu = 1280, MaxMtu = 65535; // RFC 8200 §5; an IPv6 payload's length has 16 bits

    readonly SafeFileHandle _tun;
    readonly InterfaceControl _control;
    readonly DeviceReader _reader;
    readonly DeviceWriter _writer;
    int _isDisposed;

    TunDevice(SafeFileHandle tun, InterfaceControl control, string name, int mtu, TunOffload offload)
    {
        (_tun, _control, Name, Mtu, Index, Offload) = (tun, control, name, mtu, control.IndexOf(name), offload);
        _reader = new(tun, name, offload.HasHeaders, offload.Tcp ? DeviceReader.MaxLongPacket : mtu);
        _writer = new(tun, offload);
    }

    public string Name { get; }

    public int Index { get; }

    /// <summary>In octets.</summary>
    public int Mtu { get; }

    /// <summary>What the device hands over and takes.</summary>
    public TunOffload Offload { get; }

    /// <summary>How many packets the kernel did not take.</summary>
    public long LostWrites => _writer.Lost;

    /// <summary>The device for a report.</summary>
    public DeviceFacts Facts => new(Offload.Tcp, _writer.Problem ?? Offload.Problem, LostWrites + _reader.Dropped);

    /// <summary>Ends when the handler is no longer called. Fails with <see cref="TeredoException"/> when the device was removed.</summary>
    public Task Completion => _reader.Completion;

    /// <summary>Makes a device of the machine that is up and has no address: for whole-machine clients and relays.</summary>
    /// <param name="name">Up to 15 octets; <c>%d</c> in it becomes a number.</param>
    /// <param name="mtu">1280 to 65535 octets.</param>
    /// <param name="offload">Whether long packets, which stand for many, are wanted.</param>
    /// <exception cref="TeredoException">There is no TUN device on this system, this process lacks CAP_NET_ADMIN, or the name is taken.</exception>
    public static TunDevice OpenInHost(string name, int mtu, bool offload) => OpenInHost(name, mtu, offload, "/dev/net/tun");

    internal static TunDevice OpenInHost(string name, int mtu, bool offload, string tunPath)
    {
        CheckArguments(name, mtu);
        var tun = Libc.Open(tunPath, OpenFlags);
        if (tun.IsInvalid)
            throw LinuxProblems.OfHostTunFile(Marshal.GetLastPInvokeError(), tunPath);
        return Create(tun, InterfaceControl.OfHost, name, mtu, offload, isInHost: true);
    }

    // Takes ownership of the TUN descriptor and of the control; both belong to the same network.
    internal static TunDevice Create(SafeFileHandle tun, Func<InterfaceControl> openControl, string name, int mtu, bool offload, bool isInHost)
    {
        InterfaceControl? control = null;
        try
        {
            control = openControl();
            string actual = name;
            var attached = TunOffload.Attach(tun, offload, ref actual);
            control.SetMtu(actual, mtu);
            control.BringUp(actual);
            var verified = attached.Verify(tun);
            if (!verified.Tcp)
                LengthenQueue(control, actual);
            return new(tun, control, actual, mtu, verified);
        }
        catch (Win32Exception e)
        {
            tun.Dispose();
            control?.Dispose();
            throw LinuxProblems.OfDevice(e, name, isInHost);
        }
    }

    static void LengthenQueue(InterfaceControl control, string name)
    {
        try
        {
            control.SetQueue(control.IndexOf(name), SinglePackets);
        }
        catch (Win32Exception)
        {
            // A sandbox may refuse it: then more packets are lost under load.
        }
    }

    internal static void CheckArguments(string name, int mtu)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) >= Libc.IFNAMSIZ)
            throw new ArgumentException($"A device's name has 1 to {Libc.IFNAMSIZ - 1} octets; \"{name}\" does not.", nameof(name));
        if (mtu is < MinMtu or > MaxMtu)
            throw new ArgumentOutOfRangeException(nameof(mtu), mtu, $"An IPv6 device's MTU is {MinMtu} to {MaxMtu} octets.");
    }

    /// <summary>Gives the device one more address, and a route to its prefix.</summary>
    /// <returns>False when it has the address already.</returns>
    /// <exception cref="TeredoException">The kernel refuses.</exception>
    public bool SetAddress(IPAddress address, int prefixLength) =>
        Change($"The address {address}/{prefixLength}", Libc.EEXIST, () => _control.AddAddress(Index, address, prefixLength));

    /// <summary>Removes an address. It is no error when the address does not exist.</summary>
    /// <exception cref="TeredoException">The kernel refuses.</exception>
    public void RemoveAddress(IPAddress address, int prefixLength) =>
        Change($"Removing the address {address}/{prefixLength}", Libc.EADDRNOTAVAIL, () => _control.RemoveAddress(Index, address, prefixLength));

    /// <summary>Sends packets for a prefix to this device.</summary>
    /// <param name="prefix">The destinations; <c>::</c> with length 0 is the default route.</param>
    /// <param name="length">0 to 128 bits.</param>
    /// <param name="metric">Of two routes to the same prefix, the one with the lower metric is used; 0 means the kernel's default, 1024.</param>
    /// <exception cref="TeredoException">The kernel refuses, or such a route exists already.</exception>
    public void AddRoute(IPAddress prefix, int length, uint metric = 0) =>
        Change($"The route to {prefix}/{length}", null, () => _control.AddRoute(Index, prefix, length, metric));

    /// <summary>As <see cref="AddRoute"/>, but it is no error when the route exists.</summary>
    /// <returns>False when the route exists.</returns>
    /// <exception cref="TeredoException">The kernel refuses.</exception>
    public bool EnsureRoute(IPAddress prefix, int length, uint metric) =>
        Change($"The route to {prefix}/{length}", Libc.EEXIST, () => _control.AddRoute(Index, prefix, length, metric));

    /// <summary>Brings the device up, if another program took it down.</summary>
    /// <exception cref="TeredoException">The kernel refuses.</exception>
    public void BringUp() => Change("Bringing up", null, () => _control.BringUp(Name));

    /// <summary>Removes a route. It is no error when the route does not exist.</summary>
    /// <exception cref="TeredoException">The kernel refuses.</exception>
    public void RemoveRoute(IPAddress prefix, int length, uint metric = 0) =>
        Change($"Removing the route to {prefix}/{length}", Libc.ESRCH, () => _control.RemoveRoute(Index, prefix, length, metric));

    /// <summary>Starts to read packets, on a thread of its own or one that many devices share. May be called once.</summary>
    /// <param name="handler">Takes the packets. When it throws, that burst is lost and <paramref name="log"/> gets the exception.</param>
    /// <param name="log">Is told of a defect in the handler, and why the device hands over no long packets.</param>
    /// <exception cref="TeredoException">No more descriptors can be opened.</exception>
    public void Start(DeviceHandler handler, ILogger log)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (Offload.Problem is { } problem)
            Log.DatapathRung(log, TeredoDatapath.Segments, problem);
        _writer.Refused = refusal => Log.DatapathRung(log, TeredoDatapath.Segments, refusal);
        Change("Reading", null, () => _reader.Start(handler, fault => Log.EngineFault(log, fault)));
    }

    /// <summary>Hands a packet to the kernel. A failure is a lost packet, never an exception.</summary>
    public void Write(ReadOnlySpan<byte> packet) => _writer.Write(packet);

    /// <summary>Hands packets to the kernel, those of one flow in their order. A failure is a lost packet, never an exception.</summary>
    public void Write(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets) => _writer.Write(buffer, packets);

    /// <summary>Stops reading and removes the device. The handler is not called afterwards, except when the handler itself made this call.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        _reader.Dispose();
        _tun.Dispose();
        _control.Dispose();
    }

    // Returns false when the change was made already.
    bool Change(string what, int? harmless, Action change)
    {
        try
        {
            change();
            return true;
        }
        catch (Win32Exception e) when (e.NativeErrorCode == harmless)
        {
            return false;
        }
        catch (Win32Exception e)
        {
            throw LinuxProblems.OfChange(e, what, Name);
        }
    }
}
