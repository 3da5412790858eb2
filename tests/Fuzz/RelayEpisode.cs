using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>A relay between native hosts and clients, some behind symmetric NATs.</summary>
public sealed class RelayEpisode : Episode
{
    const int ClientCount = 24, FloodSize = 400;
    static readonly IPv6Address Host = IPv6Address.Parse("2001:db8:6::50");

    static readonly TeredoRelayOptions Strict = new()
    {
        ServedPrefixes = [new(IPv6Address.Parse("2001:db8:6::"), 64)],
        OwnAddresses = [IPv4Address.Parse("81.2.69.20")],
    };

    static readonly TeredoRelayOptions[] Variants =
    [
        Strict,
        Strict with { ServedPrefixes = [new(default, 0)], AttachedSubnets = [new(IPv4Address.Parse("81.2.69.0"), 26)] },
        Strict with { ServedPrefixes = [new(Host, 128)], AllowPrivateAddresses = true },
        Strict with { SendDirectBubbles = false, OwnAddresses = [] },
        Strict with { MaxPeers = 16 },
        Strict with { MaxPeers = 200, ServedPrefixes = [new(Host, 32)] }, // flooded
    ];

    readonly TeredoRelay _relay;
    readonly RelayOracle _oracle;
    readonly Mutator _mutator;
    readonly List<IPv6Address> _clients = [], _addresses = [];
    readonly List<IPv4Endpoint> _endpoints = [];
    readonly (IPv4Endpoint Target, IPv6Address Source, IPv6Address Client)[] _bubbles = new (IPv4Endpoint, IPv6Address, IPv6Address)[16];
    readonly byte[] _buffer = new byte[BufferSize];
    readonly bool _isFlooded;
    int _bubbleCount;

    /// <param name="seed">Where every choice comes from.</param>
    /// <param name="number">Which options, modulo their number.</param>
    public RelayEpisode(int seed, int number) : base(seed)
    {
        var options = Variants[number % Variants.Length];
        _isFlooded = options.MaxPeers == 200;
        _relay = new(options, new SeededRandom(seed));
        _oracle = new(options) { JudgesBudgets = options.MaxPeers > ClientCount * 100 };
        foreach (string text in "81.2.69.20:4000 81.2.69.20:3544 10.0.0.1:4000 127.0.0.1:4000 224.0.0.253:3544 255.255.255.255:9 81.2.69.63:4000 0.0.0.0:0 8.8.8.8:53 8.8.8.8:3544".Split(' '))
            _endpoints.Add(IPv4Endpoint.Parse(text));
        foreach (string text in "2001:db8:6::51 2001:db8:7::1 2a00:1450::1 2002:808:808::1 2002:5102:4514::1 fe80::1 ff02::1 ::1 :: 3ffe:831f:808:808::1".Split(' '))
            _addresses.Add(IPv6Address.Parse(text));
        for (uint i = 0; i < ClientCount; i++)
        {
            IPv4Endpoint mapped = new(new(0x51024528 + i), (ushort)(20000 + i));
            _clients.Add(new TeredoAddress(new(0x53AA0601 + i % 3), (TeredoFlags)Random.Next(65536) & TeredoFlags.Random, mapped));
            _endpoints.Add(mapped);
        }
        _addresses.AddRange(_clients);
        foreach (var endpoint in _endpoints)
            _addresses.Add(new TeredoAddress(new(0x53AA0601), TeredoFlags.None, endpoint));
        _mutator = new(Random, _addresses, _endpoints);
    }

    /// <inheritdoc/>
    public override void Step()
    {
        PassTime(NextPause());
        if (Chance(30))
            SendFromNative();
        for (int flood = _isFlooded && Chance(5) ? FloodSize : 0; flood > 0; flood--) // at once
            SendFromNative();
        switch (Random.Next(10))
        {
            case < 3 when _bubbles[Random.Next(_bubbles.Length)] is { Client.High: not 0 } bubble:
                HandIn(Chance(95) ? EndpointOf(bubble.Client) : Pick(_endpoints), Spoil(Craft.BubbleOf(bubble.Client, bubble.Source)));
                break;
            case < 7:
                var client = Pick(_clients);
                HandIn(EndpointOf(client), Spoil(Craft.Udp(client, Chance(80) ? Host : Pick(_addresses), Random.Next(100))));
                break;
            default:
                byte[] payload = Mutator.Readdress(Pick(Corpus.Payloads), Chance(80) ? Pick(_clients) : Pick(_addresses), Chance(50) ? Host : Pick(_addresses));
                HandIn(Chance(60) ? EndpointOf(Pick(_clients)) : Chance(50) ? Pick(_endpoints) : AnyEndpoint(), _mutator.Mutate(payload));
                break;
        }
    }

    void PassTime(TimeSpan pause)
    {
        var end = Now + pause;
        bool late = Chance(3);
        for (int calls = 0; !late && _relay.NextDeadline is { } due && due <= end; calls++)
        {
            Finding.Unless(calls < 100_000, $"busy loop: {calls} time-outs in {pause}");
            Now = due > Now ? due : Now;
            TimeOut();
        }
        Now = end;
        if (late || Chance(1))
            TimeOut();
    }

    void TimeOut()
    {
        _oracle.Begin();
        _relay.HandleTimeout(Now);
        Drain(isTimeout: true);
    }

    void SendFromNative()
    {
        byte[] packet = Craft.Udp(Chance(90) ? AnyHost() : Pick(_addresses), Chance(85) ? AnyClient() : Pick(_addresses), Random.Next(100));
        if (Chance(10))
            packet = _mutator.Mutate(packet);
        Trace?.WriteLine($"{Now} nat {Convert.ToHexStringLower(packet)}");
        var verdict = _relay.HandlePacket(Now, packet);
        _oracle.OnPacket(Now, packet, verdict);
        Drain();
    }

    // In a flood one /64 sends half of the packets, and 16 others the rest.
    IPv6Address AnyHost() => _isFlooded && Chance(50) ? Host with { High = Host.High + (ulong)Random.Next(16) } : Host;

    IPv6Address AnyClient() => _isFlooded && Chance(90) ? new TeredoAddress(new(0x53AA0601), TeredoFlags.None, AnyEndpoint()) : Pick(_clients);

    void HandIn(IPv4Endpoint source, byte[] payload)
    {
        Last = ("service", source, payload);
        Trace?.WriteLine($"{Now} in  {source} {Convert.ToHexStringLower(payload)}");
        var verdict = _relay.HandleDatagram(Now, LocalPort.Service, source, payload);
        Trace?.WriteLine($"      {verdict.Kind} {verdict.Reason}");
        Count(verdict);
        _oracle.OnDatagram(Now, source, payload, verdict);
        Drain();
    }

    void Drain(bool isTimeout = false)
    {
        while (_relay.TryTakeTransmit(_buffer, out var transmit))
        {
            Trace?.WriteLine($"{Now} out {transmit.Target} ttl {transmit.Ttl} {Convert.ToHexStringLower(_buffer, 0, transmit.Length)}");
            _oracle.OnTransmit(Now, transmit, _buffer.AsSpan(0, transmit.Length));
            if (IPv6Packet.TryParse(_buffer.AsSpan(0, transmit.Length), out var packet) && packet.IsBubble)
                _bubbles[_bubbleCount++ % _bubbles.Length] = (transmit.Target, packet.Source, packet.Destination);
        }
        while (_relay.TryTakeDelivery(_buffer, out int length))
        {
            Trace?.WriteLine($"{Now} err {Convert.ToHexStringLower(_buffer, 0, length)}");
            _oracle.OnDelivery(Now, _buffer.AsSpan(0, length));
        }
        _oracle.End(Now, _relay, isTimeout);
    }

    byte[] Spoil(byte[] payload) => Chance(10) ? _mutator.Mutate(payload) : payload;

    // A third of the clients are behind symmetric NATs.
    static IPv4Endpoint EndpointOf(IPv6Address client)
    {
        TeredoAddress.TryCreate(client, out var teredo);
        var mapped = teredo.MappedEndpoint;
        return mapped.Port % 3 == 0 ? mapped with { Port = (ushort)(mapped.Port + 1000) } : mapped;
    }
}
