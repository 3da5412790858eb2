using System.Net;
using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Stacks.Machine;

/// <summary>Uses the machine's own stack: a TUN device in the machine's network, whose address and routes every program sees.</summary>
/// <remarks>
/// The machine's firewall decides which packets get in. Packets with a source that is not a Teredo address go to the relay. Owns the device.
/// </remarks>
[SupportedOSPlatform("linux")]
sealed class MachineStack : ISocketStack
{
    const int TeredoPrefix = 32;       // setting the address also makes the route to all of Teredo (RFC 4380 §2.6)
    const uint DefaultMetric = 1029;   // a native default route has 1024 or less and so wins; miredo uses this value, too

    const int MaxRestorations = 3;     // within the time below; whoever takes the address away more often means it

    static readonly TimeSpan RestorationTime = TimeSpan.FromMinutes(1);

    readonly Lock _gate = new();
    readonly StackContext _context;
    readonly TunDevice _device;
    readonly PacketSender _sender;
    readonly OwnAddressRelay? _relay;
    readonly IHostNetwork _network;
    readonly TaskCompletionSource _fault;
    readonly Queue<Instant> _restored = new();
    TeredoAddress? _address;
    bool _disposed;

    /// <param name="context">The parts that the stack shares with the engine.</param>
    /// <param name="device">The device; the stack owns it from here on.</param>
    /// <param name="relay">Takes packets whose source is not a Teredo address; null when there is no relay.</param>
    /// <param name="network">Tells of changes, such as another program's that takes the address away.</param>
    /// <param name="fault">Fails when the address can't be kept.</param>
    public MachineStack(StackContext context, TunDevice device, OwnAddressRelay? relay, IHostNetwork network, TaskCompletionSource fault)
    {
        (_context, _device, _relay, _network, _fault) = (context, device, relay, network, fault);
        _sender = new(context.Driver.Send, Refuse);
        device.Start(Send, context.Log);
        network.Changed += Check;
    }

    public SocketCapabilities Capabilities => SocketCapabilities.KernelSockets | SocketCapabilities.Streams;

    public bool AnswersEcho => true;

    public DeviceFacts? Device => _device.Facts;

    public void SetAddress(TeredoAddress address)
    {
        lock (_gate)
        {
            if (_disposed || _address == address)
                return;
            Clear();
            _device.SetAddress(address.ToIPAddress(), TeredoPrefix);
            _device.AddRoute(IPAddress.IPv6Any, 0, DefaultMetric);
            _address = address;
        }
    }

    public void LoseAddress()
    {
        lock (_gate)
            if (!_disposed)
                Clear();
    }

    public void Receive(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets) => _device.Write(buffer, packets);

    public IDatagramEndpoint Bind(ushort port, bool isUnrestricted) =>
        new SocketEndpoint(InterfaceSockets.BindDatagrams(Interface, port), static () => { });

    public IStreamListener Listen(ushort port, bool isUnrestricted, int backlog) => new SocketListener(InterfaceSockets.Listen(Interface, port, backlog));

    public async Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        new SocketStream(await InterfaceSockets.ConnectAsync(Interface, remoteEndPoint, cancellationToken).ConfigureAwait(false));

    public void Dispose()
    {
        _network.Changed -= Check;
        lock (_gate)
            _disposed = true;
        _device.Dispose();
    }

    TeredoInterface Interface
    {
        get
        {
            lock (_gate)
                return new(_device.Name, _device.Index, _device.Mtu, _address ?? throw Problems.NoAddress());
        }
    }

    // What another program took away comes back, unless it does that again and again.
    void Check()
    {
        try
        {
            lock (_gate)
            {
                if (_disposed || _address is not { } address || !Restore(address))
                    return;
                while (_restored.TryPeek(out var at) && _context.Clock.Now - at > RestorationTime)
                    _restored.Dequeue();
                if (_restored.Count < MaxRestorations)
                    _restored.Enqueue(_context.Clock.Now);
                else
                    throw LinuxProblems.OfTakenAddress(_device.Name, address.ToIPAddress());
            }
            Log.AddressRestored(_context.Log, _device.Name);
        }
        catch (TeredoException e) when (e.HResult != Libc.ENODEV) // when the device itself is gone, its reader tells
        {
            _fault.TrySetException(e);
        }
        catch (TeredoException)
        {
            // Nothing can be restored.
        }
    }

    // Returns true when something was missing.
    bool Restore(TeredoAddress address)
    {
        _device.BringUp();
        bool hadNoAddress = _device.SetAddress(address.ToIPAddress(), TeredoPrefix);
        return _device.EnsureRoute(IPAddress.IPv6Any, 0, DefaultMetric) || hadNoAddress;
    }

    void Clear()
    {
        if (_address is not { } old)
            return;
        _address = null;
        _device.RemoveRoute(IPAddress.IPv6Any, 0, DefaultMetric);
        _device.RemoveAddress(old.ToIPAddress(), TeredoPrefix);
    }

    // Takes packets of the kernel, on the device's thread. For one that can't be delivered, the core returns an ICMPv6 error.
    void Send(in DeviceBurst burst)
    {
        foreach (var packet in burst.Packets)
        {
            if (!IPv6Packet.TryParse(burst[packet], out var parsed))
                _context.Guard.Count(DropReason.MalformedTransport);
            else if (parsed.Source.IsTeredo)
                _sender.Add(burst, packet);
            else
                _relay?.Add(burst, packet);
        }
        _sender.Flush();
        _relay?.Flush();
    }

    void Refuse(ReadOnlySpan<byte> packet, DropReason reason)
    {
        if (reason == DropReason.MalformedTransport) // the core counts all others itself
            _context.Guard.Count(reason);
    }
}

/// <summary>Chooses the machine's own stack, over a device that exists already.</summary>
[SupportedOSPlatform("linux")]
sealed class MachineStackChoice(TunDevice device, OwnAddressRelay? relay, IHostNetwork network) : IStackChoice
{
    readonly TaskCompletionSource _fault = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the device. Fails when another program removed it, or takes its address away again and again.</summary>
    public async Task CompleteAsync() => await (await Task.WhenAny(device.Completion, _fault.Task).ConfigureAwait(false)).ConfigureAwait(false);

    public Task<ChosenStack> MakeAsync(StackContext context) =>
        Task.FromResult<ChosenStack>(new(new MachineStack(context, device, relay, network, _fault), []));
}
