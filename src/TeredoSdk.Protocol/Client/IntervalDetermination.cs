using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>Finds by experiment how long the NAT keeps a mapping (RFC 4380 §5.2.7). Off by default, because it needs a NAT that hairpins.</summary>
sealed class IntervalDetermination(ClientContext context, Qualification qualification)
{
    static readonly TimeSpan Maximum = TimeSpan.FromSeconds(120), FirstCandidate = TimeSpan.FromSeconds(60); // §5.2.7
    static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);                                        // §5.2.7
    static readonly TimeSpan SolicitationTimeout = TimeSpan.FromSeconds(4);                                  // §5.2.1: T
    static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);
    const int MaxSolicitations = 3; // §5.2.1: N
    const int MaxBubbles = 4;       // §5.2.7: one bubble, repeated at most three times

    abstract record Step
    {
        public sealed record Off : Step;
        public sealed record Opening : Step;
        public sealed record Qualifying(int Attempt, ulong Nonce, Instant RetryAt) : Step;
        public sealed record Waiting(Instant Until) : Step;
        public sealed record Listening(int Attempt, Instant Until) : Step;
    }

    Step _step = new Step.Off();
    TimeSpan _maximum, _current, _candidate;
    IPv4Endpoint _mapped;

    public Instant? NextDeadline => _step switch
    {
        Step.Qualifying qualifying => qualifying.RetryAt,
        Step.Waiting waiting => waiting.Until,
        Step.Listening listening => listening.Until,
        _ => null,
    };

    public void Start()
    {
        if (_step is not Step.Off)
            return;
        (_maximum, _current, _candidate) = (Maximum, context.Options.RefreshInterval, FirstCandidate);
        if (_current >= _candidate)
            return;
        _step = new Step.Opening();
        context.Request(new() { Kind = ClientRequestKind.OpenPort, Port = LocalPort.Interval, Number = context.Random.NextPort() });
    }

    public void Stop()
    {
        if (_step is not Step.Off)
            context.Request(new() { Kind = ClientRequestKind.ClosePort, Port = LocalPort.Interval });
        _step = new Step.Off();
    }

    public void HandleOpened(Instant now, in RequestAnswer answer)
    {
        if (_step is not Step.Opening)
            return;
        if (answer.Succeeded)
            Solicit(now);
        else
            _step = new Step.Off();
    }

    public void HandleTimeout(Instant now)
    {
        if (!(NextDeadline <= now))
            return;
        switch (_step)
        {
            case Step.Qualifying { Attempt: < MaxSolicitations } qualifying:
                Solicit(now, qualifying.Attempt + 1);
                break;
            case Step.Qualifying:
                Stop(); // without an answer at the secondary port the experiment can't run
                break;
            case Step.Waiting:
                SendBubble(now);
                break;
            case Step.Listening { Attempt: < MaxBubbles } listening:
                SendBubble(now, listening.Attempt + 1);
                break;
            case Step.Listening:
                _maximum = _candidate;
                Continue(now, (_current + _maximum) / 2);
                break;
        }
    }

    /// <summary>Takes a router advertisement that came to the secondary port.</summary>
    /// <returns>None when it answered a solicitation.</returns>
    public DropReason HandleAdvertisement(Instant now, IPv4Endpoint source, in Advertisement advertisement)
    {
        if (_step is not Step.Qualifying qualifying || advertisement.Nonce != qualifying.Nonce || source != context.PrimaryEndpoint)
            return DropReason.BadNonce;
        if (!context.Policy.IsGlobalUnicast(advertisement.Mapped))
            return DropReason.SourceNotGlobal; // §4: our bubbles will go to this endpoint
        _mapped = advertisement.Mapped;
        _step = new Step.Waiting(now + _candidate);
        return DropReason.None;
    }

    /// <summary>Takes any other datagram at the secondary port. Only our own bubble is expected; it shows that the mapping still exists.</summary>
    public Verdict HandleDatagram(Instant now, IPv4Endpoint source, in Encapsulation encapsulation)
    {
        var packet = encapsulation.Packet;
        if (!packet.IsBubble || !context.IsOwn(source) || packet.Source != context.Address
            || packet.Destination != SecondaryAddress || _step is not Step.Listening)
            return context.Drops.Drop(DropReason.UnexpectedOnPort); // §5.2.7: this port carries nothing else
        _current = _candidate;
        Continue(now, (_current + _maximum) / 2); // §5.2.7 bounds it by 2 x current, which it can't reach: a candidate is at least half of the maximum
        return Verdict.Consumed;
    }

    IPv6Address SecondaryAddress => new TeredoAddress(context.Server.Primary, TeredoFlags.None, _mapped);

    void Solicit(Instant now, int attempt = 1) => // §5.2.7: this also renews the mapping between two experiments
        _step = new Step.Qualifying(attempt, context.Solicit(now, LocalPort.Interval, context.PrimaryEndpoint), now + SolicitationTimeout);

    void SendBubble(Instant now, int attempt = 1)
    {
        Span<byte> datagram = stackalloc byte[Bubble.Size];
        Bubble.Write(datagram, context.Address!.Value, SecondaryAddress);
        context.Send(now, LocalPort.Service, _mapped, datagram);
        _step = new Step.Listening(attempt, now + AnswerTimeout);
    }

    void Continue(Instant now, TimeSpan candidate)
    {
        _candidate = candidate;
        if (_current < _maximum * 0.75 && _candidate - _current >= Resolution)
        {
            Solicit(now);
            return;
        }
        Stop(); // §5.2.7: the port is closed at the end
        if (_current > qualification.RefreshInterval)
        {
            qualification.RefreshInterval = _current;
            context.Raise(new ClientEvent.IntervalDetermined { Interval = _current });
        }
    }
}
