using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <remarks>What the network brings.</remarks>
public sealed partial class ClientEpisode
{
    const int PeerCount = 24, NativeCount = 8, Remembered = 32;

    readonly List<IPv6Address> _peers = [], _natives = [], _addresses = [];
    readonly List<IPv4Endpoint> _endpoints = [], _relays = [];
    readonly (LocalPort Via, IPv4Endpoint Target, byte[] Payload)?[] _sent = new (LocalPort, IPv4Endpoint, byte[])?[Remembered];
    Mutator _mutator = null!;
    IPv4Endpoint _mapped;
    int _sentCount, _step;
    (LocalPort Via, IPv4Endpoint Target, byte[] Payload)? _solicitation;

    TeredoServerAddress Server => _client.Server;
    IPv4Endpoint Primary => new(Server.Primary, TeredoPorts.Server);
    IPv6Address Us => _client.Address is { } address ? address : TeredoLinkLocal.Client;

    void BuildWorld()
    {
        bool lab = _variant.Options.AllowPrivateAddresses;
        var here = IPv4Address.Parse(lab ? "203.0.113.11" : "131.107.0.1");
        uint peers = IPv4Address.Parse(lab ? "203.0.113.40" : "81.2.69.40").Value, servers = IPv4Address.Parse(lab ? "203.0.113.1" : "83.170.6.1").Value;
        _mapped = new(here, 39328);
        for (int i = 0; i < PeerCount; i++)
        {
            var address = i < 4 ? here : new IPv4Address(peers + (uint)i); // the first ones are behind our own NAT
            var server = i % 3 == 0 ? _variant.Options.Servers[0].Primary : new IPv4Address(servers + (uint)(i % 3));
            _peers.Add(new TeredoAddress(server, (TeredoFlags)Random.Next(65536) & TeredoFlags.Random, new(address, (ushort)(20000 + i * 7))));
        }
        for (int i = 0; i < NativeCount; i++)
        {
            _natives.Add(new(0x2001_0DB8_0006_0000, (ulong)i + 1));
            _relays.Add(new(new(peers + 100 + (uint)i / 2), (ushort)(3545 + i)));
        }
        _endpoints.AddRange(
            [_mapped, new(LocalAddress, 50000), new(_variant.Options.Servers[0].Primary, 3544), new(_variant.Options.Servers[0].Secondary, 3544)]);
        _endpoints.AddRange(_relays);
        foreach (string text in "10.0.0.1:4000 127.0.0.1:4000 224.0.0.253:3544 255.255.255.255:9 192.168.1.255:4000 192.168.1.9:4000 0.0.0.0:0 240.0.0.1:1 192.88.99.1:5 8.8.8.8:53 8.8.8.8:3544 8.8.4.4:0 100.64.0.1:99 169.254.1.1:7".Split(' '))
            _endpoints.Add(IPv4Endpoint.Parse(text));
        foreach (var peer in _peers)
            if (TeredoAddress.TryCreate(peer, out var teredo))
                _endpoints.Add(teredo.MappedEndpoint);
        _addresses.AddRange(_peers);
        _addresses.AddRange(_natives);
        foreach (string text in "ff02::1 ff02::2 fe80::ffff:ffff:ffff fe80::1 ::1 :: ::ffff:8.8.8.8 fc00::1 2002:808:808::1 3ffe:831f:808:808::1 2001:0:808:808::".Split(' '))
            _addresses.Add(IPv6Address.Parse(text));
        foreach (var endpoint in _endpoints)
            _addresses.Add(new TeredoAddress(IPv4Address.Parse("83.170.6.9"), TeredoFlags.None, endpoint));
        _mutator = new(Random, _addresses, _endpoints);
    }

    void Remember(Transmit transmit)
    {
        var sent = (transmit.Via, transmit.Target, _buffer[..transmit.Length]);
        if (Encapsulation.TryParse(sent.Item3, out var datagram, out _) && RouterSolicitation.Matches(datagram.Packet))
            _solicitation = sent;
        _sent[_sentCount++ % Remembered] = sent;
    }

    // The one datagram of a step.
    void Receive()
    {
        if (_client.Address is not null && _step++ % 64 == 0)
        {
            _addresses[^1] = Us; // may have changed
            _endpoints[0] = _client.Address.Value.MappedEndpoint;
            _endpoints[1] = _sockets.GetValueOrDefault(LocalPort.Service);
        }
        if (_solicitation is { } solicitation && Chance(_client.State == ClientState.Qualified ? 60 : 90))
        {
            _solicitation = null;
            AnswerSolicitation(solicitation);
            return;
        }
        switch (Random.Next(10))
        {
            case < 3 when _sent[Random.Next(Remembered)] is { } sent:
                Reply(sent);
                break;
            case < 6:
                Approach();
                break;
            case < 7:
                ApproachAsNative();
                break;
            default:
                ReceiveFromCorpus();
                break;
        }
    }

    void AnswerSolicitation((LocalPort Via, IPv4Endpoint Target, byte[] Payload) solicitation)
    {
        _ = Encapsulation.TryParse(solicitation.Payload, out var datagram, out _);
        var mapped = Mapping(solicitation);
        if (Chance(2))
            mapped = Pick(_endpoints);
        ulong nonce = datagram.Authentication.Nonce ^ (Chance(5) ? 1UL << Random.Next(64) : 0);
        byte[] answer = Craft.Advertisement(nonce, mapped, Server.Primary, _variant.Options.Secret);
        Spoil(solicitation.Via, Chance(95) ? solicitation.Target : Pick(_endpoints), answer, 7);
    }

    // What the NAT makes of the solicitation's socket.
    IPv4Endpoint Mapping((LocalPort Via, IPv4Endpoint Target, byte[] Payload) solicitation)
    {
        bool isPrimary = solicitation.Target.Address == Server.Primary, isService = solicitation.Via == LocalPort.Service;
        ushort local = _sockets.GetValueOrDefault(solicitation.Via).Port;
        ushort port = _variant.Nat switch
        {
            NatKind.EndpointIndependent => isService ? _mapped.Port : (ushort)(_mapped.Port + solicitation.Via.Id),
            NatKind.Symmetric => isService && isPrimary ? _mapped.Port : (ushort)Random.Next(1024, 65536),
            NatKind.PortPreserving => isPrimary ? local : (ushort)(local + 1),
            _ => isService ? (ushort)(_mapped.Port + (isPrimary ? 0 : 1)) : (ushort)(40000 + solicitation.Via.Id * 4 % 20000 + (isPrimary ? 0 : 2)),
        };
        return new(_mapped.Address, port);
    }

    // The right answer to something that the client sent, or nearly.
    void Reply((LocalPort Via, IPv4Endpoint Target, byte[] Payload) sent)
    {
        if (!Encapsulation.TryParse(sent.Payload, out var datagram, out _) || RouterSolicitation.Matches(datagram.Packet))
        {
            ReceiveFromCorpus();
            return;
        }
        var packet = datagram.Packet;
        var peer = packet.Destination;
        if (Icmpv6Message.TryParse(packet, out var message) && EchoMessage.TryParse(message, out var echo) && !echo.IsReply)
        {
            Spoil(LocalPort.Service, Chance(90) ? RelayOf(peer) : Pick(_endpoints),
                Craft.Echo(Icmpv6Type.EchoReply, peer, Us, echo.Identifier, echo.Sequence, echo.Data), 10);
            return;
        }
        _ = TrailerSet.TryParse(datagram.TrailerOctets, out var trailers);
        var via = sent.Via == LocalPort.Interval || sent.Via == LocalPort.Discovery ? LocalPort.Service : sent.Via;
        List<byte[]> answer = [];
        if (trailers.Nonce is { } nonce)
            answer.Add(Craft.Nonce(Chance(92) ? nonce : nonce ^ 1));
        if (trailers.NeighborDiscovery == NeighborDiscoveryType.Solicitation)
            answer.Add(Craft.NeighborDiscovery(1));
        if (sent.Via.IsRandom || Chance(20))
            via = Pick([.. _sockets.Keys, LocalPort.Service]);
        if (TeredoAddress.TryCreate(peer, out var teredo) && teredo.HasOldPrefix is false && peer == new TeredoAddress(Server.Primary, TeredoFlags.None, sent.Target))
            Spoil(LocalPort.Interval, _mapped, Craft.BubbleOf(Us, peer), 10); // interval determination's own bubble came back
        else if (Chance(30))
            Forward(peer, Craft.BubbleOf(peer, Us, Craft.Nonce((uint)Random.NextInt64())));
        else
            Spoil(via, EndpointOf(peer), Chance(75) ? Craft.BubbleOf(peer, Us, [.. answer]) : Craft.Udp(peer, Us, Random.Next(100)), 10);
    }

    // A peer comes by itself: through the server, directly, or on the local link.
    void Approach()
    {
        var peer = Chance(_variant.IsFlooded ? 10 : 90) ? Pick(_peers) : _variant.IsFlooded ? AnyPeer() : Chance(50) ? Pick(_addresses)
            : new TeredoAddress(Pick(_endpoints).Address, (TeredoFlags)Random.Next(65536), Chance(50) ? AnyEndpoint() : Pick(_endpoints));
        switch (Random.Next(10))
        {
            case < 4:
                Forward(peer, Craft.BubbleOf(peer, Us, [.. Trailers()]));
                break;
            case 4:
                Spoil(LocalPort.Discovery, new(new(_network.LocalAddress.Value + (uint)Random.Next(1, 9)), (ushort)Random.Next(4000, 4010)),
                    Craft.BubbleOf(Pick(_peers), IPv6Address.AllNodes), 10);
                break;
            case 5:
                Spoil(LocalPort.Service, new(new(_network.LocalAddress.Value + (uint)Random.Next(1, 9)), (ushort)Random.Next(4000, 4010)),
                    Craft.BubbleOf(peer, Us, [.. Trailers()]), 10);
                break;
            case 6:
                Spoil(Pick([.. _sockets.Keys, LocalPort.Service]), EndpointOf(peer), Craft.BubbleOf(peer, Us, [.. Trailers()]), 10);
                break;
            default:
                Spoil(LocalPort.Service, EndpointOf(peer), Craft.Udp(peer, Us, Random.Next(100)), 10);
                break;
        }
    }

    IPv6Address AnyPeer() => new TeredoAddress(Pick(_endpoints).Address, (TeredoFlags)Random.Next(65536) & TeredoFlags.Random, AnyEndpoint());

    void ApproachAsNative()
    {
        var native = Chance(_variant.IsFlooded ? 10 : 90) ? Pick(_natives) : new(0x2001_0DB8_0006_0000, (ulong)Random.NextInt64());
        byte[] packet = Chance(50) ? Craft.Udp(native, Us, Random.Next(100)) : Craft.Echo(Icmpv6Type.EchoRequest, native, Us, 1, 1, [1, 2, 3]);
        if (Chance(30))
            Spoil(LocalPort.Service, Primary, Craft.WithOrigin(RelayOf(native), Chance(50) ? packet : Craft.BubbleOf(new(0xFE80_0000_0000_0000, 7), Us)), 10);
        else
            Spoil(LocalPort.Service, Chance(85) ? RelayOf(native) : Pick(_endpoints), packet, 10);
    }

    IEnumerable<byte[]> Trailers()
    {
        if (Chance(60))
            yield return Craft.Nonce((uint)Random.NextInt64(1, 1000));
        if (Chance(25))
            yield return Craft.Alternates([.. Enumerable.Range(0, Random.Next(1, 5)).Select(_ => Pick(_endpoints))]);
        if (Chance(25))
            yield return Craft.RandomPort(Chance(80) ? (ushort)Random.Next(50000, 50003) : Pick(_endpoints).Port);
        if (Chance(10))
            yield return Craft.NeighborDiscovery(Random.Next(2));
    }

    void ReceiveFromCorpus()
    {
        byte[] payload = Pick(Corpus.Payloads);
        if (Chance(70))
            payload = Mutator.Readdress(payload, Chance(80) ? Pick(_peers) : Pick(_addresses), Us);
        payload = Chance(85) ? _mutator.Mutate(payload) : payload;
        var source = Random.Next(4) switch { 0 => Primary, 1 => EndpointOf(Pick(_peers)), 2 => Pick(_endpoints), _ => AnyEndpoint() };
        HandIn(Chance(90) || _sockets.Count == 0 ? LocalPort.Service : Pick([.. _sockets.Keys]), source, payload);
    }

    // Through our server, which puts the sender's endpoint in front.
    void Forward(IPv6Address peer, byte[] bubble) =>
        Spoil(LocalPort.Service, Primary, Craft.WithOrigin(Chance(95) ? EndpointOf(peer) : Pick(_endpoints), bubble), 10);

    void Spoil(LocalPort via, IPv4Endpoint source, byte[] payload, int percent) =>
        HandIn(via, source, Chance(percent) ? _mutator.Mutate(payload) : payload);

    // A third of the peers are behind symmetric NATs and come from elsewhere now and then.
    IPv4Endpoint EndpointOf(IPv6Address peer)
    {
        if (!TeredoAddress.TryCreate(peer, out var teredo))
            return RelayOf(peer);
        var mapped = teredo.MappedEndpoint;
        return mapped.Port % 3 == 0 ? new(mapped.Address, (ushort)(mapped.Port + 1 + Random.Next(100) / 98)) : Chance(98) ? mapped : Pick(_endpoints);
    }

    IPv4Endpoint RelayOf(IPv6Address native) => Chance(97) ? _relays[(int)(native.Low % (ulong)_relays.Count)] : Pick(_relays);
}
