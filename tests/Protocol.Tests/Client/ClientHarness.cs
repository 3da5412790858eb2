using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Drives one <see cref="TeredoClient"/> on a virtual clock and records everything that comes out of it.</summary>
/// <remarks>
/// Every input is followed by the drain order of the contract: requests, transmits, deliveries, events. Requests are answered
/// and <see cref="OnSent"/> is called after that, each as a new input. The harness fails the test when the client breaks the
/// contract: a deadline that does not move forward, an early time-out that changes something, a datagram from a closed socket.
/// </remarks>
sealed partial class ClientHarness
{
    readonly Queue<Action> _pending = new();
    readonly byte[] _buffer = new byte[65536];
    ushort _nextAnyPort = 40000;
    bool _settling;

    public ClientHarness(TeredoClientOptions? options = null, int seed = 1, IRandomSource? random = null)
    {
        Options = options ?? Lab.Options;
        OpenPortAnswer = request => Opened(request);
        Client = new TeredoClient(Options, random ?? new SeededRandom(seed));
    }

    public TeredoClient Client { get; }
    public TeredoClientOptions Options { get; }
    public Instant Now { get; private set; }
    public double Seconds => Now.SinceStart.TotalSeconds;
    public IPv6Address Address => Client.Address ?? throw new AssertionException("the client has no address");

    /// <summary>What <see cref="Start"/> tells about the network, and <see cref="ChangeNetwork"/> changes.</summary>
    public NetworkState Network { get; set; } = new() { LocalAddress = Lab.Local, AttachedSubnets = [new(Lab.Local, 24)] };

    /// <summary>Everything that was sent, oldest first.</summary>
    public List<SentDatagram> Sent { get; } = [];

    /// <summary>Every IPv6 packet that reached the host, oldest first.</summary>
    public List<byte[]> Delivered { get; } = [];
    public List<ClientEvent> Events { get; } = [];
    public List<ClientRequest> Requests { get; } = [];

    /// <summary>All outputs in the order they were taken: ClientRequest, SentDatagram, byte[] (delivery), ClientEvent.</summary>
    public List<object> Log { get; } = [];

    /// <summary>The open sockets and what they are bound to.</summary>
    public Dictionary<LocalPort, IPv4Endpoint> Sockets { get; } = [];
    public IPv4Endpoint ServiceLocal => Sockets[LocalPort.Service];

    /// <summary>Answers OpenPort; null holds the answer back. By default every port opens.</summary>
    public Func<ClientRequest, RequestAnswer?> OpenPortAnswer { get; set; }

    /// <summary>Answers MapPort; null holds the answer back. By default there is no gateway.</summary>
    public Func<ClientRequest, RequestAnswer?> MapPortAnswer { get; set; } = _ => RequestAnswer.NotMapped;

    /// <summary>Answers GetExternalAddress; null holds the answer back.</summary>
    public Func<ClientRequest, RequestAnswer?> ExternalAddressAnswer { get; set; } = _ => RequestAnswer.NoExternalAddress;

    /// <summary>The rest of the internet: called once for each datagram that was sent.</summary>
    public Action<SentDatagram>? OnSent { get; set; }

    public IEnumerable<SentDatagram> Solicitations => Sent.Where(s => s.IsRouterSolicitation);
    public IEnumerable<SentDatagram> Bubbles => Sent.Where(s => s.IsBubble);
    public IEnumerable<T> EventsOf<T>() where T : ClientEvent => Events.OfType<T>();
    public IEnumerable<ClientRequest> RequestsOf(ClientRequestKind kind) => Requests.Where(r => r.Kind == kind);

    /// <summary>Forgets what was recorded, so that a test sees only what comes next.</summary>
    public void Clear()
    {
        Sent.Clear();
        Delivered.Clear();
        Events.Clear();
        Requests.Clear();
        Log.Clear();
    }

    /// <summary>Tells the network and starts the client.</summary>
    public void Start()
    {
        Client.HandleNetworkChanged(Now, Network);
        Settle();
        Input(() => Client.Start(Now));
    }

    public void Stop() => Input(() => Client.Stop(Now));

    public void ChangeNetwork(Func<NetworkState, NetworkState> change)
    {
        Network = change(Network);
        Input(() => Client.HandleNetworkChanged(Now, Network));
        Network = Network with { Resumed = false };
    }

    public void ChangeServers(params TeredoServerAddress[] servers) => Input(() => Client.HandleServersChanged(Now, servers));

    public void AcquireLease() => Input(() => Client.AcquireLease(Now));

    public void ReleaseLease() => Input(() => Client.ReleaseLease(Now));

    public void CheckReachability() => Input(() => Assert.That(Client.TryCheckReachability(Now), Is.True));

    public void Answer(RequestAnswer answer) => Input(() => GiveAnswer(answer));

    /// <summary>A datagram reaches one of the client's sockets.</summary>
    public Verdict Receive(LocalPort via, IPv4Endpoint source, byte[] payload)
    {
        Verdict verdict = default;
        Input(() =>
        {
            verdict = Client.HandleDatagram(Now, via, source, payload);
            Assert.That(verdict.Kind, Is.Not.EqualTo(VerdictKind.Send), "a datagram is never answered by sending itself back");
            if (verdict.Kind == VerdictKind.Deliver)
                Record(payload.AsSpan(verdict.Offset, verdict.Length).ToArray());
        });
        return verdict;
    }

    /// <summary>A datagram reaches the service port.</summary>
    public Verdict Receive(IPv4Endpoint source, byte[] payload) => Receive(LocalPort.Service, source, payload);

    /// <summary>The host sends an IPv6 packet.</summary>
    public Verdict Send(byte[] packet)
    {
        Verdict verdict = default;
        Input(() =>
        {
            verdict = Client.HandlePacket(Now, packet);
            Assert.That(verdict.Kind, Is.Not.EqualTo(VerdictKind.Deliver), "a packet of the host is never handed back");
            if (verdict.Kind != VerdictKind.Send)
                return;
            Assert.That(verdict.Length, Is.EqualTo(packet.Length), "simple encapsulation adds and takes nothing");
            Record(new SentDatagram(Now, verdict.Via, verdict.Target, 0, packet, isHostPacket: true));
        });
        return verdict;
    }

    public void Advance(TimeSpan span) => AdvanceTo(Now + span);

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    public void AdvanceTo(double seconds) => AdvanceTo(Instant.FromSeconds(seconds));

    /// <summary>Lets time pass, with a time-out at every deadline on the way.</summary>
    public void AdvanceTo(Instant target)
    {
        Assert.That(target, Is.GreaterThanOrEqualTo(Now), "the test wants time to go backwards");
        while (Client.NextDeadline is { } due && due <= target)
        {
            TimeOutEarly(due);
            Now = due > Now ? due : Now;
            TimeOut();
        }
        Now = target;
    }

    /// <summary>Lets time pass without a time-out, as when the machine sleeps.</summary>
    public void Skip(TimeSpan span) => Now += span;

    /// <summary>Lets time pass until the next solicitation leaves.</summary>
    public SentDatagram AdvanceToSolicitation()
    {
        for (int known = Solicitations.Count(); ;)
        {
            AdvanceTo(Client.NextDeadline ?? throw new AssertionException("nothing is scheduled, so no solicitation will leave"));
            if (Solicitations.ElementAtOrDefault(known) is { } solicitation)
                return solicitation;
        }
    }

    void TimeOutEarly(Instant due)
    {
        if (due - Now < TimeSpan.FromMilliseconds(1))
            return;
        Now += (due - Now) / 2;
        int before = Log.Count;
        Client.HandleTimeout(Now);
        Settle();
        Assert.That(Log, Has.Count.EqualTo(before), () => $"a time-out at {Now}, before the deadline {due}, changed something: {Log[^1]}");
        Assert.That(Client.NextDeadline, Is.EqualTo((Instant?)due), "an early time-out moved the deadline");
    }

    void TimeOut()
    {
        Client.HandleTimeout(Now);
        Assert.That(Client.NextDeadline is not { } next || next > Now, Is.True,
            () => $"busy loop: after the time-out at {Now} the next deadline is {Client.NextDeadline}");
        Settle();
    }

    void Input(Action input)
    {
        if (_settling)
        {
            input();
            return;
        }
        input();
        Settle();
    }

    void Settle()
    {
        if (_settling)
            return;
        _settling = true;
        Drain();
        int rounds = 0;
        while (_pending.TryDequeue(out var action))
        {
            Assert.That(++rounds, Is.LessThan(1000), "the client and its surroundings answer each other without end");
            action();
            Drain();
        }
        _settling = false;
    }

    void Drain()
    {
        while (Client.TryTakeRequest(out var request))
            Take(request);
        while (Client.TryTakeTransmit(_buffer, out var transmit))
            Record(new SentDatagram(Now, transmit.Via, transmit.Target, transmit.Ttl, _buffer[..transmit.Length], isHostPacket: false));
        while (Client.TryTakeDelivery(_buffer, out int length))
            Record(_buffer[..length]);
        while (Client.TryTakeEvent(out var clientEvent))
        {
            Events.Add(clientEvent);
            Log.Add(clientEvent);
        }
    }

    void Record(byte[] delivery)
    {
        Delivered.Add(delivery);
        Log.Add(delivery);
    }

    void Record(SentDatagram sent)
    {
        Assert.That(Sockets, Does.ContainKey(sent.Via), () => $"sent from a socket that is not open: {sent}");
        Sent.Add(sent);
        Log.Add(sent);
        _pending.Enqueue(() => OnSent?.Invoke(sent));
    }

    void Take(ClientRequest request)
    {
        Requests.Add(request);
        Log.Add(request);
        switch (request.Kind)
        {
            case ClientRequestKind.OpenPort:
                Assert.That(Sockets, Does.Not.ContainKey(request.Port), () => $"{request.Port} is open already");
                AnswerLater(OpenPortAnswer(request));
                break;
            case ClientRequestKind.ClosePort:
                Sockets.Remove(request.Port);
                break;
            case ClientRequestKind.MapPort:
                AnswerLater(MapPortAnswer(request));
                break;
            case ClientRequestKind.GetExternalAddress:
                AnswerLater(ExternalAddressAnswer(request));
                break;
        }
    }

    /// <summary>The answer that opens a port: at its number, or at the next free one.</summary>
    public RequestAnswer Opened(ClientRequest request) =>
        RequestAnswer.Opened(request.Port, new(Network.LocalAddress, request.Number != 0 ? request.Number : _nextAnyPort++));

    void AnswerLater(RequestAnswer? answer)
    {
        if (answer is { } known)
            _pending.Enqueue(() => GiveAnswer(known));
    }

    void GiveAnswer(RequestAnswer answer)
    {
        if (answer.Kind == ClientRequestKind.OpenPort && answer.Succeeded)
            Sockets[answer.Port] = answer.Local;
        Client.HandleAnswer(Now, answer);
    }
}
