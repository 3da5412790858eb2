using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks.Kernel;

/// <summary>Uses the kernel's stack: a private network of this process with a TUN device. Its sockets are ordinary sockets.</summary>
/// <remarks>
/// Nothing on the machine's own network changes, and a socket made here can't send there. The kernel sees only the packets that the
/// <see cref="InboundFilter"/> lets through. After the network is disposed, sockets still exist, but they reach nothing.
/// </remarks>
[SupportedOSPlatform("linux")]
sealed class KernelStack : ISocketStack
{
    const string DeviceName = "teredo";
    const int MtuOctets = 1280;     // RFC 4380 §5.1.2
    const int HostPrefix = 128;

    static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5), FlushTime = TimeSpan.FromSeconds(0.5);
    static readonly IPv6Address Mark = IPv6Address.Parse("100::1"); // RFC 6666: the discard prefix, which is never a real destination

    readonly Lock _gate = new();
    readonly StackContext _context;
    readonly InboundFilter _filter;
    readonly PrivateNetwork _network;
    readonly TunDevice _device;
    readonly PacketSender _sender;
    readonly LargePackets _largePackets = new();
    readonly StreamDrain _drain = new(TimeProvider.System);
    readonly TaskCompletionSource _marked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    IPAddress? _address;
    bool _disposed;

    KernelStack(in StackContext context, PrivateNetwork network, TunDevice device)
    {
        (_context, _network, _device) = (context, network, device);
        _filter = new(context.Clock);
        _sender = new(context.Driver.Send, context.Refuse);
        device.AddRoute(IPAddress.IPv6Any, 0);
        device.Start(Send, context.Log);
    }

    public SocketCapabilities Capabilities => SocketCapabilities.KernelSockets | SocketCapabilities.Streams | SocketCapabilities.EnforcesInbound;

    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.KernelSocketsUnavailable"/>: the message says what refuses, and what would help.
    /// </exception>
    public static KernelStack Open(in StackContext context)
    {
        var network = PrivateNetwork.Create();
        TunDevice? device = null;
        try
        {
            network.CreateSocket(SocketType.Dgram, ProtocolType.Udp).Dispose(); // a sandbox may allow all the rest, and no IPv6 sockets
            device = network.OpenTun(DeviceName, MtuOctets, context.Parts.HasOffload);
            return new(context, network, device);
        }
        catch
        {
            device?.Dispose();
            network.Dispose();
            throw;
        }
    }

    public DeviceFacts? Device => _device.Facts;

    public void SetAddress(TeredoAddress address)
    {
        var wanted = address.ToIPAddress();
        lock (_gate)
        {
            if (_disposed || wanted.Equals(_address))
                return;
            if (_address is not null)
                _device.RemoveAddress(_address, HostPrefix);
            _address = null;
            _largePackets.Forget();
            _device.SetAddress(wanted, HostPrefix);
            _address = wanted;
        }
    }

    public IDatagramEndpoint Bind(ushort port, bool isUnrestricted)
    {
        var socket = Open(SocketType.Dgram, ProtocolType.Udp, port);
        FreshSocket.ForbidFragments(socket);
        ushort bound = (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
        _filter.CloseDatagrams(bound); // the previous socket at this port may have opened a flow while it was closing
        if (isUnrestricted)
            _filter.Open(NextHeader.Udp, bound);
        return new SocketEndpoint(socket, () => _filter.CloseDatagrams(bound));
    }

    public IStreamListener Listen(ushort port, bool isUnrestricted, int backlog)
    {
        var socket = Open(SocketType.Stream, ProtocolType.Tcp, port);
        try
        {
            socket.Listen(backlog);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw Problems.OfBind("TCP", port, e);
        }
        if (isUnrestricted)
            _filter.Open(NextHeader.Tcp, (ushort)((IPEndPoint)socket.LocalEndPoint!).Port);
        return new SocketListener(socket);
    }

    public void Unlisten(ushort port) => _filter.Close(NextHeader.Tcp, port);

    public void Admit(IPEndPoint local, IPEndPoint remote) =>
        _filter.OpenStream((ushort)local.Port, IPv6Address.FromIPAddress(remote.Address), (ushort)remote.Port);

    public bool? JudgeLargePackets(IEnumerable<IStreamEndpoint> connections)
    {
        foreach (var connection in connections)
            _largePackets.Note(connection.Socket!);
        return _largePackets.Arrive;
    }

    public void Retire(IStreamEndpoint connection)
    {
        _largePackets.Note(connection.Socket!);
        _drain.Add(connection.Socket!);
    }

    public async Task DrainAsync()
    {
        await _drain.CompleteAsync(DrainTime).ConfigureAwait(false);
        if (_drain.WasUsed)
            await FlushAsync().ConfigureAwait(false);
    }

    public async Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        var fresh = Open(SocketType.Stream, ProtocolType.Tcp);
        return new SocketStream(await FreshSocket.ConnectAsync(fresh, FreshSocket.LimitSynRetries, remoteEndPoint, cancellationToken)
            .ConfigureAwait(false));
    }

    public void Receive(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets)
    {
        Span<PacketRange> admitted = stackalloc PacketRange[packets.Length];
        int count = 0;
        var flow = default(InboundFilter.Recent);
        foreach (var range in packets)
        {
            if (!IPv6Packet.TryParse(range.In(buffer), out var packet))
                continue; // the driver parsed it already
            var drop = _filter.Judge(packet, ref flow, out bool solicited);
            if (!solicited)
                _context.Guard.NoteUnsolicited(packet.Source);
            if (drop is { } reason)
                _context.Guard.Count(reason);
            else
                admitted[count++] = range;
        }
        _device.Write(buffer, admitted[..count]);
    }

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        _device.Dispose();
        _network.Dispose();
    }

    Socket Open(SocketType type, ProtocolType protocol, ushort? port = null)
    {
        lock (_gate)
            Disposed.ThrowIf(_disposed, Disposed.Node);
        var socket = _network.CreateSocket(type, protocol);
        try
        {
            if (port is { } number)
                socket.Bind(new IPEndPoint(IPAddress.IPv6Any, number));
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw Problems.OfBind(protocol == ProtocolType.Tcp ? "TCP" : "UDP", port ?? 0, e);
        }
    }

    // The device delivers packets in order. When the mark arrives, all earlier packets are out, including resets and the last acknowledgements.
    async Task FlushAsync()
    {
        try
        {
            using var socket = Open(SocketType.Dgram, ProtocolType.Udp);
            await socket.SendToAsync(new byte[1], new IPEndPoint(Mark.ToIPAddress(), 9)).ConfigureAwait(false);
            await _marked.Task.WaitAsync(FlushTime).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or TimeoutException or TeredoException or ObjectDisposedException)
        {
            // Without an address nothing can be sent, so there is nothing to wait for.
        }
    }

    /// <summary>Takes packets of the kernel, on the device's thread.</summary>
    internal void Send(in DeviceBurst burst)
    {
        var flow = default(InboundFilter.Recent);
        foreach (var packet in burst.Packets)
        {
            if (!IPv6Packet.TryParse(burst[packet], out var parsed))
                _context.Guard.Count(DropReason.MalformedTransport);
            else if (parsed.Destination == Mark)
            {
                _sender.Flush();
                _marked.TrySetResult();
            }
            else if (_filter.NoteSent(parsed, ref flow) is { } drop)
                _context.Guard.Count(drop);
            else
            {
                if (!flow.WasContacted)
                    _context.Guard.NoteContact(parsed.Destination);
                flow.WasContacted = true;
                _sender.Add(burst, packet);
            }
        }
        _sender.Flush();
    }
}
