using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>Finds out whether a NAT that preserves ports keeps our mapping until the next refresh.</summary>
/// <remarks>
/// When such a NAT forgets the mapping, the refresh makes the same one again. So nothing looks wrong, but what strangers sent in between was lost. The
/// check goes through the server from a port of its own: a bubble to ourselves, just before the refresh. It arrives only while the mapping lives.
/// This needs no hairpinning, unlike RFC 4380 §5.2.7.
/// </remarks>
sealed class MappingCheck(ClientContext context)
{
    bool _opening, _portOpen;
    ulong? _nonce;
    TeredoAddress? _sender; // the address that the check's port would have

    /// <summary>Whether the server was asked for the endpoint of the check's port since the last <see cref="Rest"/>.</summary>
    public bool IsAsked { get; private set; }

    /// <summary>Whether the bubble can be sent.</summary>
    public bool IsReady => _sender is not null;

    /// <summary>Opens the port if need be and solicits from it. A server drops bubbles whose source does not embed the endpoint that they come from.</summary>
    /// <returns>Whether a solicitation was sent.</returns>
    public bool Ask(Instant now)
    {
        IsAsked = true;
        if (_portOpen)
            return Solicit(now);
        if (!_opening)
            context.Request(new() { Kind = ClientRequestKind.OpenPort, Port = LocalPort.Interval, Number = context.Random.NextPort() });
        _opening = true;
        return false;
    }

    /// <summary>Takes the answer to the request for the port.</summary>
    /// <returns>Whether a solicitation was sent.</returns>
    public bool HandleOpened(Instant now, in RequestAnswer answer)
    {
        if (!_opening)
            return false;
        (_opening, _portOpen) = (false, answer.Succeeded);
        return _portOpen && IsAsked && Solicit(now);
    }

    /// <summary>Takes a router advertisement that came to the check's port.</summary>
    /// <returns>None when it answered the solicitation.</returns>
    public DropReason HandleAdvertisement(IPv4Endpoint source, in Advertisement advertisement)
    {
        if (advertisement.Nonce != _nonce || source != context.PrimaryEndpoint)
            return DropReason.BadNonce;
        if (!context.Policy.IsGlobalUnicast(advertisement.Mapped))
            return DropReason.SourceNotGlobal;
        _nonce = null;
        _sender = new(context.Server.Primary, (TeredoFlags)context.Random.NextUInt64() & TeredoFlags.Random, advertisement.Mapped);
        return DropReason.None;
    }

    public void SendBubble(Instant now)
    {
        Span<byte> bubble = stackalloc byte[Bubble.Size];
        Bubble.Write(bubble, _sender!.Value, context.Address!.Value);
        context.Send(now, LocalPort.Interval, context.PrimaryEndpoint, bubble);
    }

    /// <summary>Whether a bubble from the server is the check's.</summary>
    public bool IsOurs(IPv6Address source) => _sender is { } sender && source == sender;

    /// <summary>Ends the check of this interval.</summary>
    public void Rest() => (IsAsked, _nonce, _sender) = (false, null, null);

    /// <summary>Ends the check and closes its port.</summary>
    public void Close()
    {
        Rest();
        if (_opening || _portOpen)
            context.Request(new() { Kind = ClientRequestKind.ClosePort, Port = LocalPort.Interval });
        _opening = _portOpen = false;
    }

    bool Solicit(Instant now)
    {
        _nonce = context.Solicit(now, LocalPort.Interval, context.PrimaryEndpoint);
        return true;
    }
}
