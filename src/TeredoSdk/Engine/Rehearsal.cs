using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Machine.Linux;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>
/// Lets two drivers meet over a server in memory and exchange packets, once in a process, while the real server is asked. So the JIT has compiled what
/// the first packets to a peer need before there is a peer.
/// </summary>
/// <remarks>
/// Nothing leaves the process. Natively compiled code has nothing to learn, so there it does not begin by itself: the command runs it to have the code of
/// first packets in memory again, after it has given the memory of its start back.
/// </remarks>
sealed unsafe class Rehearsal : IHostNetwork, IDriverClient, IDisposable
{
    const ushort Port = 50000;
    const uint Home = 0xC0A8_0000, Outside = 0xC000_0200; // 192.168.0.0/24; 192.0.2.0/24, documentation's
    static readonly IPv4Address Primary = new(Outside + 1), Secondary = new(Outside + 2);
    static int Begun;

    readonly Queue<(IPv4Endpoint Source, IPv4Endpoint Target, byte[] Octets)> _underway = new();
    readonly Dictionary<IPv4Endpoint, DatagramHandler> _handlers = [];
    readonly HashSet<(IPv4Endpoint Mapped, IPv4Endpoint Remote)> _passed = []; // what the NATs let in
    readonly TeredoServer _server =
        new(new() { Primary = Primary, Secondary = Secondary, AllowPrivateAddresses = true, RateLimits = null }, SystemRandom.Instance); // their tables are large
    readonly EngineClock _clock = new(TimeProvider.System);
    readonly InboundFilter _filter;
    readonly StackGuard _guard;
    readonly Nowhere? _nowhere;
    uint _number; // of the host that is opened, in its home's network and outside
    int _received;

    Rehearsal()
    {
        (_filter, _guard) = (new(_clock), new(_clock));
        if (OperatingSystem.IsLinux())
            _nowhere = new();
    }

    event Action? IHostNetwork.Changed
    {
        add { }
        remove { }
    }

    /// <summary>Begins it on a thread of its own, unless it has begun before or would be of no use.</summary>
    /// <param name="rest">What else to run there afterwards: what only the engine itself has.</param>
    public static void Begin(Action rest)
    {
        if (!RuntimeFeature.IsDynamicCodeCompiled || Interlocked.Exchange(ref Begun, 1) != 0)
            return;
        try
        {
            new Thread(() => RunAll(rest)) { IsBackground = true, Name = "Teredo rehearsal" }.UnsafeStart();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            // The process may not have another thread.
        }
    }

    static void RunAll(Action rest)
    {
        Run();
        try
        {
            Metrics.PrepareBubbles();
            rest();
        }
        catch (Exception)
        {
            // The engine could not start, or has ended meanwhile.
        }
    }

    /// <summary>Does it on this thread.</summary>
    /// <returns>How many packets arrived at a peer.</returns>
    internal static int Run()
    {
        try
        {
            using var rehearsal = new Rehearsal();
            rehearsal.Play();
            return rehearsal._received;
        }
        catch (Exception)
        {
            return 0; // a defect of ours: the real packets show it, too, and are told
        }
    }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
            _nowhere!.Dispose();
    }

    void Play()
    {
        var (one, other) = (Open(10), Open(11));
        if (one.Address is { } from && other.Address is { } to)
        {
            var (sender, answerer) = (new PacketSender(one.Send, static (_, _) => { }), new PacketSender(other.Send, static (_, _) => { }));
            for (int i = 0; i < 2; i++) // the first waits for the bubbles; the second goes straight to the peer
            {
                Send(sender, from, to);
                Deliver();
                Send(answerer, to, from);
                Deliver();
                _filter.Open(NextHeader.Udp, Port); // once the flows are known; then one question finds a flow, and the other an open port
            }
        }
        // Nothing waits: there are no ports to close but those above.
        one.DisposeAsync().AsTask().Wait();
        other.DisposeAsync().AsTask().Wait();
    }

    TeredoDriver Open(uint number)
    {
        _number = number;
        var options = new TeredoClientOptions { Servers = [new(Primary, Secondary)], AllowPrivateAddresses = true };
        var driver = new TeredoDriver(options, new(this, SystemRandom.Instance), TimeProvider.System, this, NullLogger.Instance) { IsCounted = false };
        driver.Start();
        Deliver();
        return driver;
    }

    // As from a device: one packet of the kernel.
    void Send(PacketSender sender, TeredoAddress from, TeredoAddress to)
    {
        byte* memory = stackalloc byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + 1];
        var octets = new Span<byte>(memory, IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + 1);
        int length = UdpDatagram.WritePacket(octets, from, Port, to, Port, [0]);
        ulong sum = InternetChecksum.PseudoHeader(from, to, NextHeader.Udp, length - IPv6Packet.HeaderSize);
        BinaryPrimitives.WriteUInt16BigEndian(octets[(IPv6Packet.HeaderSize + UdpField.Checksum)..], InternetChecksum.Fold(sum)); // the rest is ours to add
        var header = new VirtioHeader { Flags = VirtioHeader.NeedsChecksum, ChecksumStart = IPv6Packet.HeaderSize, ChecksumOffset = UdpField.Checksum };
        var packet = new DevicePacket(0, length, header);
        var recent = new InboundFilter.Recent();
        if (IPv6Packet.TryParse(octets, out var parsed) && _filter.NoteSent(parsed, ref recent) is null)
            _guard.NoteContact(parsed.Destination);
        sender.Add(new(memory, new(in packet)), packet);
        sender.Flush();
    }

    // In turn, on this thread, until nothing is underway.
    void Deliver()
    {
        byte[] buffer = new byte[DatagramBatch.MaxDatagramOctets];
        while (_underway.TryDequeue(out var next))
        {
            if (_handlers.TryGetValue(next.Target, out var handler))
            {
                var run = new DatagramRun(next.Source, 0, next.Octets.Length, Math.Max(next.Octets.Length, 1));
                if (_passed.Contains((next.Target, next.Source)))
                    handler(next.Octets, new(in run));
                continue;
            }
            var via = next.Target.Address == Primary ? LocalPort.ServerPrimary : LocalPort.ServerSecondary;
            _server.HandleDatagram(_clock.Now, via, next.Source, next.Octets);
            while (_server.TryTakeTransmit(buffer, out var transmit))
            {
                var source = new IPv4Endpoint(transmit.Via == LocalPort.ServerPrimary ? Primary : Secondary, TeredoPorts.Server);
                _underway.Enqueue((source, transmit.Target, buffer[..transmit.Length]));
            }
        }
    }

    NetworkState IHostNetwork.Describe(IPv4Address server) => new()
    {
        HasIPv4 = true,
        LocalAddress = new(Home + _number),
        AttachedSubnets = [new(new(Home + _number), 32)], // nobody else is at home
    };

    IUdpTransport IHostNetwork.Open(IPv4Endpoint local, DatagramHandler handler)
    {
        var at = new IPv4Endpoint(new(Home + _number), (ushort)(Port + _handlers.Count));
        var mapped = at with { Address = new(Outside + _number) };
        _handlers.Add(mapped, handler);
        return new Transport(this, at, mapped);
    }

    void IDriverClient.Receive(ReadOnlySpan<byte> buffer, Span<PacketRange> packets)
    {
        var recent = new InboundFilter.Recent();
        foreach (var range in packets)
        {
            if (!IPv6Packet.TryParse(range.In(buffer), out var packet) || HostRules.Judge(packet) is not null || packet.IsBubble)
                continue;
            _filter.Judge(packet, ref recent, out bool solicited);
            if (!solicited)
                _guard.NoteUnsolicited(packet.Source);
            if (OperatingSystem.IsLinux())
                _nowhere!.Writer.Write(buffer, packets);
            _received++;
        }
    }

    void IDriverClient.Handle(ClientEvent clientEvent)
    {
        // Who qualified is seen at the driver.
    }

    // A socket behind a NAT, which keeps its port and lets in who was sent to.
    sealed class Transport(Rehearsal rehearsal, IPv4Endpoint local, IPv4Endpoint mapped) : IUdpTransport
    {
        public IPv4Endpoint LocalEndpoint => local;

        public Task Completion => Task.CompletedTask;

        public void Send(IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
        {
            rehearsal._passed.Add((mapped, target));
            rehearsal._underway.Enqueue((mapped, target, payload.ToArray()));
        }

        public void Send(DatagramBatch batch, int firstGroup, int groupCount)
        {
            if (OperatingSystem.IsLinux())
                rehearsal._nowhere!.Sender.Send(batch, firstGroup, groupCount);
            byte[] datagram = new byte[DatagramBatch.MaxDatagramOctets];
            foreach (ref var group in batch.Groups.Slice(firstGroup, groupCount))
                Send(group.Target, datagram.AsSpan(0, batch.CopyTo(group.First, datagram)), 0); // of one datagram each
        }

        public void Dispose() => rehearsal._handlers.Remove(mapped);
    }

    /// <summary>The ends of the datapath on Linux, where the kernel refuses or forgets what comes.</summary>
    [SupportedOSPlatform("linux")]
    sealed class Nowhere : IDisposable
    {
        readonly SafeFileHandle _file = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);

        public Nowhere() => (Sender, Writer) = (new(_file, true, NullLogger.Instance), new(_file, new(true, true, true, null)));

        public MessageSender Sender { get; }

        public DeviceWriter Writer { get; }

        public void Dispose()
        {
            Sender.Dispose();
            _file.Dispose();
        }
    }
}
