using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Fuzz;

/// <summary>A client among peers, servers and relays that mostly mean well, and a network that does not.</summary>
/// <remarks>This file drives the client; what reaches it is made in ClientEpisode.Network.cs.</remarks>
public sealed partial class ClientEpisode : Episode
{
    const int MaxTimeoutsPerPause = 100_000;
    static readonly IPv4Address LocalAddress = IPv4Address.Parse("192.168.1.7"), OtherLocalAddress = IPv4Address.Parse("10.9.0.3");

    readonly ClientVariant _variant;
    readonly TeredoClient _client;
    readonly ClientOracle _oracle;
    readonly byte[] _buffer = new byte[BufferSize];
    readonly List<ClientRequest> _requests = [];
    readonly Dictionary<LocalPort, IPv4Endpoint> _sockets = [];
    NetworkState _network = new() { LocalAddress = LocalAddress, AttachedSubnets = [new(LocalAddress, 24)] };
    int _leases;

    /// <param name="seed">Where every choice comes from.</param>
    /// <param name="variant">Options and surroundings.</param>
    public ClientEpisode(int seed, ClientVariant variant) : base(seed)
    {
        _variant = variant;
        _client = new(variant.Options, new SeededRandom(seed));
        _oracle = new(variant.Options) { JudgesBudgets = variant.JudgesBudgets };
        BuildWorld();
        Tell(_network);
        StartClient();
    }

    /// <inheritdoc/>
    public override void Step()
    {
        bool isStuck = _client.State != ClientState.Qualified && _solicitation is null && _requests.Count == 0; // only time will help
        PassTime(isStuck && Chance(30) && _client.NextDeadline is { } due && due > Now ? due - Now : NextPause());
        AnswerRequests();
        if (Chance(2))
            HappenLocally();
        if (Chance(15))
            SendFromHost();
        Receive();
    }

    void PassTime(TimeSpan pause)
    {
        var end = Now + pause;
        bool late = Chance(3); // a driver that was held up
        for (int calls = 0; !late && _client.NextDeadline is { } due && due <= end; calls++)
        {
            Finding.Unless(calls < MaxTimeoutsPerPause, $"busy loop: {calls} time-outs in {pause}");
            Now = due > Now ? due : Now;
            TimeOut();
            AnswerRequests();
        }
        Now = end;
        if (late || Chance(1))
            TimeOut();
    }

    void TimeOut()
    {
        _oracle.Begin(Cause.Own, isTimeout: true);
        _client.HandleTimeout(Now);
        Drain();
    }

    // Each datagram that the client gets, by whichever socket.
    void HandIn(LocalPort via, IPv4Endpoint source, byte[] payload)
    {
        if (!_sockets.ContainsKey(via))
            via = LocalPort.Service;
        Last = (via.ToString(), source, payload);
        Trace?.WriteLine($"{Now} in  {via} {source} {Convert.ToHexStringLower(payload)}");
        var verdict = _client.HandleDatagram(Now, via, source, payload);
        Trace?.WriteLine($"      {verdict.Kind} {verdict.Reason}");
        Count(verdict);
        _oracle.OnDatagram(Now, via, source, payload, verdict);
        Drain();
    }

    void HandInFromHost(byte[] packet)
    {
        Trace?.WriteLine($"{Now} host {Convert.ToHexStringLower(packet)}");
        var verdict = _client.HandlePacket(Now, packet);
        _oracle.OnHostPacket(Now, packet, verdict);
        Drain();
    }

    void Own(Action input)
    {
        _oracle.Begin(Cause.Own);
        input();
        Drain();
    }

    void Drain()
    {
        _oracle.SetAddress(_client.Address);
        while (_client.TryTakeRequest(out var request))
            Take(request);
        while (_client.TryTakeTransmit(_buffer, out var transmit))
        {
            Trace?.WriteLine($"{Now} out {transmit.Via} {transmit.Target} ttl {transmit.Ttl} {Convert.ToHexStringLower(_buffer, 0, transmit.Length)}");
            _oracle.OnTransmit(Now, transmit, _buffer.AsSpan(0, transmit.Length));
            Remember(transmit);
        }
        while (_client.TryTakeDelivery(_buffer, out int length))
        {
            Trace?.WriteLine($"{Now} del {Convert.ToHexStringLower(_buffer, 0, length)}");
            _oracle.OnDelivery(Now, _buffer.AsSpan(0, length));
        }
        while (_client.TryTakeEvent(out var clientEvent))
            Trace?.WriteLine($"{Now} {clientEvent}");
        _oracle.End(Now, _client);
    }

    void Take(ClientRequest request)
    {
        Trace?.WriteLine($"{Now} req {request.Kind} {request.Port} {request.Number}");
        _oracle.OnRequest(request);
        if (request.Kind == ClientRequestKind.ClosePort)
        {
            _sockets.Remove(request.Port);
            _requests.RemoveAll(pending => pending.Kind == ClientRequestKind.OpenPort && pending.Port == request.Port);
        }
        else if (request.Kind != ClientRequestKind.UnmapPort)
            _requests.Add(request);
    }

    void AnswerRequests()
    {
        while (_requests.Count > 0 && Chance(85))
        {
            var request = _requests[0];
            _requests.RemoveAt(0);
            var answer = Answer(request);
            if (answer is { Kind: ClientRequestKind.OpenPort, Succeeded: true })
            {
                _sockets[answer.Port] = answer.Local;
                _oracle.OnOpened(answer.Port, answer.Local);
            }
            else if (answer.Kind == ClientRequestKind.OpenPort)
                _oracle.OnNotOpened(answer.Port);
            if (answer.Kind != ClientRequestKind.OpenPort || answer.Port == LocalPort.Service)
                _oracle.OnDriverNews();
            Trace?.WriteLine($"{Now} ans {answer}");
            _oracle.Begin(Cause.Continuation);
            _client.HandleAnswer(Now, answer);
            Drain();
        }
    }

    RequestAnswer Answer(ClientRequest request) => request.Kind switch
    {
        ClientRequestKind.OpenPort when Chance(8) => RequestAnswer.NotOpened(request.Port),
        ClientRequestKind.OpenPort => RequestAnswer.Opened(request.Port,
            new(_network.LocalAddress, request.Number != 0 ? request.Number : (ushort)Random.Next(1024, 65536))),
        ClientRequestKind.MapPort => Random.Next(3) switch
        {
            0 => RequestAnswer.NotMapped,
            1 => RequestAnswer.Mapped(new(_mapped.Address, request.Number)),
            _ => RequestAnswer.Mapped(new(default, request.Number)),
        },
        _ => Chance(50) ? RequestAnswer.NoExternalAddress : RequestAnswer.ExternalAddress(Chance(70) ? _mapped.Address : Pick(_endpoints).Address),
    };

    void HappenLocally()
    {
        switch (Random.Next(40))
        {
            case 0:
                Tell(_network with { Resumed = true });
                break;
            case 1:
                MoveToOtherNetwork();
                break;
            case 2:
                Tell(_network with { HasNativeIPv6 = true });
                Tell(_network);
                break;
            case 3:
                Own(() => _client.Stop(Now));
                StartClient();
                break;
            case 4:
                Tell(_network with { HasIPv4 = false });
                Tell(_network);
                break;
            case 5:
                _mapped = new(_mapped.Address, (ushort)Random.Next(1024, 65536)); // the NAT forgot its mapping
                break;
            case < 15:
                _oracle.OnDriverNews();
                _leases++;
                Own(() => _client.AcquireLease(Now));
                break;
            case < 30 when _leases > 0:
                _leases--;
                Own(() => _client.ReleaseLease(Now));
                break;
        }
    }

    void StartClient()
    {
        _oracle.OnDriverNews();
        _requests.Clear();
        Own(() => _client.Start(Now));
    }

    void MoveToOtherNetwork()
    {
        var local = _network.LocalAddress == LocalAddress ? OtherLocalAddress : LocalAddress;
        Tell(_network = new() { LocalAddress = local, AttachedSubnets = [new(local, 24)] });
    }

    void Tell(NetworkState network)
    {
        Trace?.WriteLine($"{Now} net {network}");
        _oracle.OnNetwork(network);
        Own(() => _client.HandleNetworkChanged(Now, network));
    }

    void SendFromHost()
    {
        if (_client.Address is not { } own)
            return;
        if (_client.State == ClientState.Dormant)
            _oracle.OnDriverNews();
        var destination = Chance(60) ? Pick(_peers) : Chance(60) ? Pick(_natives) : Pick(_addresses);
        byte[] packet = Craft.Udp(own, destination, Random.Next(200));
        HandInFromHost(Chance(10) ? _mutator.Mutate(packet) : packet);
    }
}
