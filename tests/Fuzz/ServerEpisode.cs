using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>A server among clients, other servers and strangers.</summary>
public sealed class ServerEpisode : Episode
{
    static readonly TeredoServerOptions Strict = new() { Primary = IPv4Address.Parse("65.54.227.120"), Secondary = IPv4Address.Parse("65.54.227.121") };
    static readonly TeredoServerOptions Lab = new() { Primary = IPv4Address.Parse("203.0.113.1"), Secondary = IPv4Address.Parse("203.0.113.2"), AllowPrivateAddresses = true };

    static readonly TeredoServerOptions[] Variants =
    [
        Strict,
        Strict with { ForwardNative = true, PeerServers = [IPv4Address.Parse("83.170.6.1")], Reflector = IPv4Address.Parse("65.54.227.122") },
        Strict with { Secondary = null, Keys = Keys() },
        Lab,
        Lab with { ForwardNative = true, AllowServerPort = true, PeerServers = [IPv4Address.Parse("203.0.113.77")] },
        Lab with { Keys = Keys(), AttachedSubnets = [new(IPv4Address.Parse("203.0.113.0"), 24)], Relay = IPv4Endpoint.Parse("203.0.113.1:3545") },
    ];

    readonly TeredoServerOptions _options;
    readonly TeredoServer _server;
    readonly ServerOracle _oracle;
    readonly Mutator _mutator;
    readonly List<IPv4Endpoint> _clients = [], _endpoints;
    readonly List<IPv6Address> _addresses = [];
    readonly Dictionary<IPv4Endpoint, byte[]> _cookies = []; // of those that asked
    readonly List<(IPv4Endpoint Client, byte[] Bubble)> _bubbles = []; // answers to the stranger's bubbles
    readonly byte[] _buffer = new byte[1500];

    /// <param name="seed">Where every choice comes from.</param>
    /// <param name="number">Which options, modulo their number.</param>
    public ServerEpisode(int seed, int number) : base(seed)
    {
        _options = Variants[number % Variants.Length];
        _server = new(_options, new SeededRandom(seed));
        _oracle = new(_options);
        uint first = IPv4Address.Parse(_options.AllowPrivateAddresses ? "203.0.113.40" : "81.2.69.40").Value;
        for (uint i = 0; i < 16; i++)
            _clients.Add(new(new(first + i / 2), (ushort)(i == 15 ? 3544 : 20000 + i)));
        _endpoints = [.. _clients, new(_options.Primary, 3544), new(_options.Primary, 3545), new(_options.Primary, 777), new(new(_options.Primary.Value + 1), 3544)];
        foreach (string text in "10.0.0.1:4000 127.0.0.1:4000 224.0.0.253:3544 255.255.255.255:9 203.0.113.255:4000 203.0.113.77:99 83.170.6.1:99 0.0.0.0:0 8.8.8.8:53 8.8.8.8:3544 8.8.4.4:0".Split(' '))
            _endpoints.Add(IPv4Endpoint.Parse(text));
        foreach (string text in "2001:db8:6::50 2a00:1450::1 2002:808:808::1 2002:4136:e378::1 fe80::1 ff02::1 ff02::2 ::1 :: ::ffff:8.8.8.8 3ffe:831f:808:808::1".Split(' '))
            _addresses.Add(IPv6Address.Parse(text));
        _addresses.Add(TeredoLinkLocal.Server(_options.Primary));
        foreach (var endpoint in _endpoints)
            _addresses.Add(AddressOf(endpoint));
        _mutator = new(Random, _addresses, _endpoints);
    }

    /// <inheritdoc/>
    public override void Step()
    {
        Now += Chance(70) ? TimeSpan.FromMilliseconds(Random.Next(3)) : NextPause();
        var source = Random.Next(10) switch { < 6 => Pick(_clients), < 8 => Pick(_endpoints), _ => AnyEndpoint() };
        if (_options.Reflector is not null && _bubbles.Count > 0 && Chance(5))
        {
            var (client, bubble) = Pick(_bubbles);
            HandIn(Chance(90) ? LocalPort.Reflector : LocalPort.OtherReflector, Chance(80) ? client : source, Chance(70) ? bubble : _mutator.Mutate(bubble));
            return;
        }
        byte[] payload = _options.Reflector is not null && Chance(20) ? NextReflection(source) : Next(source);
        if (Chance(35))
            payload = _mutator.Mutate(payload);
        HandIn(_options.Secondary is not null && Chance(30) ? LocalPort.ServerSecondary : LocalPort.ServerPrimary, source, payload);
    }

    byte[] Next(IPv4Endpoint source)
    {
        var sender = Chance(80) ? AddressOf(source) : Pick(_addresses);
        var destination = Chance(70) ? AddressOf(Pick(_clients)) : Pick(_addresses);
        return Random.Next(10) switch
        {
            < 2 => _options.Keys is not null && Chance(80) ? Craft.Solicitation((ulong)Random.NextInt64(), ClientVariant.Secret)
                : Craft.Solicitation((ulong)Random.NextInt64(), cone: Chance(30)),
            < 5 => Craft.BubbleOf(sender, destination, Craft.Nonce((uint)Random.NextInt64()), Craft.Alternates(Pick(_endpoints))),
            < 7 => Craft.Echo(Chance(70) ? Icmpv6Type.EchoRequest : Icmpv6Type.EchoReply, sender, destination, 1, 2, new byte[Random.Next(90)]),
            < 9 => Mutator.Readdress(Pick(Corpus.Payloads), sender, destination),
            _ => Pick(Corpus.Payloads),
        };
    }

    byte[] NextReflection(IPv4Endpoint source)
    {
        var cookie = Chance(70) ? _cookies.GetValueOrDefault(Chance(90) ? source : Pick(_clients)) : null;
        return Craft.Reflection(Chance(90) ? AddressOf(source) : Pick(_addresses), TeredoLinkLocal.Server(_options.Primary), cookie,
            (byte)(cookie is null ? 0 : Random.Next(5)), Chance(90) ? ServerOracle.ReflectionRequest : Random.Next(80, 1400));
    }

    // Learns what a client needs to go on.
    void Learn(Transmit transmit, ReadOnlySpan<byte> payload)
    {
        if (!Encapsulation.TryParse(payload, out var sent, out _))
            return;
        var packet = sent.Packet;
        if (packet.NextHeader == NextHeader.Icmpv6 && packet.Payload is [201, 2, ..])
            _cookies[transmit.Target] = packet.Payload.Slice(16, 16).ToArray();
        else if (packet.IsBubble && sent.HasOrigin && sent.Origin.MappedEndpoint.Address == _options.Reflector && _bubbles.Count < 1000)
            _bubbles.Add((transmit.Target, [.. Craft.BubbleOf(packet.Destination, packet.Source), .. sent.TrailerOctets]));
    }

    void HandIn(LocalPort via, IPv4Endpoint source, byte[] payload)
    {
        Last = (via.ToString(), source, payload);
        Trace?.WriteLine($"{Now} in  {via} {source} {Convert.ToHexStringLower(payload)}");
        var verdict = _server.HandleDatagram(Now, via, source, payload);
        Count(verdict);
        _oracle.Begin(Now, via, source, payload, verdict);
        while (_server.TryTakeTransmit(_buffer, out var transmit))
        {
            Trace?.WriteLine($"{Now} out {transmit.Via} {transmit.Target} {Convert.ToHexStringLower(_buffer, 0, transmit.Length)}");
            _oracle.OnTransmit(transmit, _buffer.AsSpan(0, transmit.Length));
            if (_options.Reflector is not null)
                Learn(transmit, _buffer.AsSpan(0, transmit.Length));
        }
        while (_server.TryTakeDelivery(_buffer, out int length))
            _oracle.OnDelivery(_buffer.AsSpan(0, length));
        _oracle.End();
    }

    IPv6Address AddressOf(IPv4Endpoint mapped) => new TeredoAddress(_options.Primary, TeredoFlags.None, mapped);

    static ServerKeyTable Keys()
    {
        ServerKeyTable keys = new();
        keys.Set(ClientVariant.Secret.ClientIdentifier.Span, new() { Secret = ClientVariant.Secret.Secret });
        return keys;
    }
}
