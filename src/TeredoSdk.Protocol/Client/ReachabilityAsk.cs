using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>The client's side of the check of reachability (docs/protocol §9): asks the server for packets of a stranger, and watches for them.</summary>
/// <remarks>
/// All requests go to the server's primary address, which the service port contacts anyway, and none to the stranger. So its first packet is one that
/// nobody asked for at that address. The steps follow each other: what opens the NAT towards the stranger comes after what must find it closed.
/// </remarks>
sealed class ReachabilityAsk(ClientContext context, ClientPeers peers)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), BubblePatience = TimeSpan.FromSeconds(2); // an echo test may come before our bubble

    ReflectionStep _step; // None while the cookie is awaited
    TeredoAddress _address;
    ulong _token;
    UInt128 _cookie;
    IPv4Endpoint? _stranger;
    int _tries;
    bool _granted;

    /// <summary>When a request is repeated or given up; null while no check runs.</summary>
    public Instant? NextDeadline { get; private set; }

    public bool IsRunning => NextDeadline is not null;

    public void Start(Instant now)
    {
        (_address, _token, _cookie, _stranger) = (context.Address!.Value, context.Random.NextUInt64(), default, null);
        Go(now, ReflectionStep.None);
    }

    public void Stop()
    {
        if (IsRunning)
            End(ReachabilityOutcome.Interrupted);
    }

    public void HandleTimeout(Instant now)
    {
        if (!(NextDeadline <= now))
            return;
        if (context.Address != _address)
            End(ReachabilityOutcome.Interrupted);
        else if (_tries < TriesOf(_step))
            Send(now);
        else if (!_granted)
            End(ReachabilityOutcome.NoAnswer);
        else if (_step == ReflectionStep.Direct)
            Go(now, ReflectionStep.Bubble);
        else if (_step == ReflectionStep.Bubble)
            End(ReachabilityOutcome.NotReached);
        else
            Finish(FilteringBehaviour.AddressAndPortDependent);
    }

    /// <summary>Takes an answer of the server.</summary>
    /// <returns>None, or why it is dropped.</returns>
    public DropReason HandleAnswer(Instant now, in IPv6Packet packet)
    {
        if (!ReflectionMessage.TryParse(packet, out var answer))
            return DropReason.MalformedIcmpv6;
        if (!IsRunning || answer.Token != _token || packet.Source != TeredoLinkLocal.Server(context.Server.Primary) || answer.Step != _step)
            return DropReason.BadNonce;
        if (answer.Kind == ReflectionKind.Granted && _step != ReflectionStep.None)
            _granted = true;
        else if (answer.Kind == ReflectionKind.Cookie && _step == ReflectionStep.None)
            TakeCookie(now, answer);
        else
            return DropReason.BadNonce;
        return DropReason.None;
    }

    /// <summary>Whether a packet is the stranger's proof for this check.</summary>
    public bool IsProof(in IPv6Packet packet, out ReflectionStep step)
    {
        bool valid = ReflectionMessage.TryParse(packet, out var proof) && proof.Kind == ReflectionKind.Proof && IsRunning && proof.Token == _token
            && _stranger is not null;
        step = proof.Step;
        return valid;
    }

    /// <summary>Takes a proof whose source the client has verified as it verifies any peer's.</summary>
    public void TakeProof(Instant now, ReflectionStep step)
    {
        if (step == ReflectionStep.Direct)
            End(ReachabilityOutcome.Reached);
        else if (step == ReflectionStep.Bubble && _step == step)
            Go(now, ReflectionStep.OtherPort);
        else if (step == ReflectionStep.OtherPort && _step == step)
            Finish(FilteringBehaviour.AddressDependent);
    }

    void TakeCookie(Instant now, in ReflectionMessage answer)
    {
        _stranger = answer.Stranger;
        if (!context.Policy.IsGlobalUnicast(answer.Stranger) || context.IsOwn(answer.Stranger) || !peers.IsStranger(answer.Stranger.Address))
        {
            End(ReachabilityOutcome.NoStranger);
            return;
        }
        _cookie = answer.Cookie;
        Go(now, ReflectionStep.Direct);
    }

    void Go(Instant now, ReflectionStep step)
    {
        (_step, _tries, _granted) = (step, 0, false);
        Send(now);
    }

    void Send(Instant now)
    {
        _tries++;
        NextDeadline = now + (_step == ReflectionStep.Bubble ? BubblePatience : Patience);
        Span<byte> request = stackalloc byte[ReflectionMessage.RequestSize];
        var kind = _step == ReflectionStep.None ? ReflectionKind.Ask : ReflectionKind.Order;
        new ReflectionMessage { Kind = kind, Token = _token, Cookie = _cookie, Step = _step }
            .Write(request, _address, TeredoLinkLocal.Server(context.Server.Primary));
        context.Send(now, LocalPort.Service, context.PrimaryEndpoint, request);
    }

    static int TriesOf(ReflectionStep step) => step is ReflectionStep.None or ReflectionStep.Bubble ? 3 : 2;

    void Finish(FilteringBehaviour filtering)
    {
        if (context.Filtering != FilteringBehaviour.EndpointIndependent)
            context.Filtering = filtering;
        End(ReachabilityOutcome.Reached);
    }

    void End(ReachabilityOutcome outcome)
    {
        NextDeadline = null;
        context.Raise(new ClientEvent.ReachabilityChecked { Outcome = outcome, Stranger = _stranger });
    }
}
